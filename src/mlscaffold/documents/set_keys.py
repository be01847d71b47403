"""Setting the keys that the template owns in a file that is otherwise the user's: bytes outside of them stay.

Parse to decide, splice bytes, parse again to prove: the named keys must be the template's, and everything else the
user's. Where the template's own bytes do not fit into the user's file, its values are written on one line instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .data import canonical
from .formats import Format
from .json import is_strict_json
from .keys import KeyedFileError, Keys, does_not_parse, key_tree, keyed_format, with_named_keys
from .mappings import Side, Splice, are_equal, only
from .tables import set_in_tables
from .tree import Node

__all__ = ["set_keys"]


def set_keys(path: str, *, mine: bytes, template: bytes, keys: Sequence[str]) -> bytes:
    """The user's file with the template's values at some dotted keys; a key that the template has not is removed.

    Comments on lines of their own stay, and so does one behind a value that is replaced.

    Args:
        path: The file's name tells the format.
        mine: The user's file.
        template: The render.
        keys: Dotted names.

    Raises:
        KeyedFileError: One of the two does not parse, or the result cannot be proven.
    """
    form = keyed_format(path)
    wanted = key_tree(keys)
    try:
        before, others = (with_named_keys(form, form.data(side), wanted) for side in (mine, template))
    except ValueError as error:
        raise does_not_parse(path, error) from error
    reason = "they cannot be set without touching what is yours"
    try:
        if are_equal(before, others, wanted):
            return mine
        for node in (_tree(form, template), None):
            result = _spliced(form, mine, before, Side(node=node, data=others), wanted)
            if _is_proven(form, mine=mine, before=before, others=others, wanted=wanted, result=result):
                return result
    except ValueError as error:
        reason = str(error)
    raise KeyedFileError(
        f"{path}: the keys {', '.join(keys)} cannot be set: {reason}.",
        hint="Set them by hand to what the template renders.",
    )


def _tree(form: Format, content: bytes) -> Node | None:
    """The render as it is written, in simple line ends; None where only its data can be read."""
    try:
        return form.tree(_ended(content.decode("utf-8-sig").replace("\r\n", "\n")))
    except ValueError:
        return None


def _ended(text: str) -> str:
    return text if text.endswith("\n") or not text else f"{text}\n"


def _spliced(form: Format, mine: bytes, before: Any, others: Side, wanted: Keys) -> bytes:
    encoding = "utf-8-sig" if mine.startswith(b"\xef\xbb\xbf") else "utf-8"
    text = mine.decode(encoding)
    windows = "\r\n" in text and text.count("\r\n") == text.count("\n")
    body = _ended(text.replace("\r\n", "\n") if windows else text)
    if before is None and form.name == "yaml":
        # Nothing but comments.
        result = body + only(form, others, wanted)
    else:
        tree = Side(node=form.tree(body), data=before)
        if form.name == "toml":
            result = set_in_tables(form, tree, others, wanted)
        elif form.name == "yaml" and before == {} and body.endswith("{}\n"):
            result = body.removesuffix("{}\n") + only(form, others, wanted)
        else:
            result = Splice(form=form).mapping(tree, others, wanted)
    if text and not text.endswith("\n"):
        result = result.removesuffix("\n")
    return (result.replace("\n", "\r\n") if windows else result).encode(encoding)


def _is_proven(form: Format, *, mine: bytes, before: Any, others: Any, wanted: Keys, result: bytes) -> bool:
    try:
        after = with_named_keys(form, form.data(result), wanted)
    except ValueError:
        return False
    if form.name == "json" and is_strict_json(mine) and not is_strict_json(result):
        return False
    return are_equal(after, others, wanted) and canonical(_rest(before, wanted)) == canonical(_rest(after, wanted))


def _rest(data: Any, wanted: Keys) -> Any:
    """The data without the keys, and without the mappings that held nothing else."""
    if data is None:
        return {}
    if not isinstance(data, dict):
        return data
    rest = {key: value for key, value in data.items() if key not in wanted}
    for key, below in wanted.items():
        if below is not None and key in data and (inner := _rest(data[key], below)) != {}:
            rest[key] = inner
    return rest
