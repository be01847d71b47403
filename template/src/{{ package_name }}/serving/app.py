"""The HTTP service: a short way to predictions in front of FastAPI, which has the page, the probes and all that is seldom."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from pydantic.json_schema import models_json_schema
from starlette.routing import Mount
from starlette.types import ASGIApp

from ..contract.types import Contract
from ..discovery import discover
from .answering import Answering
from .http.connections import Connections
from .http.limits import Limits
from .http.server import listen, run
from .metrics import CountRequests
from .problems import Problem
from .publishing import RELOAD_SECONDS
from .rest.files import FewFiles
from .rest.front import Front
from .rest.hot import Hot
from .rest.predict import REFERENCE
from .rest.refusing import Refusals, refuse_uniformly
from .rest.routes import FOLDER, Guard, Routes
from .service import Service
from .starting import service_of


def create_app(model_path: Path) -> FastAPI:
    """Return the service for the model at ``model_path``; raises `ModelFileError`."""
    return build_app(service_of(model_path, reload_seconds=0))


def serve(
    model_path: Path, host: str, port: int, limits: Limits | None = None, reload_seconds: float = RELOAD_SECONDS
) -> None:
    """Serve the model of a file or folder until stopped, and those that replace it; raises `ProjectError`.

    Args:
        model_path: the file, or a folder with a `model.onnx`.
        host: address to listen on.
        port: port to listen on.
        limits: what clients may take.
        reload_seconds: how often to look whether there is another model; 0 for never.
    """
    # Does nothing where the caller has set up logging already.
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    service = service_of(model_path, reload_seconds)

    def leave() -> None:
        service.leaving = True

    app = build_app(service)
    # What needs no task of its own is answered where it is read.
    short = {path.encode(): answer for path, answer in app.state.hot.items() if isinstance(answer, Hot)}
    connections = Connections(limits or Limits(), service.metrics.observe_refusal, short)
    model = service.models.current.model
    run(app, listen(host, port), f"{model.name} {model.version}", connections, leave)


def build_app(service: Service) -> FastAPI:
    """FastAPI with everything that the folder `rest/` offers, and predictions in front of it."""
    offered = list(discover(FOLDER, Routes).values())

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        service.open()
        tasks = [asyncio.create_task(work()) for work in service.background]
        yield
        for task in tasks:
            task.cancel()
        service.close()

    # Like FastAPI, but the page's scripts come from the package: /docs works without internet.
    app = FastAPIOffline(
        **_identity(service.models.current),
        redoc_url=None,
        # A redirect would lead to whatever the client called us in its Host header.
        redirect_slashes=False,
        lifespan=lifespan,
    )
    for route in app.routes:
        if isinstance(route, Mount):
            route.app = FewFiles(route.app)
    for routes in offered:
        routes.add(app, service, service.models.current)
    refusals = Refusals({path: tell for routes in offered for path, tell in routes.refusals.items()})
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
