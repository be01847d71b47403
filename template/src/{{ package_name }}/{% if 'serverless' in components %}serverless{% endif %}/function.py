"""The entry point: an HTTP request as an event (format 2.0 of API Gateway, which a function's own address has, too), and its answer.

The same checks, answers and refusals as the service's. The model is opened once, when the function is loaded: what follows is warm.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..serving.answering import Answering
from ..serving.media import require_plain_json, within_bounds
from ..serving.problems import MEDIA_TYPE, RefusedError

Event = Mapping[str, Any]
_MODEL = Path(__file__).parents[1] / "model.onnx"
#: What is asked for, behind the name of a stage if there is one.
_PREDICT, _READY = "/predict", "/health/ready"
#: More cannot be given back to whoever asked.
_LONGEST_ANSWER = 6 * 1024**2 - 64 * 1024


class Function:
    """Answers events with one model."""

    def __init__(self, answering: Answering) -> None:
        self._answering = answering

    def __call__(self, event: Event, context: object = None) -> dict[str, Any]:  # noqa: ARG002 - what the cloud says of the call
        """The answer to a request; never raises for what a client can send."""
        try:
            return _answer(200, self._body(event), "application/json")
        except RefusedError as error:
            return _answer(error.problem.status, error.problem.model_dump_json().encode(), MEDIA_TYPE, error.headers)

    def _body(self, event: Event) -> bytes:
        method, path = _asked(event)
        routes = {"POST": path.endswith(_PREDICT), "GET": path.endswith(_READY)}
        if not any(routes.values()):
            raise RefusedError(404, "Not Found", "It is not served here; POST /predict and GET /health/ready are.")
        if not routes.get(method):
            allowed = ", ".join(name for name, is_there in routes.items() if is_there)
            raise RefusedError(405, "Method Not Allowed", f"Ask by {allowed}.", headers={"Allow": allowed})
        if method == "GET":
            return json.dumps({"status": "ready"}).encode()
        headers: Mapping[str, str] = event.get("headers") or {}
        require_plain_json((name.lower().encode("latin-1"), value.encode()) for name, value in headers.items())
        answer = self._answering.answer(within_bounds(_sent(event)))
        if len(answer) > _LONGEST_ANSWER:
            raise RefusedError(413, "Answer too large", "The answer is too long. Send the rows in smaller batches.")
        return answer


def _asked(event: Event) -> tuple[str, str]:
    """Method and path; raises `RefusedError` for an event of another form."""
    try:
        return str(event["requestContext"]["http"]["method"]), str(event["rawPath"])
    except (KeyError, TypeError):
        detail = "This function answers HTTP requests, as events of the format 2.0."
        raise RefusedError(400, "Bad request", detail) from None


def _sent(event: Event) -> bytes:
    """The bytes that the client sent: such clouds hand on text as it is, and all else in base64."""
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(body).encode(errors="surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise RefusedError(400, "Bad request", "The body is not the base64 that it is said to be.") from None


def _answer(status: int, body: bytes, kind: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"content-type": kind, **{name.lower(): value for name, value in (headers or {}).items()}},
        "body": body.decode(),
        "isBase64Encoded": False,
    }


def load() -> Function:
    """The function of the packed model; raises `ModelFileError`."""
    return Function(Answering.load(_MODEL))
