"""Model files behind addresses of the web. A redirect leads to the web only, and never from an encrypted address to an open one."""

from __future__ import annotations

import time
from base64 import b64encode
from http.client import HTTPException, HTTPMessage
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from .origin import Bounds, Origin, refused

_CHUNK = 256 * 1024


def read_web(address: str, bounds: Bounds) -> bytes:
    """All bytes at an address; raises `ModelFileError`."""
    end = time.monotonic() + bounds.seconds
    parts, size = [], 0
    try:
        with build_opener(_Redirects).open(_request(address), timeout=bounds.silence) as answer:
            expected = answer.headers.get("Content-Length", "")
            if expected.isdecimal() and int(expected) > bounds.size:
                raise refused(address, f"it has more than {bounds.size} bytes")
            # What has come is taken at once: of a whole chunk, a slow sender could keep us waiting for ever.
            while part := answer.read1(_CHUNK):
                parts.append(part)
                size += len(part)
                if size > bounds.size:
                    raise refused(address, f"it has more than {bounds.size} bytes")
                if time.monotonic() > end:
                    raise refused(address, f"it has not come within {bounds.seconds:g} s")
            if expected.isdecimal() and size != int(expected):
                raise refused(address, f"only {size} of {expected} bytes have come")
    except HTTPError as error:
        raise refused(address, f"it answers {error.code}") from None
    except URLError as error:
        raise refused(address, getattr(error.reason, "strerror", None) or str(error.reason)) from None
    except (OSError, HTTPException, ValueError) as error:
        raise refused(address, str(error) or type(error).__name__) from None
    return b"".join(parts)


class _Redirects(HTTPRedirectHandler):
    """Follows those that lead to the same scheme, or from http to https."""

    def redirect_request(  # noqa: PLR0913, PLR0917 - as the library calls it
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        if urlsplit(newurl).scheme not in {req.type, "https"}:
            raise URLError(f"it redirects to {urlsplit(newurl).scheme}, which is not followed")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _request(address: str) -> Request:
    """The question for an address. A name and password in it are a header, which no redirect takes along."""
    parts = urlsplit(address)
    user, at, host = parts.netloc.rpartition("@")
    url = parts._replace(netloc=host, fragment="").geturl()
    request = Request(url, headers={"Accept": "application/octet-stream, */*"})  # noqa: S310 - http or https
    if at:
        name, _, password = user.partition(":")
        credentials = b64encode(f"{unquote(name)}:{unquote(password)}".encode()).decode()
        request.add_unredirected_header("Authorization", f"Basic {credentials}")
    return request


HTTP = Origin(name="http", read=read_web)
HTTPS = Origin(name="https", read=read_web)
