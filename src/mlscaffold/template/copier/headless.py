"""Importing Copier without what only its own commands use: its prompts, and what starts git and other programs for it.

That is half of its start-up. Where nobody is asked it is not needed: git and tasks are run by us, and every lookup of a
program is answered with "not there". Stand-ins take their places while Copier is imported, and are gone afterwards.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

__all__ = ["import_copier"]



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


class _NotThere(Exception):
    """What plumbum raises of a program."""


class _NoPrograms:
    """The machine as plumbum shows it, with no program on it."""

    def which(self, _: str) -> Any:
        raise _NotThere


#: So many seconds a thread goes on while another one waits.
_IMPATIENT = 0.0005
_STAND_INS: Mapping[str, Mapping[str, Any]] = {
    "questionary": {"confirm": _nobody, "unsafe_prompt": _nobody},
    "questionary.prompts": {},
    "questionary.prompts.common": {"Choice": _Choice},
    "prompt_toolkit": {},
    "prompt_toolkit.lexers": {"PygmentsLexer": _nobody},
    "pygments": {},
    "pygments.lexers": {},
    "pygments.lexers.data": {"JsonLexer": None, "YamlLexer": None},
    "dunamai": {},
    "plumbum": {
        "CommandNotFound": _NotThere,
        "ProcessExecutionError": _NotThere,
        "TF": None,
        "colors": None,
        "local": _NoPrograms(),
    },
    "plumbum.machines": {"local": _NoPrograms()},
    "plumbum.commands": {},
    "plumbum.commands.base": {"BaseCommand": object},
    "plumbum.commands.processes": {"ProcessExecutionError": _NotThere},
}


def import_copier() -> None:
    """Import Copier, with stand-ins for what nothing has imported yet."""
    if "copier" in sys.modules:
        return
    imported = {name.partition(".")[0] for name in sys.modules}
    members = {name: content for name, content in _STAND_INS.items() if name.partition(".")[0] not in imported}
    patience = sys.getswitchinterval()
    # In a thread of its own it lets who waits for git go on as soon as git has ended.
    sys.setswitchinterval(_IMPATIENT)
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
        sys.setswitchinterval(patience)
        for name in members:
            sys.modules.pop(name, None)
