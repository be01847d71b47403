"""The three sides of one merge, as far as nothing has decided between them yet."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FileSides"]


@dataclass(frozen=True, kw_only=True)
class FileSides:
    """Three contents of a file; once some of it is decided they differ only where a person has to decide."""

    #: The old render.
    base: bytes
    #: The project's.
    mine: bytes
    #: The new render.
    theirs: bytes
    #: What was decided so far, beyond a line merge: a sentence each, for a person.
    reasons: tuple[str, ...] = ()

    @property
    def contents(self) -> tuple[bytes, bytes, bytes]:
        """Base, mine and theirs."""
        return self.base, self.mine, self.theirs

    @property
    def is_complete(self) -> bool:
        """Whether nobody has to decide anything."""
        return self.base == self.mine == self.theirs
