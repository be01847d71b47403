"""The wizard: one question at a time, checked while typing, then a review of all answers."""

from __future__ import annotations

import asyncio
import os
import signal
from bisect import bisect_right
from collections.abc import Callable, Mapping
from itertools import accumulate
from pathlib import Path
from typing import Any

import questionary
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.layout.processors import Processor, Transformation, TransformationInput
from prompt_toolkit.layout.utils import explode_text_fragments
from questionary import Choice, Style
from questionary import Question as Prompt

from ..errors import AnswersError, UserAbortError
from ..template.answers import Answers
from ..template.questions import Question
from ..visible import visible, visible_lines
from .console import out
from .screen import line

__all__ = ["Wizard", "ask_folder"]

_STYLE = Style([("qmark", "fg:ansicyan bold"), ("answer", "fg:ansicyan"), ("instruction", "fg:ansibrightblack")])
_PLAIN = Style([("qmark", ""), ("answer", ""), ("question", "")])


def ask_folder() -> Path:
    """Ask for the folder of a new project.

    Raises:
        UserAbortError: Ctrl-C.
    """
    style = _PLAIN if os.environ.get("NO_COLOR") else _STYLE

    def validate(text: str) -> bool | str:
        return bool(text.strip()) or "A name, such as my-project."

    return Path(_asked(questionary.text("Folder of the new project?", validate=validate, style=style)).strip())


class Wizard:
    """Asks the questions of a template in the terminal."""

    def __init__(self, destination: Path) -> None:
        self._destination = destination
        self._style = _PLAIN if os.environ.get("NO_COLOR") else _STYLE
        self._greeted = False
        #: What the person chose against the default: kept when another answer is changed.
        self._chosen: dict[str, Any] = {}

    def ask(self, question: Question) -> Any:
        """Ask one question.

        Raises:
            UserAbortError: Ctrl-C.
        """
        if not self._greeted:
            self._greeted = True
            console = out()
            console.print()
            console.say("A new project in ", (self._destination.name, "bold"))
            console.say("Enter takes the answer shown; Ctrl-C leaves without a trace.", style="dim")
            console.print()
        answer = _asked(self._prompt(question))
        if question.required or answer != question.default:
            self._chosen[question.name] = answer
        return answer

    def review(self, answers: Answers, answer_again: Callable[[Mapping[str, Any]], Answers]) -> Answers:
        """Show every answer and let the person change some.

        Raises:
            UserAbortError: They chose to stop.
        """
        while True:
            self._show(answers)
            choices = [
                Choice("Create the project", value="create"),
                Choice("Change an answer", value="change"),
                Choice("Stop", value="stop"),
            ]
            decision = _asked(questionary.select("All right?", choices=choices, style=self._style))
            if decision == "create":
                return answers
            if decision == "stop":
                raise UserAbortError
            answers = self._change(answers, answer_again)

    def _show(self, answers: Answers) -> None:
        from rich.table import Table

        table = Table(title=line(f"Your answers for {self._destination.name}"), title_justify="left", show_header=False)
        # A long name leaves room for the answer.
        table.add_column(style="cyan", overflow="fold", max_width=40)
        table.add_column(overflow="fold")
        for name, value in answers.shown().items():
            table.add_row(line(name), line(value))
        console = out()
        console.print()
        console.print(table)

    def _change(self, answers: Answers, answer_again: Callable[[Mapping[str, Any]], Answers]) -> Answers:
        by_name = {question.name: question for question in answers.questions}
        names = [Choice(visible(name), value=name) for name in by_name]
        name = _asked(questionary.select("Which one?", choices=names, style=self._style))
        question = by_name[name]
        value = _asked(self._prompt(question, start=answers.values[name]))
        self._chosen[name] = value
        try:
            return answer_again(self._chosen)
        except AnswersError as error:
            out().say_lines(error.message, style="red")
            self._chosen.pop(name)
            return answers

    def _prompt(self, question: Question, start: Any = None) -> Prompt:
        start = question.default if start is None else start
        message = visible_lines(question.help)
        if question.choices:
            return self._choice_prompt(question, message, start)
        if question.type == "bool":
            return questionary.confirm(message, default=bool(start), style=self._style)
        shown = "" if start is None else _as_text(question, start)

        def validate(text: str) -> bool | str:
            return visible(question.problem(text)) or True

        if question.secret:
            return questionary.password(message, default=shown, validate=validate, style=self._style)
        return questionary.text(
            message,
            default=shown,
            validate=validate,
            multiline=question.multiline,
            style=self._style,
            input_processors=[_Spelled()],
        )

    def _choice_prompt(self, question: Question, message: str, start: Any) -> Prompt:
        choices = [
            Choice(
                visible(choice.label),
                value=choice.value,
                disabled=visible(choice.disabled) or None,
                checked=question.multiselect and choice.value in (start or []),
            )
            for choice in question.choices
        ]
        if question.multiselect:

            def validate(values: list[Any]) -> bool | str:
                return visible(question.problem(values)) or True

            return questionary.checkbox(message, choices=choices, validate=validate, style=self._style)
        first = next((choice for choice in choices if choice.value == start and not choice.disabled), None)
        return questionary.select(message, choices=choices, default=first, style=self._style)


class _Spelled(Processor):
    """Shows what cannot be seen in a text that is being edited; the text itself stays as it is."""

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        """One line of the text, sign by sign, and where each sign has gone."""
        signs = explode_text_fragments(transformation_input.fragments)
        shown: StyleAndTextTuples = [(fragment[0], visible_lines(fragment[1])) for fragment in signs]
        starts = [0, *accumulate(len(fragment[1]) for fragment in shown)]
        return Transformation(
            shown,
            source_to_display=lambda at: starts[at] if at < len(starts) else starts[-1] + at - len(starts) + 1,
            display_to_source=lambda at: bisect_right(starts, at) - 1,
        )


def _as_text(question: Question, value: Any) -> str:
    if question.type in {"json", "yaml"} and not isinstance(value, str):
        import json

        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _asked(prompt: Prompt) -> Any:
    """The answer to a prompt.

    Raises:
        UserAbortError: Ctrl-C, a polite kill, or the terminal went away.
    """
    handlers = {number: signal.getsignal(number) for number in _polite_kills()}
    prompt.application.pre_run_callables.append(lambda: _leave_on_kill(prompt))
    try:
        return prompt.unsafe_ask()
    except (KeyboardInterrupt, EOFError) as error:
        raise UserAbortError from error
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _polite_kills() -> list[signal.Signals]:
    return [number for number in (getattr(signal, "SIGTERM", None), getattr(signal, "SIGHUP", None)) if number]


def _leave_on_kill(prompt: Prompt) -> None:
    """End the prompt from inside its event loop: an exception between two of its steps would leave it in disorder."""
    loop = asyncio.get_running_loop()
    application = prompt.application

    def leave() -> None:
        if application.future is not None and not application.future.done():
            application.exit(exception=KeyboardInterrupt())

    # Event loops of Windows have no signal handlers.
    for number in _polite_kills() if os.name == "posix" else ():
        loop.add_signal_handler(number, leave)
