"""Hashes by which DVC keeps data, of dvc.lock and of `.dvc` files; only those of what is there now."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

_DATA = "data"
#: Folders in DVC's own notation.
_OF_FOLDER = ".dir"


class _Entry(BaseModel):
    path: str
    md5: str | None = None
    size: int | None = None


class _Stage(BaseModel):
    deps: list[_Entry] = []
    outs: list[_Entry] = []


class _Lock(BaseModel):
    """dvc.lock."""

    stages: dict[str, _Stage] = {}


Content = TypeVar("Content", bound=BaseModel)


def dvc_versions(root: Path, *paths: str) -> dict[str, str]:
    """By path, the MD5 that DVC keeps of it.

    Args:
        root: the project's folder.
        paths: which are looked up in dvc.lock; what a `.dvc` file names below data/ is looked up besides.
    """
    named = {entry.path: entry for entry in _of_lock(root) if entry.path in paths} | dict(_of_files(root))
    found = {}
    for path, entry in named.items():
        if entry.md5 and entry.md5 == _md5(root / path, entry.size):
            found[path] = entry.md5
    return found


def _of_lock(root: Path) -> Iterator[_Entry]:
    for stage in _read(root / "dvc.lock", _Lock).stages.values():
        yield from (*stage.deps, *stage.outs)


def _of_files(root: Path) -> Iterator[tuple[str, _Entry]]:
    for file in [*root.glob("*.dvc"), *sorted((root / _DATA).rglob("*.dvc"))]:
        if file.is_file():
            for entry in _read(file, _Stage).outs:
                path = file.parent / entry.path
                if path.is_relative_to(root / _DATA):
                    yield path.relative_to(root).as_posix(), entry


def _read(path: Path, kind: type[Content]) -> Content:
    """A file of DVC; without one, or of a form that is not its own, nothing."""
    try:
        return kind.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, ValidationError, ValueError, yaml.YAMLError):
        return kind()


def _md5(path: Path, size: int | None) -> str | None:
    """The hash of what is there, as DVC makes it; None if its size tells already that it is another."""
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
    if not files or size not in (None, sum(file.stat().st_size for file in files)):
        return None
    if path.is_file():
        return _md5_of_file(path)
    listing = [{"md5": _md5_of_file(file), "relpath": file.relative_to(path).as_posix()} for file in files]
    listing.sort(key=lambda item: item["relpath"])
    content = json.dumps(listing, sort_keys=True).encode()
    return hashlib.md5(content, usedforsecurity=False).hexdigest() + _OF_FOLDER


def _md5_of_file(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
