"""`mlscaffold versions`."""

from __future__ import annotations

from typing import Annotated

import typer

from .console import note, say, say_json
from .options import TemplateOption

__all__ = ["versions"]


def versions(
    template: TemplateOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """List the releases of the template, oldest first."""
    from ..look.questions import versions_of
    from ..preferences.settings import read_settings

    released = versions_of(read_settings().template if template is None else template)
    if as_json:
        say_json([release.tag for release in released])
        return
    if not released:
        note("The template has no version tags.")
    for release in released:
        say(release.tag)
