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


def run(params: Annotated[Path, typer.Option(help="The settings.")] = Path("params.yaml")) -> None:
    """Print the decision that the last `register` made; nothing is run, and nothing changes.

    Raises:
        BlockedError: a gate has refused a step of the run.
        LineageError: there is no decision about what is there now.
    """
    project = Project(params.parent, Path(params.name))
    Lineage(project, all_steps()).require_current(Step("decide", str, reads=(REGISTERED,)))
    found = project.read(REGISTERED)
    typer.echo(f"{found['decision']}: {found['sentence']}")
    raise typer.Exit(KEPT if found["decision"] == "keep" else PROMOTED)
