"""configs/quality.yaml: which checks there are, and what came of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...configuration import refused
from ...discovery import discover_classes
from ...errors import SettingsError
from ...kinds import WORDS, KindsFile
from ...problems import Problem
from .base import QUALITY, Check, Tables

#: All of configs/quality.yaml.
QUALITY_FILE = KindsFile[Check](
    name="quality",
    says="Rules for the data.",
    things="checks",
    names=WORDS,
    kinds=lambda: discover_classes("quality/rules", Check),  # type: ignore[type-abstract]
    tag="check",
)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of one check."""

    name: str
    check: Check
    problems: tuple[Problem, ...]

    @property
    def stops(self) -> bool:
        """Whether nothing may be learnt."""
        return bool(self.problems) and self.check.severity == "stop"


def outcomes(file: Path, checks: Mapping[str, Check], tables: Tables) -> list[Outcome]:
    """What each check finds.

    Args:
        file: which says so.
        checks: by name.
        tables: the sources, and the rows of the contract as `rows`.

    Raises:
        SettingsError: checks are about a table or column that there is not; all of them, each with its line.
    """
    found, wrong = [], []
    for name, check in checks.items():
        try:
            found.append(Outcome(name=name, check=check, problems=_found(name, check, tables)))
        except SettingsError as error:
            wrong.append(str(refused(file, (QUALITY_FILE.things, name), str(error))))
    if wrong:
        raise SettingsError("\n".join(wrong), f"Mend {QUALITY}, or the sources.")
    return found


def _found(name: str, check: Check, tables: Tables) -> tuple[Problem, ...]:
    if check.table not in tables:
        raise SettingsError(
            f"there is no table `{check.table}`; there are {', '.join(sorted(tables))}.", f"Mend {QUALITY}."
        )
    return tuple(replace(problem, check=name) for problem in check.find(tables[check.table], tables))


def described(outcome: Outcome) -> dict[str, Any]:
    """An outcome for programs."""
    return {
        "check": outcome.check.check,
        "table": outcome.check.table,
        "severity": outcome.check.severity,
        "says": outcome.check.says,
        "passed": not outcome.problems,
        "problems": [
            {
                "says": problem.says,
                "column": problem.column,
                "rows": problem.count,
                f"first_{problem.called}s": list(problem.lines),
            }
            for problem in outcome.problems
        ],
    }
