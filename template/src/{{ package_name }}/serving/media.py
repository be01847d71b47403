"""What a request's body may be, whoever brings it: plain JSON in UTF-8, and not more than is accepted."""

from collections.abc import Iterable
from typing import TypeVar

from .problems import RefusedError

MAX_BODY_BYTES = 1024 * 1024
JSON = b"application/json"
_JSON_ONLY = [JSON]

Body = TypeVar("Body", bytes, bytearray)


def within_bounds(body: Body) -> Body:
    """The body, or what has come of it; raises `RefusedError` if it is too large."""
    if len(body) > MAX_BODY_BYTES:
        detail = f"A body has at most {MAX_BODY_BYTES} bytes. Send the rows in smaller batches."
        raise RefusedError(413, "Body too large", detail)
    return body


def require_plain_json(headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Refuse a body that is not declared as JSON, or that is compressed; header names are in lower case."""
    declared = []
    codings = []
    for name, value in headers:
        if name == b"content-type":
            declared.append(value)
        elif name == b"content-encoding":
            codings.append(value)
    if declared != _JSON_ONLY and not _declares_json(declared):
        detail = "Send the body as JSON in UTF-8, with one header Content-Type: application/json."
        raise RefusedError(415, "Unsupported media type", detail)
    if codings and b",".join(codings).strip().lower() not in {b"", b"identity"}:
        detail = "Send the body as it is: compressed ones (Content-Encoding) are not read."
        raise RefusedError(415, "Unsupported content coding", detail, headers={"Accept-Encoding": "identity"})


def _declares_json(declared: list[bytes]) -> bool:
    """Whether there is one content type, JSON, with no other character set than JSON's own (RFC 8259)."""
    if len(declared) != 1:
        return False
    kind, *parameters = declared[0].decode("latin-1").lower().split(";")
    pairs = [parameter.partition("=") for parameter in parameters]
    charsets = {value.strip().strip('"') for name, _, value in pairs if name.strip() == "charset"}
    return kind.strip().encode("latin-1") == JSON and charsets <= {"utf-8"}
