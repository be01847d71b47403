"""The HTTP service around one model."""

import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from pydantic import ValidationError

from .contract import Output
from .errors import ModelFileError
from .metrics import CountRequests, ServingMetrics
from .model import ServedModel, load_model
from .problems import refuse_uniformly
from .routes import add_operations, add_predict
from .schema import RequestParser, build_wire
from .server import listen, run


def create_app(model_path: Path) -> FastAPI:
    """Return the service for the model at ``model_path``; raises ``ModelFileError``."""
    return _build_app(load_model(model_path), model_path)


def serve(model_path: Path, host: str, port: int) -> None:
    """Serve the model until stopped; raises ``ServingError`` when it cannot start."""
    # Does nothing where the caller has set up logging already.
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    model = load_model(model_path)
    app = _build_app(model, model_path)
    run(app, listen(host, port), f"{model.name} {model.version}")


def _build_app(model: ServedModel, model_path: Path) -> FastAPI:
    wire = build_wire(model.contract)
    parser = RequestParser(wire.request, model.contract)
    _prove_example(model, parser, model_path)
    metrics = ServingMetrics(model)
    # Like FastAPI, but the page's scripts come from the package: /docs works without internet.
    app = FastAPIOffline(
        title=model.name,
        version=model.version,
        description=_describe(model.contract.output),
        redoc_url=None,
        lifespan=_lifespan,
    )
    app.state.ready = False
    add_predict(app, model, parser, metrics, wire)
    add_operations(app, metrics)
    refuse_uniformly(app)
    app.add_middleware(CountRequests, metrics=metrics)
    return app


def _describe(output: Output) -> str:
    if output.labels is not None:
        return f"Predicts `{output.name}`: {' or '.join(output.labels)}."
    return f"Predicts `{output.name}`{f' in {output.unit}' if output.unit else ''}."


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.ready = True
    yield
    # While the last requests finish, a load balancer must send no new ones.
    app.state.ready = False


def _prove_example(model: ServedModel, parser: RequestParser, path: Path) -> None:
    """Predict the contract's own example once: a model that cannot is not worth starting."""
    body = json.dumps({"instances": [model.contract.example]}).encode()
    try:
        model.predict(parser.parse(body))
    except ValidationError as error:
        first = error.errors()[0]
        reason = f"{first['loc'][-1]}: {first['msg']}"
    except Exception as error:  # noqa: BLE001 - the runtime's exceptions share no other base class
        reason = str(error).splitlines()[0]
    else:
        return
    message = f"The model {path} cannot be served: it fails on its own example ({reason})."
    raise ModelFileError(message, "Export it again (the `export` command), or set MODEL_PATH to another file.")
