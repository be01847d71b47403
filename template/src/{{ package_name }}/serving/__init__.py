"""The model behind its shells: as an HTTP service, and by whatever else answers. None of them needs the training stack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .app import create_app, serve

__all__ = ["create_app", "serve"]


def __getattr__(name: str) -> Any:
    """What of this package needs a web framework is loaded when it is asked for."""
    if name not in __all__:
        raise AttributeError(name)
    from . import app

    return getattr(app, name)
