"""Before there is a model: the process lives, says that it waits for its first one, and then is the service."""

from __future__ import annotations

import asyncio
import logging
import math
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response
from fastapi_offline import FastAPIOffline
from starlette.types import ASGIApp, Receive, Scope, Send

from ..discovery import PACKAGE, discover
from ..errors import ProjectError
from .answering import Answering
from .metrics import CountRequests, ServingMetrics
from .problems import Problem
from .publishing import Follower
from .rest.files import few_files
from .rest.hot import Hot, short_ways
from .rest.operations import add_operations
from .rest.refusing import Refusals, refuse_uniformly
from .rest.routes import FOLDER, Routes
from .service import Service
from .sources import Source

NO_MODEL = Problem(
    title="No model yet", status=503, detail="The service runs, and waits for its first model. Try again."
)
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

logger = logging.getLogger(__name__)


class Beginning:
    """ASGI application that waits for the first model of a source, and hands over to the service with it."""

    def __init__(self, source: Source, seconds: float, build: Callable[[Service], FastAPI]) -> None:
        """Look every so many seconds; `build` makes the application of a service."""
        self._build = build
        self._metrics = ServingMetrics()
        self._follower = Follower(source, None, self._publish)
        self._seconds = seconds
        self._waiting = self._app = self._page()
        self._service: Service | None = None
        #: What is answered where it is read, once there is a model.
        self.short: dict[bytes, Hot] = {}
        #: Why it cannot go on.
        self.error: ProjectError | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await (self._app if scope["type"] == "http" else self._waiting)(scope, receive, send)

    def leave(self) -> None:
        """Be no longer ready."""
        if self._service is not None:
            self._service.leaving = True

    def observe_refusal(self, status: int) -> None:
        """Count a request that was refused before its route was known."""
        (self._service.metrics if self._service else self._metrics).observe_refusal(status)

    def _publish(self, answering: Answering) -> None:
        if self._service is not None:
            self._service.models.publish(answering)
            return
        try:
            service = Service.of(answering)
            app = self._build(service)
        except ProjectError as error:
            # What is configured does not fit the model: the next start would say the same, and somebody has to read it.
            self.error = error
            signal.raise_signal(signal.SIGINT)
            return
        service.open()
        self._service, self._app = service, app
        self.short.update(short_ways(app.state.hot))
        logger.info("Now serving %s %s, the first model", answering.model.name, answering.model.version)

    def _page(self) -> ASGIApp:
        """What is answered meanwhile: probes, numbers, the page at `/docs`, and to all else that there is no model."""

        @asynccontextmanager
        async def lifespan(_: FastAPI) -> AsyncIterator[None]:
            task = asyncio.create_task(self._follower.follow(self._seconds))
            yield
            task.cancel()
            if self._service is not None:
                self._service.close()

        app = FastAPIOffline(
            title=PACKAGE, version="no model yet", description=NO_MODEL.detail, redoc_url=None, lifespan=lifespan
        )
        few_files(app)
        add_operations(app, self._metrics, lambda: NO_MODEL)
        refusals = Refusals.of(discover(FOLDER, Routes).values())
        refuse_uniformly(app, refusals)
        paths = sorted({path for route in app.routes if "{" not in (path := getattr(route, "path", "{"))})
        app.add_middleware(CountRequests, metrics=self._metrics, routes=paths)

        # Of other protocols, whose platforms must not start the process anew.
        @app.get("/{protocol}/health/live", include_in_schema=False)
        async def live(protocol: str) -> dict[str, bool]:  # noqa: ARG001 - a part of the path
            return {"live": True}

        later = {"Retry-After": str(math.ceil(max(1.0, 2 * self._seconds)))}

        @app.api_route("/{path:path}", methods=[*_METHODS], include_in_schema=False)
        async def nothing(request: Request) -> Response:
            return refusals.respond(request.url.path, NO_MODEL, later)

        return app
