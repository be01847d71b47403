"""What a client is told whose request never reaches the application."""

from collections.abc import Iterable
from http import HTTPStatus

from ..problems import MEDIA_TYPE, Problem
from ..rest.body import MAX_BODY_BYTES

INVALID = Problem(title="Bad request", status=400, detail="This is not a valid HTTP/1.1 request.")
FRAMING = Problem(title="Bad request", status=400, detail="Send the body in larger chunks, without extensions.")
HOST = Problem(title="Bad request", status=400, detail="Exactly one header Host is needed.")
SLOW = Problem(title="Request timeout", status=408, detail="The request did not arrive in time.")
LARGE_BODY = Problem(
    title="Body too large",
    status=413,
    detail=f"A body has at most {MAX_BODY_BYTES} bytes. Send the rows in smaller batches.",
)
LONG_URL = Problem(title="URI too long", status=414, detail="The address of the request is too long.")
LARGE_HEAD = Problem(title="Headers too large", status=431, detail="There are too many headers, or too long ones.")
CODING = Problem(title="Not implemented", status=501, detail="The only Transfer-Encoding that is read is chunked.")
BUSY = Problem(title="Busy", status=503, detail="There are too many connections. Try again.")
PIPELINED = Problem(title="Busy", status=503, detail="Too many requests were sent before their answers were read.")
VERSION = Problem(title="HTTP version not supported", status=505, detail="Send HTTP/1.1.")


def refusal(problem: Problem, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Return the whole answer that says ``problem`` and closes; ``headers`` go into every answer."""
    body = problem.model_dump_json().encode()
    about = [
        *headers,
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
    ]
    status = f"HTTP/1.1 {problem.status} {HTTPStatus(problem.status).phrase}\r\n".encode()
    return status + b"".join(b"%b: %b\r\n" % header for header in about) + b"\r\n" + body
