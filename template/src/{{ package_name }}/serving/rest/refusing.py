"""Problems as answers of HTTP."""

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match

from ...predictor.loading import shown
from ..problems import MEDIA_TYPE, Problem, RefusedError


def respond(problem: Problem, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return the problem as an HTTP response."""
    return JSONResponse(problem.model_dump(), problem.status, headers, media_type=MEDIA_TYPE)


def refuse_uniformly(app: FastAPI) -> None:
    """Give every error of the application the shape of a problem, also those of the framework."""

    @app.exception_handler(RefusedError)
    async def refused(_: Request, error: RefusedError) -> Response:
        return respond(error.problem, error.headers)

    @app.exception_handler(HTTPException)
    async def framework(request: Request, error: HTTPException) -> Response:
        asked = f"{shown(request.method)} {shown(request.scope['path'])}"
        detail = f"{asked} is not served here; /docs lists what is."
        title = HTTPStatus(error.status_code).phrase
        headers = dict(error.headers or {})
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            # A route knows only its own methods; another route may serve the same path with others.
            headers["Allow"] = ", ".join(_methods(app, request))
        return respond(Problem(title=title, status=error.status_code, detail=detail), headers)

    # The server logs the traceback; a client learns nothing about the inside.
    @app.exception_handler(Exception)
    async def failed(_: Request, __: Exception) -> Response:
        detail = "The service failed; its log says why."
        return respond(Problem(title="Internal server error", status=500, detail=detail))


def _methods(app: FastAPI, request: Request) -> list[str]:
    matching = (route for route in app.routes if route.matches(request.scope)[0] is not Match.NONE)
    return sorted({method for route in matching for method in getattr(route, "methods", None) or ()})
