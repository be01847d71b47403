"""A template's settings (`copier.yml`), read from a checkout of ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from copier._template import Task, Template
from copier.errors import CopierError
from packaging.version import InvalidVersion, Version

from ...documents.plain_data import NotPlainError, require_plain, shortened
from ...errors import RenderError
from .limits import Budget
from .refusals import within
from ..secrecy import SETTING, secrets_named
from ..checkout import Checkout
from ..source import SourceKind

__all__ = ["Command", "Task", "TemplateSettings", "settings_of", "written"]


@dataclass(frozen=True, kw_only=True)
class Command:
    """What one task of a template runs."""

    #: As the template writes it: rendered, it may hold a secret answer.
    written: str
    #: A line for the shell, or the words of a program's call.
    words: str | tuple[str, ...]
    #: Where it runs, relative to the project.
    folder: str
    #: What it finds in its environment, besides ours.
    variables: Mapping[str, str]


def written(task: Task) -> str:
    """A task as the template writes it."""
    return task.cmd if isinstance(task.cmd, str) else " ".join(map(str, task.cmd))


class TemplateSettings(Template):
    """A template that lies in a folder of ours already, known by its own URL and version."""

    checkout: Checkout

    @cached_property
    def local_abspath(self) -> Path:
        return self.checkout.root.resolve()

    @cached_property
    def _raw_config(self) -> dict[str, Any]:
        try:
            config: dict[str, Any] = vars(Template)["_raw_config"].func(self)
        except CopierError:
            raise
        except TypeError as error:
            raise RenderError(
                "copier.yml of the template: one of `_exclude`, `_jinja_extensions`, `_secret_questions` and "
                "`_skip_if_exists` is no list."
            ) from error
        except RecursionError as error:
            raise RenderError("copier.yml of the template is nested too deeply, or holds itself.") from error
        except (ValueError, AttributeError, LookupError) as error:
            # PyYAML lets these out of its constructors: 2026-99-99 looks like a date.
            raise RenderError(f"copier.yml of the template holds a value that YAML cannot read: {error}") from error
        if odd := [name for name in config if not isinstance(name, str)]:
            # YAML reads `yes:` and `1:` as other things than names.
            raise RenderError(f"copier.yml of the template: the name of a question is no text: {odd[0]!r}. Quote it.")
        if SETTING in config:
            # Copier takes a name in the place of a list for a list of letters.
            config[SETTING] = secrets_named(self.local_abspath)
        if config.get("_migrations", ()) is None:
            # Copier takes that for none, too.
            config["_migrations"] = []
        _require_readable(config)
        return config

    @cached_property
    def external_data(self) -> dict[str, str]:
        return self.config_data.get("external_data") or {}

    @cached_property
    def answers_relpath(self) -> Path:
        return Path(self.config_data.get("answers_file", ".copier-answers.yml"))

    @cached_property
    def skip_if_exists(self) -> Sequence[str]:
        return tuple(self.config_data.get("skip_if_exists", ()))

    @cached_property
    def commit(self) -> str | None:
        return self.checkout.version

    @cached_property
    def commit_hash(self) -> str | None:
        return self.checkout.commit or None

    @cached_property
    def version(self) -> Version | None:
        return self.checkout.number

    @cached_property
    def git_index_modes(self) -> Mapping[PurePosixPath, int]:
        """The checkout's own modes are right, git wrote them; only a link has none, whatever it leads to."""
        if self.checkout.source.kind is SourceKind.FOLDER:
            return {}
        root = self.local_abspath
        return {PurePosixPath(file.relative_to(root).as_posix()): 0 for file in root.rglob("*") if file.is_symlink()}

    @property
    def misnamed_secrets(self) -> tuple[str, ...]:
        """Names among the secret questions that are no questions: slips of the pen, or left over."""
        return tuple(sorted(self.secret_questions - self.questions_data.keys()))

    def tasks_before(self, since: Checkout) -> Sequence[Task]:
        """The migrations from an earlier version that are run on the old files."""
        return self.migration_tasks("before", _unread(since))

    def tasks_after(self, since: Checkout | None) -> Sequence[Task]:
        """What is run once files are written: the tasks, and the other migrations from an earlier version."""
        return [*self.tasks, *(() if since is None else self.migration_tasks("after", _unread(since)))]


_MOST_CHARACTERS = 8 * 1024 * 1024
_KEYS = (str, int, float, bool, date, type(None))


def _require_readable(config: Mapping[str, Any]) -> None:
    """Refuse settings that are not of the shape that Copier reads, each by name.

    Raises:
        RenderError: One of them is odd.
    """
    for name, value in config.items():
        try:
            require_plain(value, f"`{name}`", keys=_KEYS, most=_MOST_CHARACTERS)
        except NotPlainError as error:
            raise RenderError(f"copier.yml of the template: {error}.") from error
        shape, fits = _SHAPES.get(name, _ANY if name.startswith("_") else _QUESTION)
        if not fits(value):
            shown = shortened(value)
            raise RenderError(f"copier.yml of the template: `{name}` is {shown}: it must be {shape}.")


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_text_or_nothing(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _is_list_of_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _is_relative_path(value: Any) -> bool:
    return isinstance(value, str) and not Path(value).is_absolute() and Path(value) != Path()


def _is_mapping_of_texts(value: Any) -> bool:
    return value is None or (isinstance(value, dict) and all(map(_is_text, (*value, *value.values()))))


def _is_options_of_jinja(value: Any) -> bool:
    if not isinstance(value, dict) or not all(map(_is_text, value)):
        return False
    signs = [each for name, each in value.items() if name.endswith("_string") or name == "newline_sequence"]
    return all(map(_is_text, signs)) and all(isinstance(each, str | int | None) for each in value.values())


def _is_version(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(Version(value))
    except InvalidVersion:
        return False


def _is_command(value: Any) -> bool:
    return bool(value) and (_is_text(value) or _is_list_of_texts(value))


def _is_task(value: Any) -> bool:
    if not isinstance(value, dict):
        return _is_command(value)
    condition, folder = value.get("when", True), value.get("working_directory", ".")
    return _is_command(value.get("command")) and isinstance(condition, str | bool) and isinstance(folder, str)


def _is_migration(value: Any) -> bool:
    if not isinstance(value, dict):
        return _is_command(value)
    if not _is_version(value.get("version", "0")):
        return False
    if stages := value.keys() & {"before", "after"}:
        commands = [value[stage] for stage in stages]
        return "version" in value and all(isinstance(each, list) and all(map(_is_command, each)) for each in commands)
    return _is_task(value)


def _is_question(value: Any) -> bool:
    return not isinstance(value, dict) or all(map(_is_text, value))


def _each(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(map(fits, value))


_ANY: tuple[str, Callable[[Any], bool]] = ("anything", lambda _: True)
_QUESTION = ("a default, or a mapping of names such as `type` and `default`", _is_question)
_LIST = ("a list of texts", _is_list_of_texts)
_MESSAGE = ("a text", _is_text_or_nothing)
#: What Copier reads, in words, and whether a value is that; questions and unknown settings may be anything.
_SHAPES: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "_answers_file": ("a relative path", _is_relative_path),
    "_envops": ("a mapping of names to texts, numbers, or yes or no", _is_options_of_jinja),
    "_exclude": _LIST,
    "_external_data": ("a mapping of names to paths", _is_mapping_of_texts),
    "_jinja_extensions": _LIST,
    "_message_after_copy": _MESSAGE,
    "_message_after_update": _MESSAGE,
    "_message_before_copy": _MESSAGE,
    "_message_before_update": _MESSAGE,
    "_migrations": ("a list of commands, or of mappings with `version` and `command`", _each(_is_migration)),
    "_min_copier_version": ("a version, quoted", _is_version),
    "_skip_if_exists": _LIST,
    "_subdirectory": ("a relative path", _is_text),
    "_tasks": ("a list of commands, or of mappings with `command` and `when`", _each(_is_task)),
    "_templates_suffix": ("a text", _is_text_or_nothing),
}


@lru_cache(maxsize=4)
def settings_of(checkout: Checkout) -> TemplateSettings:
    """The settings of a checkout; read once, though trust, questions, tasks and files are looked at one by one."""
    settings = _unread(checkout)
    with Budget().spent(), within("copier.yml"):
        settings.questions_data  # noqa: B018 - read here, within its limits
    return settings


def _unread(checkout: Checkout) -> TemplateSettings:
    settings = TemplateSettings(url=checkout.source.url, ref=checkout.version)
    settings.checkout = checkout
    return settings
