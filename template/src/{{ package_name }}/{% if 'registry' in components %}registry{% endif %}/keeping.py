"""The pipeline's `register` in the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from ..errors import ProjectError
from ..steps import Project
from ..tracking import Registration
from ..tracking.connection import connected
from .entry import now
from .facts import facts_from
from .history import History
from .ledger import Clock, Decision, Ledger, withdrawal
from .settings import load_settings
from .webhook import body_of, tell


def objection(project: Project, model: str, model_version: str) -> str:
    """Finish what was stopped, then say whether a person took this very model back."""
    with connected(project.settings.tracking, project.root) as client:
        history = Ledger(client=client, project=project, model=model).settle()
    taken_back = history.rolled_back(model_version)
    if taken_back is None:
        return ""
    why = f" ({taken_back.reason})" if taken_back.reason else ""
    return f"the same model was taken back by {taken_back.by}{why}: `registry promote` lets it be served again"


@contextmanager
def recording(
    project: Project, client: Any, made: Registration, reason: str = "", clock: Clock = now
) -> Iterator[None]:
    """Enter the registration before the alias moves; take it back if it does not."""
    ledger = Ledger(client=client, project=project, model=made.name, clock=clock)
    takes = made.alias == project.settings.tracking.alias
    facts = facts_from(made.record.tags, made.record.metrics, made.run_id)

    def decide(history: History) -> Decision:
        champion = made.version if takes else history.champion
        return Decision(action="register", version=made.version, champion=champion, facts=facts, reason=reason)

    entry = ledger.write(decide)
    if entry is None:
        raise AssertionError
    try:
        yield
    except BaseException:
        with suppress(Exception):
            withdrawn = ledger.write(lambda _: withdrawal(entry, "the registration failed"))
            if withdrawn is not None:
                ledger.mark(withdrawn)
        raise
    if takes:
        ledger.mark(entry)


def announce(project: Project, model: str) -> str:
    """Tell the webhook, if there is one; that it cannot be told does not undo what was decided."""
    webhook = load_settings(project).webhook
    if webhook is None:
        return ""
    try:
        return notify(project, model)
    except ProjectError as error:
        return f"{error} {error.advice}"


def notify(project: Project, model: str) -> str:
    """Tell the webhook what is to be served; raises `ProjectError` if it cannot be told."""
    webhook = load_settings(project).webhook
    if webhook is None:
        return "Nobody is told: configs/registry.yaml names no webhook."
    with connected(project.settings.tracking, project.root) as client:
        ledger = Ledger(client=client, project=project, model=model)
        history = ledger.read()
    last = next((entry for entry in reversed(history.entries) if entry.moves), None)
    if last is None or last.champion is None:
        return "Nobody is told: there is no model yet."
    return tell(webhook, body_of(last, ledger.name, ledger.settings.alias))
