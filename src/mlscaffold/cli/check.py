"""`mlscaffold check`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["check"]


def check(
    dest: Annotated[
        Path, typer.Argument(metavar="DEST", help="The project's root folder.", show_default=False)
    ] = Path(),
) -> None:
    """Check that the files which the template owns are still what it rendered.

    Judged by the project's own lock: no network, no render. Exit code 0 is clean, 1 is drift, 2 is no usable lock.
    """
    from ..checking import check as judge

    result = judge(dest.absolute())
    for finding in result.findings:
        typer.echo(f"{finding.rule} {finding.path}: {finding.message}")
        typer.echo(f"       {finding.fix}")
    origin = f"{result.lock.template} {result.lock.version}"
    if result.is_clean:
        typer.echo(f"Clean: {_files(result.judged)} as {origin} rendered them.")
        return
    count = len(result.findings)
    typer.echo(f"Drift: {count} {'finding' if count == 1 else 'findings'}; {_files(result.judged)} judged by {origin}.")
    raise typer.Exit(1)


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"
