"""A project's own settings, `.mlscaffold.toml`: what it is excused from, and which files it took over.

    [[waive]]
    rule = "MLS002"
    path = "ci/*.yml"               # a glob as in .gitignore; left out: every path
    reason = "waits for the new runner"
    owner = "ada@example.com"
    until = 2027-01-31              # the last day

    [[eject]]
    path = "cicd/build/Dockerfile"  # one file
    reason = "needs a GPU base image"
    owner = "ada@example.com"
    since = 2026-11-21

    [merge]                         # see `merge_settings`
    higher-versions = true

The file is the user's: a verb only ever appends a block (`exempt`).
"""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import MlscaffoldError
from ..files.entry import check_contained, read_plain
from ..files.glob import GlobError, check_glob, matches
from ..files.write import aside_of
from ..rules import RULES, Rule
from .merge_settings import MergeSettings, merge_settings

__all__ = [
    "LONGEST_DAYS",
    "SETTINGS_FILE",
    "SOON_DAYS",
    "Eject",
    "ProjectSettings",
    "ProjectSettingsError",
    "Waiver",
    "parse_settings",
    "read_project_settings",
    "read_settings_text",
]

SETTINGS_FILE = ".mlscaffold.toml"
#: No waiver may be written for longer.
LONGEST_DAYS = 366
#: A waiver that ends within so many days is announced.
SOON_DAYS = 30
_LIMIT_BYTES = 1024 * 1024
#: The parser takes the square of a line for a key of many parts.
_LONGEST_LINE = 4096


class ProjectSettingsError(MlscaffoldError):
    """`.mlscaffold.toml` is not valid, or would not be."""

    def __init__(self, message: str, *, line: int | None = None, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.line = line


@dataclass(frozen=True, kw_only=True)
class Waiver:
    """One rule that does not count, for some paths and for a time."""

    rule: Rule
    #: A glob as in `.gitignore`; empty: every path.
    path: str
    reason: str
    owner: str
    #: The last day on which it counts.
    until: dt.date
    line: int | None = None

    def covers(self, rule: Rule, path: str) -> bool:
        """Whether a finding of a rule at a path is excused, were the waiver in force."""
        return rule == self.rule and (not self.path or self.path == path or matches(self.path, path))


@dataclass(frozen=True, kw_only=True)
class Eject:
    """One file that the project took out of the template's hands."""

    path: str
    reason: str
    owner: str
    since: dt.date | None = None
    line: int | None = None


@dataclass(frozen=True, kw_only=True)
class ProjectSettings:
    """What a project decided for itself."""

    waivers: tuple[Waiver, ...] = ()
    ejects: tuple[Eject, ...] = ()
    merge: MergeSettings = field(default_factory=MergeSettings)

    @property
    def ejected(self) -> frozenset[str]:
        """The paths that are the user's: never judged, never touched by an update."""
        return frozenset(eject.path for eject in self.ejects)


def read_project_settings(project: Path) -> ProjectSettings:
    """The settings of a project; empty if it has none.

    Raises:
        ProjectSettingsError: They are not valid, with the line where it can be told.
    """
    return parse_settings(read_settings_text(project))


def read_settings_text(project: Path) -> str:
    """The text of a project's settings file; empty if it has none.

    Raises:
        ProjectSettingsError: It cannot be read.
    """
    file = project / SETTINGS_FILE
    try:
        # Where a run was killed while it replaced the file, it lies beside.
        return read_plain(file if os.path.lexists(file) else aside_of(file), _LIMIT_BYTES).decode()
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        raise ProjectSettingsError(f"{SETTINGS_FILE} cannot be read: {error}.") from error


def parse_settings(text: str) -> ProjectSettings:
    """The settings in a text.

    Raises:
        ProjectSettingsError: As for `read_project_settings`.
    """
    if not text:
        return ProjectSettings()
    import tomllib

    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > _LONGEST_LINE:
            message = f"{SETTINGS_FILE}: line {number} has more than {_LONGEST_LINE} characters."
            raise ProjectSettingsError(message, line=number)
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        at = re.search(r"at line (\d+)", str(error))
        raise ProjectSettingsError(
            f"{SETTINGS_FILE} is not valid TOML: {error}.", line=int(at[1]) if at else None
        ) from error
    if unknown := sorted(set(data) - {"waive", "eject", "merge"}):
        raise ProjectSettingsError(
            f"{SETTINGS_FILE}: unknown key `{unknown[0]}`.",
            line=_line_of(text, rf"\[*+\s*+[\"']?{re.escape(unknown[0])}\b"),
            hint="Known are [[waive]], [[eject]] and [merge].",
        )
    waivers = tuple(_waiver(block) for block in _blocks(text, data, "waive"))
    ejects = tuple(_eject(block) for block in _blocks(text, data, "eject"))
    _refuse_twice(ejects)
    try:
        merge = merge_settings(data.get("merge", {}))
    except ValueError as error:
        head = _line_of(text, r"\[?+\s*+[\"']?merge\b")
        raise ProjectSettingsError(f"{SETTINGS_FILE}: {error}.", line=head) from error
    return ProjectSettings(waivers=waivers, ejects=ejects, merge=merge)


def _refuse_twice(ejects: tuple[Eject, ...]) -> None:
    seen: set[str] = set()
    for each in ejects:
        if each.path in seen:
            raise ProjectSettingsError(f"{SETTINGS_FILE}: {each.path} is ejected twice.", line=each.line)
        seen.add(each.path)


@dataclass(frozen=True, kw_only=True)
class _Block:
    """One table of an array of tables, with the line of its head."""

    kind: str
    values: Mapping[str, Any]
    line: int | None

    def refuse(self, what: str, *, hint: str = "") -> ProjectSettingsError:
        where = f", line {self.line}" if self.line else ""
        return ProjectSettingsError(f"{SETTINGS_FILE}{where}: {what}", line=self.line, hint=hint)

    def text(self, name: str) -> str:
        value = self.values.get(name)
        if not isinstance(value, str) or not value.strip():
            raise self.refuse(f"[[{self.kind}]] needs `{name}`, a text.")
        return value

    def day(self, name: str) -> dt.date:
        value = self.values.get(name)
        # A date-time is a date to Python, and has no single last day for everybody.
        if not isinstance(value, dt.date) or isinstance(value, dt.datetime):
            raise self.refuse(f"[[{self.kind}]] needs `{name}`, a date without quotes, such as 2027-01-31.")
        return value


def _blocks(text: str, data: Mapping[str, Any], kind: str) -> list[_Block]:
    tables = data.get(kind, [])
    if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
        raise ProjectSettingsError(
            f"{SETTINGS_FILE}: write `{kind}` as blocks.",
            line=_line_of(text, rf"\[?+\s*+{kind}\b"),
            hint=f"Begin each with [[{kind}]].",
        )
    heads = [
        number
        for number, line in enumerate(text.split("\n"), 1)
        if re.match(rf"\s*+\[\[\s*+[\"']?{kind}[\"']?\s*+]]", line)
    ]
    lines: list[int | None] = [*heads] if len(heads) == len(tables) else [None] * len(tables)
    known = {"waive": {"rule", "path", "reason", "owner", "until"}, "eject": {"path", "reason", "owner", "since"}}[kind]
    blocks = [_Block(kind=kind, values=each, line=line) for each, line in zip(tables, lines, strict=True)]
    for block in blocks:
        if unknown := sorted(set(block.values) - known):
            raise block.refuse(
                f"[[{kind}]] has the unknown key `{unknown[0]}`.", hint=f"Known: {', '.join(sorted(known))}."
            )
    return blocks


def _line_of(text: str, start: str) -> int | None:
    lines = text.split("\n")
    return next((number for number, line in enumerate(lines, 1) if re.match(rf"\s*+{start}", line)), None)


def _waiver(block: _Block) -> Waiver:
    code = block.text("rule")
    rule = RULES.get(code)
    if rule is None:
        raise block.refuse(f"there is no rule {code!r}.", hint="`mlscaffold explain --list` names them all.")
    if not rule.waivable:
        raise block.refuse(f"{code} cannot be waived: {rule.title.lower()}.", hint=rule.how)
    path = block.text("path") if "path" in block.values else ""
    if path.startswith(("!", "#", "/")) or not path.isprintable() or not _is_glob(path):
        raise block.refuse(f"{path!r} is no glob of paths in the project.")
    return Waiver(
        rule=rule,
        path=path,
        reason=block.text("reason"),
        owner=block.text("owner"),
        until=block.day("until"),
        line=block.line,
    )


def _eject(block: _Block) -> Eject:
    path = block.text("path")
    try:
        check_contained(path, error=MlscaffoldError, origin=SETTINGS_FILE)
    except MlscaffoldError as error:
        raise block.refuse(error.message) from error
    since = block.day("since") if "since" in block.values else None
    return Eject(path=path, reason=block.text("reason"), owner=block.text("owner"), since=since, line=block.line)


def _is_glob(text: str) -> bool:
    try:
        check_glob(text)
    except GlobError:
        return False
    return True
