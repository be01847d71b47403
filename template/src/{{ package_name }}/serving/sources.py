"""Where a model comes from, and how it is seen that there is another: looked at, or asked for."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import NamedTuple, Protocol

from ..predictor.cache import keep, kept, remember, remembered
from ..predictor.loading import ModelFileError
from ..predictor.origin import Place, followed, place_of, read
from ..predictor.predictor import Predictor
from .answering import Answering

#: What tells a model from the one that was there before.
Mark = tuple[object, ...]

logger = logging.getLogger(__name__)


class Graph(NamedTuple):
    """The bytes of a model, and as what messages call it: the path of its file, or one that looks like its address."""

    content: bytes
    path: Path

    def predictor(self) -> Predictor:
        """The model, ready to predict; raises `ModelFileError`."""
        return Predictor.from_bytes(self.content, self.path)

    def answering(self) -> Answering:
        """The model, ready to answer; raises `ModelFileError`."""
        return Answering.from_bytes(self.content, self.path)


class Source(Protocol):
    """A place of models."""

    def mark(self) -> Mark | None:
        """What tells the model that is there from another; None while there is none. Raises `ModelFileError`."""

    def load(self) -> Graph:
        """The model that is there; raises `ModelFileError`."""


def source_of(text: str | Path) -> Source:
    """What stands behind a setting: a file, a folder, an address with its digest, or a pointer; raises `ModelFileError`."""
    place = place_of(str(text))
    if not place.scheme:
        return Files(place)
    return Pointer(place) if place.is_pointer else Address(place)


class Files:
    """A file or folder, in which another model may take the place of the one before. Links are followed."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def mark(self) -> Mark | None:
        """See `Source.mark`: its inode, size and time."""
        try:
            status = self._place.file.stat()
        except (OSError, ValueError):
            return None
        return status.st_ino, status.st_size, status.st_mtime_ns

    def load(self) -> Graph:
        """See `Source.load`."""
        return Graph(read(self._place), self._place.file)


class Address:
    """An address and the digest of the file behind it, which is fetched once."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def mark(self) -> Mark | None:
        """See `Source.mark`: there is never another."""
        return (self._place.digest,)

    def load(self) -> Graph:
        """See `Source.load`."""
        place = self._place
        graph = kept(place.digest)
        if graph is None:
            logger.info("Fetching the model %s", place.shown)
            graph = read(place)
            keep(place.digest, graph)
        # There is no file of that name.
        return Graph(graph, Path(place.shown.partition("://")[2]))


class Pointer:
    """A small file at an address, which says where the model is; whoever may write it decides what is served."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._named: Place | None = None
        self._is_silent = False

    def mark(self) -> Mark | None:
        """See `Source.mark`: the digest that it names. While it cannot be asked, it is what it named last."""
        try:
            named = followed(self._place)
        except ModelFileError as error:
            last = self._named or self._remembered()
            if last is None:
                raise
            if not self._is_silent:
                logger.warning("%s The model that it named last is served.", error)
            self._is_silent, self._named = True, last
        else:
            if named != self._named:
                remember(self._place.bare, f"{named.bare}#sha256={named.digest}")
            self._is_silent, self._named = False, named
        return (self._named.digest,)

    def load(self) -> Graph:
        """See `Source.load`."""
        if self._named is None:
            self.mark()
        if self._named is None:
            raise AssertionError
        return Address(self._named).load()

    def _remembered(self) -> Place | None:
        text = remembered(self._place.bare)
        return place_of(text) if text else None
