"""Problems as answers of HTTP."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Self

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match

from ...predictor.loading import shown
from ..problems import MEDIA_TYPE, Problem, RefusedError, Tell, tell_problem

if TYPE_CHECKING:
    from .routes import Routes


def respond(problem: Problem) -> JSONResponse:
    """Return the problem as an HTTP response."""
    return JSONResponse(problem.model_dump(), problem.status, media_type=MEDIA_TYPE)


class Refusals:
    """How refusals are written, by where a request was sent."""

    def __init__(self, below: Mapping[str, Tell]) -> None:
        """As these write them at and below a path, elsewhere as problems."""
        self._below = below

    @classmethod
    def of(cls, offered: Iterable[Routes]) -> Self:
        """As those write them who offer something there."""
        return cls({path: tell for routes in offered for path, tell in routes.refusals.items()})

    def respond(self, path: str, problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
        """Return the problem as the answer to a request that was sent there."""
        found = (tell for place, tell in self._below.items() if f"{path}/".startswith(f"{place}/"))
        body, kind = next(found, tell_problem)(problem)
        return Response(body, problem.status, headers, media_type=kind)


def refuse_uniformly(app: FastAPI, refusals: Refusals) -> None:
    """Give every error of the application the shape of a refusal, also those of the framework."""

    @app.exception_handler(RefusedError)
    async def refused(request: Request, error: RefusedError) -> Response:
        return refusals.respond(request.scope["path"], error.problem, error.headers)

    @app.exception_handler(HTTPException)
    async def framework(request: Request, error: HTTPException) -> Response:
        asked = f"{shown(request.method)} {shown(request.scope['path'])}"
        detail = f"{asked} is not served here; /docs lists what is."
        title = HTTPStatus(error.status_code).phrase
        headers = dict(error.headers or {})
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            # A route knows only its own methods; another route may serve the same path with others.
            headers["Allow"] = ", ".join(_methods(app, request))
        problem = Problem(title=title, status=error.status_code, detail=detail)
        return refusals.respond(request.scope["path"], problem, headers)

    # The server logs the traceback; a client learns nothing about the inside.
    @app.exception_handler(Exception)
    async def failed(request: Request, _: Exception) -> Response:
        problem = Problem(title="Internal server error", status=500, detail="The service failed; its log says why.")
        return refusals.respond(request.scope["path"], problem)


def _methods(app: FastAPI, request: Request) -> list[str]:
    matching = (route for route in app.routes if route.matches(request.scope)[0] is not Match.NONE)
    return sorted({method for route in matching for method in getattr(route, "methods", None) or ()})
