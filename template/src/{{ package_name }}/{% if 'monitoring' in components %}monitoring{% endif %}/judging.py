"""From two summaries to verdicts, and from the verdicts of many windows to alarms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, NamedTuple

from pydantic import Field

from ..contract.types import Section
from ..discovery import discover
from .settings import Monitoring
from .summary import ColumnSummary, Role, Subject, Summary
from .tests.base import FOLDER, DriftTest, Statistic

#: What all columns together are judged by, and from which effect on it counts unless the settings say otherwise.
DOMAIN = "domain"
_LEAST_TOGETHER = 0.2

Share = Annotated[float, Field(ge=0, le=1)]


class Verdict(Section):
    """What one test says of one subject in one window.

    Args:
        p: None if the test cannot say.
        least: the effect from which on it counts.
        drifted: the effect counts, and chance is not to blame, all tests of the window taken together.
    """

    role: Role
    column: str
    test: str
    statistic: float
    p: Share | None
    effect: float
    least: float
    drifted: bool

    @property
    def subject(self) -> Subject:
        """What it is about."""
        return Subject(self.role, self.column)


class Judged(Section):
    """A window, judged.

    Args:
        index: of the window; the first is 0.
        begin: the moment of its first row, as the log writes it.
        rows: on how many it stands.
        reference: the version of the model whose reference it was compared with.
    """

    index: Annotated[int, Field(ge=0)]
    begin: str
    end: str
    rows: Annotated[int, Field(ge=0)]
    reference: str
    verdicts: tuple[Verdict, ...]

    def drifted(self) -> dict[Subject, list[str]]:
        """By subject that has drifted, the tests that say so."""
        found: dict[Subject, list[str]] = {}
        for verdict in self.verdicts:
            if verdict.drifted:
                found.setdefault(verdict.subject, []).append(verdict.test)
        return found


class Alarm(NamedTuple):
    """A subject that has drifted for long enough.

    Args:
        tests: those of the newest window that say so.
        since: the first of the newest windows in which it had drifted, by index.
        drifted: in how many of the newest windows.
        of: how many were looked at.
        rows: of these windows together.
    """

    subject: Subject
    tests: tuple[str, ...]
    since: int
    drifted: int
    of: int
    rows: int


class _Found(NamedTuple):
    subject: Subject
    test: str
    least: float
    statistic: Statistic


def judge(
    reference: Summary, window: Summary, settings: Monitoring, together: Statistic | None = None
) -> tuple[Verdict, ...]:
    """What all tests say of a window that was counted in the bins of the reference.

    Args:
        reference: of the rows learnt from.
        window: of those of the window.
        settings: which tests are made, and what counts.
        together: what `domain` says of all columns together.
    """
    there = dict(window.subjects())
    tests = sorted(discover(FOLDER, DriftTest).values(), key=lambda test: test.name)
    found = [
        item
        for subject, known in reference.subjects()
        if subject in there
        for item in _run(tests, subject, known, there[subject], settings)
    ]
    least = settings.effects.get(DOMAIN, _LEAST_TOGETHER)
    if together is not None and least is not None:
        found.append(_Found(Subject("together", ""), DOMAIN, least, together))
    sure = beyond_chance([item.statistic.p for item in found], settings)
    return tuple(
        Verdict(
            role=item.subject.role,
            column=item.subject.name,
            test=item.test,
            statistic=item.statistic.value,
            p=item.statistic.p,
            effect=item.statistic.effect,
            least=item.least,
            drifted=is_sure and item.statistic.effect >= item.least,
        )
        for item, is_sure in zip(found, sure, strict=True)
    )


def _run(
    tests: Sequence[DriftTest], subject: Subject, known: ColumnSummary, there: ColumnSummary, settings: Monitoring
) -> list[_Found]:
    rule = settings.columns.get(subject.name) if subject.role == "input" else None
    effects = settings.effects | (rule.effects if rule else {})
    found = []
    for test in tests:
        least = effects.get(test.name, test.least)
        if known.kind in test.kinds and known.kind == there.kind and least is not None:
            statistic = test.run(known, there)
            if statistic is not None:
                found.append(_Found(subject, test.name, least, statistic))
    return found


def beyond_chance(ps: Sequence[float | None], settings: Monitoring) -> list[bool]:
    """Which are no chance, at the level, all together.

    Holm 1979 (no error at all with probability 1 - level), or Benjamini and Hochberg 1995 (a share of errors below the level).
    """
    ranked = sorted((p, place) for place, p in enumerate(ps) if p is not None)
    count, sure = len(ranked), [False] * len(ps)
    if settings.correction == "holm":
        passed = 0
        while passed < count and ranked[passed][0] <= settings.level / (count - passed):
            passed += 1
    else:
        passed = max(
            (rank for rank in range(1, count + 1) if ranked[rank - 1][0] <= settings.level * rank / count), default=0
        )
    for _, place in ranked[:passed]:
        sure[place] = True
    return sure


def alarms(windows: Sequence[Judged], settings: Monitoring) -> list[Alarm]:
    """What has drifted in the newest window, and in enough of the newest ones.

    Args:
        windows: in their order, the newest last. Only those count that were compared with the same reference as the newest.
        settings: how many it takes, and which columns are watched.
    """
    same = [window for window in windows if window.reference == windows[-1].reference]
    newest = same[-settings.alarm.of :]
    if not newest:
        return []
    drifted = [window.drifted() for window in newest]
    rows = sum(window.rows for window in newest)
    found = []
    for subject, tests in drifted[-1].items():
        rule = settings.columns.get(subject.name) if subject.role == "input" else None
        among = [window.index for window, each in zip(newest, drifted, strict=True) if subject in each]
        if len(among) >= settings.alarm.drifted and (rule is None or rule.watch):
            found.append(Alarm(subject, tuple(tests), among[0], len(among), len(newest), rows))
    return found
