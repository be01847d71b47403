"""`POST /predict`: rows by name, and a prediction for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request, Response
from starlette.types import ASGIApp

from ..problems import MEDIA_TYPE
from .body import MAX_BODY_BYTES
from .hot import Hot
from .routes import Routes

if TYPE_CHECKING:
    from ..answering import Answering
    from ..batching import Run
    from ..models import Models
    from ..reading import Row
    from ..schema import Wire
    from ..service import Service

PATH = "/predict"
REFERENCE = "#/components/schemas/{model}"
_REFUSALS = {
    401: "Keys are set, and the request brings none that anybody holds",
    403: "Whoever asks has not proved to be an administrator",
    409: "It does not fit the models that there are",
    413: f"The body has more than {MAX_BODY_BYTES} bytes",
    415: "The body is not declared as JSON in UTF-8, or it is compressed",
    422: "The request does not keep the contract",
    503: "Too many requests wait, or the service is starting or stopping",
}


class PredictForm:
    """Requests and answers as the contract's own names have them."""

    def bound(self, _: Models) -> None:
        """None is named."""

    def read(self, answering: Answering, body: bytes) -> list[Row]:
        """The rows of a request; raises `RefusedError`."""
        return answering.rows(body)

    def write(self, run: Run, first: int, last: int, request_id: str) -> bytes:  # noqa: ARG002 - the answer holds no id
        """The predictions of its rows, and which model made them."""
        return run.answering.join(run.items[first:last])


def _hot(service: Service) -> dict[str, ASGIApp]:
    return {PATH: Hot(service, PredictForm, PATH)}


def _add(app: FastAPI, _: Service, answering: Answering) -> None:
    """Describe the request, which is read in front of FastAPI, for the page at `/docs`."""

    @app.post(
        PATH,
        response_model=answering.wire.response,
        responses=problem_responses(413, 415, 422, 503),
        openapi_extra=_request_body(answering.wire),
        summary=f"Predict {answering.model.contract.target.column}",
        tags=["prediction"],
    )
    async def predict(_: Request) -> Response:
        raise RuntimeError("It is answered in front of FastAPI.")


PREDICT = Routes(name="predict", hot=_hot, add=_add)


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """How the document describes refusals."""
    content = {MEDIA_TYPE: {"schema": {"$ref": REFERENCE.format(model="Problem")}}}
    return {status: {"description": _REFUSALS[status], "content": content} for status in statuses}


def _request_body(wire: Wire) -> dict[str, Any]:
    reference = {"$ref": REFERENCE.format(model=wire.request.__name__)}
    limits = f"At most {MAX_BODY_BYTES} bytes of JSON, in UTF-8 and not compressed; no name twice in an object."
    content = {"application/json": {"schema": reference}}
    return {"requestBody": {"required": True, "description": limits, "content": content}}
