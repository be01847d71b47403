"""What one client, and all of them together, may take from the service: every number with its reason."""

from dataclasses import dataclass, field

from ..rest.body import MAX_BODY_BYTES

_MOST_CONNECTIONS = 1000
# The model, the log, the event loop and a connection that is accepted only to be refused need files, too.
_OTHER_FILES = 64
_FEWEST_CONNECTIONS = 8


def _most_connections() -> int:
    try:
        import resource
    except ImportError:  # on Windows, where sockets are no files
        return _MOST_CONNECTIONS
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if files == resource.RLIM_INFINITY:
        return _MOST_CONNECTIONS
    return max(_FEWEST_CONNECTIONS, min(_MOST_CONNECTIONS, files - _OTHER_FILES))


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bytes, counts and seconds; tests make them shorter."""

    # A request line and the headers of browsers and proxies, cookies included, stay below 16 KiB.
    head_bytes: int = 32 * 1024
    url_bytes: int = 8 * 1024
    headers: int = 100
    # The application reads no more; here a body that says so of itself is refused before it is sent.
    body_bytes: int = MAX_BODY_BYTES
    # Chunk sizes, extensions and trailers: what a body has beside its bytes.
    framing_bytes: int = 32 * 1024
    # Requests that are sent before the answers to those before them are read.
    pipelined: int = 100
    # All that has been read and not yet been answered, of all connections together.
    buffered_bytes: int = 48 * 1024 * 1024
    # A file each: whoever comes when none is left takes the place of the one that has kept us waiting longest.
    connections: int = field(default_factory=_most_connections)

    # From the connection, or from the first byte of a further request, to the end of the headers.
    head_seconds: float = 10
    body_seconds: float = 30
    # For the next part of an answer that does not fit into the network's buffers: 48 KiB, as asyncio counts.
    stuck_seconds: float = 10
    # Longer than the 60 s for which load balancers keep a connection, so that it is they who close it.
    idle_seconds: float = 75
    # An answer that refuses the rest of a request must not be lost because that rest is still arriving.
    linger_seconds: float = 2
    linger_bytes: int = 8 * 1024 * 1024

    # After SIGTERM: readiness says 503, and whoever has not seen it yet is still answered.
    drain_seconds: float = 0.5
    # Then: for what has been connected, and has not sent its request.
    settle_seconds: float = 0.2
    # Then: for requests under way. Docker kills ten seconds after SIGTERM.
    grace_seconds: float = 5
