"""Numbers of things in what is said to people."""

from __future__ import annotations


def counted(count: int, one: str, several: str = "") -> str:
    """A number with the word that belongs to it: "1 row", "2 rows"; the word for several has an s unless it is given."""
    return f"{count} {one if count == 1 else several or f'{one}s'}"
