"""The one shape of every refusal: problem details (RFC 9457) with a list of rows and fields."""

from collections.abc import Sequence
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, ValidationError
from pydantic_core import ErrorDetails
from starlette.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"
MAX_FAULTS = 100
WRAP = 'Wrap the rows: {"instances": [{...}, ...]}'


class Fault(BaseModel):
    """One thing that is wrong with a request."""

    row: int | None = Field(description="Index in `instances`, from 0; null when it is not about a row.")
    field: str | None = Field(description="Name of the column; null when it is not about a column.")
    problem: str


class Problem(BaseModel):
    """Why a request was refused. ``errors`` lists the first faults, ``error_count`` counts all."""

    title: str
    status: int
    detail: str
    error_count: int = 0
    errors: list[Fault] = []


class RefusedError(Exception):
    """Raised by a handler to answer with a problem instead of a result."""

    def __init__(self, status: int, title: str, detail: str) -> None:
        super().__init__(detail)
        self.problem = Problem(title=title, status=status, detail=detail)


def respond(problem: Problem) -> JSONResponse:
    """Return the problem as an HTTP response."""
    return JSONResponse(problem.model_dump(), problem.status, media_type=MEDIA_TYPE)


def from_validation(error: ValidationError) -> Problem:
    """Translate pydantic's report; the refused values themselves are never repeated."""
    faults = error.errors(include_url=False, include_context=False)
    # Of a bare row all else that is wrong follows from this: its columns are unknown where `instances` should be.
    faults = [fault for fault in faults if _is_unwrapped(fault)] or faults
    listed = [_fault(fault["loc"], _wording(fault)) for fault in faults[:MAX_FAULTS]]
    return Problem(
        title="Invalid request",
        status=422,
        detail="The request does not keep the model's contract; /docs shows it, with an example.",
        error_count=len(faults),
        errors=listed,
    )


def refuse_uniformly(app: FastAPI) -> None:
    """Give every error of the application the shape of a problem, also those of the framework."""

    @app.exception_handler(RefusedError)
    async def refused(_: Request, error: RefusedError) -> Response:
        return respond(error.problem)

    @app.exception_handler(HTTPException)
    async def framework(request: Request, error: HTTPException) -> Response:
        detail = f"{request.method} {request.url.path} is not served here; /docs lists what is."
        title = HTTPStatus(error.status_code).phrase
        response = respond(Problem(title=title, status=error.status_code, detail=detail))
        response.headers.update(error.headers or {})
        return response

    # The server logs the traceback; a client learns nothing about the inside.
    @app.exception_handler(Exception)
    async def failed(_: Request, __: Exception) -> Response:
        detail = "The service failed; its log says why."
        return respond(Problem(title="Internal server error", status=500, detail=detail))


def _fault(location: Sequence[int | str], problem: str) -> Fault:
    match location:
        case ("instances", int(row), field, *_):
            return Fault(row=row, field=str(field), problem=problem)
        case ("instances", int(row)):
            return Fault(row=row, field=None, problem=problem)
        case (field, *_):
            return Fault(row=None, field=str(field), problem=problem)
        case _:
            return Fault(row=None, field=None, problem=problem)


def _is_unwrapped(fault: ErrorDetails) -> bool:
    return fault["loc"] == ("instances",) and fault["type"] == "missing"


def _wording(fault: ErrorDetails) -> str:
    kind = fault["type"]
    if fault["input"] is None and kind.endswith("_type"):
        return "May not be null"
    if _is_unwrapped(fault):
        return f"Required, but absent. {WRAP}"
    if fault["loc"] == () and kind == "model_type":
        return f"Must be an object. {WRAP}"
    plain = {
        "extra_forbidden": "Unknown: the contract has no such name",
        "missing": "Required, but absent",
        "string_too_short": "May not be empty: write null where the value is missing and may be",
    }
    return plain.get(kind, fault["msg"])
