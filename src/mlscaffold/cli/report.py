"""What `new` prints: the plan of a dry run, and the tree of what was made."""

from __future__ import annotations

import os
import shlex
from collections import defaultdict
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from rich.tree import Tree

from .console import out
from .screen import line

if TYPE_CHECKING:
    from ..new.create import Created, Prepared

__all__ = ["print_created", "print_plan"]


def print_plan(prepared: Prepared) -> None:
    """Every file with its ownership, and what would run."""
    console = out()
    for action in prepared.plan.actions:
        policy = "seeded" if action.path in prepared.render.secret else action.policy.value
        remark = "  (depends on a secret answer)" if action.path in prepared.render.secret else ""
        console.say(f"{action.action.value}  {policy:<8}  {action.path}{remark}")
    for task in prepared.tasks:
        console.say(f"will run  {task}")
    checkout = prepared.render.checkout
    origin = f"{checkout.source.url} {checkout.version}"
    console.say(f"Dry run: {len(prepared.plan.actions)} files of {origin}; nothing was written.")


def print_created(created: Created) -> None:
    """A tree of the project, and the commands to type next."""
    console = out()
    files = [action.path for action in created.plan.actions]
    tree = Tree(line(f"{created.project.name}/", style="bold"))
    _grow(tree, sorted(PurePosixPath(path).parts for path in files), depth=0)
    console.print(tree)
    origin = f"{created.lock.template} {created.lock.version}"
    committed = f", first commit {created.commit[:8]}" if created.commit else ""
    console.print()
    console.say(f"Made {len(files)} files from {origin}{committed}.", style="green")
    if created.inside is not None:
        console.say(f"It lies in the repository {created.inside}: review and commit it there.", style="yellow")
    for path in created.ignored:
        add = "" if created.commit else f". Add it yourself: git add --force -- {shlex.quote(path)}"
        console.say(f"Not committed, since .gitignore names it: {path}{add}", style="yellow")
    for path in created.secret:
        what = "Not committed, since it depends" if created.commit else "Not to be committed unseen, since it depends"
        console.say(f"{what} on a secret answer: {path}. Name it in .gitignore, or commit it yourself.", style="yellow")
    here = shlex.quote(os.path.relpath(created.project))
    if here == "." and not created.message.strip():
        return
    console.print()
    console.say("Next:", style="bold")
    if here != ".":
        console.say(f"  cd {here}")
    if created.message:
        console.say_lines(created.message.removesuffix("\n"), indent="  ")


def _grow(tree: Tree, paths: Iterable[tuple[str, ...]], *, depth: int) -> None:
    """Folders down to the second level, each with the number of its files; single files at the top only."""
    folders: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    files: list[str] = []
    for parts in paths:
        if len(parts) == 1:
            files.append(parts[0])
        else:
            folders[parts[0]].append(parts[1:])
    for folder, contents in folders.items():
        name, inside = _joined(folder, contents)
        branch = tree.add(line((f"{name}/", "bold cyan"), (f"  {_count(len(inside))}", "dim")))
        if depth < 1:
            _grow(branch, inside, depth=depth + 1)
    if depth == 0:
        for file in files:
            tree.add(line(file))


def _joined(name: str, inside: list[tuple[str, ...]]) -> tuple[str, list[tuple[str, ...]]]:
    """A folder that holds nothing but one folder, shown with it on one line."""
    while len({parts[0] for parts in inside}) == 1 and len(inside[0]) > 1:
        name, inside = f"{name}/{inside[0][0]}", [parts[1:] for parts in inside]
    return name, inside


def _count(number: int) -> str:
    return "1 file" if number == 1 else f"{number} files"
