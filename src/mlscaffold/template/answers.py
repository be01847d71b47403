"""The questions of a template, and answers to them.

Copier reads and judges: types, conditions, defaults and validators are its own. This module walks through the
questions in order and takes each answer from what was given, from a person, or from the default.
"""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import AnswersError, MissingAnswersError
from .reach import Reach
from ..redaction import HIDDEN, keep_secret, redacted, without_quotes
from .source import Checkout

if TYPE_CHECKING:
    from copier._user_data import Question as CopierQuestion

__all__ = [
    "Answers",
    "Ask",
    "Choice",
    "Question",
    "read_answers_file",
    "resolve_answers",
    "suggest_defaults",
    "template_questions",
]


_YES_OR_NO = frozenset(
    {"y", "yes", "t", "true", "on", "1", "n", "no", "f", "false", "off", "0", "null", "none", "~", ""}
)


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


@dataclass(frozen=True, kw_only=True)
class Answers:
    """Every answer that a render needs."""

    #: By name, in the order of the questions; computed ones are left out.
    values: Mapping[str, Any]
    #: The questions that were asked or could have been, in order.
    questions: tuple[Question, ...]
    #: Those that have the template's own default, which it may compute from other answers.
    defaulted: frozenset[str] = frozenset()

    def shown(self) -> Mapping[str, str]:
        """The answers as text for a person, secrets hidden."""
        return {
            question.name: HIDDEN if question.secret else redacted(str(self.values[question.name]))
            for question in self.questions
        }


#: Ask a person. Raises UserAbortError if they stop.
Ask = Callable[[Question], Any]


def resolve_answers(
    checkout: Checkout,
    folder_name: str,
    *,
    given: Mapping[str, Any],
    suggested: Mapping[str, Any],
    ask: Ask | None,
    use_defaults: bool,
    recorded: Mapping[str, Any] | None = None,
    reach: Reach | None = None,
) -> Answers:
    """Answer every question of a template.

    Args:
        checkout: The template.
        folder_name: Name of the project's folder; defaults may depend on it.
        given: Answers known beforehand, as values or as text.
        recorded: Answers that an earlier version got; those to questions that are no more are left out.
        suggested: Defaults that go before the template's own.
        ask: Asks a person; None if there is nobody.
        use_defaults: Take the default of what is not given, and ask only what has none.
        reach: How far the template may look, from `require_trust`; None is nowhere.

    Raises:
        AnswersError: An answer is unknown or not valid.
        UntrustedTemplateError: The template asks for what its reach does not hold.
        MissingAnswersError: There is nobody to ask, with the name of every question that is left.
    """
    from .copier.worker import copier_errors

    recorded = recorded or {}
    with copier_errors(checkout):
        walk = _Walk(checkout, folder_name, suggested, recorded, reach)
        _refuse_unknown(given, [name for name in walk.answerable if name not in walk.left_over - recorded.keys()])
        missing: list[str] = []
        asked: list[Question] = []
        for name in walk.names:
            question = walk.next(name)
            if question is None or not (question.asked or not question.required or name in {*given, *recorded}):
                continue
            asked.append(question)
            if name in given:
                walk.accept(question, given[name])
            elif name in recorded and (ask is None or not question.problem(recorded[name])):
                walk.accept(question, recorded[name])
            elif (
                len(only := [choice for choice in question.choices if not choice.disabled]) == 1
                and not question.multiselect
            ):
                walk.accept(question, only[0].value)
            elif (use_defaults or not question.asked) and not question.required:
                walk.accept(question, question.default)
            elif ask is not None:
                walk.accept(question, ask(question))
            else:
                missing.append(name)
                walk.skip(question)
        if missing:
            raise MissingAnswersError(missing)
        return Answers(
            values=walk.values,
            questions=tuple(asked),
            defaulted=_defaulted(walk.values, asked, {*suggested, *recorded}),
        )


def _defaulted(values: Mapping[str, Any], asked: Collection[Question], known: Collection[str]) -> frozenset[str]:
    """The answers that are the template's own defaults, and not a person's."""
    own = [question for question in asked if not question.required and question.name not in known]
    return frozenset(question.name for question in own if values[question.name] == question.default)


def template_questions(
    checkout: Checkout, folder_name: str = "my-project", *, reach: Reach | None = None
) -> tuple[Question, ...]:
    """The questions of a template, each as it stands when all others have their defaults."""
    from .copier.worker import copier_errors

    with copier_errors(checkout):
        walk = _Walk(checkout, folder_name, {}, {}, reach)
        questions = [question for name in walk.names if (question := walk.next(name, skip=True)) is not None]
    return tuple(questions)


class _Walk:
    """Copier's own questionnaire, one question at a time."""

    def __init__(
        self,
        checkout: Checkout,
        folder_name: str,
        suggested: Mapping[str, Any],
        recorded: Mapping[str, Any],
        reach: Reach | None,
    ) -> None:
        from copier._user_data import AnswersMap

        from .copier.worker import worker_for

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
        from copier._types import MISSING
        from copier._user_data import Question as CopierQuestion

        details = self._details[name]
        native = CopierQuestion(
            answers=self._worker.answers,
            context=self._worker._render_context(),  # noqa: SLF001 - part of the seam over Copier
            jinja_env=self._worker.jinja_env,
            settings=self._worker.settings,
            var_name=name,
            **details,
        )
        try:
            default = _default(native)
        except ValueError:
            # What was recorded is no answer any more.
            self._worker.answers.last.pop(name, None)
            default = _default(native)
        if not native.get_when():
            if default is not MISSING:
                self._worker.answers.user[name] = default
            return None
        question = _describe(native, default)
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
            shown = "the secret" if question.secret else repr(answer)
            raise AnswersError(
                f"{question.name}: {shown} is not a valid answer. {problem}",
                hint=f"Give another with --set {question.name}=VALUE.",
            )
        self.values[question.name] = self._worker.answers.user[question.name] = self._parse(question, answer)

    def skip(self, question: Question) -> None:
        """Go on as if the default had been taken, so that later questions can be described."""
        if not question.required:
            self._worker.answers.user[question.name] = question.default

    def _parse(self, question: Question, answer: Any) -> Any:
        from copier._user_data import Question as CopierQuestion

        native = CopierQuestion(
            answers=self._worker.answers,
            context=self._worker._render_context(),  # noqa: SLF001 - part of the seam over Copier
            jinja_env=self._worker.jinja_env,
            settings=self._worker.settings,
            var_name=question.name,
            **self._details[question.name],
        )
        return native.parse_answer(answer)


def _default(native: CopierQuestion) -> Any:
    """The default, valid or not: a person can mend it, and `accept` judges it."""
    return dataclasses.replace(native, validator="").get_default()


def _describe(native: CopierQuestion, default: Any) -> Question:
    from copier._types import MISSING

    def judged(answer: Any) -> str:
        if native.get_type_name() == "bool" and isinstance(answer, str) and answer.strip().lower() not in _YES_OR_NO:
            # Copier takes every other word for a yes, mistyped ones too.
            return "It must be yes or no."
        try:
            value = native.parse_answer(answer)
        except (ValueError, TypeError, ArithmeticError) as error:
            detail = str(error).removeprefix(f"Invalid choice for '{native.var_name}': ")
            return (
                detail[:1].upper() + detail[1:] if native.choices else f"It must be of type {native.get_type_name()}."
            )
        try:
            native.validate_answer(value)
        except ValueError as error:
            return str(error).removeprefix(f"Validation error for question '{native.var_name}': ")
        return ""

    def problem(answer: Any) -> str:
        said = judged(answer)
        # However short it is, and though it was not accepted.
        return redacted(said.replace(str(answer), HIDDEN) if native.secret and str(answer) else said)

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


def _refuse_unknown(given: Mapping[str, Any], names: Collection[str]) -> None:
    for name in given:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"Its questions are: {', '.join(names)}."
            raise AnswersError(f"The template has no question {name!r}.", hint=hint)


def read_answers_file(file: Path) -> Mapping[str, Any]:
    """Answers from a YAML or JSON file; an existing answers file of a project will do.

    Raises:
        AnswersError: The file is missing, not text, or not a mapping, with the line to mend.
    """
    import yaml

    try:
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise AnswersError(f"The answers file {file} does not exist.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise AnswersError(f"Cannot read the answers file {file}: {error}.") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = without_quotes(getattr(error, "problem", None) or str(error))
        raise AnswersError(f"The answers file {file} is not valid YAML{place}: {problem}.") from error
    except (ValueError, RecursionError) as error:
        # PyYAML lets these out of its constructors: 2026-99-99 looks like a date, and `[[[[…` never ends.
        problem = "it is nested too deeply" if isinstance(error, RecursionError) else without_quotes(str(error))
        raise AnswersError(f"The answers file {file} holds a value that YAML cannot read: {problem}.") from error
    if not isinstance(data, dict):
        raise AnswersError(f"The answers file {file} must be a mapping of question names to answers.")
    return {str(name): value for name, value in data.items() if not str(name).startswith("_")}


def suggest_defaults(folder: Path) -> Mapping[str, Any]:
    """Defaults that this machine knows: who works here (git's configuration), and on which Python."""
    from ..git.process import config_value

    name, email = config_value(folder, "user.name"), config_value(folder, "user.email")
    known: dict[str, Any] = {"python_version": f"{sys.version_info.major}.{sys.version_info.minor}"}
    if name:
        known["author_name"] = name
    if email:
        known["author_email"] = email
    if name and email:
        known["author"] = f"{name} <{email}>"
    return known
