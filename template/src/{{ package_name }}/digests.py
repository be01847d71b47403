"""Digests of values, files and folders, and of what a step's numbers depend on besides its data: code and libraries."""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

#: What a number can depend on besides the code of the project.
LIBRARIES = ("numpy", "onnx", "onnxruntime", "polars", "scikit-learn", "scipy", "skl2onnx")
PACKAGE = Path(__file__).parent


def digest_of(value: object) -> str:
    """SHA-256 of anything that JSON can say."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def digest_path(path: Path) -> str:
    """SHA-256 of a file, or of the names and digests of the files in a folder; `absent` where there is none."""
    if path.is_dir():
        return digest_of({file.name: digest_path(file) for file in sorted(path.iterdir())})
    if not path.is_file():
        return "absent"
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def library_versions() -> dict[str, str]:
    """The versions of the libraries that numbers depend on, and of this project itself."""
    found = {}
    for name in (PACKAGE.name.replace("_", "-"), *LIBRARIES):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "absent"
    return found


@cache
def code_digest(step: str) -> str:
    """SHA-256 over the source files that a step can run."""
    files = {path.relative_to(PACKAGE).as_posix(): digest_path(path) for path in code_of(step)}
    return digest_of(files)


@cache
def code_of(step: str) -> frozenset[Path]:
    """The files of this package that `pipelines/STEP.py` imports, directly or not; discovered folders are wholly among them."""
    return reached_from(PACKAGE / "pipelines" / f"{step}.py")


def reached_from(*files: Path) -> frozenset[Path]:
    """Some files of this package, and those that they import, directly or not."""
    seen: set[Path] = set()
    waiting = list(files)
    while waiting:
        path = waiting.pop()
        if path not in seen and path.is_relative_to(PACKAGE) and path.is_file():
            seen.add(path)
            waiting.extend(_imports(path))
    return frozenset(seen)


def _imports(path: Path) -> Iterator[Path]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.ImportFrom(level=level, module=module, names=names):
                folder = path.parents[level - 1] if level else PACKAGE.parent
                base = folder.joinpath(*(module or "").split("."))
                for target in (base, *(base / name.name for name in names)):
                    yield from (target.with_suffix(".py"), target / "__init__.py")
            case ast.Import(names=names):
                for name in names:
                    target = PACKAGE.parent.joinpath(*name.name.split("."))
                    yield from (target.with_suffix(".py"), target / "__init__.py")
            case ast.Call(func=ast.Name(id="import_module")):
                yield from path.parent.glob("*.py")
            case ast.Call(
                func=ast.Name(id="discover" | "discover_classes"), args=[ast.Constant(value=str(folder)), *_]
            ):
                yield from (PACKAGE / folder).rglob("*.py")
