"""Who is measured: a service on this machine, and never one elsewhere."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from ..errors import SettingsError

_ADVICE = "Measure a service on this machine, for example --url http://127.0.0.1:8000/predict."


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where requests go.

    Args:
        address: of this machine, as numbers, so that no name is looked up again.
        host: what stands in the header `Host`.
        path: with its query.
    """

    address: str
    port: int
    host: str
    path: str


def target_of(url: str) -> Target:
    """The place that a URL names; raises `SettingsError` for all that is not on this machine."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or 80
    except ValueError as error:
        raise SettingsError(f"{url!r} is no URL: {error}.", _ADVICE) from None
    if parts.scheme != "http" or not host:
        raise SettingsError(f"{url!r} is no http:// URL.", _ADVICE)
    path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    if not f"{host}{path}".isascii() or any(letter <= " " for letter in path):
        raise SettingsError(f"{url!r} holds letters that a URL has not.", _ADVICE)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise SettingsError(f"{host} cannot be found: {error}.", _ADVICE) from None
    addresses = [str(entry[4][0]) for entry in found]
    if strange := [each for each in addresses if not ipaddress.ip_address(each.partition("%")[0]).is_loopback]:
        raise SettingsError(f"{host} is {strange[0]}, which is not this machine's loopback address.", _ADVICE)
    return Target(address=addresses[0], port=port, host=parts.netloc.rpartition("@")[2], path=path)
