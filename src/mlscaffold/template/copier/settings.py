"""A template's settings (`copier.yml`), read from a checkout of ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from copier._template import Task, Template
from copier.errors import CopierError
from packaging.version import InvalidVersion, Version

from ...errors import RenderError
from ..secrecy import SETTING, secrets_named
from ..checkout import Checkout
from ..source import SourceKind

__all__ = ["TemplateSettings", "settings_of"]


class TemplateSettings(Template):
    """A template that lies in a folder of ours already, known by its own URL and version."""

    checkout: Checkout

    @cached_property
    def local_abspath(self) -> Path:
        return self.checkout.root.resolve()

    @cached_property
    def _raw_config(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = vars(Template)["_raw_config"].func(self)
        except CopierError:
            raise
        except TypeError as error:
            raise RenderError(
                "copier.yml of the template: one of `_exclude`, `_jinja_extensions`, `_secret_questions` and "
                "`_skip_if_exists` is no list."
            ) from error
        except (ValueError, RecursionError) as error:
            # PyYAML lets these out of its constructors: 2026-99-99 looks like a date.
            raise RenderError(f"copier.yml of the template holds a value that YAML cannot read: {error}") from error
        if odd := [name for name in found if not isinstance(name, str)]:
            # YAML reads `yes:` and `1:` as other things than names.
            raise RenderError(f"copier.yml of the template: the name of a question is no text: {odd[0]!r}. Quote it.")
        if SETTING in found:
            # Copier takes a name in the place of a list for a list of letters.
            found[SETTING] = secrets_named(self.local_abspath)
        return found

    @cached_property
    def external_data(self) -> dict[str, str]:
        found = self.config_data.get("external_data") or {}
        if not isinstance(found, dict) or not all(isinstance(path, str) for path in found.values()):
            raise RenderError("`_external_data` of the template must map names to paths.")
        return found

    @cached_property
    def answers_relpath(self) -> Path:
        named = self.config_data.get("answers_file", ".copier-answers.yml")
        if not isinstance(named, str) or Path(named).is_absolute() or Path(named) == Path():
            raise RenderError(f"copier.yml of the template: `_answers_file` is {named!r}: it must be a relative path.")
        return Path(named)

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

    def tasks_since(self, before: TemplateSettings | None) -> Sequence[Task]:
        """What is run after rendering: the tasks, and the migrations from an earlier version."""
        if before is None:
            return self.tasks
        migrations = [self.migration_tasks(stage, before) for stage in ("before", "after")]
        return [*migrations[0], *self.tasks, *migrations[1]]


@lru_cache(maxsize=4)
def settings_of(checkout: Checkout) -> TemplateSettings:
    """The settings of a checkout; read once, though trust, questions, tasks and files are looked at one by one."""
    found = TemplateSettings(url=checkout.source.url, ref=checkout.version)
    found.checkout = checkout
    return found
