"""Which tests of a project can come out otherwise than those of another: what differs, and who imports that."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path


def affected_tests(root: Path, beside: Path) -> list[str]:
    """Files of tests in a project that are not as in another, or import a module that is not, by any way."""
    modules = {_name(root, path): path for path in _sources(root)}
    changed = {name for name, path in modules.items() if _differs(path, beside / path.relative_to(root))}
    # What another has and this one has not changes whoever lists the folder; who imported it differs itself.
    imports = {name: set(_imports(path, name)) & modules.keys() for name, path in modules.items()}

    @cache
    def reached(name: str) -> frozenset[str]:
        found, waiting = set(), [name]
        while waiting:
            each = waiting.pop()
            if each not in found:
                found.add(each)
                waiting += imports[each]
        return frozenset(found)

    tests = (path for path in modules.values() if path.name.startswith("test_"))
    return sorted(str(path.relative_to(root)) for path in tests if reached(_name(root, path)) & changed)


def _sources(root: Path) -> Iterator[Path]:
    for folder in ("src", "tests"):
        yield from (root / folder).rglob("*.py")


def _differs(path: Path, other: Path) -> bool:
    return not other.is_file() or path.read_bytes() != other.read_bytes()


def _name(root: Path, path: Path) -> str:
    """As it is imported: from `src`, and from `tests`, which both are on the path."""
    parts = path.relative_to(root).with_suffix("").parts[1:]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(path: Path, name: str) -> Iterator[str]:
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            found = [base, *(f"{base}.{alias.name}" for alias in node.names)]
        else:
            continue
        for each in found:
            parts = each.split(".")
            yield from (".".join(parts[: end + 1]) for end in range(len(parts)))
