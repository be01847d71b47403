"""Whatever a template's settings hold, a person reads what is wrong with which template, and never a traceback."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlscaffold.errors import MlscaffoldError, OwnershipError
from mlscaffold.new.create import NewProject, prepare
from mlscaffold.template.ownership import read_ownership

from .conftest import ANSWERS_FILE, Machine, write_files

#: YAML that is odd in most places.
ODD = (
    *("null", "true", "0", "-1", "1.5", ".nan", ".inf", "1" + "0" * 400, "1" + "0" * 5000),
    *("''", "' '", "text", "é☃😀", "'" + "x" * 5000 + "'", r'"\ud800"', r'"\0"', r'"a\nb"'),
    *("'{{'", "'{% for %}'", "'{{ 1/0 }}'", "'{{ missing.x }}'", "'{{ 2 ** 999999999999 }}'", "'{{ \"x\" * 10**10 }}'"),
    *("[]", "[null]", "[1, text]", "[[a, b]]", "[[a]]", "[{a: b}]", "[" * 60 + "]" * 60, "[" * 3000 + "]" * 3000),
    *("{}", "{a: b}", "{a: null}", "{1: 2}", "{null: 1}", "{[1]: 2}", "{a: {b: {c: d}}}"),
    *(
        "2026-01-01",
        "2026-99-99",
        "2026-01-01 10:00:00",
        "12:30:45",
        "!!binary aGVsbG8=",
        "!!set {a, b}",
        "!!omap [a: 1]",
    ),
    *("&a [*a]", "&a {x: *a}", "&x {<<: *x}", "!!python/none x", "!include x", "'../x'", "/abs", "a/b", "'%'", "'**['"),
    *("'['", "'!'", "'\\'", "[&a [x,x,x,x,x,x,x,x], &b [*a,*a,*a,*a,*a,*a,*a,*a], &c [*b,*b,*b,*b,*b,*b,*b,*b]]"),
)
SETTINGS = (
    *("_answers_file", "_envops", "_exclude", "_external_data", "_jinja_extensions", "_message_after_copy"),
    *("_message_after_update", "_message_before_copy", "_message_before_update", "_migrations", "_min_copier_version"),
    *("_preserve_symlinks", "_secret_questions", "_skip_if_exists", "_subdirectory", "_tasks", "_templates_suffix"),
    *("_unknown", "question", "_", "1", "true", "é"),
)
OF_A_QUESTION = (
    *("type", "help", "default", "choices", "multiselect", "multiline", "placeholder", "qmark", "secret", "validator"),
    *("when", "ask", "unknown"),
)
OF_A_TASK = ("command", "when", "working_directory", "unknown")
OF_A_MIGRATION = ("version", "command", "when", "before", "after", "working_directory", "unknown")
OF_JINJA = (
    *("block_start_string", "block_end_string", "variable_start_string", "comment_end_string", "line_statement_prefix"),
    *("line_comment_prefix", "trim_blocks", "newline_sequence", "keep_trailing_newline", "optimized", "undefined"),
    *("finalize", "autoescape", "loader", "cache_size", "bytecode_cache", "enable_async", "extensions", "unknown"),
)
TYPES = ("int", "float", "bool", "json", "yaml", "path", "str")


def _settings() -> Iterator[str]:
    """One `copier.yml` a combination of a place and an odd value."""
    begin = "_subdirectory: template\n"
    for value in ODD:
        yield value
        yield f"{begin}? {value}\n: 1\n"
        for name in SETTINGS:
            yield ("" if name == "_subdirectory" else begin) + f"{name}: {value}\n"
        for name in OF_A_QUESTION:
            rest = {"type": "str", "default": "demo"} | {name: value}
            yield f"{begin}name:\n" + "".join(f"  {key}: {each}\n" for key, each in rest.items())
        for name in OF_A_TASK:
            rest = {"command": "'true'"} | {name: value}
            yield f"{begin}_tasks:\n- " + "  ".join(f"{key}: {each}\n" for key, each in rest.items())
        for name in OF_A_MIGRATION:
            rest = {"version": "v1.0.0", "command": "'true'"} | {name: value}
            yield f"{begin}_migrations:\n- " + "  ".join(f"{key}: {each}\n" for key, each in rest.items())
        for name in OF_JINJA:
            yield f"{begin}_envops:\n  {name}: {value}\n"
        for name in TYPES:
            yield f"{begin}name: {{type: {name}, default: {value}}}\n"
            yield f"{begin}name: {{type: {name}, choices: {{a: {value}}}}}\n"


@pytest.fixture
def template(machine: Machine) -> Path:
    """A template that is a plain folder."""
    root = machine.home.parent / "template"
    write_files(
        root, {f"template/{ANSWERS_FILE}": "{{ _copier_answers | to_nice_yaml }}", "template/v.jinja": "{{ name }}"}
    )
    return root


def _prepared(template: Path, settings: str, destination: Path) -> str:
    """What was wrong with a template; empty if nothing was."""
    (template / "copier.yml").write_text(settings, encoding="utf-8")
    request = NewProject(
        destination=destination, template=str(template), use_defaults=True, trusted=True, with_git=False
    )
    try:
        with prepare(request):
            return ""
    except MlscaffoldError as error:
        return error.message if error.exit_code in {2, 4} else f"exit code {error.exit_code}"


def _all_are_said(template: Path, settings: list[str], destination: Path) -> None:
    wrong = [(each[:300], fault) for each in settings if (fault := _fault(template, each, destination))]
    assert not wrong, "\n".join(f"{fault} for {each!r}" for each, fault in wrong)


def _fault(template: Path, settings: str, destination: Path) -> str:
    """What is wrong with what was said of some settings; empty if nothing is."""
    try:
        said = _prepared(template, settings, destination)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is named
        return f"{type(error).__name__}: {str(error)[:200]}"
    if len(said) >= 12_000:
        return f"{len(said)} characters"
    return "" if not said or "emplate" in said or "answer" in said else said


#: What Jinja leaves behind where it cannot be asynchronous; warnings are off while the tool evaluates a template.
_LEFT_BEHIND = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@_LEFT_BEHIND
def test_odd_settings_are_the_template_s_mistakes(machine: Machine, template: Path) -> None:
    chosen = random.Random(20261126).sample(sorted(_settings()), 120)  # noqa: S311 - the same every time
    _all_are_said(template, chosen, machine.work / "p")


@_LEFT_BEHIND
@pytest.mark.matrix
def test_all_odd_settings_are_the_template_s_mistakes(machine: Machine, template: Path) -> None:
    _all_are_said(template, list(_settings()), machine.work / "p")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("_tasks: [{command: 1.5}]\n", "`_tasks` is [{'command': 1.5}]: it must be a list of commands"),
        ("_tasks: [[make, 1]]\n", "`_tasks` is [['make', 1]]: it must be a list of commands"),
        ("_tasks: [{when: true}]\n", "copier.yml of the template: `_tasks` is [{'when': True}]: it must be a list of"),
        ("_envops: text\n", "`_envops` is 'text': it must be a mapping of names"),
        ("_exclude: [1]\n", "`_exclude` is [1]: it must be a list of texts"),
        ("name: {1: x}\n", "`name` is {1: 'x'}: it must be a default, or a mapping of names"),
        ("name: {type: word, default: x}\n", 'in the question `name`: Unsupported type "word"'),
        ("_min_copier_version: 9\n", "`_min_copier_version` is 9: it must be a version, quoted"),
        ("name: {type: yaml, default: &a [*a]}\n", "`name`.default[0] holds itself, by an alias"),
    ],
)
def test_an_odd_setting_is_named(machine: Machine, template: Path, settings: str, said: str) -> None:
    (template / "copier.yml").write_text(f"_subdirectory: template\n{settings}")
    outcome = machine.run("new", "p", "--template", template, "--defaults", "--trust")
    outcome.refused(said)
    machine.nothing_was_left()


@pytest.mark.parametrize("odd", [ODD[at::6] for at in range(6)], ids=range(6))
def test_odd_ownership_is_the_template_s_mistake(machine: Machine, template: Path, odd: tuple[str, ...]) -> None:
    (template / "copier.yml").write_text("_subdirectory: template\nname: x\n")
    for table in (each for value in odd for each in _tables(value)):
        (template / "ownership.yml").write_text(table, encoding="utf-8")
        try:
            read_ownership(template)
        except OwnershipError as error:
            assert "ownership.yml of the template" in error.message  # noqa: PT017 - it need not be raised


def _tables(value: str) -> Iterator[str]:
    """Ownership tables with an odd value."""
    yield from (value, f"files: {value}\n", f"moved: {value}\n", f"moved: {{a: {value}}}\n", f"files: {{a: {value}}}\n")
    for name in ("keyed", "seeded", "derived", "owned", "retired"):
        yield f"files: {{a: {{{name}: {value}}}}}\n"
    yield f"files:\n  ? {value}\n  : owned\n"
    yield f"files: {{a: {{seeded: {{replaces: {value}, page: x}}}}}}\n"
