"""Where a model is: a file, a folder, or an address; its bytes, held to a digest, with bounds on size and time.

`models/model.onnx`, `models/`, `https://example.com/model.onnx#sha256=…`. What an address answers is anybody's, so there the
digest has to be said. Another kind of place is another `Origin` in this folder.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from ..discovery import discover
from .loading import ModelFileError, read_graph, shown

_DIGEST = re.compile(r"(?P<place>.+)#sha256=(?P<digest>[0-9a-fA-F]{64})", re.DOTALL)
_SCHEME = re.compile(r"([a-z][a-z0-9+.\-]+):/")
_CHUNK = 256 * 1024
#: Of a folder, this file.
FILE = "model.onnx"


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


@dataclass(frozen=True, kw_only=True)
class Origin:
    """A kind of place.

    Args:
        name: the scheme of its addresses.
        read: all bytes at an address; raises `ModelFileError`.
    """

    name: str
    read: Callable[[str, Bounds], bytes]


def fetch(place: str, bounds: Bounds | None = None) -> bytes:
    """The model file at a place, with `#sha256=…` behind it if it is to be held to a digest.

    Raises:
        ModelFileError: it is not there, not to be had within the bounds, or another file.
    """
    found = _DIGEST.fullmatch(place)
    bare, digest = (found["place"], found["digest"].lower()) if found else (place, "")
    scheme = _SCHEME.match(bare)
    if scheme is None:
        path = Path(bare)
        graph = read_graph(path / FILE if path.is_dir() else path)
    else:
        origins = discover("predictor", Origin)
        if scheme[1] not in origins:
            known = ", ".join(f"{name}://" for name in origins)
            raise ModelFileError(
                f"{_shown(bare)} is no place of a model: there are files, folders, {known}.",
                "Bring the file here first; of MLflow's registry, `registry fetch` does.",
            )
        if not digest:
            raise ModelFileError(
                f"{_shown(bare)} is an address, and nothing says which file is to be there.",
                "Write the digest of the file behind it: ADDRESS#sha256=… (`sha256sum FILE` says it).",
            )
        graph = origins[scheme[1]].read(bare, bounds or Bounds())
    if digest and (real := hashlib.sha256(graph).hexdigest()) != digest:
        raise ModelFileError(
            f"{_shown(bare)} is another file than it is to be: its SHA-256 is {real}, not {digest}.",
            "Serve the file that was meant, or write the digest of this one if it may be trusted.",
        )
    return graph


def _read_http(address: str, bounds: Bounds) -> bytes:
    end = time.monotonic() + bounds.seconds
    parts, size = [], 0
    try:
        request = Request(address, headers={"Accept": "application/octet-stream, */*"})  # noqa: S310 - http or https
        with urlopen(request, timeout=bounds.silence) as answer:  # noqa: S310
            expected = answer.headers.get("Content-Length", "")
            if expected.isdecimal() and int(expected) > bounds.size:
                raise _refused(address, f"it has more than {bounds.size} bytes")
            # What has come is taken at once: of a whole chunk, a slow sender could keep us waiting for ever.
            while part := answer.read1(_CHUNK):
                parts.append(part)
                size += len(part)
                if size > bounds.size:
                    raise _refused(address, f"it has more than {bounds.size} bytes")
                if time.monotonic() > end:
                    raise _refused(address, f"it has not come within {bounds.seconds:g} s")
            if expected.isdecimal() and size != int(expected):
                raise _refused(address, f"only {size} of {expected} bytes have come")
    except HTTPError as error:
        raise _refused(address, f"it answers {error.code}") from None
    except URLError as error:
        raise _refused(address, getattr(error.reason, "strerror", None) or str(error.reason)) from None
    except (OSError, HTTPException, ValueError) as error:
        raise _refused(address, str(error) or type(error).__name__) from None
    return b"".join(parts)


def _refused(address: str, reason: str) -> ModelFileError:
    message = f"The model at {_shown(address)} cannot be fetched: {shown(reason, 200).rstrip('.')}."
    return ModelFileError(message, "Correct the address, or try again when it can be reached.")


def _shown(address: str) -> str:
    """Of an address, what is no secret: neither a password nor what stands behind `?`."""
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "") + (f":{parts.port}" if parts.port else "")
    except ValueError:
        return "the address"
    return shown(f"{parts.scheme}://{host}{parts.path}" if parts.netloc else address.partition("?")[0], 200)


HTTP = Origin(name="http", read=_read_http)
HTTPS = Origin(name="https", read=_read_http)
