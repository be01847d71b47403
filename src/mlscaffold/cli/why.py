"""`mlscaffold why`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .console import say
from .options import ProjectOption, TrustOption, project_folder, trusted_by

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
    place = Path(path).absolute()
    name = place.relative_to(root).as_posix() if place.is_relative_to(root) else path
    found = origin_of(root, name, trusted=trusted_by(trust=trust), cache=cache_folder())
    lines = [("here", found.state)]
    if found.policy is not None:
        source = found.source or "none: the path is only named in ownership.yml"
        keys = f" ({', '.join(found.keys)})" if found.keys else ""
        lines = [
            ("template", f"{found.template} {found.version}"),
            ("template file", source),
            ("last changed in", found.changed_in or "not known: the template cannot be read here"),
            ("policy", f"{found.policy.value}{keys}: {_MEANS[found.policy.value]}"),
            *lines,
        ]
    lines += [("excused", excuse) for excuse in found.excuses]
    say(found.path)
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
