"""Traps: settings of git's that run a program, each of which leaves a mark when it does."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .conftest import write_files

__all__ = ["TRAPS", "Trap", "fired", "plant", "trapped_repository"]

#: Drivers are named in files that a clone holds; what they run is configuration.
ATTRIBUTES = "*.txt filter=trap diff=trap merge=trap\n*.dat filter=process\n"
HOOKS = (
    *("pre-commit", "post-checkout", "post-index-change", "reference-transaction", "post-merge", "pre-auto-gc"),
    *("prepare-commit-msg", "commit-msg", "post-commit", "post-rewrite", "pre-receive", "update", "post-receive"),
)
NOWHERE = "x.invalid/team/template"


@dataclass(frozen=True, kw_only=True)
class Trap:
    """Settings, with `RUN` in the place of the command that marks, and a git command that shows that they run it."""

    settings: Mapping[str, str]
    shown_by: Sequence[str]
    stdin: str = ""


TRAPS: Mapping[str, Trap] = {
    "monitor": Trap(settings={"core.fsmonitor": "RUN"}, shown_by=["status"]),
    "clean": Trap(settings={"filter.trap.clean": "RUN; cat"}, shown_by=["add", "-A"]),
    "smudge": Trap(settings={"filter.trap.smudge": "RUN; cat"}, shown_by=["checkout", "-f", "--", "a.txt"]),
    "process": Trap(settings={"filter.process.process": "RUN"}, shown_by=["add", "-A"]),
    "textconv": Trap(settings={"diff.trap.textconv": "RUN; cat"}, shown_by=["show", "HEAD"]),
    "diff": Trap(settings={"diff.external": "RUN"}, shown_by=["diff"]),
    "driver": Trap(settings={"diff.trap.command": "RUN"}, shown_by=["diff"]),
    "merge": Trap(settings={"merge.trap.driver": "RUN"}, shown_by=["merge-tree", "--write-tree", "main", "side"]),
    "hooks": Trap(settings={"core.hooksPath": "HOOKS"}, shown_by=["commit", "-qm", "x", "--allow-empty"]),
    "signing": Trap(
        settings={"gpg.program": "PROGRAM", "commit.gpgSign": "true"},
        shown_by=["commit", "-qm", "x", "--allow-empty"],
    ),
    "editor": Trap(settings={"core.editor": "RUN"}, shown_by=["commit", "--allow-empty"]),
    "helper": Trap(
        settings={"credential.helper": "!RUN"}, shown_by=["credential", "fill"], stdin=f"url=https://{NOWHERE}\n\n"
    ),
    "password": Trap(
        settings={"core.askPass": "PROGRAM"}, shown_by=["credential", "fill"], stdin=f"url=https://{NOWHERE}\n\n"
    ),
    "ssh": Trap(settings={"core.sshCommand": "RUN"}, shown_by=["ls-remote", f"ssh://{NOWHERE}"]),
    "proxy": Trap(settings={"core.gitProxy": "PROGRAM"}, shown_by=["ls-remote", f"git://{NOWHERE}"]),
    "address": Trap(
        settings={
            "protocol.ext.allow": "always",
            "url.ext::PROGRAM .insteadOf": "https://",
            "url.ext::PROGRAM  .insteadOf": "file://",
            "url.ext::PROGRAM   .insteadOf": "/",
        },
        shown_by=["ls-remote", f"https://{NOWHERE}"],
    ),
    "promise": Trap(
        settings={
            "core.repositoryFormatVersion": "1",
            "extensions.partialClone": "lender",
            "remote.lender.url": ".",
            "remote.lender.promisor": "true",
            "remote.lender.uploadpack": "RUN;",
        },
        shown_by=["cat-file", "-e", "1234567890123456789012345678901234567890"],
    ),
    "lender": Trap(
        settings={"remote.origin.url": ".", "remote.origin.uploadpack": "RUN;"}, shown_by=["fetch", "origin"]
    ),
    "alias": Trap(settings={"alias.trap": "!RUN"}, shown_by=["trap"]),
    "include": Trap(settings={"include.path": "INCLUDED"}, shown_by=["included"]),
}


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _replaced(text: str, words: Mapping[str, object]) -> str:
    for word, meaning in words.items():
        text = text.replace(word, str(meaning))
    return text


def _program(marks: Path, name: str) -> Path:
    program = marks / "programs" / name
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(f"#!/bin/sh\ntouch '{marks / name}'\nexit 1\n")
    program.chmod(0o755)
    return program


def plant(config: Path, marks: Path, names: Sequence[str] = tuple(TRAPS)) -> None:
    """Add traps to a file of configuration; each marks by a file of its name in the folder `marks`."""
    lines = [""]
    for name in names:
        program = _program(marks, name)
        hooks = marks / f"hooks-of-{name}"
        hooks.mkdir(exist_ok=True)
        for hook in HOOKS:
            (hooks / hook).unlink(missing_ok=True)
            (hooks / hook).symlink_to(program)
        included = marks / f"included-by-{name}"
        included.write_text(f'[alias]\n\tincluded = "!touch {marks / name}"\n')
        words = {"HOOKS": hooks, "INCLUDED": included, "PROGRAM": program, "RUN": f"touch {marks / name}"}
        for key, text in TRAPS[name].settings.items():
            section, _, rest = _replaced(key, words).partition(".")
            middle, _, last = rest.rpartition(".")
            lines += [f"[{section} {_quoted(middle)}]" if middle else f"[{section}]"]
            lines += [f"\t{last} = {_quoted(_replaced(text, words))}"]
    config.write_text(config.read_text() + "\n".join(lines) + "\n")


def fired(marks: Path) -> set[str]:
    """The traps that ran; it is forgotten then."""
    found = {file.name for file in marks.iterdir() if file.name in TRAPS}
    for name in found:
        (marks / name).unlink()
    return found


def trapped_repository(root: Path, marks: Path, names: Sequence[str] = tuple(TRAPS)) -> Path:
    """A repository with files that name drivers, two branches to merge, an edit that is not committed, and traps."""

    def git(*arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True)

    root.mkdir()
    git("init", "-q", "-b", "main")
    for branch, text in (("main", "1\n"), ("side", "2\n"), ("main", "3\n")):
        git("checkout", "-q", *(["-b", branch] if branch == "side" else [branch] if text == "3\n" else ["-B", branch]))
        write_files(root, {"a.txt": text, "b.dat": text, ".gitattributes": ATTRIBUTES})
        git("add", "-A")
        git("commit", "-qm", text)
    write_files(root, {"a.txt": "4\n", "b.dat": "4\n"})
    plant(root / ".git" / "config", marks, names)
    return root
