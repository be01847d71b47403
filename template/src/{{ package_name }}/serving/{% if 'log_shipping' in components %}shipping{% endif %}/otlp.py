"""OTLP logs over HTTP, in JSON: what OpenTelemetry's collector takes, and many others do.

https://opentelemetry.io/docs/specs/otlp/#otlphttp. Its exporter for Python would bring fourteen packages into the service, and its
queue drops without counting.
"""

from __future__ import annotations

import gzip
import re
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from types import NoneType
from typing import Annotated, Any, Literal
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

import msgspec
from pydantic import AfterValidator, Field

from ...connections.environment import Address, address_of, expanded
from ...contract.types import Word
from ...discovery import PACKAGE
from ...errors import SettingsError
from ..recording.queue import RefusedError
from ..recording.sink import first_of
from .base import MOST_BYTES, Collector, records_of

#: Of the answers that are no 200, those after which the same is to be sent again.
_LATER = frozenset({429, 502, 503, 504})
_MOST_ANSWER_BYTES = 64 * 1024
_MOST_PAUSE_SECONDS = 60.0
_MOST_WORDS = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SECRET = re.compile(r"auth|key|token|secret|passw|cookie", re.IGNORECASE)


def _secrets_are_variables(headers: dict[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if _SECRET.search(name) and "${" not in value:
            raise ValueError(f"{name} is a secret: write ${{NAME}} for it, and set NAME in the environment")
    return headers


class Otlp(Collector):
    """A collector that speaks OTLP over HTTP."""

    kind: Literal["otlp"]
    url: Annotated[
        Address, Field(description="http://HOST:4318/v1/logs, or what the collector's own pages say; ${NAME} as above.")
    ]
    headers: Annotated[
        dict[str, Word],
        AfterValidator(_secrets_are_variables),
        Field(default_factory=dict, description="Sent along; what is secret is ${NAME}."),
    ]
    service: Annotated[
        str | None, Field(min_length=1, description="`service.name` of the records; without it, the project's name.")
    ] = None

    def connection(self) -> Http:
        """The way there."""
        return Http(self)


#: Of what `urllib` does, all but following redirects: records go where the configuration says, and nowhere else.
_HANDLERS = (ProxyHandler, HTTPHandler, HTTPSHandler, HTTPDefaultErrorHandler, HTTPErrorProcessor)


class Http:
    """Requests to a collector, one for some lines."""

    def __init__(self, settings: Otlp) -> None:
        self._url = address_of(settings.url)
        if urlsplit(self._url).scheme not in {"http", "https"}:
            raise SettingsError(
                f"configs/log_shipping.yaml: {settings.url} is no address of HTTP.", "Write http://… or https://…"
            )
        self._headers = {name: expanded(value) for name, value in settings.headers.items()}
        self._headers |= {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        self._service, self._seconds = settings.service or PACKAGE.replace("_", "-"), settings.seconds
        self._opener = OpenerDirector()
        for handler in _HANDLERS:
            self._opener.add_handler(handler())
        self._not_before = 0.0

    def write(self, pieces: Sequence[bytes]) -> int:
        """Send the first of some pieces; raises `OSError` to be asked again, and `RefusedError`."""
        if time.monotonic() < self._not_before:
            raise ConnectionError("the collector asked for a pause")
        first = first_of(pieces, MOST_BYTES)
        lines = b"".join(first)
        count = lines.count(b"\n")
        body = gzip.compress(request_of(self._service, lines), 1)
        request = Request(self._url, body, self._headers)  # noqa: S310 - its scheme was looked at
        try:
            with self._opener.open(request, timeout=self._seconds) as answer:
                said = answer.read(_MOST_ANSWER_BYTES)
                if answer.length:
                    raise ConnectionError("the collector's answer is cut short, or too long")
                rejected, reason = _rejected(said)
        except HTTPError as error:
            with error:
                if error.code in _LATER:
                    self._pause(error.headers.get("Retry-After", ""))
                    raise ConnectionError(f"the collector answered {error.code}") from None
            raise RefusedError(f"the collector answered {error.code}", pieces=len(first), refused=count) from None
        except (HTTPException, ValueError) as error:
            raise ConnectionError(f"the collector does not speak OTLP: {type(error).__name__}") from None
        if rejected > 0:
            refused = min(rejected, count)
            raise RefusedError(reason, pieces=len(first), refused=refused)
        return len(first)

    def close(self) -> None:
        """Nothing stays open between two requests."""

    def _pause(self, asked: str) -> None:
        if asked.isdecimal():
            self._not_before = time.monotonic() + min(float(asked), _MOST_PAUSE_SECONDS)


def request_of(service: str, lines: bytes) -> bytes:
    """Some lines of the log as an `ExportLogsServiceRequest`."""
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]}
    records = [_log_record(record) for record in records_of(lines)]
    scope = {"scope": {"name": f"{PACKAGE}.prediction_log"}, "logRecords": records}
    return msgspec.json.encode({"resourceLogs": [{"resource": resource, "scopeLogs": [scope]}]})


def _log_record(record: dict[str, Any]) -> dict[str, Any]:
    moment = str((datetime.fromisoformat(record["moment"]) - _EPOCH) // _MICROSECOND * 1000)
    return {
        "timeUnixNano": moment,
        "observedTimeUnixNano": moment,
        "severityNumber": 9,
        "severityText": "INFO",
        "eventName": "prediction",
        "body": _value(record),
    }


def _value(value: Any) -> dict[str, Any]:
    """A value of JSON as an `AnyValue`; what is missing is an empty one."""
    return _VALUES[type(value)](value)


def _pairs(values: dict[str, Any]) -> dict[str, Any]:
    return {"kvlistValue": {"values": [{"key": key, "value": _value(value)} for key, value in values.items()]}}


_VALUES: dict[type, Callable[[Any], dict[str, Any]]] = {
    NoneType: lambda _: {},
    bool: lambda value: {"boolValue": value},
    int: lambda value: {"intValue": str(value)},
    float: lambda value: {"doubleValue": value},
    str: lambda value: {"stringValue": value},
    list: lambda values: {"arrayValue": {"values": [_value(value) for value in values]}},
    dict: _pairs,
}


class _Partial(msgspec.Struct, rename="camel"):
    rejected_log_records: int | str = 0
    error_message: str = ""


class _Answer(msgspec.Struct, rename="camel"):
    partial_success: _Partial | None = None


def _rejected(answer: bytes) -> tuple[int, str]:
    """How many records an answer says were not taken, and why; raises `ValueError` if it is none of a collector."""
    partial = msgspec.json.decode(answer or b"{}", type=_Answer).partial_success or _Partial()
    return int(partial.rejected_log_records), repr(partial.error_message)[:_MOST_WORDS]
