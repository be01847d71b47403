"""A project that follows a template: releases from dictionaries of files, edits with a commit, `update`, and a look."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlscaffold.project.lock import read_lock

from .conftest import SMALL, Machine, Outcome, snapshot, write_files

__all__ = ["LINES", "Followed", "follow", "lines", "made", "with_line"]

Files = Mapping[str, str | bytes]


def lines(*changed: tuple[int, str]) -> str:
    """Nine lines, some of them replaced: (number, text)."""
    other = dict(changed)
    return "".join(f"{other.get(number, f'line {number}')}\n" for number in range(1, 10))


LINES = lines()


def with_line(number: int, text: str) -> str:
    """Nine lines, one of them replaced."""
    return lines((number, text))


@dataclass(frozen=True, kw_only=True)
class Followed:
    """A template with releases, and a project made of the first."""

    machine: Machine
    template: Path
    project: Path

    def release(self, tag: str = "v2.0.0", files: Files | None = None, *, gone: tuple[str, ...] = ()) -> None:
        """Release the template with these files on top, and without those that are `gone`; below `template/`."""
        for path in gone:
            (self.template / _source(path)).unlink()
        sources = {_source(path): content for path, content in (files or {}).items()}
        self.machine.template({"RELEASE": tag, **sources}, tag=tag)

    def edit(self, files: Files | None = None, *, gone: tuple[str, ...] = ()) -> None:
        """Change the project as its owner, and commit."""
        for path in gone:
            (self.project / path).unlink()
        write_files(self.project, files or {})
        self.commit()

    def commit(self) -> None:
        """Commit all that is there."""
        self.git("add", "-A", ".")
        self.git("commit", "-qm", "Edit", "--no-verify", "--allow-empty")

    def git(self, *arguments: str | Path) -> str:
        """What git prints in the project."""
        return self.machine.git(*arguments, cwd=self.project)

    def update(self, *options: str | Path) -> Outcome:
        """`mlscaffold update` on the project."""
        return self.machine.run("update", self.project, *options)

    def set(self, *words: str | Path) -> Outcome:
        """`mlscaffold set` on the project."""
        return self.machine.run("set", *words, "--project", self.project)

    def updated(self, *options: str | Path) -> None:
        """An update that goes through, and leaves nothing to do."""
        done = self.update(*options)
        assert done.code == 0, done

    def actions(self, *options: str | Path) -> dict[str, str]:
        """What a dry run would do, by path."""
        return {file["path"]: file["action"] for file in self.planned(*options)["files"]}

    def planned(self, *options: str | Path) -> Any:
        """The plan of a dry run, as data."""
        done = self.update("--dry-run", "--json", *options)
        assert done.code in {0, 3}, done
        return json.loads(done.out)

    def text(self, path: str) -> str:
        """The content of a file of the project."""
        return (self.project / path).read_text()

    def has(self, path: str) -> bool:
        """Whether something lies at a path of the project."""
        return (self.project / path).exists() or (self.project / path).is_symlink()

    @property
    def version(self) -> str:
        """The version that the lock records."""
        return read_lock(self.project).version

    def state(self) -> tuple[dict[str, tuple[str, bytes]], str, str]:
        """Everything that an undone update must bring back: files, index, HEAD."""
        return snapshot(self.project), self.git("ls-files", "-s"), self.git("rev-parse", "HEAD")

    def refuses(self, *said: str, options: tuple[str, ...] = (), code: int = 2) -> None:
        """An update ends with an error that says so, and with the project as it was."""
        before = self.state()
        self.update(*options).refused(*said, code=code)
        assert self.state() == before


def _source(path: str) -> str:
    """Where the template keeps a file: its own settings at the root, all else below `template/`."""
    settings = path in {"copier.yml", "ownership.yml", "CHANGELOG.md"}
    return path if settings or path.startswith("template/") else f"template/{path}"


def follow(machine: Machine, files: Files | None = None, *options: str, name: str = "demo") -> Followed:
    """A template with these files, released as v1.0.0, and a project made of it."""
    template = machine.template({**SMALL, **{_source(path): content for path, content in (files or {}).items()}})
    return made(machine, template, *options, name=name)


def made(machine: Machine, template: str | Path, *options: str, name: str = "demo") -> Followed:
    """A project of a template that exists."""
    done = machine.run("new", name, "--template", template, "--defaults", *options)
    assert done.code == 0, done
    return Followed(machine=machine, template=Path(template), project=machine.work / name)
