"""A template that takes too much is stopped, and it is said which limit struck, where, and how it is raised."""

from __future__ import annotations

import signal
import sys
from collections.abc import Mapping

import pytest

from ..bounded import ends_within
from .conftest import SMALL, Machine

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no timers and limits of that kind")

_FOREVER = "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"
_TEXT = "{% for i in range(99999) %}{{ 'x' * 9999 }}{% endfor %}"
_LIST = "{% set ns = namespace(l=[]) %}{% for i in range(99999) %}{% set ns.l = ns.l + ['x' * 99999] %}{% endfor %}"


def _with_file(content: str) -> Mapping[str, str]:
    return {**SMALL, "template/greedy.txt.jinja": content}


def _with_settings(lines: str) -> Mapping[str, str]:
    return {**SMALL, "copier.yml": f"{SMALL['copier.yml']}{lines}\n"}


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            _with_file(f"a\nb\n{_FOREVER}"),
            ("more than 1 seconds of processor time in template/greedy.txt.jinja, line 3. It", "SECONDS=4"),
        ),
        (_with_file(_TEXT), ("more than 1 MiB of text in template/greedy.txt.jinja", "MLSCAFFOLD_TEMPLATE_OUTPUT=4")),
        (_with_file("{{ 'x' * 10 ** 10 }}"), ("more than 64 MiB of memory in template/greedy.txt.jinja", "MEMORY=256")),
        (_with_file("{{ 9 ** (10 ** 9) }}"), ("of memory in template/greedy.txt.jinja",)),
        (_with_file(_LIST), ("of memory in template/greedy.txt.jinja",)),
        (_with_file("{{ '%999999999d' % 1 }}"), ("of memory in template/greedy.txt.jinja",)),
        (_with_file("{{ '{:999999999}'.format(1) }}"), ("of memory in template/greedy.txt.jinja",)),
        (_with_file("{{ 'x' | center(999999999) }}"), ("of memory in template/greedy.txt.jinja",)),
        (
            _with_file("{{ ('a' * 40) | regex_replace('(a+)+b', '') }}"),
            ("of processor time in template/greedy.txt.jinja",),
        ),
        (
            _with_file("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"),
            ("template/greedy.txt.jinja", "RecursionError"),
        ),
        (_with_file("{% for i in range(10 ** 9) %}{% endfor %}"), ("Range too big",)),
        (_with_settings(f'more: {{type: str, default: "{_FOREVER}"}}'), ("processor time in the question `more`",)),
        (_with_settings(f'more: {{type: str, default: x, validator: "{_FOREVER}"}}'), ("in the question `more`",)),
        (_with_settings(f'more: {{type: bool, default: true, when: "{_FOREVER}"}}'), ("in the question `more`",)),
        (_with_settings(f'_exclude: ["{_FOREVER}"]'), ("processor time in `_exclude`",)),
        ({**SMALL, f"template/{_FOREVER}.txt": "x"}, ("processor time in",)),
    ],
    ids=range(16),
)
def test_a_greedy_template_is_stopped(machine: Machine, files: Mapping[str, str], said: tuple[str, ...]) -> None:
    for name, value in (("SECONDS", "1"), ("OUTPUT", "1"), ("MEMORY", "64")):
        machine.environment(f"MLSCAFFOLD_TEMPLATE_{name}", value)
    template = machine.template(files)
    with ends_within(15):
        machine.run("new", "p", "--template", template, "--defaults").refused(*said)
    machine.nothing_was_left()


def test_a_limit_is_raised_by_a_variable(machine: Machine) -> None:
    template = machine.template(_with_file("{{ 'x' * 2000000 }}"))
    machine.environment("MLSCAFFOLD_TEMPLATE_OUTPUT", "1")
    machine.run("new", "p", "--template", template, "--defaults").refused("more than 1 MiB of text")
    machine.environment("MLSCAFFOLD_TEMPLATE_OUTPUT", "4")
    assert machine.run("new", "p", "--template", template, "--defaults").code == 0
    assert (machine.work / "p" / "greedy.txt").stat().st_size == 2_000_000


@pytest.mark.parametrize("value", ["0", "-1", "many", "1.5", "9999999999"])
def test_a_limit_that_is_none_is_said(machine: Machine, value: str) -> None:
    machine.environment("MLSCAFFOLD_TEMPLATE_SECONDS", value)
    outcome = machine.run("new", "p", "--template", machine.template(), "--defaults")
    outcome.refused(f"MLSCAFFOLD_TEMPLATE_SECONDS is {value!r}", "whole number")


def test_nothing_of_the_limits_is_left_behind(machine: Machine) -> None:
    import resource

    handler, room = signal.getsignal(signal.SIGVTALRM), resource.getrlimit(resource.RLIMIT_AS)
    assert machine.run("new", "p", "--template", machine.template(), "--defaults").code == 0
    assert signal.getsignal(signal.SIGVTALRM) == handler
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0, 0)
    assert resource.getrlimit(resource.RLIMIT_AS) == room
