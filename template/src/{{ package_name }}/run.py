"""The command line: one command a step, and `pipeline` for all of them. It parses, calls and prints; no logic."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from .errors import ProjectError
from .settings import Settings, load_settings
from .workspace import Workspace

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Train, judge, export and serve the model. Each step reads what the one before it wrote.",
)

Params = Annotated[Path, typer.Option("--params", help="The settings; paths in it are relative to its folder.")]
DEFAULT_PARAMS = Path("params.yaml")
Step = Callable[[Workspace, Settings], object]
#: The exit code after Ctrl-C, as shells expect it.
STOPPED = 130


@app.command()
def ingest(params: Params = DEFAULT_PARAMS) -> None:
    """Read the raw csv files into typed tables."""
    from .pipelines import ingest as step

    _run("ingest", step.run, params)


@app.command()
def validate(params: Params = DEFAULT_PARAMS) -> None:
    """Stop if the data cannot be right."""
    from .pipelines import validate as step

    _run("validate", step.run, params)


@app.command()
def features(params: Params = DEFAULT_PARAMS) -> None:
    """Join weather, derive features, split by time."""
    from .pipelines import features as step

    _run("features", step.run, params)


@app.command()
def train(params: Params = DEFAULT_PARAMS) -> None:
    """Compare the candidates and fit the best one."""
    from .pipelines import train as step

    _run("train", step.run, params)


@app.command()
def evaluate(params: Params = DEFAULT_PARAMS) -> None:
    """Judge the best one on the hold-out."""
    from .pipelines import evaluate as step

    _run("evaluate", step.run, params)


@app.command()
def export(params: Params = DEFAULT_PARAMS) -> None:
    """Write the model as an ONNX graph and register it."""
    from .pipelines import export as step

    _run("export", step.run, params)


@app.command()
def predict(
    source: Annotated[Path | None, typer.Option("--input", help="csv or parquet with the model's columns.")] = None,
    output: Annotated[Path | None, typer.Option("--output", help="csv to write; missing folders are made.")] = None,
) -> None:
    """Predict each row of a file; without --input, each flight of the hold-out."""
    from .pipelines import predict as step

    workspace = Workspace()
    predicted = step.run(workspace, source or workspace.holdout, output or workspace.predictions)
    typer.echo(f"predict   {predicted}")


@app.command()
def serve(
    model: Annotated[Path, typer.Option(envvar="MODEL_PATH", help="The exported graph.")] = Path("models/model.onnx"),
    host: Annotated[str, typer.Option(envvar="HOST", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="PORT", min=1, max=65535, help="Port to listen on.")] = 8000,
) -> None:
    """Answer requests over HTTP."""
    from .serving.app import serve as start

    start(model, host, port)


@app.command()
def pipeline(params: Params = DEFAULT_PARAMS) -> None:
    """Run all steps from raw data to the exported model, and show the result."""
    from .pipelines import evaluate, export, features, ingest, train, validate
    from .pipelines.summary import print_summary

    started = time.perf_counter()
    for name, step in (
        ("ingest", ingest.run),
        ("validate", validate.run),
        ("features", features.run),
        ("train", train.run),
        ("evaluate", evaluate.run),
        ("export", export.run),
    ):
        _run(name, step, params)
    print_summary(Workspace(params.parent), seconds=time.perf_counter() - started)


def _run(name: str, step: Step, params: Path) -> None:
    """Run one step and print one line about it."""
    from threadpoolctl import threadpool_limits

    settings = load_settings(params)
    with threadpool_limits(limits=settings.threads):
        outcome = step(Workspace(params.parent), settings)
    typer.echo(f"{name:<9} {outcome}")


def main() -> None:
    """Entry point of the command: errors that a user can mend are shown without a traceback."""
    try:
        app()
    except ProjectError as error:
        typer.echo(f"Error: {error}\nNext:  {error.advice}", err=True)
        sys.exit(error.exit_code)
    except SystemExit as ended:
        if ended.code == STOPPED:
            typer.echo("Stopped.", err=True)
        raise


if __name__ == "__main__":
    main()
