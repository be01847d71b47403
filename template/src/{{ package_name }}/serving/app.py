"""The HTTP service: a short way to predictions in front of FastAPI, which has the page, the probes and all that is seldom."""

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from socket import socket
from typing import Any

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from pydantic.json_schema import models_json_schema
from starlette.types import ASGIApp

from ..contract.types import Contract
from ..discovery import discover
from ..errors import SettingsError
from ..predictor.loading import ModelFileError
from .answering import Answering
from .beginning import Beginning
from .http.connections import Connections
from .http.limits import Limits
from .http.server import listen, run
from .metrics import CountRequests
from .problems import Problem
from .publishing import RELOAD_SECONDS
from .rest.files import few_files
from .rest.front import Front
from .rest.hot import short_ways
from .rest.predict import REFERENCE
from .rest.refusing import Refusals, refuse_uniformly
from .rest.routes import FOLDER, Guard, Routes
from .service import Service
from .sources import Source, source_of
from .starting import service_from, service_of

logger = logging.getLogger(__name__)


def create_app(model_path: str | Path) -> FastAPI:
    """Return the service for the model at a place; raises `ModelFileError`."""
    return build_app(service_of(model_path, reload_seconds=0))


def serve(  # noqa: PLR0913 - as a command has them
    model_path: str | Path,
    host: str,
    port: int,
    limits: Limits | None = None,
    reload_seconds: float = RELOAD_SECONDS,
    *,
    wait: bool = False,
) -> None:
    """Serve the model of a place until stopped, and those that replace it; raises `ProjectError`.

    Args:
        model_path: a file, a folder with a `model.onnx`, or an address.
        host: address to listen on.
        port: port to listen on.
        limits: what clients may take.
        reload_seconds: how often to look whether there is another model; 0 for never.
        wait: start without a model, too, and wait for the first.
    """
    # Does nothing where the caller has set up logging already.
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    source = source_of(model_path)
    limits = limits or Limits()
    try:
        service = service_from(source, reload_seconds)
    except ModelFileError as error:
        if not wait:
            raise
        begin(source, reload_seconds, error, listen(host, port), limits)
        return

    def leave() -> None:
        service.leaving = True

    app = build_app(service)
    connections = Connections(limits, service.metrics.observe_refusal, short_ways(app.state.hot))
    _count(connections, service)
    model = service.models.current.model
    run(app, listen(host, port), f"{model.name} {model.version}", connections, leave)


def begin(source: Source, seconds: float, reason: ModelFileError, listener: socket, limits: Limits) -> None:
    """Serve without a model, and with one as soon as there is one; raises `ProjectError`."""
    if not seconds:
        message = "There is no model, and nobody would look for one: RELOAD_SECONDS is 0."
        raise SettingsError(message, "Write how often it is to be looked for: RELOAD_SECONDS=2.") from reason
    logger.warning("%s It is waited for.", reason)

    def build(service: Service) -> FastAPI:
        _count(connections, service)
        return build_app(service)

    beginning = Beginning(source, seconds, build)
    connections = Connections(limits, beginning.observe_refusal, beginning.short)
    run(beginning, listener, "no model yet", connections, beginning.leave)
    if beginning.error is not None:
        raise beginning.error


def _count(connections: Connections, service: Service) -> None:
    """Let the service tell of its connections."""
    said = "Requests under way, with the one that asks for this."
    service.metrics.state("serving_requests_in_progress", said, lambda: connections.answering)
    service.metrics.state("serving_connections", "Clients that are connected.", lambda: len(connections))


def build_app(service: Service) -> FastAPI:
    """FastAPI with everything that the folder `rest/` offers, and predictions in front of it."""
    offered = list(discover(FOLDER, Routes).values())

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        service.open()
        yield
        service.close()

    # Like FastAPI, but the page's scripts come from the package: /docs works without internet.
    app = FastAPIOffline(
        **_identity(service.models.current),
        redoc_url=None,
        # A redirect would lead to whatever the client called us in its Host header.
        redirect_slashes=False,
        lifespan=lifespan,
    )
    few_files(app)
    for routes in offered:
        routes.add(app, service, service.models.current)
    refusals = Refusals.of(offered)
    refuse_uniformly(app, refusals)
    paths = sorted({path for route in app.routes if "{" not in (path := getattr(route, "path", "{"))})
    app.add_middleware(CountRequests, metrics=service.metrics, routes=paths)
    _describe_what_is_served(app, service, offered)
    service.guards += [guard.start(service) for guard in discover(FOLDER, Guard).values()]
    app.state.hot = {path: answer for routes in offered for path, answer in routes.hot(service).items()}
    finders = [routes.find(service) for routes in offered]

    def find(path: str) -> ASGIApp | None:
        return next((answer for finder in finders if (answer := finder(path)) is not None), None)

    app.middleware_stack = Front(app.build_middleware_stack(), app.state.hot, find, refusals, service)
    return app


def _describe_what_is_served(app: FastAPI, service: Service, offered: Sequence[Routes]) -> None:
    """Let the page at `/docs` be about the model that is served when somebody looks."""
    documents: dict[Answering, dict[str, Any]] = {}

    def openapi() -> dict[str, Any]:
        current = service.models.current
        if current not in documents:
            page = FastAPI(**_identity(current))
            for routes in offered:
                routes.add(page, service, current)
            documents.clear()
            documents[current] = page.openapi()
            # The types that FastAPI cannot see, because no handler declares them.
            unseen: Any = [(current.wire.request, "validation"), (Problem, "serialization")]
            _, definitions = models_json_schema(unseen, ref_template=REFERENCE)
            documents[current]["components"]["schemas"].update(definitions["$defs"])
        return documents[current]

    # FastAPI's documented way to extend the document.
    app.openapi = openapi  # type: ignore[method-assign]


def _identity(answering: Answering) -> dict[str, Any]:
    model = answering.model
    return {"title": model.name, "version": model.version, "description": _description(model.contract)}


def _description(contract: Contract) -> str:
    target = contract.target
    if contract.labels:
        return f"Predicts `{target.column}`: {' or '.join(contract.labels)}."
    return f"Predicts `{target.column}`{f' in {target.unit}' if target.unit else ''}."
