"""`decide`: say what came of the last run, by exit code too: 0 promote, 10 keep (the champion stays), 11 block (a gate refuses)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..artifacts import REGISTERED
from ..errors import KEPT, PROMOTED
from ..lineage import Lineage
from ..steps import Project, Step
from ..workflow import all_steps


def run(
    params: Annotated[Path, typer.Option(help="The settings.")] = Path("params.yaml"),
    gates: Annotated[bool, typer.Option("--gates", help="Before `register`: whether all gates let it pass.")] = False,  # noqa: FBT002
) -> None:
    """Print the decision that the last `register` made; nothing is run, and nothing changes.

    Raises:
        BlockedError: a gate has refused a step of the run.
        LineageError: there is no decision about what is there now.
    """
    project, steps = Project(params.parent, Path(params.name)), all_steps()
    lineage = Lineage(project, steps)
    if gates:
        lineage.require_current(next(step for step in steps if step.name == "register"))
        typer.echo("pass: no gate refuses the model, and it may be registered")
        return
    lineage.require_current(Step("decide", str, reads=(REGISTERED,)))
    found = project.read(REGISTERED)
    typer.echo(f"{found['decision']}: {found['sentence']}")
    raise typer.Exit(KEPT if found["decision"] == "keep" else PROMOTED)
