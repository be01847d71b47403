"""Importing Copier without its prompts, for commands that ask nobody.

Copier imports questionary, and that prompt_toolkit, before it renders a single file: a third of its start-up. Where
there is no terminal they are not needed. Stand-ins take their places while Copier is imported, and are gone afterwards.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from types import ModuleType
from typing import Any

__all__ = ["import_copier"]

_PROMPTING = ("questionary", "prompt_toolkit")


@dataclass
class _Choice:
    """What Copier reads of questionary's choices."""

    title: Any
    value: Any = None
    disabled: str | None = None
    checked: bool | None = False
    shortcut_key: Any = True
    description: str | None = None


def _nobody(*_: Any, **__: Any) -> Any:
    raise RuntimeError("there is nobody to ask")


def import_copier() -> None:
    """Import Copier, without its prompts if nothing has imported them yet."""
    if "copier" in sys.modules or any(name in sys.modules for name in _PROMPTING):
        return
    members: dict[str, dict[str, Any]] = {
        "questionary": {"confirm": _nobody, "unsafe_prompt": _nobody},
        "questionary.prompts": {},
        "questionary.prompts.common": {"Choice": _Choice},
        "prompt_toolkit": {},
        "prompt_toolkit.lexers": {"PygmentsLexer": _nobody},
    }
    for name, content in members.items():
        module = ModuleType(name)
        module.__path__ = []
        vars(module).update(content)
        sys.modules[name] = module
    try:
        import copier._main  # noqa: F401
    except (ImportError, AttributeError):
        # Another version of Copier imports more: then with all that it wants.
        for name in [name for name in sys.modules if name.partition(".")[0] == "copier"]:
            del sys.modules[name]
    finally:
        for name in members:
            sys.modules.pop(name, None)
