"""What expressions of a template can reach, and what of it reads more than the template and its answers.

Jinja's sandbox keeps Python's insides away. This table says of everything that it lets through whether its result
depends on the expression alone (pure), on time or chance (changing), or on the machine: its environment, home, files.
Without trust a template gets nothing of the machine, nor anything that is not in the table. Whatever is not pure makes
its render one that is not kept.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable
from enum import Enum, StrEnum
from pathlib import PurePath
from typing import Any

import yaml
from copier._jinja_ext import SandboxedEnvironment
from copier._settings import SettingsModel
from jinja2 import pass_context
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.utils import _PassArg

from ..reach import NeedsTrust

__all__ = ["Reads", "confine", "names_that_read", "reads"]


class Reads(StrEnum):
    """What a result depends on, besides the expression."""

    NOTHING = "nothing"
    FOLDER = "the name of the project's folder"
    CHANGING = "time or chance"
    MACHINE = "the machine"


_PURE = {
    "filters": """
        abs ans_groupby attr b64decode b64encode basename batch bool capitalize center checksum combine comment count d
        default dictsort dirname e escape extract filesizeformat first flatten float forceescape format from_json
        from_yaml from_yaml_all groupby hash indent int items join last length list lower mandatory map max md5 min
        pprint quote regex_escape regex_findall regex_replace regex_search reject rejectattr replace reverse round safe
        select selectattr sha1 slice sort splitext string striptags subelements sum ternary title to_datetime to_json
        to_nice_json to_nice_yaml to_uuid to_yaml tojson trim truncate type_debug unique upper urlencode urlize
        win_basename win_dirname win_splitdrive wordcount wordwrap xmlattr
    """,
    "tests": """
        != < <= == > >= boolean callable defined divisibleby eq equalto escaped even false filter float ge greaterthan
        gt in integer iterable le lessthan lower lt mapping ne none number odd sameas sequence string test true
        undefined upper
    """,
    "globals": "cycler dict joiner namespace pathjoin range",
    "variables": """
        _copier_answers _copier_conf _copier_operation _copier_phase _external_data _commit _src_path
    """,
    "configuration": """
        answers_file vcs_ref vcs_ref_hash data settings exclude use_prereleases skip_if_exists cleanup_on_error defaults
        user_defaults overwrite pretend quiet conflict context_lines unsafe skip_answered skip_tasks
    """,
}
_FOLDER = {
    "variables": "_folder_name",
}
_CHANGING = {
    "filters": "ans_random random random_mac shuffle strftime",
    "globals": "lipsum",
    "variables": "now make_secret",
    # Where we render is another place each time.
    "configuration": "src_path dst_path os sep",
}
_MACHINE = {
    "filters": "expanduser expandvars fileglob realpath relpath",
    "variables": "_copier_python",
}
_TABLE = {
    (kind, name): what
    for what, table in ((Reads.NOTHING, _PURE), (Reads.FOLDER, _FOLDER), (Reads.CHANGING, _CHANGING), (Reads.MACHINE, _MACHINE))
    for kind, names in table.items()
    for name in names.split()
}
#: What tells the time or the time zone, of values that any YAML text gives.
_CLOCK = frozenset({"astimezone", "fromtimestamp", "now", "timestamp", "today", "utcnow"})
#: Copier's settings expand `~` and load files by methods; a template needs their values.
_SETTINGS = frozenset({"defaults", "trust"})


def reads(kind: str, name: str) -> Reads | None:
    """What a name depends on; None where we do not know.

    Args:
        kind: filters, tests, globals (Jinja's), variables or configuration (Copier's: the fields of `_copier_conf`).
        name: As templates write it.
    """
    return _TABLE.get((kind, name))


@functools.cache
def names_that_read(kind: str, *what: Reads) -> frozenset[str]:
    """All names of a kind that depend on one of these."""
    return frozenset(name for (of, name), read in _TABLE.items() if of == kind and read in what)


def confine(
    environment: SandboxedEnvironment,
    *,
    trusted: bool,
    note: Callable[[Reads], None],
    require_room: Callable[[Any, str, Any], None] = lambda *_: None,
) -> None:
    """Let an environment note what is not pure, and give nothing of the machine away without trust.

    Args:
        environment: Copier's, with nothing but its own extensions unless the template is trusted.
        trusted: Whether the template may look at the machine.
        note: Called with what an expression uses that is not pure.
        require_room: Called with an operation whose result may be much larger than its operands.
    """
    calculate = environment.call_binop

    def call_binop(context: Context, operator: str, left: Any, right: Any) -> Any:
        require_room(left, operator, right)
        return calculate(context, operator, left, right)

    environment.intercepted_binops = frozenset({"*", "**"})
    environment.call_binop = call_binop  # type: ignore[method-assign]
    for kind in ("filters", "tests", "globals"):
        known: dict[str, Any] = getattr(environment, kind)
        for name, function in known.items():
            what = reads(kind, name)
            if what is Reads.NOTHING:
                continue
            if trusted or what is Reads.CHANGING:
                known[name] = _noting(function, lambda: note(Reads.CHANGING), with_context=kind != "globals")
            else:
                known[name] = _refusing(f"{kind.removesuffix('s')} `{name}`", with_context=kind != "globals")
    if not trusted:
        for name in ("to_yaml", "to_nice_yaml"):
            environment.filters[name] = functools.partial(environment.filters[name], Dumper=_DataDumper)
    environment.context_class = _context_noting(note, trusted=trusted)
    safe = environment.is_safe_attribute

    def is_safe(obj: Any, attr: str, value: Any) -> bool:
        if attr in _CLOCK and isinstance(obj, dt.date | dt.time | type):
            note(Reads.CHANGING)
        if isinstance(obj, SettingsModel) and not trusted and attr not in _SETTINGS:
            return False
        return safe(obj, attr, value)

    environment.is_safe_attribute = is_safe  # type: ignore[method-assign]


class _DataDumper(yaml.Dumper):
    """YAML of values. PyYAML's own takes every object apart, with all that the sandbox keeps away."""

    def represent_object(self, data: Any) -> Any:
        """The node of an object; only of those that are values.

        Raises:
            SecurityError: It is none.
        """
        if not isinstance(data, PurePath | Enum):
            raise SecurityError(f"{type(data).__name__} is no value that can be written as YAML.")
        return super().represent_object(data)


_DataDumper.add_multi_representer(object, _DataDumper.represent_object)


def _noting(function: Callable[..., Any], note: Callable[[], None], *, with_context: bool) -> Callable[..., Any]:
    """The function, noting its use; with the context, so that Jinja does not call it while it compiles."""
    wanted = _PassArg.from_obj(function)

    @functools.wraps(function, updated=())
    def noting(context: Context, *arguments: Any, **options: Any) -> Any:
        note()
        passed = {
            _PassArg.context: (context,),
            _PassArg.eval_context: (context.eval_ctx,),
            _PassArg.environment: (context.environment,),
        }
        return function(*(passed[wanted] if wanted else ()), *arguments, **options)

    if with_context:
        return pass_context(noting)

    def plainly(*arguments: Any, **options: Any) -> Any:
        note()
        return function(*arguments, **options)

    return plainly


def _refusing(what: str, *, with_context: bool) -> Callable[..., Any]:
    def refusing(*arguments: Any, **_: Any) -> Any:
        where = _where(arguments[0]) if with_context else ""
        raise NeedsTrust(f"{what}{where}, which reads this machine")

    return pass_context(refusing) if with_context else refusing


def _where(context: Context) -> str:
    return f" in {context.name}" if context.name else ""


def _context_noting(note: Callable[[Reads], None], *, trusted: bool) -> type[Context]:
    class NotingContext(Context):
        """Variables of templates; Jinja asks for each that a template names."""

        def resolve_or_missing(self, key: str) -> Any:
            what = reads("variables", key)
            if what is Reads.MACHINE and not trusted:
                raise NeedsTrust(f"variable `{key}`{_where(self)}, which tells of this machine")
            if what in {Reads.FOLDER, Reads.CHANGING, Reads.MACHINE}:
                note(what)
            return super().resolve_or_missing(key)

    return NotingContext
