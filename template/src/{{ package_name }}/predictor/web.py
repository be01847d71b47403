"""Model files behind addresses of the web."""

from __future__ import annotations

import time
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from .origin import Bounds, Origin, refused

_CHUNK = 256 * 1024


def read_web(address: str, bounds: Bounds) -> bytes:
    """All bytes at an address; raises `ModelFileError`."""
    end = time.monotonic() + bounds.seconds
    parts, size = [], 0
    try:
        request = Request(address, headers={"Accept": "application/octet-stream, */*"})  # noqa: S310 - http or https
        with urlopen(request, timeout=bounds.silence) as answer:  # noqa: S310
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


HTTP = Origin(name="http", read=read_web)
HTTPS = Origin(name="https", read=read_web)
