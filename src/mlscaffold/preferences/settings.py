"""A person's own settings.

`settings.yml` in the configuration folder (or `MLSCAFFOLD_SETTINGS`) may hold:

    template: https://gitlab.example.com/platform/ml-template   # in the place of the built-in one
    trust: [https://gitlab.example.com/platform/]               # templates that may run code: see `trust`
    defaults: {license: MIT}                                    # answers offered first
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import MlscaffoldError
from ..files.user_folders import configuration_folder
from ..redaction import without_quotes
from .trust import Trust, problem_of

__all__ = ["Settings", "SettingsError", "read_settings", "settings_file"]


class SettingsError(MlscaffoldError):
    """The settings file is not valid."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a person set for all projects."""

    template: str | None = None
    #: Templates that may run code, and look at the machine.
    trust: Trust = field(default_factory=Trust)
    defaults: Mapping[str, Any] = field(default_factory=dict)


def settings_file() -> Path:
    """Where the settings are: `MLSCAFFOLD_SETTINGS`, or the user's configuration folder."""
    if named := os.environ.get("MLSCAFFOLD_SETTINGS"):
        return Path(named)
    return configuration_folder() / "settings.yml"


def _is_there(file: Path) -> bool:
    """Whether there are settings. A home of somebody else, as in many a container, holds none of ours."""
    try:
        return file.is_file()
    except PermissionError:
        return False


def read_settings() -> Settings:
    """The settings, or the defaults if there is no file.

    Raises:
        SettingsError: The file is not valid, with the key to mend.
    """
    file = settings_file()
    if not _is_there(file):
        if "MLSCAFFOLD_SETTINGS" in os.environ:
            raise SettingsError(f"MLSCAFFOLD_SETTINGS names {file}, which does not exist.")
        return Settings()
    import yaml

    try:
        data = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        # Its own words quote the lines, and a default may be a secret.
        mark = getattr(error, "problem_mark", None)
        position = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = without_quotes(getattr(error, "problem", None) or "it is not valid YAML")
        raise SettingsError(f"The settings {file} cannot be read{position}: {problem}.") from error
    except (OSError, ValueError, RecursionError) as error:
        # A ValueError: not UTF-8, or a value such as 2026-99-99, which looks like a date.
        raise SettingsError(f"The settings {file} cannot be read: {without_quotes(str(error))}") from error
    if not isinstance(data, dict):
        raise SettingsError(f"The settings {file} must be a mapping.")
    if unknown := sorted(map(str, set(data) - {"template", "trust", "defaults"})):
        raise SettingsError(f"The settings {file} hold unknown keys: {', '.join(unknown)}.")
    template, trust, defaults = data.get("template"), data.get("trust") or [], data.get("defaults") or {}
    if (
        not (template is None or isinstance(template, str))
        or not isinstance(trust, list)
        or not isinstance(defaults, dict)
    ):
        raise SettingsError(f"The settings {file}: `template` is a text, `trust` a list, `defaults` a mapping.")
    for entry in trust:
        if problem := problem_of(entry):
            raise SettingsError(
                f"The settings {file}: the entry {entry!r} of `trust` cannot be judged: {problem}.",
                hint="Write the address of a template, one of a folder with a slash at its end, or tree:ID.",
            )
    return Settings(template=template, trust=Trust(tuple(trust)), defaults=defaults)
