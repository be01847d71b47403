"""Values at dotted keys of TOML, YAML and JSON files: what a `keyed` file shares with its template."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, TypeAlias

from ..errors import ExitCode, MlscaffoldError
from .data import ABSENT, DocumentError, canonical
from .formats import Format, format_of
from .tree import Span, path_below

__all__ = [
    "KeyedFileError",
    "Keys",
    "digests_by_text",
    "key_digests",
    "key_parts",
    "key_tree",
    "keyed_format",
    "line_of_key",
    "value_at",
    "with_named_keys",
]

#: What a format reads a key as.
ReadKey: TypeAlias = Callable[[str], Hashable]
#: Keys as a tree; None is all that is below.
Keys: TypeAlias = "dict[str, Keys | None]"
#: The digest of a key that the file does not have.
_NO_DIGEST = "absent"
_PART = re.compile(r"""(?:"((?>\\.|[^"\\])*+)"|'([^']*+)'|([^.]*+))(?:\.|\Z)""")


class KeyedFileError(MlscaffoldError):
    """A `keyed` file does not parse, or its keys cannot be set. `line` is where, as far as its parser says."""

    exit_code = ExitCode.FINDINGS

    def __init__(self, message: str, *, hint: str = "", line: int | None = None) -> None:
        super().__init__(message, hint=hint)
        self.line = line


def keyed_format(path: str) -> Format:
    """The format of a `keyed` file.

    Raises:
        KeyedFileError: It is none of the three.
    """
    form = format_of(path)
    if form is None:
        raise KeyedFileError(
            f"{path}: only TOML, YAML and JSON files can be keyed.",
            hint="In the template's ownership.yml, give it another policy: merged, or owned.",
        )
    return form


def key_digests(path: str, content: bytes, keys: Sequence[str]) -> Mapping[str, str]:
    """A digest of the value at each dotted key; comments, order and layout do not count.

    Raises:
        KeyedFileError: The content does not parse, or the format is none of the three.
    """
    return _digests(path, content, keys, keyed_format(path).read_key)


def digests_by_text(path: str, content: bytes, keys: Sequence[str]) -> Mapping[str, str]:
    """The digests of locks up to 0.3.0, in which a key that YAML reads as no text (`on`) is absent.

    Raises:
        KeyedFileError: As above.
    """
    return _digests(path, content, keys, str)


def _digests(path: str, content: bytes, keys: Sequence[str], read_key: ReadKey) -> Mapping[str, str]:
    try:
        data = keyed_format(path).parsed(content).data
        return {key: _digest(value_at(data, key_parts(key), read_key)) for key in keys}
    except ValueError as error:
        raise does_not_parse(path, error) from error


def does_not_parse(path: str, error: ValueError) -> KeyedFileError:
    """The error for a document that is refused."""
    line = error.line if isinstance(error, DocumentError) else None
    said = " ".join(str(error).replace('in "<unicode string>", ', "in ").split())
    return KeyedFileError(
        f"{path} does not parse: {said}", hint="Mend its syntax and run the same command again.", line=line
    )


def _digest(value: Any) -> str:
    if value is ABSENT:
        return _NO_DIGEST
    return hashlib.sha256(canonical(value).encode(errors="surrogatepass")).hexdigest()[:16]


def key_parts(dotted: str) -> tuple[str, ...]:
    """The parts of a dotted key; one that holds a dot stands in quotes: `tool."a.b"`."""
    parts = []
    at = 0
    while (match := _PART.match(dotted, at)) is not None:
        double, single, bare = match.groups()
        parts.append(re.sub(r"\\(.)", r"\1", double) if double is not None else bare if single is None else single)
        at = match.end()
        if at == len(dotted) and not match.group().endswith("."):
            return tuple(parts)
    return tuple(dotted.split("."))


def key_tree(keys: Sequence[str]) -> Keys:
    """Dotted keys as a tree; a key counts for all below it."""
    tree: Keys = {}
    for parts in sorted(map(key_parts, keys)):
        level: Keys | None = tree
        for part in parts[:-1]:
            level = level.setdefault(part, {}) if level is not None else None
        if level is not None:
            level[parts[-1]] = None
    return tree


def with_named_keys(form: Format, data: Any, keys: Keys | None) -> Any:
    """Data in which keys that YAML reads as no text (`on` is true) have the names that they are asked for by."""
    if keys is None or not isinstance(data, dict):
        return data
    names = {_key_in(data, name, form.read_key): name for name in keys}
    named = ((names.get(key, key), value) for key, value in data.items())
    return {key: with_named_keys(form, value, keys[key]) if key in keys else value for key, value in named}


def _key_in(data: Mapping[Any, Any], name: str, read_key: ReadKey) -> Hashable:
    """The key of a mapping that is written as the name says: what it is read as, unless the text itself is there."""
    if name in data:
        return name
    reading = read_key(name)
    # 1 and true are equal, and not the same.
    same = reading in data and any(type(key) is type(reading) for key in data if key == reading)
    return reading if same else name


def value_at(data: Any, parts: Sequence[str], read_key: ReadKey = str) -> Any:
    """The value at a key; `ABSENT` where there is none."""
    for part in parts:
        if not isinstance(data, dict) or (key := _key_in(data, part, read_key)) not in data:
            return ABSENT
        data = data[key]
    return data


def line_of_key(path: str, content: bytes, dotted: str) -> int | None:
    """The line where a key stands; None if it does not, or the file cannot be read."""
    try:
        text = content.decode("utf-8-sig")
        root = keyed_format(path).find(text)
    except (ValueError, RecursionError, KeyedFileError):
        return None
    start = _start_of(root, key_parts(dotted))
    return None if start is None else text.count("\n", 0, start) + 1


def _start_of(root: Span, parts: tuple[str, ...]) -> int | None:
    """Where the item begins that names the last part of a key."""
    waiting: list[tuple[Span, tuple[str, ...]]] = [(root, ())]
    starts: list[int] = []
    while waiting:
        mapping, path = waiting.pop()
        for item in mapping.items if mapping.kind == "mapping" else ():
            below = path_below(path, item.name)
            if below[: len(parts)] == parts:
                starts.append(item.start)
            elif parts[: len(below)] == below:
                waiting.append((item.value, below))
    return min(starts, default=None)
