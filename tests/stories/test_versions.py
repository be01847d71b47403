"""`mlscaffold versions`."""

from __future__ import annotations

import json

import pytest

from .conftest import Machine


def test_releases_are_listed_oldest_first_and_other_tags_are_not(machine: Machine) -> None:
    template = machine.template()
    for tag in ("v1.10.0", "v1.9.0", "2.0.0rc1", "nightly", "1.2.x"):
        machine.git("tag", tag, cwd=template)
    done = machine.run("versions", "--template", template)
    assert (done.code, done.out) == (0, "v1.0.0\nv1.9.0\nv1.10.0\n2.0.0rc1\n")
    done = machine.run("versions", "--template", template, "--json")
    assert json.loads(done.out) == ["v1.0.0", "v1.9.0", "v1.10.0", "2.0.0rc1"]


def test_a_template_without_tags_says_so_and_lists_nothing(machine: Machine) -> None:
    template = machine.template(tag="")
    done = machine.run("versions", "--template", template)
    assert (done.code, done.out) == (0, "")
    assert "The template has no version tags." in done.err
    assert json.loads(machine.run("versions", "--template", template, "--json").out) == []


def test_the_template_may_come_from_the_environment(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLSCAFFOLD_TEMPLATE", str(machine.template(tag="v7")))
    assert machine.run("versions").out == "v7\n"


def test_the_option_goes_before_the_environment(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLSCAFFOLD_TEMPLATE", str(machine.template(tag="v7", name="other")))
    assert machine.run("versions", "--template", machine.template()).out == "v1.0.0\n"


def test_an_empty_variable_is_no_template(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = machine.home / "settings.yml"
    settings.write_text(f"template: {machine.template()}\n")
    monkeypatch.setenv("MLSCAFFOLD_SETTINGS", str(settings))
    monkeypatch.setenv("MLSCAFFOLD_TEMPLATE", "")
    assert machine.run("versions").out == "v1.0.0\n"


def test_a_host_that_does_not_answer(machine: Machine) -> None:
    machine.run("versions", "--template", "https://localhost:9/x.git").refused(
        "The template https://localhost:9/x.git cannot be read", "the connection to localhost"
    )
