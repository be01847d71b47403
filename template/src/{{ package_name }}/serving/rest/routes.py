"""What the HTTP service offers: a file in `rest/` with `Routes` takes part, and one with a `Guard` is asked first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from starlette.types import ASGIApp, Scope

from ..problems import Tell

if TYPE_CHECKING:
    from ..answering import Answering
    from ..service import Service

#: Where the routes and guards are.
FOLDER = "serving/rest"


def describe(app: FastAPI, change: Callable[[dict[str, Any]], None]) -> None:
    """Have the document that `/docs` shows changed, by what FastAPI cannot see; `change` may come more than once."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        document = generate()
        change(document)
        return document

    # FastAPI's documented way to extend the document.
    app.openapi = openapi  # type: ignore[method-assign]


def _no_paths(_: Service) -> dict[str, ASGIApp]:
    return {}


def _find_nothing(_: Service) -> Callable[[str], None]:
    return lambda _: None


def _add_nothing(_: FastAPI, __: Service, ___: Answering) -> None:
    """Add nothing."""


@dataclass(frozen=True, kw_only=True)
class Routes:
    """Some paths of the service.

    Args:
        name: for messages.
        hot: what answers POST at a path, in front of FastAPI; `hot.Hot` makes one of a `Form`.
        find: the same for paths that cannot be listed; gives None for those of others.
        refusals: how refusals are written at a path, and at all below it.
        add: adds to FastAPI what is answered there, and what `/docs` shows; for the document it is called anew with each
            model that is published, and for the answers once.
    """

    name: str
    hot: Callable[[Service], Mapping[str, ASGIApp]] = _no_paths
    find: Callable[[Service], Callable[[str], ASGIApp | None]] = _find_nothing
    refusals: Mapping[str, Tell] = field(default_factory=dict)
    add: Callable[[FastAPI, Service, Answering], None] = _add_nothing


@dataclass(frozen=True, kw_only=True)
class Guard:
    """Asked with each request before anybody answers it; raises `RefusedError` for one that may not come in."""

    name: str
    start: Callable[[Service], Callable[[Scope], None]]
