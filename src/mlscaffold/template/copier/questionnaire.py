"""Copier's questionnaire, one question at a time: types, conditions, defaults and validators are its own."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from copier._types import MISSING, Phase
from copier._user_data import AnswersMap
from copier._user_data import Question as CopierQuestion

from ...documents.plain_data import NotPlainError, require_plain, shortened
from ...errors import AnswersError
from ...redaction import HIDDEN, keep_secret, redacted
from ..questions import Choice, Question
from ..reach import Reach
from ..checkout import Checkout
from .limits import Budget
from .refusals import within
from .worker import worker_for

__all__ = ["Questionnaire"]

_YES_OR_NO = frozenset(
    {"y", "yes", "t", "true", "on", "1", "n", "no", "f", "false", "off", "0", "null", "none", "~", ""}
)


class Questionnaire:
    """Copier's own questionnaire, one question at a time."""

    def __init__(
        self,
        checkout: Checkout,
        folder_name: str,
        suggested: Mapping[str, Any],
        recorded: Mapping[str, Any],
        reach: Reach | None,
    ) -> None:
        self._worker = worker_for(checkout, Path("/nowhere") / folder_name, {}, reach=reach)
        self._details = self._worker.template.questions_data
        self.names = tuple(self._details)
        #: What a person can answer: all but the computed ones.
        self.answerable = tuple(
            name for name, details in self._details.items() if details.get("when", True) is not False
        )
        defaults = {name: value for name, value in suggested.items() if name in self._details}
        #: What is asked no more: its condition is that there is an answer to it.
        self.left_over = frozenset(
            name for name in self.answerable if self._worker.mentions(str(self._details[name].get("when")), name)
        )
        self._worker.answers = AnswersMap(
            user_defaults=defaults,
            # A template's own code may look at answers before they are asked for again.
            last=dict(recorded),
            metadata=self._worker.template.metadata,
            external=self._worker._external_data(),  # noqa: SLF001 - part of the seam over Copier
        )
        self.values: dict[str, Any] = {}
        #: Questions whose default everybody can read in the template.
        self._public = self._details.keys() - defaults.keys() - recorded.keys()

    def next(self, name: str, *, skip: bool = False) -> Question | None:
        """The question, or None where its condition is false (a computed value is kept for later ones)."""
        with _asking(name, self._worker.budget):
            return self._next(name, skip=skip)

    def _next(self, name: str, *, skip: bool) -> Question | None:
        native = self._worker.question(name)
        is_shown = native.get_when()
        if not is_shown:
            self._worker.answers.last.pop(name, None)
        try:
            default = _default(native)
        except ValueError:
            # What was recorded is no answer any more.
            self._worker.answers.last.pop(name, None)
            default = _default(native)
        if not is_shown:
            if default is not MISSING:
                self._worker.answers.user[name] = default
            return None
        question = _describe(native, default, self._worker.budget)
        if skip:
            self.skip(question)
        return question

    def accept(self, question: Question, answer: Any) -> None:
        """Record an answer.

        Raises:
            AnswersError: It is not valid.
        """
        if question.secret and not (question.name in self._public and answer == question.default):
            keep_secret(answer)
            with contextlib.suppress(ValueError, TypeError, ArithmeticError):
                # A text of YAML or JSON has parts, which a message may quote one by one.
                keep_secret(self._parse(question, answer))
        if problem := question.problem(answer):
            shown = "the secret" if question.secret else shortened(answer)
            raise AnswersError(
                f"{question.name}: {shown} is not a valid answer. {problem}",
                hint=f"Give another with --set {question.name}=VALUE.",
            )
        self.values[question.name] = self._worker.answers.user[question.name] = self._parse(question, answer)

    def condition_of(self, name: str) -> str:
        """On what it depends whether a question is asked, as the template writes it."""
        return str(self._details[name].get("when", True))

    def names_looked_at(self, names: Collection[str]) -> frozenset[str]:
        """Those of some names that are no questions, and that the template looks at all the same."""
        return self._worker.names_looked_at([name for name in names if name not in self._details])

    def skip(self, question: Question) -> None:
        """Go on as if the default had been taken, so that later questions can be described."""
        if not question.required:
            self._worker.answers.user[question.name] = question.default

    def _parse(self, question: Question, answer: Any) -> Any:
        with _asking(question.name, self._worker.budget):
            native = self._worker.question(question.name)
            return native.parse_answer(_listed(answer, native))


@contextlib.contextmanager
def _asking(name: str, budget: Budget) -> Iterator[None]:
    """Evaluate what belongs to a question, in the phase that a template is told of meanwhile."""
    with Phase.use(Phase.PROMPT), budget.spent(), within(f"the question `{name}`"):
        yield


_LONGEST_NAME_BYTES = 255
_LONGEST_PROBLEM = 1000


def _oddity(answer: Any, native: CopierQuestion) -> str:
    """Why an answer cannot be written down, or be a path where it has to; empty if it can."""
    try:
        require_plain(answer, "It" if native.secret else native.var_name)
    except NotPlainError as error:
        return f"{error}."
    if native.get_type_name() == "path" and isinstance(answer, str):
        if any(len(part.encode()) > _LONGEST_NAME_BYTES for part in answer.replace("\\", "/").split("/")):
            return f"No file system holds a name of more than {_LONGEST_NAME_BYTES} bytes."
    return ""


def _listed(answer: Any, native: CopierQuestion) -> Any:
    """What a person types where several may be chosen: a list of YAML, or choices with commas between them."""
    if not native.multiselect or not isinstance(answer, str) or answer.lstrip().startswith(("[", "- ")):
        return answer
    known = {str(choice.value) for choice in native._formatted_choices}  # noqa: SLF001 - part of the seam over Copier
    if answer.strip() in known:
        return [answer.strip()]
    return [word.strip() for word in answer.split(",") if word.strip()]


def _default(native: CopierQuestion) -> Any:
    """The default, valid or not: a person can mend it, and `accept` judges it."""
    return dataclasses.replace(native, validator="").get_default()


def _describe(native: CopierQuestion, default: Any, budget: Budget) -> Question:
    def judged(answer: Any) -> str:
        if odd := _oddity(answer, native):
            return odd
        if native.get_type_name() == "bool" and isinstance(answer, str) and answer.strip().lower() not in _YES_OR_NO:
            # Copier takes every other word for a yes, mistyped ones too.
            return "It must be yes or no."
        try:
            value = native.parse_answer(_listed(answer, native))
        except (ValueError, TypeError, ArithmeticError) as error:
            detail = str(error).removeprefix(f"Invalid choice for '{native.var_name}': ")
            return (
                detail[:1].upper() + detail[1:] if native.choices else f"It must be of type {native.get_type_name()}."
            )
        try:
            native.validate_answer(value)
        except ValueError as error:
            return str(error).removeprefix(f"Validation error for question '{native.var_name}': ")
        # A text of YAML or JSON may mean such a thing.
        return _oddity(value, native)

    def problem(answer: Any) -> str:
        with _asking(native.var_name, budget):
            said = judged(answer)
        # However short it is, and though it was not accepted.
        if native.secret and (shown := shortened(answer) if isinstance(answer, list | dict) else str(answer)):
            said = said.replace(shown, HIDDEN)
        said = redacted(said)
        # Copier quotes an answer whole.
        return said if len(said) <= _LONGEST_PROBLEM else f"{said[:300]} … {said[-300:]}"

    choices = native._formatted_choices if native.choices else []  # noqa: SLF001 - part of the seam over Copier
    return Question(
        name=native.var_name,
        help=redacted(str(native.render_value(native.help)).strip()) or native.var_name,
        type=native.get_type_name(),
        choices=tuple(
            Choice(
                label=redacted(str(choice.title)),
                value=native.cast_answer(choice.value),
                disabled=str(choice.disabled or ""),
            )
            for choice in choices
        ),
        default=None if default is MISSING else default,
        required=default is MISSING,
        multiselect=native.multiselect,
        secret=native.secret,
        multiline=native.get_multiline(),
        placeholder=redacted(str(native.get_placeholder() or "")),
        asked=native.get_ask(),
        problem=problem,
    )
