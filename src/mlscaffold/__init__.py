"""Generate machine-learning repositories, and keep them equal to *render(template, answers) + edits* for years.

The public API, for those who script it; everything raises the errors of `mlscaffold.errors`:

    from pathlib import Path
    from mlscaffold import NewProject, check, create, prepare

    request = NewProject(destination=Path("demo").absolute(), use_defaults=True)
    with prepare(request) as prepared:
        created = create(prepared)
    assert check(created.project).is_clean
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .checking import CheckResult, Finding, check
    from .creation import Created, NewProject, Prepared, create, prepare
    from .errors import MlscaffoldError
    from .lock import Lock, read_lock

__all__ = [
    "CheckResult",
    "Created",
    "Finding",
    "Lock",
    "MlscaffoldError",
    "NewProject",
    "Prepared",
    "__version__",
    "check",
    "create",
    "prepare",
    "read_lock",
]

__version__ = "0.1.0"

_HOMES = {
    "CheckResult": "checking",
    "Created": "creation",
    "Finding": "checking",
    "Lock": "lock",
    "MlscaffoldError": "errors",
    "NewProject": "creation",
    "Prepared": "creation",
    "check": "checking",
    "create": "creation",
    "prepare": "creation",
    "read_lock": "lock",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: start-up stays short."""
    from importlib import import_module

    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
