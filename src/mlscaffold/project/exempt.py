"""`waive` and `eject`: a block appended to a project's settings, and the result read again to prove what it says."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path

from ..files.put import recover, state_of, write_inside
from ..rules import rule_of
from .settings import (
    LONGEST_DAYS,
    SETTINGS_FILE,
    Eject,
    ProjectSettings,
    ProjectSettingsError,
    Waiver,
    parse_settings,
    read_project_settings,
    read_settings_text,
)

__all__ = ["default_owner", "eject", "waive"]


def default_owner(project: Path) -> str:
    """Who works here, by git's configuration.

    Raises:
        ProjectSettingsError: Git does not know.
    """
    from ..git.process import config_value

    owner = config_value(project, "user.email") or config_value(project, "user.name")
    if not owner:
        raise ProjectSettingsError("Nobody is named who answers for it.", hint="Add --owner, or set git's user.email.")
    return owner


def waive(project: Path, *, code: str, path: str, reason: str, until: dt.date, owner: str, today: dt.date) -> Waiver:
    """Excuse a project from a rule for a time, by a block appended to its settings.

    Args:
        project: Its root.
        code: The rule, by code or name.
        path: A glob as in `.gitignore`; empty for every path.
        reason: Why, for whoever reads it next year.
        until: The last day.
        owner: Who answers for it.
        today: The day it is.

    Raises:
        ProjectSettingsError: The rule is unknown or cannot be waived, the day is past or too far, or the settings are
            not valid; nothing was written.
    """
    rule = rule_of(code)
    if rule is None:
        raise ProjectSettingsError(f"There is no rule {code!r}.", hint="`mlscaffold explain --list` names them all.")
    if not rule.waivable:
        raise ProjectSettingsError(f"{rule} cannot be waived: {rule.title.lower()}.", hint=rule.how)
    last = today + dt.timedelta(days=LONGEST_DAYS)
    if until < today:
        raise ProjectSettingsError(f"{until} is past.", hint=f"Choose a day between {today} and {last}.")
    if until > last:
        raise ProjectSettingsError(
            f"{until} is more than {LONGEST_DAYS} days ahead.",
            hint=f"Choose a day up to {last}; for good, take the file over with `mlscaffold eject`.",
        )
    values: dict[str, str | dt.date] = {
        "rule": rule.code,
        "path": path,
        "reason": reason,
        "owner": owner,
        "until": until,
    }
    added = _append(project, "waive", {key: value for key, value in values.items() if value != ""})
    return added.waivers[-1]


def eject(project: Path, *, path: str, reason: str, owner: str, today: dt.date) -> Eject:
    """Take one file out of the template's hands, by a block appended to the project's settings.

    Raises:
        LockError: The project has no lock that can be read.
        ProjectSettingsError: The lock does not list the path, it is ejected already, or the settings are not valid;
            nothing was written.
    """
    from .lock import LOCK_FILE, read_lock

    lock = read_lock(project)
    if path not in lock.files:
        import difflib

        near = next(iter(difflib.get_close_matches(path, [*lock.files], n=1)), "")
        raise ProjectSettingsError(
            f"{LOCK_FILE} does not list {path}: it is not the template's, so there is nothing to eject.",
            hint=f"Did you mean {near}?" if near else "Paths are relative to the project's root, with forward slashes.",
        )
    if path in read_project_settings(project).ejected:
        raise ProjectSettingsError(f"{path} is ejected already.")
    added = _append(project, "eject", {"path": path, "reason": reason, "owner": owner, "since": today})
    return added.ejects[-1]


def _append(project: Path, kind: str, values: Mapping[str, str | dt.date]) -> ProjectSettings:
    file = project / SETTINGS_FILE
    recover(file, ())
    expected = state_of(file)
    before = read_settings_text(project)
    known = parse_settings(before)
    end = "\r\n" if "\r\n" in before else "\n"
    block = [f"[[{kind}]]", *(f"{key} = {_toml(value)}" for key, value in values.items())]
    gap = "" if not before else end if before.endswith("\n") else end * 2
    after = before + gap + end.join(block) + end
    try:
        changed = parse_settings(after)
    except ProjectSettingsError as error:
        raise ProjectSettingsError(
            f"A block cannot be added to {SETTINGS_FILE} as it is written: {error.message}",
            hint="Add it by hand:\n" + "\n".join(block),
        ) from error
    shorter = (changed.waivers[:-1], changed.ejects) if kind == "waive" else (changed.waivers, changed.ejects[:-1])
    if shorter != (known.waivers, known.ejects):
        raise ProjectSettingsError(
            f"A block cannot be added to {SETTINGS_FILE} without changing what it says.",
            hint="Add it by hand:\n" + "\n".join(block),
        )
    write_inside(project, SETTINGS_FILE, _encoded(after), expected=expected)
    return changed


def _toml(value: str | dt.date) -> str:
    if isinstance(value, dt.date):
        return value.isoformat()
    # JSON escapes as TOML's basic strings do, but for DEL, which TOML wants escaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise ProjectSettingsError("The reason, the owner or the path is not text.") from error
