"""`contract`: write what one row means from a table, check it, show it, bring its file up to date."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..contract.types import TaskName
from ..steps import CONTRACT, SOURCES, Project

app = typer.Typer(no_args_is_help=True)
Root = Annotated[Path, typer.Option("--project", help="The project's folder.")]
HERE = Path()


@app.command()
def infer(  # noqa: PLR0913, PLR0917 - options of a command
    file: Annotated[Path, typer.Argument(help="A csv or parquet file.")],
    target: Annotated[str, typer.Option(help="The column to predict.")],
    time: Annotated[str | None, typer.Option(help="The column that orders rows in time.")] = None,
    group: Annotated[str | None, typer.Option(help="Rows with the same value belong together.")] = None,
    key: Annotated[list[str] | None, typer.Option(help="Makes a row unique; may be given several times.")] = None,
    task: Annotated[TaskName | None, typer.Option(help="Guessed from the target unless given.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Overwrite a contract that is there.")] = False,  # noqa: FBT002
    root: Root = HERE,
) -> None:
    """Write configs/contract.yaml and configs/sources.yaml from a table; asks nothing and says what was guessed."""
    from rich.console import Console

    from ..contract.show import contract_view
    from ..inference.infer import Roles, forbid_overwriting, infer_contract, write_draft

    project = Project(root)
    if not replace:
        forbid_overwriting(project)
    draft = infer_contract(project, file, target, Roles(time, group, tuple(key or ())), task)
    write_draft(project, draft)
    remarks = {guess.name: guess.remark for guess in draft.guesses} | draft.known_later
    Console().print(contract_view(draft.contract(), remarks))
    for remark in (*draft.target.remarks, draft.probed, *draft.remarks):
        typer.echo(remark)
    typer.echo(
        f"{CONTRACT} and {SOURCES} are written, from {len(draft.sample.frame):,} of {draft.sample.rows:,} rows. Read them."
    )


@app.command()
def check(root: Root = HERE) -> None:
    """Say whether contract and sources are right, and whether the tables that are there fit."""
    from ..inference.check import check_project

    for line in check_project(Project(root)):
        typer.echo(line)


@app.command()
def show(
    root: Root = HERE,
    json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,  # noqa: FBT002
) -> None:
    """Show the contract."""
    contract = Project(root).contract
    if json:
        typer.echo(contract.model_dump_json(indent=2))
        return
    from rich.console import Console

    from ..contract.show import contract_view

    Console().print(contract_view(contract, {}))


@app.command()
def upgrade(root: Root = HERE) -> None:
    """Rewrite configuration files of an older format in the newest one; they are read without it, too."""
    from ..contract.types import Contract
    from ..contract.upgrade import upgrade as rewrite
    from ..data_loaders.sources import SOURCES_FILE
    from ..settings import Settings

    for name, model in ((CONTRACT, Contract), (SOURCES, SOURCES_FILE.model), ("params.yaml", Settings)):
        typer.echo(rewrite(root / name, model))
