"""Which variables the expressions of a template look at, wherever they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jinja2 import Environment, TemplateSyntaxError
from jinja2.meta import find_undeclared_variables

from .settings import TemplateSettings

__all__ = ["looked_at"]


def looked_at(template: TemplateSettings, environment: Environment, names: frozenset[str]) -> frozenset[str]:
    """Those of some names that an expression of a template looks at. Only texts that hold one of them are parsed."""
    word = re.compile(r"\b(?:" + "|".join(map(re.escape, sorted(names))) + r")\b")
    signs = (environment.variable_start_string, environment.block_start_string)
    named: set[str] = set()
    for text in _texts(template):
        if word.search(text) and any(sign in text for sign in signs):
            try:
                named |= names & find_undeclared_variables(environment.parse(text))
            except TemplateSyntaxError:
                # No expression, but a text that looks like one.
                continue
    return frozenset(named)


def _texts(template: TemplateSettings) -> Iterator[str]:
    yield from _in_values([*template.config_data.values(), *template.questions_data.values()])
    root = template.local_abspath
    for file in root.rglob("*"):
        if ".git" in file.relative_to(root).parts:
            continue
        yield file.relative_to(root).as_posix()
        if file.is_file() and not _is_large(file):
            yield file.read_bytes().decode(errors="replace")


def _is_large(file: Path) -> bool:
    return file.stat().st_size > 4 * 1024 * 1024


def _in_values(values: list[Any]) -> Iterator[str]:
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            yield from _in_values(value)
        elif isinstance(value, dict):
            yield from _in_values([*value, *value.values()])
