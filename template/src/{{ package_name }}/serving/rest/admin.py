"""Paths below /admin/ change what is served: they are never open, whatever is or is not installed and set."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.types import Scope

from ..problems import RefusedError
from .routes import Guard

if TYPE_CHECKING:
    from ..service import Service

#: Every path that changes what is served begins so.
PREFIX = "/admin/"
# No header can set it.
_HOLDER = "admin.holder"


def is_admin(path: str) -> bool:
    """Whether a path is for administrators."""
    return f"{path}/".startswith(PREFIX)


def let_in(scope: Scope, holder: str) -> None:
    """Note that the request comes from an administrator, who has proved it."""
    scope[_HOLDER] = holder


def holder_of(scope: Scope) -> str:
    """Which administrator asks; raises `RefusedError` where none does."""
    holder = scope.get(_HOLDER)
    if holder is None:
        detail = "Administration needs a key of the role admin, and none is set: see docs/code/access.md."
        raise RefusedError(403, "Forbidden", detail)
    return str(holder)


def _start(_: Service) -> Callable[[Scope], None]:
    def guard(scope: Scope) -> None:
        if is_admin(scope["path"]):
            holder_of(scope)

    return guard


#: Asked after `access`, by their names: it has noted by then who asks.
ADMIN = Guard(name="admin", start=_start)
