"""What was given as answers, and what becomes of it: every question of a template is answered, or named.

Each answer is taken from what was given, from what an earlier version recorded, from a person, or from the default.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..documents.plain_data import NotPlainError, require_plain, shortened
from ..errors import AnswersError, MissingAnswersError
from ..redaction import HIDDEN, redacted, without_quotes
from .questions import Question
from .reach import Reach
from .checkout import Checkout

if TYPE_CHECKING:
    from .copier.questionnaire import Questionnaire

__all__ = ["Answers", "Ask", "Written", "read_answers_file", "resolve_answers", "suggest_defaults"]


@dataclass(frozen=True, kw_only=True)
class Answers:
    """Every answer that a render needs."""

    #: By name, in the order of the questions; computed ones are left out.
    values: Mapping[str, Any]
    #: The questions that were asked or could have been, in order.
    questions: tuple[Question, ...]
    #: Those that have the template's own default, which it may compute from other answers.
    defaulted: frozenset[str] = frozenset()
    #: Recorded answers that are none now: to questions that are hidden, or not asked any more and still looked at.
    kept: Mapping[str, Any] = field(default_factory=dict)

    @property
    def told(self) -> Mapping[str, Any]:
        """All that a render is told."""
        return {**self.kept, **self.values}

    def shown(self) -> Mapping[str, str]:
        """The answers as text for a person, secrets hidden."""
        return {
            question.name: HIDDEN if question.secret else redacted(str(self.values[question.name]))
            for question in self.questions
        }


@dataclass(frozen=True, kw_only=True)
class Written:
    """An answer as a file has it: YAML reads 3.10 as a number, and the person may have meant the text."""

    value: Any
    #: The same, with every scalar as the text that stands there.
    text: Any

    def as_answer_to(self, question: Question) -> Any:
        """What it is to a question: the text where a text is asked for, unless only the value is an answer."""
        if question.type not in {"str", "path"}:
            return self.value
        is_text = not question.choices or not question.problem(self.text) or bool(question.problem(self.value))
        return self.text if is_text else self.value


class Carried(Written):
    """An answer in the answers file of a project, in which those to hidden questions stay."""


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
    from .copier.questionnaire import Questionnaire
    from .copier.refusals import copier_errors

    recorded = recorded or {}
    with copier_errors(checkout):
        walk = Questionnaire(checkout, folder_name, suggested, recorded, reach)
        _refuse_unknown(given, [name for name in walk.answerable if name not in walk.left_over - recorded.keys()])
        missing: list[str] = []
        asked: list[Question] = []
        hidden: list[str] = []
        for name in walk.names:
            question = walk.next(name)
            if question is None:
                hidden.append(name)
                _refuse_hidden(name, given, walk)
                continue
            if not (question.asked or not question.required or name in {*given, *recorded}):
                continue
            asked.append(question)
            if name in given:
                answer = given[name]
                walk.accept(question, answer.as_answer_to(question) if isinstance(answer, Written) else answer)
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
        carried = {name: answer.value for name, answer in given.items() if isinstance(answer, Carried)}
        known = {**recorded, **carried}
        returning = {name for name in hidden if name in walk.answerable and name not in walk.left_over}
        kept = {*returning, *walk.names_looked_at(known)}
        return Answers(
            values=walk.values,
            questions=tuple(asked),
            defaulted=_defaulted(walk.values, asked, {*suggested, *recorded}),
            kept={name: answer for name, answer in known.items() if name in kept},
        )


def _defaulted(values: Mapping[str, Any], asked: Collection[Question], known: Collection[str]) -> frozenset[str]:
    """The answers that are the template's own defaults, and not a person's."""
    own = [question for question in asked if not question.required and question.name not in known]
    return frozenset(question.name for question in own if values[question.name] == question.default)


def _refuse_unknown(given: Mapping[str, Any], names: Collection[str]) -> None:
    for name in given:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"Its questions are: {', '.join(names)}."
            raise AnswersError(f"The template has no question {shortened(name)}.", hint=hint)


def _refuse_hidden(name: str, given: Mapping[str, Any], walk: Questionnaire) -> None:
    if name in given and name in walk.answerable and not isinstance(given[name], Carried):
        raise AnswersError(
            f"{name} is not asked, so it has no answer: its condition `{walk.condition_of(name)}` does not hold with the "
            "answers before it.",
            hint="Leave it out, or give also the answers that its condition needs.",
        )


def read_answers_file(file: Path) -> Mapping[str, Any]:
    """Answers from a YAML or JSON file; an existing answers file of a project will do.

    Raises:
        AnswersError: The file is missing, not text, or not a mapping, with the line to mend.
    """
    import yaml

    try:
        text = _read(file)
        data, node = yaml.safe_load(text), yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = without_quotes(getattr(error, "problem", None) or str(error))
        raise AnswersError(f"The answers file {file} is not valid YAML{place}: {problem}.") from error
    except (ValueError, AttributeError, LookupError, RecursionError) as error:
        # PyYAML lets these out of its constructors: 2026-99-99 looks like a date, and `[[[[…` never ends.
        problem = "it is nested too deeply" if isinstance(error, RecursionError) else without_quotes(str(error))
        raise AnswersError(f"The answers file {file} holds a value that YAML cannot read: {problem}.") from error
    if not isinstance(data, dict):
        raise AnswersError(f"The answers file {file} must be a mapping of question names to answers.")
    kind = Carried if "_src_path" in data else Written
    answers = {name: value for name, value in data.items() if not str(name).startswith("_")}
    try:
        # Of a scalar its text is looked at, once it is known what it answers.
        held = {name: value if isinstance(value, list | dict) else "" for name, value in answers.items()}
        require_plain(held, "the whole", most=_LARGEST_BYTES)
    except NotPlainError as error:
        said = str(error).removeprefix("the whole.")
        raise AnswersError(f"The answers file {file} holds what cannot be recorded: {said}.") from error
    texts = _texts_of(node)
    return {name: kind(value=value, text=texts.get(name, value)) for name, value in answers.items()}


_LARGEST_BYTES = 1024 * 1024


def _read(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            content = opened.read(_LARGEST_BYTES + 1)
        text = content.decode("utf-8-sig")
    except FileNotFoundError as error:
        raise AnswersError(f"The answers file {file} does not exist.") from error
    except (OSError, ValueError) as error:
        raise AnswersError(f"Cannot read the answers file {file}: {error}.") from error
    if len(content) > _LARGEST_BYTES:
        raise AnswersError(f"The answers file {file} is larger than 1 MiB.")
    return text


def _texts_of(mapping: Any) -> Mapping[str, Any]:
    """By key of a YAML mapping what stands there as text: of scalars, and of lists of them."""
    return {key.value: _text_of(value) for key, value in mapping.value if (_text_of(value) is not None)}


def _text_of(node: Any) -> Any:
    from yaml import ScalarNode, SequenceNode

    if isinstance(node, ScalarNode):
        return None if node.tag.endswith(":binary") else node.value
    if isinstance(node, SequenceNode) and all(isinstance(each, ScalarNode) for each in node.value):
        return [each.value for each in node.value]
    return None


def suggest_defaults(folder: Path) -> Mapping[str, Any]:
    """Defaults that this machine knows: who works here (git's configuration), and on which Python."""
    from ..git.process import config_values

    known_to_git = config_values(folder, "user")
    name, email = known_to_git.get("user.name", ""), known_to_git.get("user.email", "")
    known: dict[str, Any] = {"python_version": f"{sys.version_info.major}.{sys.version_info.minor}"}
    if name:
        known["author_name"] = name
    if email:
        known["author_email"] = email
    if name and email:
        known["author"] = f"{name} <{email}>"
    return known
