"""`questions` and `versions`: what a template asks, and which releases it has."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..files.scratch import scratch_folder
from ..preferences.trust import Trusted
from ..template.checkout import check_out
from ..template.newer import releases
from ..template.questions import Question, template_questions
from ..template.source import find_source
from ..template.trust import require_trust
from ..template.versions import Release

__all__ = ["answers_schema", "questions_of", "versions_of"]

_JSON_TYPES = {"str": "string", "int": "integer", "float": "number", "bool": "boolean", "path": "string"}


def questions_of(
    template: str | None,
    ref: str | None,
    *,
    suggested: Mapping[str, Any] | None = None,
    trusted: Trusted = False,
    cache: Path | None = None,
) -> tuple[Question, ...]:
    """The questions of a template version, each as it stands when all others have their defaults.

    Args:
        template: A URL, path or bundle; None is the built-in template.
        ref: None is the newest release.
        suggested: Defaults that go before the template's own.
        trusted: Whether it may run code.
        cache: Where remote templates are mirrored.
    """
    with scratch_folder() as scratch:
        checkout = check_out(find_source(template), ref, into=scratch, cache=cache)
        reach = require_trust(checkout, trusted=trusted)
        return template_questions(checkout, suggested=suggested, reach=reach)


def versions_of(template: str | None) -> tuple[Release, ...]:
    """The releases of a template, oldest first."""
    return releases(find_source(template))


def answers_schema(questions: tuple[Question, ...]) -> Mapping[str, Any]:
    """A JSON Schema (2020-12) of the answers file, for editors. What a validator says stays with the template."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Answers of an mlscaffold project",
        "type": "object",
        "properties": {question.name: _property(question) for question in questions},
        "patternProperties": {"^_": {}},
        "additionalProperties": False,
    }


def _property(question: Question) -> Mapping[str, Any]:
    one: dict[str, Any] = {"type": _JSON_TYPES[question.type]} if question.type in _JSON_TYPES else {}
    if question.choices:
        one["enum"] = [choice.value for choice in question.choices if not choice.disabled]
    schema: dict[str, Any] = {"type": "array", "items": one} if question.multiselect else one
    schema["description"] = question.help
    if not question.required and not question.secret:
        schema["default"] = question.default
    return schema
