"""Generate machine-learning repositories, and keep them equal to *render(template, answers) + edits* for years.

The public API, for those who script it; everything raises the errors of `mlscaffold.errors`:

    from pathlib import Path
    from mlscaffold import NewProject, UpdateRequest, apply_update, check, create, prepare, prepare_update

    request = NewProject(destination=Path("demo").absolute(), use_defaults=True)
    with prepare(request) as prepared:
        created = create(prepared)
    assert check(created.project).is_clean

    with prepare_update(UpdateRequest(project=created.project)) as update:
        print([action.path for action in update.plan.changes])
        apply_update(update)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .checking.findings import CheckResult, Finding
    from .checking.run import check
    from .errors import MlscaffoldError
    from .new.create import Created, NewProject, Prepared, create, prepare
    from .project.lock import Lock, read_lock
    from .project.settings import ProjectSettings, Waiver
    from .rules import RULES, Rule
    from .template.channel import Channel
    from .update.apply import Updated, apply_update
    from .update.prepare import PreparedUpdate, prepare_update
    from .update.request import UpdateRequest
    from .update.resume import abort_update, continue_update

__all__ = [
    "RULES",
    "Channel",
    "CheckResult",
    "Created",
    "Finding",
    "Lock",
    "MlscaffoldError",
    "NewProject",
    "Prepared",
    "PreparedUpdate",
    "ProjectSettings",
    "Rule",
    "UpdateRequest",
    "Updated",
    "Waiver",
    "__version__",
    "abort_update",
    "apply_update",
    "check",
    "continue_update",
    "create",
    "prepare",
    "prepare_update",
    "read_lock",
]

__version__ = "0.8.0.dev0"

_HOMES = {
    "Channel": "template.channel",
    "CheckResult": "checking.findings",
    "Created": "new.create",
    "Finding": "checking.findings",
    "Lock": "project.lock",
    "MlscaffoldError": "errors",
    "NewProject": "new.create",
    "Prepared": "new.create",
    "PreparedUpdate": "update.prepare",
    "ProjectSettings": "project.settings",
    "RULES": "rules",
    "Rule": "rules",
    "UpdateRequest": "update.request",
    "Updated": "update.apply",
    "Waiver": "project.settings",
    "abort_update": "update.resume",
    "apply_update": "update.apply",
    "check": "checking.run",
    "continue_update": "update.resume",
    "create": "new.create",
    "prepare": "new.create",
    "prepare_update": "update.prepare",
    "read_lock": "project.lock",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: start-up stays short."""
    from importlib import import_module

    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
