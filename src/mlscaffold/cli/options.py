"""Options that several verbs share."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

__all__ = ["RefOption", "TemplateOption", "TrustOption"]

TemplateOption = Annotated[
    Optional[str],  # noqa: UP045 - Typer reads the alias at run time
    typer.Option(
        "--template",
        metavar="SRC",
        envvar="MLSCAFFOLD_TEMPLATE",
        help="URL, path or git bundle of any Copier template. Default: the built-in one.",
        show_default=False,
    ),
]
RefOption = Annotated[
    Optional[str],  # noqa: UP045 - Typer reads the alias at run time
    typer.Option(
        "--ref", metavar="VERSION", help="Version, branch or commit. Default: the newest release.", show_default=False
    ),
]
TrustOption = Annotated[bool, typer.Option("--trust", help="Let the template run code (extensions, tasks).")]
