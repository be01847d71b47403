"""What a template asks: each question as it stands, given the answers before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .reach import Reach
from .checkout import Checkout

__all__ = ["Choice", "Question", "template_questions"]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One of the values that a question offers."""

    label: str
    value: Any
    #: Why it cannot be chosen now; empty if it can.
    disabled: str = ""


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question as it stands, given the answers before it."""

    name: str
    help: str
    #: Copier's name of the type: str, int, float, bool, json, yaml or path.
    type: str
    choices: tuple[Choice, ...]
    #: None where there is no default; see `required`.
    default: Any
    required: bool
    multiselect: bool
    secret: bool
    multiline: bool
    placeholder: str
    #: Whether a person is asked; if not, it has its default until somebody gives another answer.
    asked: bool
    #: What is wrong with an answer (as text or as value), or an empty text.
    problem: Callable[[Any], str]


def template_questions(
    checkout: Checkout,
    folder_name: str = "my-project",
    *,
    suggested: Mapping[str, Any] | None = None,
    reach: Reach | None = None,
) -> tuple[Question, ...]:
    """The questions of a template, each as it stands when all others have their defaults."""
    from .copier.questionnaire import Questionnaire
    from .copier.refusals import copier_errors

    with copier_errors(checkout):
        walk = Questionnaire(checkout, folder_name, suggested or {}, {}, reach)
        questions = [question for name in walk.names if (question := walk.next(name, skip=True)) is not None]
    return tuple(questions)
