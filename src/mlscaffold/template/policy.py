"""The policies that a template gives its files; which file has which is said in its `ownership.yml`."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Policy"]


class Policy(StrEnum):
    """What happens to a path on `new`, `update` and `check`; see docs/ownership.md."""

    OWNED = "owned"
    MERGED = "merged"
    KEYED = "keyed"
    SEEDED = "seeded"
    DERIVED = "derived"
    RETIRED = "retired"
