"""What Copier, Jinja and YAML raise about a template, as errors of ours: which template, where in it, why, what next."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import re
import sys
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path

from copier.errors import InvalidConfigFileError
from jinja2 import TemplateError as JinjaError
from jinja2 import TemplateSyntaxError
from pydantic import ValidationError

from ...errors import MlscaffoldError, RenderError, UntrustedTemplateError
from ..reach import NeedsTrust
from ..checkout import Checkout
from .limits import LimitError

__all__ = ["copier_errors", "refusals", "within"]

#: Of the errors of a file system, those that a name or a link is to blame for, and not the machine.
_OF_NAMES = frozenset(
    {errno.ENAMETOOLONG, errno.EINVAL, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ELOOP, errno.ENOENT, errno.EILSEQ}
)
_PACKAGE = __name__.partition(".")[0]
_LONGEST = 500


@contextlib.contextmanager
def within(where: str) -> Iterator[None]:
    """Name the part of a template that is evaluated, for the message if it fails; the innermost one counts."""
    try:
        yield
    except (Exception, LimitError) as error:
        if not getattr(error, "__notes__", None):
            error.add_note(where)
        raise


@contextlib.contextmanager
def refusals(checkout: Checkout) -> Iterator[None]:
    """Turn what is refused while a template is evaluated into our errors: what it may not do, or has no room for."""
    try:
        yield
    except NeedsTrust as refused:
        raise UntrustedTemplateError(checkout.source.url, [refused.feature], tree=checkout.tree) from None
    except LimitError as struck:
        where = _where(struck, checkout.root)
        message = f"The template {checkout.source.url} {struck.problem}{f' in {where}' if where else ''}. It was stopped."
        raise RenderError(message, hint=struck.hint) from struck


@contextlib.contextmanager
def copier_errors(checkout: Checkout) -> Iterator[None]:
    """Turn whatever is raised while a template is evaluated into our errors; keep Copier's prints off the terminal.

    Raises:
        RenderError: In the place of all that Copier, Jinja, YAML or the template raised; what we raised is our bug.
    """
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), warnings.catch_warnings(), refusals(checkout):
            warnings.simplefilter("ignore")
            yield
    except MlscaffoldError:
        raise
    except TemplateSyntaxError as error:
        named = error.name or error.filename
        where = f"{named or _noted(error) or 'a setting or path of the template'}, line {error.lineno}"
        raise RenderError(f"The template {checkout.source.url} has a mistake in {where}: {error.message}") from error
    except UnicodeDecodeError as error:
        raise RenderError(
            f"A templated file of {checkout.source.url} is not UTF-8{_in(_noted(error))}: {error.reason}."
        ) from error
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG and error.filename:
            raise _too_long(os.fsdecode(error.filename), checkout) from error
        if error.errno not in _OF_NAMES:
            raise
        named = _names_in(str(error.filename or ""), checkout)
        raise RenderError(
            f"The template {checkout.source.url} does not render{_in(_noted(error))}: {error.strerror}: {named[:_LONGEST]}"
        ) from error
    except Exception as error:
        if (why := _why(error, checkout)) is None:
            raise
        where = "" if isinstance(error, InvalidConfigFileError) else _where(error, checkout.root)
        raise RenderError(f"The template {checkout.source.url} does not render{_in(where)}: {why}") from error


def _too_long(path: str, checkout: Checkout) -> RenderError:
    name = max(Path(path).parts, key=lambda part: len(os.fsencode(part)))
    return RenderError(
        f"The template {checkout.source.url} makes a name that is too long for a file: {name[:60]}… "
        f"({len(os.fsencode(name))} bytes).",
        hint="If an answer is part of it, give a shorter one.",
    )


def _in(where: str) -> str:
    return f" in {where}" if where else ""


def _why(error: Exception, checkout: Checkout) -> str | None:
    """What a template did wrong, as its error says it; None if it is a bug of ours."""
    if not _is_theirs(error):
        return None
    if isinstance(error, AssertionError):
        # Copier's only word about a path that is no path.
        return "a path is absolute, or a file and a folder at once."
    if isinstance(error, UnicodeEncodeError) or "embedded null" in str(error):
        return "a name or text holds signs that are no text."
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False)[0]
        named = f"`{first['loc'][0]}`: " if first["loc"] else ""
        return named + str(first["msg"]).removeprefix("Value error, ") + "."
    said = str(error)
    if isinstance(error, InvalidConfigFileError):
        said = f"{error}: {error.__cause__ or error.__context__}"
    said = _names_in(re.sub(r"\s+", " ", said[: 4 * _LONGEST]), checkout)
    if not isinstance(error, JinjaError) and type(error).__module__.partition(".")[0] != "copier":
        said = f"{type(error).__name__}: {said}"
    return said[:_LONGEST] or type(error).__name__


def _names_in(text: str, checkout: Checkout) -> str:
    """A text in which the template's files have the names that they have in it."""
    return text.replace(f"{checkout.root.resolve()}{os.sep}", "")


def _is_theirs(error: BaseException) -> bool:
    """Whether a template is to blame: what raised is an expression of it, or what reads it, and no line of ours."""
    if _frames_of_template(error):
        return True
    modules = [frame.f_globals.get("__name__", "") for frame, _ in traceback.walk_tb(error.__traceback__)]
    packages = [name.partition(".")[0] for name in modules]
    foreign = [package for package in packages if package not in sys.stdlib_module_names]
    return bool(foreign) and foreign[-1] != _PACKAGE


def _frames_of_template(error: BaseException) -> list[tuple[str, int]]:
    """File and line of a template's own code on the way; Jinja has told the lines of exceptions, but not of limits."""
    frames = []
    for frame, line in traceback.walk_tb(error.__traceback__):
        compiled = frame.f_globals.get("__jinja_template__")
        if "__jinja_exception__" in frame.f_globals or compiled is not None:
            number = line if compiled is None else compiled.get_corresponding_lineno(line)
            frames.append((frame.f_code.co_filename, number))
    return frames


def _noted(error: BaseException) -> str:
    return next(iter(getattr(error, "__notes__", ())), "")


def _where(error: BaseException, root: Path) -> str:
    """Where in a template something was raised; empty if that is not known."""
    frames = _frames_of_template(error)
    if not frames:
        # A template's own extensions are Python files in it.
        frames = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
        frames = [(name, line) for name, line in frames if Path(name).resolve().is_relative_to(root.resolve())]
    if not frames:
        return _noted(error)
    name, line = frames[-1]
    if not Path(name).is_absolute():
        return _noted(error) or "a setting or path"
    return f"{Path(os.path.relpath(Path(name).resolve(), root.resolve())).as_posix()}, line {line}"
