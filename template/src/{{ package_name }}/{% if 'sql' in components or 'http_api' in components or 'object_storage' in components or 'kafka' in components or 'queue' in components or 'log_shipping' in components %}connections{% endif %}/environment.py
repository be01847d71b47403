"""Addresses in configuration files: what is secret in them stands in the environment, and is called `${NAME}`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import Annotated
from urllib.parse import quote, urlsplit

from pydantic import AfterValidator, Field

from ..contract.types import Word
from ..errors import SettingsError

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_NAME_OF_SECRET = r"(?:[\w-]*(?:passw|pwd|token|secret|signature|api_?key)[\w-]*)"  # noqa: S105 - what others are called
#: A password in front of the host, or a secret among the parameters.
_SECRET = re.compile(rf"://[^/?#]*:(?P<password>[^/?#]+)@|[?&;]{_NAME_OF_SECRET}=(?P<other>[^&;]+)", re.IGNORECASE)
#: Shorter ones occur in any message by chance.
_SHORTEST = 3


def _without_secret(text: str) -> str:
    if any(not _VARIABLE.fullmatch(found["password"] or found["other"]) for found in _SECRET.finditer(text)):
        raise ValueError("a password has no place in a file: write ${NAME} for it, and set NAME in the environment")
    return text


def _is_variable(text: str) -> str:
    if not _VARIABLE.fullmatch(text):
        raise ValueError("a secret has no place in a file: write ${NAME}, and set NAME in the environment")
    return text


def _secrets_are_variables(values: dict[str, str]) -> dict[str, str]:
    for name, value in values.items():
        if re.fullmatch(_NAME_OF_SECRET, name, re.IGNORECASE):
            _is_variable(value)
    return values


#: An address, in which `${NAME}` stands for what is set in the environment.
Address = Annotated[str, Field(min_length=1), AfterValidator(_without_secret)]
#: `${NAME}`, and nothing else.
Secret = Annotated[str, AfterValidator(_is_variable)]
#: Settings by name, in which what is secret is `${NAME}`.
Options = Annotated[dict[str, Word], AfterValidator(_secrets_are_variables)]


def expanded(text: str, *, quoted: bool = False) -> str:
    """A text with the values of its variables.

    Args:
        text: as it stands in the file.
        quoted: whether values are written as a part of an address.

    Raises:
        SettingsError: one is not set; says which.
    """
    if absent := [name for name in _VARIABLE.findall(text) if not os.environ.get(name)]:
        raise SettingsError(
            f"The environment does not say {', '.join(absent)}, which configs/ asks for: {text}",
            f"Set it where the command runs: export {absent[0]}=…",
        )
    return _VARIABLE.sub(lambda found: quote(os.environ[found[1]], safe="") if quoted else os.environ[found[1]], text)


def address_of(text: str) -> str:
    """An address with the values of its variables; those in front of its host may hold any sign. Raises as `expanded`."""
    scheme, mark, rest = text.partition("://")
    user, at, host = rest.rpartition("@")
    return f"{expanded(scheme)}{mark}{expanded(user, quoted=True)}{at}{expanded(host)}"


def hidden(message: object, texts: Iterable[str]) -> str:
    """A message in which the values of the variables in `texts`, and passwords in them, are called by name again."""
    said = str(message)
    for name in dict.fromkeys(name for text in texts for name in _VARIABLE.findall(text)):
        value = os.environ.get(name, "")
        for secret in (value, quote(value, safe=""), _password(value)):
            if len(secret) >= _SHORTEST:
                said = said.replace(secret, f"${{{name}}}")
    return said


def _password(address: str) -> str:
    try:
        return urlsplit(address).password or ""
    except ValueError:
        return ""
