"""What every request meets first: the guards, then the short way to a prediction, else FastAPI."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from starlette.types import ASGIApp, Receive, Scope, Send

from ..problems import RefusedError
from .refusing import Refusals

if TYPE_CHECKING:
    from ..service import Service


class Front:
    """ASGI application in front of another."""

    def __init__(
        self,
        behind: ASGIApp,
        hot: Mapping[str, ASGIApp],
        find: Callable[[str], ASGIApp | None],
        refusals: Refusals,
        service: Service,
    ) -> None:
        self._behind = behind
        self._hot = hot
        self._find = find
        self._refusals = refusals
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        answer = self._behind
        if scope["type"] == "http":
            try:
                self._service.admit(scope)
            except RefusedError as error:
                self._service.metrics.observe_refusal(error.problem.status)
                answer = self._refusals.respond(scope["path"], error.problem, error.headers)
                await answer(scope, receive, send)
                return
            if scope["method"] == "POST":
                path = scope["path"]
                answer = self._hot.get(path) or self._find(path) or answer
        await answer(scope, receive, send)
