"""Jinja templates compiled once: in a process, and across runs.

Copier compiles every template, every part of every path and every setting anew each time that it renders one: thousands
of compilations for a hundred files, most of the time of a render. The code depends on the source and on the settings of
the environment alone, so it is kept, in memory and (marshalled) in the cache folder. Only for Copier's own extensions:
whatever else a template brings may compile as it likes.

The cache is code: it is read only if it is ours, and nobody else can write to it.
"""

from __future__ import annotations

import contextlib
import hashlib
import marshal
import os
import sys
import tempfile
from pathlib import Path
from types import CodeType
from typing import Any

from ..cache import private_folder
from ..render import renderer_id
from ...files.rights import make_private
from ...files.write import is_ours

__all__ = ["Compiled"]

_FORMAT = 4
#: Extensions that compile the same source to the same code.
_KNOWN = frozenset({"AnsibleCoreFiltersExtension", "YieldExtension"})
_LIMIT_BYTES = 64 * 1024 * 1024
#: Code by environment, source and name; shared by all renders of a process.
_CODES: dict[str, dict[tuple[str, str | None], CodeType]] = {}
_LOADED: set[Path] = set()


class Compiled:
    """The compiled templates of environments with the same settings."""

    def __init__(self, environment: Any, cache: Path | None) -> None:
        self._environment = environment
        self._compile = environment.compile
        folder = private_folder(cache, "compiled")
        key = self._key()
        self._file = folder / f"{key}.bin" if folder else None
        self._codes = _CODES.setdefault(key, {})
        if self._file is not None and self._file not in _LOADED:
            _LOADED.add(self._file)
            self._codes.update(self._load(self._file))
        self._known = len(self._lasting())
        begins = [environment.block_start_string, environment.variable_start_string, environment.comment_start_string]
        self._signs: tuple[str, ...] = (*begins, "\n", "\r")
        self._has_line_syntax = bool(environment.line_statement_prefix or environment.line_comment_prefix)

    def is_plain(self, source: str) -> bool:
        """Whether a text renders to itself, whatever the answers: a single line without Jinja."""
        return not self._has_line_syntax and not any(sign in source for sign in self._signs)

    @classmethod
    def attach(cls, environment: Any, cache: Path | None) -> Compiled | None:
        """Let an environment keep what it compiles; None where it has extensions that we do not know."""
        names = {type(extension).__name__ for extension in environment.extensions.values()}
        if names - _KNOWN or not callable(getattr(environment, "compile", None)):
            return None
        compiled = cls(environment, cache)
        environment.compile = compiled.compile
        return compiled

    def _key(self) -> str:
        env = self._environment
        settings = [
            getattr(env, name)
            for name in (
                "block_start_string",
                "block_end_string",
                "variable_start_string",
                "variable_end_string",
                "comment_start_string",
                "comment_end_string",
                "line_statement_prefix",
                "line_comment_prefix",
                "trim_blocks",
                "lstrip_blocks",
                "newline_sequence",
                "keep_trailing_newline",
                "optimized",
                "autoescape",
                "is_async",
                "undefined",
                "sandboxed",
            )
        ]
        settings += sorted(env.extensions)
        parts = [_FORMAT, sys.implementation.cache_tag, sys.version, renderer_id(), *settings]
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:24]

    def compile(
        self, source: Any, name: str | None = None, filename: str | None = None, *args: Any, **options: Any
    ) -> Any:
        """Jinja's `compile`, remembering."""
        if not isinstance(source, str) or args or options:
            return self._compile(source, name, filename, *args, **options)
        key = (source, name)
        if key not in self._codes:
            self._codes[key] = self._compile(source, name, filename)
            return self._codes[key]
        # Extensions watch what is compiled: one of Copier's forgets there what the last template yielded.
        self._environment.preprocess(source, name, filename)
        return self._codes[key].replace(co_filename=filename or "<template>")

    def _lasting(self) -> dict[tuple[str, str | None], CodeType]:
        """What may be written to disk: template files. A text without a name may hold an answer, and that a secret."""
        return {key: code for key, code in self._codes.items() if key[1] is not None}

    def save(self) -> None:
        """Keep what is new for the next run; a failure costs time there, nothing else."""
        lasting = self._lasting()
        if self._file is None or len(lasting) == self._known:
            return
        with contextlib.suppress(OSError):
            make_private(self._file.parent)
            content = marshal.dumps(lasting)
            if len(content) > _LIMIT_BYTES:
                return
            handle, name = tempfile.mkstemp(dir=self._file.parent)
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(content).digest() + content)
            Path(name).replace(self._file)
            self._known = len(lasting)

    def _load(self, stored: Path) -> dict[tuple[str, str | None], CodeType]:
        try:
            if not is_ours(stored):
                return {}
            content = stored.read_bytes()
            if hashlib.sha256(content[32:]).digest() != content[:32]:
                return {}
            codes: dict[tuple[str, str | None], CodeType] = marshal.loads(content[32:])  # noqa: S302 - ours, proven
        except (OSError, ValueError, EOFError, TypeError):
            return {}
        return codes
