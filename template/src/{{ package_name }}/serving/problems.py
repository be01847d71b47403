"""The one shape of every refusal: problem details (RFC 9457) with a list of rows and fields."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.routing import Match

from ..predictor.loading import shown

MEDIA_TYPE = "application/problem+json"
MAX_FAULTS = 100


class Fault(BaseModel):
    """One thing that is wrong with a request."""

    row: int | None = Field(description="Index in `instances`, from 0; null when it is not about a row.")
    field: str | None = Field(
        description="Name of the column; null when it is not about a column. Unknown ones are cut."
    )
    problem: str


class Problem(BaseModel):
    """Why a request was refused. ``errors`` lists the faults that were found."""

    title: str
    status: int
    detail: str
    error_count: int = Field(
        default=0,
        le=MAX_FAULTS,
        description=f"Length of `errors`. Checking stops at {MAX_FAULTS}: then there may be more.",
    )
    errors: list[Fault] = Field(default=[], max_length=MAX_FAULTS)


class RefusedError(Exception):
    """Raised by a handler to answer with a problem instead of a result."""

    def __init__(
        self,
        status: int,
        title: str,
        detail: str,
        *,
        faults: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        listed = list(faults)
        self.problem = Problem(title=title, status=status, detail=detail, error_count=len(listed), errors=listed)
        self.headers = headers


def respond(problem: Problem, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return the problem as an HTTP response."""
    return JSONResponse(problem.model_dump(), problem.status, headers, media_type=MEDIA_TYPE)


def invalid(faults: list[Fault]) -> RefusedError:
    """Return the refusal of a request that does not keep the contract."""
    detail = "The request does not keep the model's contract; /docs shows it, with an example."
    return RefusedError(422, "Invalid request", detail, faults=faults)


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
