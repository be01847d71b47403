"""Where a model is: a file, a folder, or an address; its bytes, held to a digest, with bounds on size and time.

`models/model.onnx`, `models/`, `https://example.com/model.onnx#sha256=…`. What an address answers is anybody's, so there the
digest has to be said; or a small file at an address says both, name and digest: `https://example.com/current.json`. Another
kind of place is another `Origin` in this folder.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, NamedTuple
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, ValidationError

from ..discovery import discover
from .loading import ModelFileError, UnreachableError, read_graph, shown

_DIGEST = re.compile(r"(?P<place>.+)#sha256=(?P<digest>[0-9a-fA-F]{64})", re.DOTALL)
_SCHEME = re.compile(r"([a-z][a-z0-9+.\-]+):/")
#: Of a folder, this file.
FILE = "model.onnx"
_POINTER = ".json"


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What fetching may cost.

    Args:
        size: bytes.
        seconds: for all of it.
        silence: seconds without a byte.
    """

    size: int = 1024**3
    seconds: float = 300.0
    silence: float = 15.0


_OF_POINTERS = Bounds(size=16 * 1024, seconds=15.0, silence=5.0)


@dataclass(frozen=True, kw_only=True)
class Origin:
    """A kind of place.

    Args:
        name: the scheme of its addresses.
        read: all bytes at an address; raises `ModelFileError`.
    """

    name: str
    read: Callable[[str, Bounds], bytes]


class Place(NamedTuple):
    """What somebody wrote.

    Args:
        bare: a path or an address.
        digest: SHA-256 of the file that is to be there; nothing if it was not said.
        scheme: of an address; nothing for a path.
    """

    bare: str
    digest: str
    scheme: str

    @property
    def is_pointer(self) -> bool:
        """Whether it is a small file that says where the model is."""
        return bool(self.scheme) and not self.digest and urlsplit(self.bare).path.endswith(_POINTER)

    @property
    def file(self) -> Path:
        """The file of a path: itself, or of a folder the one of the usual name."""
        path = Path(self.bare)
        return path / FILE if path.is_dir() else path

    @property
    def shown(self) -> str:
        """As messages call it: without what is secret."""
        return shown_address(self.bare) if self.scheme else self.bare


class _Pointer(BaseModel):
    """What a pointer says: an address or a name beside it, and the digest of the file that is there."""

    format: Literal[1] = 1
    model: Annotated[str, Field(min_length=1, max_length=2000)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-fA-F]{64}$")]


def place_of(text: str) -> Place:
    """The place that a text names.

    Raises:
        ModelFileError: it is an address of no kind that is known, or nothing says which file is to be there.
    """
    found = _DIGEST.fullmatch(text)
    bare, digest = (found["place"], found["digest"].lower()) if found else (text, "")
    scheme = _SCHEME.match(bare)
    place = Place(bare, digest, scheme[1] if scheme else "")
    if not place.scheme:
        return place
    origins = discover("predictor", Origin)
    if place.scheme not in origins:
        known = ", ".join(f"{name}://" for name in origins)
        raise ModelFileError(
            f"{place.shown} is no place of a model: there are files, folders, {known}.",
            "Bring the file here first; of MLflow's registry, `registry fetch` does.",
        )
    if not place.digest and not place.is_pointer:
        raise ModelFileError(
            f"{place.shown} is an address, and nothing says which file is to be there.",
            "Write the digest of the file behind it: ADDRESS#sha256=… (`sha256sum FILE` says it).",
        )
    return place


def fetch(text: str, bounds: Bounds | None = None) -> bytes:
    """The model file at a place, with `#sha256=…` behind it if it is to be held to a digest.

    Raises:
        ModelFileError: it is not there, not to be had within the bounds, or another file.
    """
    place = place_of(text)
    return read(followed(place) if place.is_pointer else place, bounds)


def read(place: Place, bounds: Bounds | None = None) -> bytes:
    """The model file at a place that is no pointer; raises `ModelFileError`."""
    graph = _read(place, bounds or Bounds()) if place.scheme else read_graph(place.file)
    if place.digest and (real := hashlib.sha256(graph).hexdigest()) != place.digest:
        raise ModelFileError(
            f"{place.shown} is another file than it is to be: its SHA-256 is {real}, not {place.digest}.",
            "Serve the file that was meant, or write the digest of this one if it may be trusted.",
        )
    return graph


def followed(pointer: Place) -> Place:
    """The place that a pointer names now; raises `ModelFileError`."""
    try:
        said = _Pointer.model_validate_json(_read(pointer, _OF_POINTERS))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(shown(str(part)) for part in first["loc"]) or "its beginning"
        raise ModelFileError(
            f"{pointer.shown} does not say where a model is: {where}: {first['msg']}.",
            'Write {"model": "NAME OR ADDRESS", "sha256": "…"} there.',
        ) from None
    beside = pointer.bare.partition("?")[0].rpartition("/")[0]
    address = said.model if _SCHEME.match(said.model) else f"{beside}/{said.model}"
    return place_of(f"{address}#sha256={said.sha256}")


def _read(place: Place, bounds: Bounds) -> bytes:
    return discover("predictor", Origin)[place.scheme].read(place.bare, bounds)


def refused(address: str, reason: str) -> UnreachableError:
    """The error for an address that does not give its file."""
    message = f"The model at {shown_address(address)} cannot be fetched: {shown(reason, 200).rstrip('.')}."
    return UnreachableError(message, "Correct the address, or try again when it can be reached.")


def shown_address(address: str) -> str:
    """Of an address, what is no secret: neither a password nor what stands behind `?`."""
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "") + (f":{parts.port}" if parts.port else "")
    except ValueError:
        return "the address"
    return shown(f"{parts.scheme}://{host}{parts.path}" if parts.netloc else address.partition("?")[0], 200)
