"""What a service without a command line is told by the environment; a wrong value is named with an example of a right one."""

from __future__ import annotations

import math
import os

from ..errors import SettingsError
from .publishing import RELOAD_SECONDS

_LONGEST = 3600
_LAST_PORT = 65535
_ANSWERS = {"": False, "0": False, "false": False, "1": True, "true": True}


def model_path() -> str:
    """Where the model is."""
    return os.environ.get("MODEL_PATH", "models/model.onnx")


def host() -> str:
    """The address to listen on."""
    return os.environ.get("HOST", "127.0.0.1")


def port(name: str, default: int) -> int:
    """A port; raises `SettingsError`."""
    text, advice = os.environ.get(name, str(default)), f"Write for example {name}={default or 8000}."
    try:
        found = int(text)
    except ValueError:
        raise SettingsError(f"{name} is {text!r}, but a port is a number.", advice) from None
    # Some libraries take the rest of the division, and listen where nobody looks.
    if not 0 <= found <= _LAST_PORT:
        raise SettingsError(f"{name} is {text!r}, but the last port is {_LAST_PORT}.", advice)
    return found


def seconds(name: str, default: float) -> float:
    """A duration; raises `SettingsError`."""
    text = os.environ.get(name, str(default))
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not 0 <= found <= _LONGEST:
        message = f"{name} is {text!r}, but has to be a number from 0 to {_LONGEST}."
        raise SettingsError(message, f"Write for example {name}=5.")
    return found


def reload_seconds() -> float:
    """How often it is looked for another model; raises `SettingsError`."""
    return seconds("RELOAD_SECONDS", RELOAD_SECONDS)


def is_on(name: str) -> bool:
    """Whether something is wanted; raises `SettingsError`."""
    text = os.environ.get(name, "0")
    if text not in _ANSWERS:
        raise SettingsError(f"{name} is {text!r}, but has to be 1 or 0.", f"Write for example {name}=1.")
    return _ANSWERS[text]
