"""What a folder offers, by name. Presence is the switch: a file that is there takes part, and no list names it."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from inspect import isabstract
from pathlib import Path
from typing import TypeVar

Offer = TypeVar("Offer")

PACKAGE = __name__.rpartition(".")[0]


def names_in(folder: str) -> list[str]:
    """The modules of a folder of this package, in alphabetical order, none of them imported."""
    found = pkgutil.iter_modules([str(Path(__file__).parent / folder)])
    return sorted(module.name for module in found if not module.ispkg)


def summary(folder: str, name: str) -> str:
    """The first line of a module's docstring, without importing it."""
    source = (Path(__file__).parent / folder / f"{name}.py").read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]


def discover(folder: str, kind: type[Offer]) -> dict[str, Offer]:
    """Every object of a type that the modules of a folder and the folders below define, by its `name`.

    Raises:
        LookupError: two have the same name.
    """
    found: dict[str, Offer] = {}
    for module, value in _defined(folder):
        if isinstance(value, kind) and found.setdefault(value.name, value) is not value:  # type: ignore[attr-defined]
            raise LookupError(f"{module}: there is another {kind.__name__} of its name")
    return found


def discover_classes(folder: str, base: type[Offer]) -> list[type[Offer]]:
    """Every class below another that the modules of a folder and the folders below define, without abstract ones."""
    classes = (value for _, value in _defined(folder) if isinstance(value, type) and issubclass(value, base))
    return list(dict.fromkeys(each for each in classes if not isabstract(each)))


def _defined(folder: str) -> Iterator[tuple[str, object]]:
    """Every object of the modules of a folder and the folders below, with the name of its module."""
    package = importlib.import_module(f"{PACKAGE}.{folder.replace('/', '.')}")
    for module in sorted(pkgutil.walk_packages(package.__path__, f"{package.__name__}."), key=lambda item: item.name):
        for value in vars(importlib.import_module(module.name)).values():
            yield module.name, value
