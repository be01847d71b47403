"""`mlscaffold why`."""

from __future__ import annotations

from typing import Annotated

import typer

from .console import say
from .options import ProjectOption, TrustOption, path_in, project_folder, trusted_by

__all__ = ["why"]


def why(
    path: Annotated[str, typer.Argument(metavar="PATH", help="A file of the project.", show_default=False)],
    project: ProjectOption = None,
    trust: TrustOption = False,
) -> None:
    """Explain a file: which template file made it, who owns it, what last changed it, and your edits."""
    from ..files.user_folders import cache_folder
    from ..look.why import origin_of

    root = project_folder(None, project).resolve()
    origin = origin_of(root, path_in(root, path), trusted=trusted_by(trust=trust), cache=cache_folder())
    lines = [("here", origin.state)]
    if origin.policy is not None:
        source = origin.source or "none: the path is only named in ownership.yml"
        keys = f" ({', '.join(origin.keys)})" if origin.keys else ""
        lines = [
            ("template", f"{origin.template} {origin.version}"),
            ("template file", source),
            ("last changed in", origin.changed_in or "not known: the template cannot be read here"),
            ("policy", f"{origin.policy.value}{keys}: {_MEANS[origin.policy.value]}"),
            *lines,
        ]
    lines += [("excused", excuse) for excuse in origin.excuses]
    say(origin.path)
    for name, text in lines:
        say(f"  {name:<16} {text}")


_MEANS = {
    "owned": "`update` replaces it, `check` fails when it is edited",
    "merged": "`update` merges the template's changes with yours, `check` leaves it alone",
    "keyed": "these keys follow the template, all else is yours",
    "seeded": "written once, then yours",
    "derived": "made by a command, never merged",
    "retired": "it must be absent",
}
