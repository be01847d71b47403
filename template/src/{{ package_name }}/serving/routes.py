"""The endpoints: one that predicts, three that a platform asks."""

import asyncio
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from ..predictor.predictor import Predictions, Predictor
from .body import MAX_BODY_BYTES, Bodies
from .metrics import ServingMetrics
from .parsing import RequestParser
from .problems import MEDIA_TYPE, Problem, respond
from .schema import Wire

_REFERENCE = "#/components/schemas/{model}"
_REFUSALS = {
    413: f"The body has more than {MAX_BODY_BYTES} bytes",
    415: "The body is not declared as JSON in UTF-8, or it is compressed",
    422: "The request does not keep the contract",
    503: "The service is starting or stopping",
}


class Health(BaseModel):
    """Answer of the two probes."""

    status: str


def add_predict(app: FastAPI, model: Predictor, parser: RequestParser, metrics: ServingMetrics, wire: Wire) -> None:
    """Add ``POST /predict`` and describe its request, which it reads itself, in the OpenAPI page."""
    identity = {"name": model.name, "version": model.version}
    bodies = Bodies()

    def answer(body: bytes) -> Response:
        columns = parser.parse(body)
        predictions = model.predict(columns)
        metrics.observe_predictions(predictions, model.unseen(columns))
        return JSONResponse({"predictions": _encode(predictions, model), "model": identity})

    # Not a thread: a prediction takes less time than handing it to one.
    @app.post(
        "/predict",
        response_model=wire.response,
        responses=_problem_responses(413, 415, 422, 503),
        openapi_extra=_request_body(wire),
        summary=f"Predict {model.contract.target.column}",
        tags=["prediction"],
    )
    async def predict(request: Request) -> Response:
        return await bodies.answer(request, answer) if app.state.ready else respond(_unavailable())

    _describe_request(app, wire)


def add_operations(app: FastAPI, metrics: ServingMetrics) -> None:
    """Add the probes and ``GET /metrics``."""

    @app.head("/health/live", include_in_schema=False)
    @app.get("/health/live", summary="Is the process alive?", tags=["operation"])
    async def live() -> Health:
        return Health(status="alive")

    @app.head("/health/ready", include_in_schema=False)
    @app.get(
        "/health/ready",
        summary="May requests be sent here?",
        tags=["operation"],
        response_model=Health,
        responses=_problem_responses(503),
    )
    async def ready() -> Response:
        # While the last requests finish, a load balancer must send no new ones.
        if app.state.leaving or not app.state.ready:
            return respond(_unavailable())
        return JSONResponse({"status": "ready"})

    turn = asyncio.Lock()

    @app.head("/metrics", include_in_schema=False)
    @app.get("/metrics", summary="Prometheus metrics", tags=["operation"], response_class=PlainTextResponse)
    async def prometheus() -> Response:
        # It takes milliseconds: the event loop goes round between two, so that the probes never wait for many.
        async with turn:
            await asyncio.sleep(0)
            return Response(metrics.render(), media_type=CONTENT_TYPE_LATEST)


def _encode(predictions: Predictions, model: Predictor) -> list[Any]:
    values: list[float] = predictions.values.tolist()
    if predictions.labels is None or predictions.probabilities is None:
        return values
    labels = model.contract.labels
    chosen = [labels[index] for index in predictions.labels.tolist()]
    if model.contract.target.positive is not None:
        return [{"label": label, "probability": value} for label, value in zip(chosen, values, strict=True)]
    shares = (dict(zip(labels, row, strict=True)) for row in predictions.probabilities.tolist())
    return [{"label": label, "probabilities": share} for label, share in zip(chosen, shares, strict=True)]


def _unavailable() -> Problem:
    return Problem(title="Not ready", status=503, detail="The service is starting or stopping. Try again.")


def _problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    content = {MEDIA_TYPE: {"schema": {"$ref": _REFERENCE.format(model="Problem")}}}
    return {status: {"description": _REFUSALS[status], "content": content} for status in statuses}


def _request_body(wire: Wire) -> dict[str, Any]:
    reference = {"$ref": _REFERENCE.format(model=wire.request.__name__)}
    limits = f"At most {MAX_BODY_BYTES} bytes of JSON, in UTF-8 and not compressed; no name twice in an object."
    content = {"application/json": {"schema": reference}}
    return {"requestBody": {"required": True, "description": limits, "content": content}}


def _describe_request(app: FastAPI, wire: Wire) -> None:
    """Add the types that FastAPI cannot see, because no handler declares them, to its OpenAPI."""
    _, definitions = models_json_schema(
        [(wire.request, "validation"), (Problem, "serialization")], ref_template=_REFERENCE
    )
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        document = generate()
        document["components"]["schemas"].update(definitions["$defs"])
        return document

    # FastAPI's documented way to extend the document.
    app.openapi = openapi  # type: ignore[method-assign]
