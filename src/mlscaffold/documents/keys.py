"""Values at dotted keys of TOML, YAML and JSON files: what a `keyed` file shares with its template."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from ..errors import ExitCode, MlscaffoldError

__all__ = ["KeyedFileError", "key_digests"]

#: A key that the file does not have.
_ABSENT = "absent"


class KeyedFileError(MlscaffoldError):
    """A `keyed` file is not valid TOML, YAML or JSON."""

    exit_code = ExitCode.FINDINGS


def _toml(content: bytes) -> Any:
    import tomllib

    return tomllib.loads(content.decode())


def _yaml(content: bytes) -> Any:
    import yaml

    return yaml.safe_load(content)


_PARSERS: Mapping[str, Callable[[bytes], Any]] = {".toml": _toml, ".json": json.loads, ".yml": _yaml, ".yaml": _yaml}


def key_digests(path: str, content: bytes, keys: Sequence[str]) -> Mapping[str, str]:
    """A digest of the value at each dotted key; comments, order and layout do not count.

    Raises:
        KeyedFileError: The content does not parse, or the format is none of the three.
    """
    data = _parse(path, content)
    return {key: _digest(data, key) for key in keys}


def _parse(path: str, content: bytes) -> Any:
    suffix = PurePosixPath(path).suffix
    if suffix not in _PARSERS:
        raise KeyedFileError(f"{path}: only TOML, YAML and JSON files can be keyed, not {suffix!r}.")
    try:
        return _PARSERS[suffix](content)
    except Exception as error:
        # Each of the three parsers has its own family of errors.
        raise KeyedFileError(
            f"{path} does not parse: {error}", hint="Mend its syntax and run the check again."
        ) from error


def _digest(data: Any, dotted: str) -> str:
    value = data
    for part in dotted.split("."):
        if not isinstance(value, dict) or part not in value:
            return _ABSENT
        value = value[part]
    canonical = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]
