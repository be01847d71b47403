"""The files behind the page at ``/docs``: each is open while it is sent, for as long as its reader takes."""

from fastapi import FastAPI
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from ..problems import Problem
from .refusing import respond

# A browser asks for three. More readers than this would use up the files that connections need.
_MOST_OPEN = 16
_BUSY = Problem(title="Busy", status=503, detail="Too many files are being read. Try again.")


class FewFiles:
    """ASGI application that sends a few files at a time; nobody waits, for a reader may never come to an end."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._open = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file, or say that there are too many."""
        if self._open >= _MOST_OPEN:
            await respond(_BUSY)(scope, receive, send)
            return
        self._open += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._open -= 1


def few_files(app: FastAPI) -> None:
    """Let the files of an application be sent a few at a time."""
    for route in app.routes:
        if isinstance(route, Mount):
            route.app = FewFiles(route.app)
