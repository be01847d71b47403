"""The HTTP service around one model."""

import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from onnxruntime import RunOptions
from starlette.routing import Mount

from ..contract.types import Contract
from ..predictor.loading import unusable, within_bounds
from ..predictor.predictor import Predictor
from .files import FewFiles
from .http.connections import Connections
from .http.limits import Limits
from .http.server import listen, run
from .metrics import CountRequests, ServingMetrics
from .parsing import RequestParser
from .problems import RefusedError, refuse_uniformly
from .routes import add_operations, add_predict
from .schema import build_wire


def create_app(model_path: Path) -> FastAPI:
    """Return the service for the model at ``model_path``; raises `ModelFileError`."""
    model = Predictor.load(model_path)
    return _build_app(model, ServingMetrics(model))


def serve(model_path: Path, host: str, port: int, limits: Limits | None = None) -> None:
    """Serve the model until stopped; raises `ProjectError` when it cannot start."""
    # Does nothing where the caller has set up logging already.
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    model = Predictor.load(model_path)
    metrics = ServingMetrics(model)
    app = _build_app(model, metrics)

    def leave() -> None:
        app.state.leaving = True

    connections = Connections(limits or Limits(), metrics.observe_refusal)
    run(app, listen(host, port), f"{model.name} {model.version}", connections, leave)


def _build_app(model: Predictor, metrics: ServingMetrics) -> FastAPI:
    wire = build_wire(model.contract, model.about)
    parser = RequestParser(wire, model.contract)
    _prove_example(model, parser)
    # Like FastAPI, but the page's scripts come from the package: /docs works without internet.
    app = FastAPIOffline(
        title=model.name,
        version=model.version,
        description=_describe(model.contract),
        redoc_url=None,
        # A redirect would lead to whatever the client called us in its Host header.
        redirect_slashes=False,
        lifespan=_lifespan,
    )
    for route in app.routes:
        if isinstance(route, Mount):
            route.app = FewFiles(route.app)
    app.state.ready = app.state.leaving = False
    add_predict(app, model, parser, metrics, wire)
    add_operations(app, metrics)
    refuse_uniformly(app)
    app.add_middleware(CountRequests, metrics=metrics)
    return app


def _describe(contract: Contract) -> str:
    target = contract.target
    if contract.labels:
        return f"Predicts `{target.column}`: {' or '.join(contract.labels)}."
    return f"Predicts `{target.column}`{f' in {target.unit}' if target.unit else ''}."


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.ready = True
    yield
    app.state.ready = False


def _prove_example(model: Predictor, parser: RequestParser) -> None:
    """Predict the contract's own example once: a model that cannot is not worth starting."""
    failure = "it fails on its own example"
    body = json.dumps({"instances": [model.about.example]}).encode()
    try:
        columns = parser.parse(body)
    except RefusedError as error:
        first = error.problem.errors[0]
        raise unusable(model.path, f"{failure}: {first.field}: {first.problem}") from None
    options = RunOptions()

    def stop() -> None:
        options.terminate = True

    within_bounds(lambda: model.predict(columns, options), stop, model.path, model.size, failure)
