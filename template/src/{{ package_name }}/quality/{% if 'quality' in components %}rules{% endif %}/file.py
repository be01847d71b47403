"""configs/quality.yaml: which checks there are, and what came of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, create_model

from ...configuration import load
from ...contract.types import Section
from ...discovery import discover
from ...errors import SettingsError
from ...problems import Problem
from .base import QUALITY, Check, CheckKind, Tables


def check_kinds() -> dict[str, CheckKind]:
    """Every kind of check that a file of this folder offers, by name."""
    return discover("quality/rules", CheckKind)


def _known(kind: str) -> str:
    if kind not in (kinds := check_kinds()):
        raise ValueError(f"there is no check `{kind}`; there are {', '.join(sorted(kinds))}")
    return kind


class _AnyCheck(Section):
    model_config = ConfigDict(extra="allow")

    check: Annotated[str, AfterValidator(_known)]


_CheckName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_ -]{0,99}$")]


class Quality(Section):
    """All of configs/quality.yaml; the settings of a check are those of its kind."""

    format: Literal[1]
    checks: dict[_CheckName, _AnyCheck]


def quality_schema() -> dict[str, Any]:
    """The JSON Schema of configs/quality.yaml, by which editors explain keys; it stands in configs/quality.schema.json."""
    kinds: Any = reduce(or_, (kind.settings for kind in check_kinds().values()))
    checks = dict[str, Annotated[kinds, Field(description="What must be true, by its kind.")]]
    fields: dict[str, Any] = {"format": (Literal[1], ...), "checks": (checks, Field(description="Checks by name."))}
    return create_model("Quality", __base__=Section, __doc__="Rules for the data.", **fields).model_json_schema()


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


def load_checks(path: Path) -> dict[str, Check]:
    """The checks of a project, by the names that it gave them.

    Raises:
        SettingsError: the file is missing or wrong, or names a kind that there is not; names the line to mend.
    """
    kinds = check_kinds()
    return {
        name: load(path, kinds[check.check].settings, at=("checks", name))
        for name, check in load(path, Quality).checks.items()
    }


def outcomes(checks: Mapping[str, Check], tables: Tables) -> list[Outcome]:
    """What each check finds.

    Args:
        checks: by name.
        tables: the sources, and the rows of the contract as `rows`.

    Raises:
        SettingsError: a check is about a table or column that there is not.
    """
    kinds = check_kinds()
    return [
        Outcome(name=name, check=check, problems=_found(kinds[check.check], name, check, tables))
        for name, check in checks.items()
    ]


def _found(kind: CheckKind, name: str, check: Check, tables: Tables) -> tuple[Problem, ...]:
    if check.table not in tables:
        raise SettingsError(
            f"{QUALITY}: {name}: there is no table `{check.table}`; there are {', '.join(sorted(tables))}.",
            f"Mend {QUALITY}.",
        )
    found = kind.find(tables[check.table], check, tables)
    return tuple(replace(problem, check=name) for problem in found)


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
