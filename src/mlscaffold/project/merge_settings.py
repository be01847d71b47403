"""What an update of a project may decide beyond structure: the table `[merge]` of its settings.

    [merge]
    higher-versions = true
    update-bots = ["renovate[bot]", "our-bot"]  # parts of `Name <address>` of authors; true: those we know

Both are off unless a project asks for them: on recorded updates people decided otherwise too often (docs/update.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["KNOWN_BOTS", "MergeSettings", "merge_settings"]

#: Authors who do nothing but update what a template names, too.
KNOWN_BOTS = (
    "renovate[bot]",
    "renovate-bot",
    "renovate bot",
    "bot@renovateapp.com",
    "dependabot[bot]",
    "dependabot-preview[bot]",
    "pre-commit-ci[bot]",
    "pyup-bot",
)


@dataclass(frozen=True, kw_only=True)
class MergeSettings:
    """The rules for hunks that a project has."""

    #: Of hunks in which only versions differ the higher ones count.
    higher_versions: bool = False
    #: Lines that were last written by these authors go to the template.
    update_bots: tuple[str, ...] = ()

    def is_bot(self, author: str) -> bool:
        """Whether `Name <address>` is one of the bots."""
        return any(bot.lower() in author.lower() for bot in self.update_bots)


def merge_settings(table: Any) -> MergeSettings:
    """The settings that a table holds.

    Raises:
        ValueError: They are not valid; the message says why.
    """
    if not isinstance(table, Mapping):
        raise ValueError("write `merge` as a table, [merge]")  # noqa: TRY004 - a message for a person
    known = {"higher-versions", "update-bots"}
    if unknown := sorted(set(table) - known):
        raise ValueError(f"[merge] has the unknown key `{unknown[0]}`; known: {', '.join(sorted(known))}")
    versions, bots = table.get("higher-versions", False), table.get("update-bots", False)
    if not isinstance(versions, bool):
        raise ValueError("[merge] needs true or false for `higher-versions`")  # noqa: TRY004
    if isinstance(bots, bool):
        return MergeSettings(higher_versions=versions, update_bots=KNOWN_BOTS if bots else ())
    if not isinstance(bots, list) or not all(isinstance(bot, str) and bot.strip() for bot in bots):
        raise ValueError("[merge] needs true, false or a list of authors for `update-bots`")
    return MergeSettings(higher_versions=versions, update_bots=tuple(bots))
