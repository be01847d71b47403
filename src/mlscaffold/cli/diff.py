"""`mlscaffold diff`."""

from __future__ import annotations

from typing import Annotated

import typer

from .console import out
from .options import ProjectOption, TrustOption, path_in, project_folder, trusted_by

__all__ = ["diff"]


def diff(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PATH…]", help="Files or folders; all if left out.", show_default=False),
    ] = None,
    project: ProjectOption = None,
    names: Annotated[bool, typer.Option("--name-only", help="Only the names, with policy and kind of edit.")] = False,
    trust: TrustOption = False,
) -> None:
    """Show your edits: the project against what its template version rendered, by ownership."""
    from ..files.user_folders import cache_folder
    from ..look.diff import EditKind, edits
    from ..project.pin import pinned
    from ..template.copier.headless import import_copier
    from .changes import note_derived, print_diff

    root = project_folder(None, project).resolve()
    chosen = [path_in(root, path) for path in paths or []]
    console = out()
    import_copier()
    with pinned(root, trusted=trusted_by(trust=trust), cache=cache_folder()) as pin:
        note_derived(pin.recorded)
        changed = edits(pin, chosen)
        for edit in changed:
            console.say(f"{edit.kind.value:<8} {edit.policy.value:<7} {edit.path}", style="bold")
            if names:
                continue
            if edit.kind is EditKind.HIDDEN:
                console.say("  its content depends on a secret answer: not compared, not shown")
            else:
                print_diff(edit.path, edit.path, edit.before, edit.after)
    if not changed:
        console.say("No edits: every file is as it was rendered.")
