"""The seam over Copier, the only renderer: one worker that reads a checkout of ours and records what came from where.

Copier's public API cannot be given a template that was already fetched, nor tell which template file made which path,
so a private class of it is subclassed here, and others in the modules beside. A test proves that the result equals
unmodified Copier byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from copier._jinja_ext import SandboxedEnvironment
from copier._main import Worker, as_operation
from copier._main import _operation as operation_now
from copier._settings import SettingsModel
from copier._tools import cast_to_bool
from copier._types import MISSING, LazyDict, Operation, Phase
from copier._user_data import AnswersMap, Question
from jinja2.meta import find_undeclared_variables
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from ...errors import RenderError
from ..checkout import Checkout
from ..reach import Reach
from .compiled import Compiled
from .expressions import looked_at
from .limits import Budget
from .refusals import refusals, within
from .sandbox import Reads, confine, names_that_read
from .settings import Command, Task, TemplateSettings, settings_of, written

__all__ = ["LIFTED_BY_UNSAFE", "TemplateWorker", "worker_for"]

#: Where Copier asks for its `unsafe` switch, and what that lifts. Without trust the switch is off, so each of these
#: stands by itself, and `trust.require_trust` says so before. A test compares the list with the installed Copier.
LIFTED_BY_UNSAFE: Mapping[str, str] = {
    "Worker._check_unsafe": "templates with Jinja extensions, tasks or migrations are refused",
    "Worker._external_data": "external data outside of the project is refused (by `Reach.read`, in its place)",
    "Worker._render_context": "nothing: `_copier_conf.unsafe` tells a template whether it is on",
}


@dataclass(config=ConfigDict(arbitrary_types_allowed=True))
class TemplateWorker(Worker):
    """Copier's worker on a checkout, silent, hermetic (no settings of the user), noting the source of each file."""

    #: Rendered path -> template source path, both POSIX and relative.
    sources: dict[str, str] = Field(default_factory=dict)
    #: What the template sees in the place of each secret answer.
    vary: Any = None

    checkout: Any = None
    reach: Any = Field(default_factory=Reach)
    #: Whether something was used that the template and its answers do not determine.
    volatile: bool = Field(default=False, init=False)
    #: Whether the name of the project's folder was used.
    named: bool = Field(default=False, init=False)
    #: What its evaluation may still take.
    budget: Any = Field(default_factory=Budget, init=False)
    #: Where compiled templates are kept between runs; None keeps them for this process only.
    cache: Path | None = None
    #: Answers that a person gave to questions that are hidden now: they return when these are shown again.
    kept: dict[str, Any] = Field(default_factory=dict, init=False)
    _answers_place: Path | None = Field(default=None, init=False)
    _rendered_answers: Mapping[str, Any] | None = Field(default=None, init=False)
    _compiled: Any = Field(default=None, init=False)
    _looked_at: dict[frozenset[str], frozenset[str]] = Field(default_factory=dict, init=False)

    @cached_property
    def jinja_env(self) -> SandboxedEnvironment:
        """Copier's environment, which compiles each template once."""
        with within("`_envops`"):
            environment: SandboxedEnvironment = super().jinja_env
        confine(environment, trusted=self.unsafe, note=self._note, require_room=self.budget.require_room)
        environment.concat = self.budget.joined  # type: ignore[method-assign]
        self._compiled = Compiled.attach(environment, self.cache)
        return environment

    def _note(self, what: Reads = Reads.CHANGING) -> None:
        if what is Reads.FOLDER:
            self.named = True
        else:
            self.volatile = True

    def _render_context(self) -> Any:
        context = super()._render_context()
        configuration = context["_copier_conf"]._pending  # noqa: SLF001 - part of the seam over Copier
        for name in names_that_read("configuration", Reads.CHANGING, Reads.MACHINE):
            configuration[name] = self._noting(configuration[name])
        if not self.unsafe:
            context.update(dict.fromkeys(names_that_read("variables", Reads.MACHINE), ""))
        if self.vary is not None:
            # Here, so that also what is computed from a secret answer, a default say, is another one.
            secrets = self.template.secret_questions
            context.update({name: self.vary(context[name]) for name in secrets & context.keys()})
            data = {name: self.vary(value) if name in secrets else value for name, value in self.data.items()}
            context["_copier_conf"]["data"] = data
        return context

    def _ask(self) -> None:
        """Answer as Copier does where nobody is asked, but that an answer to a hidden question is none, and kept."""
        self.answers = AnswersMap(
            init=dict(self.data),
            last=dict(self.subproject.last_answers),
            metadata=self.template.metadata,
            external=self._external_data(),
        )
        self.kept = {}
        for name in self.template.questions_data:
            with within(f"the question `{name}`"):
                self._answer(self.question(name))
        # It may depend on answers.
        self.answers.external = self._external_data()

    def _answer(self, question: Question) -> None:
        name, answers = question.var_name, self.answers
        if not question.get_when():
            answers.hide(name)
            answers.last.pop(name, None)
            # A condition that is its own answer says by it that the answer is given up.
            if name in answers.init and question.when is not False and not self.mentions(str(question.when), name):
                self.kept[name] = answers.init[name]
            answers.init.pop(name, None)
            if (default := question.get_default()) is not MISSING:
                answers.user[name] = default
        elif name in answers.init:
            answer = question.parse_answer(answers.init[name])
            question.validate_answer(answer)
            answers.user[name] = answer
        elif (default := _valid_default(question)) is not MISSING:
            answers.user[name] = default
        elif question.get_ask():
            raise RenderError(f"The template {self.checkout.source.url} asks for {name}, and there is no answer to it.")

    def question(self, name: str) -> Question:
        """Copier's question of that name, given the answers so far."""
        return Question(
            answers=self.answers,
            context=self._render_context(),
            jinja_env=self.jinja_env,
            settings=self.settings,
            var_name=name,
            **self.template.questions_data[name],
        )

    def _answers_to_remember(self) -> Mapping[str, Any]:
        """Copier's, and what is kept: answers to hidden questions, and such as are asked no more but looked at."""
        if Phase.current() is not Phase.RENDER:
            return self._remembered()
        # While files are rendered no answer changes, and every one of them asks.
        if self._rendered_answers is None:
            self._rendered_answers = self._remembered()
        return dict(self._rendered_answers)

    def _remembered(self) -> Mapping[str, Any]:
        shown = super()._answers_to_remember()
        others = {name: value for name, value in self.data.items() if name not in self.template.questions_data}
        named = self.names_looked_at(others)
        kept = {**{name: others[name] for name in others if name in named}, **self.kept}
        secret = self.template.secret_questions
        return {**shown, **{name: value for name, value in kept.items() if name not in shown and name not in secret}}

    def names_looked_at(self, names: Collection[str]) -> frozenset[str]:
        """Those of some names that an expression of the template looks at: in a setting, a path or a file."""
        candidates = frozenset(name for name in names if not name.startswith("_"))
        if not candidates:
            return frozenset()
        if candidates not in self._looked_at:
            self._looked_at[candidates] = looked_at(self.template, self.jinja_env, candidates)
        return self._looked_at[candidates]

    def _noting(self, value: Callable[[], Any]) -> Callable[[], Any]:
        def noted() -> Any:
            self._note()
            return value()

        return noted

    def _external_data(self) -> LazyDict[str, Any]:
        """The project's files that the template names; read when they are first used, as Copier does it."""

        def loading(name: str, path: str) -> Callable[[], Any]:
            return lambda: self._load_external_data(name, path)

        return LazyDict({name: loading(name, path) for name, path in self.template.external_data.items()})

    def _load_external_data(self, name: str, path: str) -> Any:
        with Phase.use(Phase.UNDEFINED):
            rendered = self._render_string(path)
        self._note()
        content = self.reach.read(name, rendered)
        try:
            return {} if content is None else yaml.safe_load(content)
        except (ValueError, RecursionError, yaml.YAMLError) as error:
            # What the file holds is not for the message: it may be a secret.
            mark = getattr(error, "problem_mark", None)
            where = f", line {mark.line + 1}" if mark else ""
            raise RenderError(f"The template's external data {name!r} ({rendered}{where}) is not valid YAML.") from error

    def _render_string(self, string: str, extra_context: dict[str, Any] | None = None) -> str:
        environment = self.jinja_env
        if self._compiled is None or not isinstance(string, str) or not self._compiled.is_plain(string):
            return super()._render_string(string, extra_context)
        # Most parts of paths hold no Jinja. What the last part yielded is forgotten, as compiling would.
        environment.preprocess("")
        return string

    @cached_property
    def template_copy_root(self) -> Path:
        """Copier's, told from other settings when it fails."""
        with within("`_subdirectory`"):
            return super().template_copy_root

    @cached_property
    def match_exclude(self) -> Callable[[Path], bool]:
        """The same."""
        with within("`_exclude`"):
            return super().match_exclude

    @cached_property
    def match_skip(self) -> Callable[[Path], bool]:
        """The same."""
        with within("`_skip_if_exists`"):
            return super().match_skip

    @property
    def answers_relpath(self) -> Path:
        """Where the answers file is; while files are rendered it does not change, and every one of them asks."""
        if Phase.current() is not Phase.RENDER:
            return super().answers_relpath
        if self._answers_place is None:
            self._answers_place = super().answers_relpath
        # Copier renders here, and so forgets what the last path yielded; a template loaded before does not forget it.
        self.jinja_env.preprocess("")
        return self._answers_place

    @cached_property
    def template(self) -> TemplateSettings:
        """The checkout, in the place of what Copier would clone."""
        return settings_of(self.checkout)

    def mentions(self, expression: str, name: str) -> bool:
        """Whether a setting that is Jinja looks at a variable."""
        return name in find_undeclared_variables(self.jinja_env.parse(expression))

    def values_seen(self) -> Mapping[str, Any]:
        """Every answer as the template saw it, computed ones as well."""
        context = self._render_context()
        return {name: context[name] for name in self.template.questions_data if name in context}

    def _render_path(self, relpath: Path) -> Iterable[tuple[Path, dict[str, Any] | None]]:
        if ".git" in relpath.parts:
            # What git keeps of the template is none of it, whatever its settings exclude.
            return
        with within(f"the path {relpath.as_posix()}"):
            yield from super()._render_path(relpath)

    def _render_file(self, src_relpath: Path, dst_relpath: Path, extra_context: dict[str, Any] | None = None) -> None:
        self._note_source(src_relpath, dst_relpath)
        with within(src_relpath.as_posix()):
            super()._render_file(src_relpath, dst_relpath, extra_context)

    def _render_symlink(self, src_relpath: Path, dst_relpath: Path) -> None:
        self._note_source(src_relpath, dst_relpath)
        with within(src_relpath.as_posix()):
            super()._render_symlink(src_relpath, dst_relpath)

    def _note_source(self, source: Path, path: Path) -> None:
        """Note which template file makes a path.

        Raises:
            RenderError: Another one makes it, too: which of them stayed would depend on the order of a folder.
        """
        made = self.sources.setdefault(path.as_posix(), source.as_posix())
        if made != source.as_posix():
            both = " and ".join(sorted((made, source.as_posix())))
            raise RenderError(
                f"Two files of the template make {path.as_posix()}: {both}.",
                hint="Give answers that tell their names apart, or tell the template's authors.",
            )

    def _sync_git_index_executable_bit(self, dst_relpath: Path, src_mode: int) -> None:
        """Do nothing: renders lie outside of any repository, and Copier would ask git once a file."""

    def run_copy(self) -> None:
        """Copier's, with what is refused as one of our errors."""
        with refusals(self.checkout), self.budget.spent():
            super().run_copy()

    def render_as(self, operation: Operation) -> None:
        """Render, and tell the template that this happens for a new project or for an update."""
        as_operation(operation)(self.run_copy)()
        if self._compiled is not None:
            self._compiled.save()

    def command_of(self, task: Task, operation: Operation) -> Command | None:
        """What a task runs, rendered; None where its condition does not hold."""
        if task.extra_vars["stage"] == "before":
            # As Copier does it: the questions of the new version are not asked yet.
            self.answers = AnswersMap(
                last=dict(self.data), metadata=self.template.metadata, external=self._external_data()
            )
        elif not self.answers.metadata:
            self.answer()
        phase = Phase.TASKS if task.extra_vars["stage"] == "task" else Phase.MIGRATE
        rendered: Callable[[Task], Command | None] = as_operation(operation)(self._command)
        with Phase.use(phase), self.budget.spent(), within(f"the task `{written(task)}`"):
            return rendered(task)

    def skipped_if_they_exist(self) -> tuple[str, ...]:
        """The globs of files that are not written where one is, rendered."""
        globs = self.template.skip_if_exists
        signs = (self.jinja_env.variable_start_string, self.jinja_env.block_start_string)
        if not any(sign in glob for glob in globs for sign in signs):
            return tuple(globs)
        self.answer()
        with refusals(self.checkout), self.budget.spent(), within("`_skip_if_exists`"):
            return tuple(filter(None, (self._render_string(glob).strip() for glob in globs)))

    def answer(self) -> None:
        """Answer all questions, so that expressions can use them."""
        with Phase.use(Phase.PROMPT), self.budget.spent():
            self._ask()

    def _command(self, task: Task) -> Command | None:
        variables = {f"_{name}": value for name, value in task.extra_vars.items()}
        variables["_copier_operation"] = operation_now.get()
        if not cast_to_bool(self._render_value(task.condition, variables)):
            return None
        words = (
            self._render_string(task.cmd, variables)
            if isinstance(task.cmd, str)
            else tuple(self._render_string(str(part), variables) for part in task.cmd)
        )
        return Command(
            written=written(task),
            words=words,
            folder=self._render_string(str(task.working_directory), variables),
            variables={name[1:].upper(): str(value) for name, value in variables.items()},
        )

    def messages(self, operation: Operation) -> tuple[str, str]:
        """What the template wants to be said before and after a project is made, or updated."""
        template = self.template
        said = (
            (template.message_before_copy, template.message_after_copy)
            if operation == "copy"
            else (template.message_before_update, template.message_after_update)
        )
        rendered = as_operation(operation)(lambda text: self._render_string(text).strip())
        with refusals(self.checkout), self.budget.spent(), within("a message"):
            before, after = (rendered(text) if text else "" for text in said)
        return before, after


def _valid_default(question: Question) -> Any:
    """The default; what was recorded counts as one while it is an answer."""
    try:
        return question.get_default()
    except ValueError:
        if question.answers.last.pop(question.var_name, MISSING) is MISSING:
            raise
        return question.get_default()


def worker_for(
    checkout: Checkout, destination: Path, answers: Mapping[str, Any], *, reach: Reach | None = None, **options: Any
) -> TemplateWorker:
    """A worker that renders a checkout into a folder, whose name the template sees.

    Args:
        checkout: The template.
        destination: The folder.
        answers: Answers by question name.
        reach: How far the template may look; without trust Copier's own protections stand. None is nowhere.
        options: More of Copier's own.
    """
    reach = reach or Reach()
    return TemplateWorker(
        src_path=checkout.source.url,
        dst_path=destination,
        data=dict(answers),
        settings=SettingsModel(),
        defaults=True,
        overwrite=True,
        quiet=True,
        unsafe=reach.trusted,
        cleanup_on_error=False,
        checkout=checkout,
        reach=reach,
        **options,
    )
