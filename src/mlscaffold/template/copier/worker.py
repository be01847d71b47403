"""The seam over Copier, the only renderer: one worker that reads a checkout of ours and records what came from where.

Copier's public API cannot be given a template that was already fetched, nor tell which template file made which path,
so a private class of it is subclassed here, and others in the modules beside. A test proves that the result equals
unmodified Copier byte for byte.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

import yaml
from copier._jinja_ext import SandboxedEnvironment
from copier._main import Worker, as_operation, local  # type: ignore[attr-defined]
from copier._settings import SettingsModel
from copier._template import Task, Template
from copier._types import LazyDict, Operation, Phase
from copier.errors import CopierError, InvalidConfigFileError, TaskError, UserMessageError
from jinja2 import TemplateError as JinjaError
from jinja2 import TemplateSyntaxError
from jinja2.meta import find_undeclared_variables
from packaging.version import InvalidVersion, Version
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from .compiled import Compiled
from ...errors import RenderError, UntrustedTemplateError
from ...git.environment import cleaned_environment
from ..reach import NeedsTrust, Reach
from .refusals import refusals
from .sandbox import Reads, confine, names_that_read
from .settings import TemplateSettings, settings_of
from ..secrecy import SETTING, secrets_named
from ..checkout import Checkout
from ..source import SourceKind

__all__ = ["LIFTED_BY_UNSAFE", "TemplateWorker", "worker_for"]

#: Where Copier asks for its `unsafe` switch, and what that lifts. Without trust the switch is off, so each of these
#: stands by itself, and `features.require_trust` says so before. A test compares the list with the installed Copier.
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
    #: Where compiled templates are kept between runs; None keeps them for this process only.
    cache: Path | None = None
    _answers_place: Path | None = Field(default=None, init=False)
    _compiled: Any = Field(default=None, init=False)

    @cached_property
    def jinja_env(self) -> SandboxedEnvironment:
        """Copier's environment, which compiles each template once."""
        try:
            environment: SandboxedEnvironment = super().jinja_env
        except TypeError as error:
            raise RenderError(f"`_envops` of the template are not what Jinja knows: {error}") from error
        confine(environment, trusted=self.unsafe, note=self._note)
        self._compiled = Compiled.attach(environment, self.cache)
        return environment

    def _note(self) -> None:
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
            place = self._render_string(path)
        self._note()
        content = self.reach.read(name, place)
        try:
            return {} if content is None else yaml.safe_load(content)
        except (ValueError, RecursionError, yaml.YAMLError) as error:
            # What the file holds is not for the message: it may be a secret.
            mark = getattr(error, "problem_mark", None)
            where = f", line {mark.line + 1}" if mark else ""
            raise RenderError(f"The template's external data {name!r} ({place}{where}) is not valid YAML.") from error

    def _render_string(self, string: str, extra_context: dict[str, Any] | None = None) -> str:
        environment = self.jinja_env
        if self._compiled is None or not isinstance(string, str) or not self._compiled.is_plain(string):
            return super()._render_string(string, extra_context)
        # Most parts of paths hold no Jinja. What the last part yielded is forgotten, as compiling would.
        environment.preprocess("")
        return string

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

    def _render_file(self, src_relpath: Path, dst_relpath: Path, extra_context: dict[str, Any] | None = None) -> None:
        self._note_source(src_relpath, dst_relpath)
        super()._render_file(src_relpath, dst_relpath, extra_context)

    def _render_symlink(self, src_relpath: Path, dst_relpath: Path) -> None:
        self._note_source(src_relpath, dst_relpath)
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
        with refusals(self.checkout):
            super().run_copy()

    def render_as(self, operation: Operation) -> None:
        """Render, and tell the template that this happens for a new project or for an update."""
        as_operation(operation)(self.run_copy)()
        if self._compiled is not None:
            self._compiled.save()

    def run_tasks(self, operation: Operation, since: Checkout | None = None) -> None:
        """Run them in the destination; the caller has asked for trust."""

        def run() -> None:
            with Phase.use(Phase.PROMPT):
                self._ask()
            with Phase.use(Phase.TASKS):
                for task in self.template.tasks_since(settings_of(since) if since else None):
                    self._run_task(task)

        as_operation(operation)(run)()

    def _run_task(self, task: Task) -> None:
        """Run one; if it fails, say so as the template writes it: rendered, it may hold a secret answer."""
        written = task.cmd if isinstance(task.cmd, str) else " ".join(map(str, task.cmd))
        hint = "Run again without it, or tell the template's authors."
        try:
            # A caller may be a hook, whose git would be led to another repository. Copier keeps an environment of its
            # own for tasks, from when it was imported.
            with local.env():
                local.env.clear()
                local.env.update(cleaned_environment())
                self._execute_tasks([task])
        except TaskError as error:
            message = f"A task of the template failed: `{written}` ended with {error.returncode}."
            raise RenderError(message, hint=hint) from None
        except OSError as error:
            message = f"A task of the template failed: `{written}` cannot be run: {error.strerror}."
            raise RenderError(message, hint=hint) from None

    @as_operation("copy")
    def message_after_copy(self) -> str:
        """What the template wants to be said at the end."""
        return self._render_string(self.template.message_after_copy).strip()


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
