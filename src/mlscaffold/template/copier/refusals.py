"""What Copier and Jinja raise about a template, as errors of ours: which template, where in it, and why."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import re
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path

from copier.errors import CopierError, InvalidConfigFileError, UserMessageError
from jinja2 import TemplateError as JinjaError
from jinja2 import TemplateSyntaxError
from packaging.version import InvalidVersion

from ...errors import RenderError, UntrustedTemplateError
from ..reach import NeedsTrust
from ..checkout import Checkout

__all__ = ["copier_errors", "refusals"]


@contextlib.contextmanager
def refusals(checkout: Checkout) -> Iterator[None]:
    try:
        yield
    except NeedsTrust as refused:
        raise UntrustedTemplateError(checkout.source.url, [refused.feature], tree=checkout.tree) from None


@contextlib.contextmanager
def copier_errors(checkout: Checkout) -> Iterator[None]:
    """Turn what Copier and Jinja raise about a template into our errors; keep their prints off the terminal."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), warnings.catch_warnings(), refusals(checkout):
            warnings.simplefilter("ignore")
            yield
    except TemplateSyntaxError as error:
        place = f"{error.name or error.filename or 'a setting or path of the template'}, line {error.lineno}"
        raise RenderError(f"The template {checkout.source.url} has a mistake in {place}: {error.message}") from error
    except UnicodeDecodeError as error:
        raise RenderError(f"A templated file of {checkout.source.url} is not UTF-8: {error.reason}.") from error
    except (JinjaError, UserMessageError, CopierError, InvalidVersion) as error:
        why = (
            f"{error}: {error.__cause__ or error.__context__}"
            if isinstance(error, InvalidConfigFileError)
            else str(error)
        )
        detail = re.sub(r"\s+", " ", why or type(error).__name__).replace(f"{checkout.root.resolve()}{os.sep}", "")
        where = _place_in_template(error, checkout.root) if isinstance(error, JinjaError) else None
        raise RenderError(
            f"The template {checkout.source.url} does not render{f' in {where}' if where else ''}: {detail}"
        ) from error
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG or not error.filename:
            raise
        name = max(Path(os.fsdecode(error.filename)).parts, key=lambda part: len(os.fsencode(part)))
        raise RenderError(
            f"The template {checkout.source.url} makes a name that is too long for a file: {name[:60]}… "
            f"({len(os.fsencode(name))} bytes).",
            hint="If an answer is part of it, give a shorter one.",
        ) from error
    except AssertionError as error:
        # Copier's only word about a path that is no path.
        raise RenderError(
            f"The template {checkout.source.url} does not render: a path is absolute, or a file and a folder at once."
        ) from error
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        if (expression := _place_in_template(error, checkout.root)) is None:
            if isinstance(error, UnicodeEncodeError) or "embedded null" in str(error):
                what = "a name or text holds signs that are no text"
                raise RenderError(f"The template {checkout.source.url} does not render: {what}.") from error
            raise
        raise RenderError(
            f"The template {checkout.source.url} does not render in {expression}: {type(error).__name__}: {error}"
        ) from error


def _place_in_template(error: BaseException, root: Path) -> str | None:
    """Where in a template an expression raised, such as `1 / 0`; None if no template did: then it is a bug of ours."""
    places = [
        (frame.f_code.co_filename, line)
        for frame, line in traceback.walk_tb(error.__traceback__)
        if "__jinja_exception__" in frame.f_globals
    ]
    if not places:
        # A template's own extensions are Python files in it.
        frames = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
        own = [(name, line) for name, line in frames if Path(name).resolve().is_relative_to(root.resolve())]
        if not own:
            return None
        places = own
    name, line = places[-1]
    if not Path(name).is_absolute():
        return "a setting or path"
    return f"{Path(os.path.relpath(Path(name).resolve(), root.resolve())).as_posix()}, line {line}"
