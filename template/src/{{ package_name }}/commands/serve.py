"""Answer requests over HTTP."""

from __future__ import annotations

from typing import Annotated

import typer

#: What `--model` takes, wherever a model is read.
PLACE = "The exported graph, its folder, its address with #sha256=…, or a pointer's address."


def run(
    model: Annotated[str, typer.Option(envvar="MODEL_PATH", help=PLACE)] = "models/model.onnx",
    host: Annotated[str, typer.Option(envvar="HOST", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="PORT", min=1, max=65535, help="Port to listen on.")] = 8000,
    reload_seconds: Annotated[
        float,
        typer.Option(envvar="RELOAD_SECONDS", min=0, max=3600, help="How often to look for another model; 0: never."),
    ] = 2,
    wait: Annotated[  # noqa: FBT002
        bool,
        typer.Option("--wait", envvar="WAIT_FOR_MODEL", help="Start without a model, too, and wait for the first."),
    ] = False,
) -> None:
    """Answer requests over HTTP."""
    from ..serving.app import serve

    serve(model, host, port, reload_seconds=reload_seconds, wait=wait)
