"""What a platform asks: two probes, and numbers for Prometheus."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel

from ..problems import Problem
from .hot import UNAVAILABLE
from .predict import problem_responses
from .refusing import respond
from .routes import Routes

if TYPE_CHECKING:
    from ..answering import Answering
    from ..metrics import ServingMetrics
    from ..service import Service


class Health(BaseModel):
    """Answer of the two probes."""

    status: str


def _add(app: FastAPI, service: Service, _: Answering) -> None:
    def missing() -> Problem | None:
        # While the last requests finish, a load balancer must send no new ones.
        return UNAVAILABLE if service.leaving or not service.ready else None

    add_operations(app, service.metrics, missing)


def add_operations(app: FastAPI, metrics: ServingMetrics, missing: Callable[[], Problem | None]) -> None:
    """Add the probes and the numbers; `missing` says why no request may be sent now, if none may."""

    @app.head("/health/live", include_in_schema=False)
    @app.get("/health/live", summary="Is the process alive?", tags=["operation"], response_model=Health)
    async def live() -> Health:
        return Health(status="alive")

    @app.head("/health/ready", include_in_schema=False)
    @app.get(
        "/health/ready",
        summary="May requests be sent here?",
        tags=["operation"],
        response_model=Health,
        responses=problem_responses(503),
    )
    async def ready() -> Response:
        problem = missing()
        return JSONResponse({"status": "ready"}) if problem is None else respond(problem)

    turn = asyncio.Lock()

    @app.head("/metrics", include_in_schema=False)
    @app.get("/metrics", summary="Prometheus metrics", tags=["operation"], response_class=PlainTextResponse)
    async def prometheus() -> Response:
        # It takes milliseconds: the event loop goes round between two, so that the probes never wait for many.
        async with turn:
            await asyncio.sleep(0)
            return Response(metrics.render(), media_type=CONTENT_TYPE_LATEST)


OPERATIONS = Routes(name="operations", add=_add)
