"""Configuration files: YAML that is read once, checked wholly, and explained by file and line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from .errors import SettingsError
from .formats import upgraded

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Model = TypeVar("Model", bound=BaseModel)
#: Settings that say of which kind a thing is.
KINDS_BY = ("kind", "check")


class _Loader(yaml.SafeLoader):
    """YAML 1.2's words: only `true` and `false` are truth values, so that `no` can be a label, and every key is text."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = True) -> dict[Any, Any]:  # noqa: ARG002, FBT001, FBT002
        return {key.value: self.construct_object(value, deep=True) for key, value in node.value}


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool" or first in "tTfF"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_constructor("tag:yaml.org,2002:map", _Loader.construct_mapping)


def load(path: Path, model: type[Model], *, at: tuple[str, ...] = ()) -> Model:
    """Read and check a configuration file, or the section of it that is named; one that is not there is empty.

    Raises:
        SettingsError: it is missing or unreadable, or a value is unknown, wrong or there twice; names the line to mend.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        root = yaml.compose(text, Loader=_Loader)
        values = values_of(text)
    except FileNotFoundError:
        raise SettingsError(f"{path} does not exist.", "Run the command in the project's folder.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}.", "Make it a readable UTF-8 file.") from None
    except (yaml.YAMLError, TypeError, ValueError, RecursionError) as error:
        raise _no_yaml(path, error) from None
    if repeated := [f"{path}:{line}: {name}: there twice" for line, name in _repeated(root)]:
        raise SettingsError("\n".join(repeated), f"Keep one of each in {path}: YAML would silently take the last.")
    if not at:
        values = upgraded(path, values, model)
    for part in at:
        values = values.get(part, {}) if isinstance(values, Mapping) else values
    try:
        return model.model_validate(values)
    except ValidationError as error:
        found = [_explain(path, root, (*at, *_location(item)), _wording(item)) for item in error.errors()]
        raise SettingsError("\n".join(dict.fromkeys(found)), f"Mend {path}.") from None


def _no_yaml(path: Path, error: Exception) -> SettingsError:
    """The error for a file that is no YAML; names the line at which it ends to be some, and shows it."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        line, shown = error.problem_mark.line + 1, error.problem_mark.get_snippet()
        return SettingsError(f"{path}:{line}: no valid YAML: {error.problem}\n{shown}", f"Mend {path}.")
    return SettingsError(f"{path} is not valid YAML: {error}", f"Mend {path}.")


def refused(path: Path, location: tuple[int | str, ...], problem: str, advice: str = "") -> SettingsError:
    """The error for a value that only what is known later shows to be wrong; names its line."""
    root = yaml.compose(path.read_text(encoding="utf-8-sig"), Loader=_Loader)
    return SettingsError(_explain(path, root, location, problem), advice or f"Mend {path}.")


def values_of(text: str) -> Any:
    """What a YAML text says, unchecked; raises `yaml.YAMLError`."""
    return yaml.load(text, Loader=_Loader)  # noqa: S506 - it is a safe loader


def flatten(values: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Nested settings by dotted name: `models.boosting.trees`."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat |= flatten(value, f"{above}{name}.") if isinstance(value, Mapping) and value else {above + name: value}
    return flat


def _repeated(node: yaml.Node | None, above: str = "") -> Iterator[tuple[int, str]]:
    """Line and name of each key that its mapping has already."""
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _repeated(item, f"{above}{index}.")
    if not isinstance(node, yaml.MappingNode):
        return
    seen: set[str] = set()
    for key, value in node.value:
        name = f"{above}{key.value}"
        if name in seen:
            yield key.start_mark.line + 1, name
        seen.add(name)
        yield from _repeated(value, f"{name}.")


def _location(error: ErrorDetails) -> tuple[int | str, ...]:
    """Where it is, down to the word that says of which kind a thing is, if that is what is wrong."""
    word = (error["ctx"]["discriminator"].strip("'"),) if error["type"].startswith("union_tag_") else ()
    return (*error["loc"], *word)


def _wording(error: ErrorDetails) -> str:
    """What is wrong, in the words of a configuration file."""
    plain = {
        "extra_forbidden": "no such setting",
        "missing": "is missing",
        "model_type": "settings are expected here, one `name: value` a line",
        "model_attributes_type": "settings are expected here, one `name: value` a line",
        "dict_type": "names are expected here, one `name: value` a line",
        "union_tag_not_found": "is missing",
        "union_tag_invalid": "there is no {discriminator} `{tag}`; there are {expected_tags}",
    }
    if error["type"] not in plain:
        return error["msg"].removeprefix("Value error, ").replace("Input should", "should")
    return plain[error["type"]].format_map(
        {key: str(value).replace("'", "") for key, value in error.get("ctx", {}).items()}
    )


def _explain(path: Path, root: yaml.Node | None, location: tuple[int | str, ...], problem: str) -> str:
    """One line for one wrong value: `params.yaml:12: split.folds: should be …`."""
    line, node, names = 1, root, []
    of_kind: yaml.Node | None = None
    for part in location:
        child = _child(node, part)
        if node is not of_kind and part in _kind(node):
            # pydantic says of which kind a thing is, before it says where in it.
            of_kind = node
        elif child is None:
            # A name that it adds to say which of several types was tried, or a key that is missing.
            if part == location[-1] and "missing" in problem:
                names.append(str(part))
        else:
            line, node = child
            names.append(str(part))
    return f"{path}:{line}: {'.'.join(names) or 'the file'}: {problem}"


def _kind(node: yaml.Node | None) -> list[str]:
    """The word that says of which kind a thing is."""
    said = [_child(node, name) for name in KINDS_BY]
    return [child[1].value for child in said if child is not None]


def _child(node: yaml.Node | None, part: int | str) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        return next(((key.start_mark.line + 1, value) for key, value in node.value if key.value == part), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part].start_mark.line + 1, node.value[part]
    return None
