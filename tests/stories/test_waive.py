"""`mlscaffold waive` and `mlscaffold eject`: excuses with a reason, an owner and an end."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pytest

from .conftest import SMALL, Machine, begins

FILES = {**SMALL, "ownership.yml": "files:\n  '*.txt': owned\n", "template/other.txt": "other\n"}


@begins
def project(machine: Machine) -> Path:
    """A project whose two owned files drifted."""
    machine.run("new", "demo", "--template", machine.template(FILES), "--defaults")
    project = machine.work / "demo"
    for name in ("hello.txt", "other.txt"):
        (project / name).write_text("mine\n")
    return project


def in_days(days: int) -> str:
    """A date from today."""
    return (dt.datetime.now(tz=dt.UTC).date() + dt.timedelta(days=days)).isoformat()


def test_a_waiver_excuses_what_it_names_and_stays_visible(machine: Machine, project: Path) -> None:
    done = machine.run("waive", "mls002", "h*.txt", "--reason", "a talk", "--until", in_days(90), "--project", project)
    assert done.code == 0, done
    assert f"MLS002 is waived for h*.txt until {in_days(90)}, by ada@example.com." in done.out
    found = machine.run("check", project)
    assert found.code == 1
    assert "MLS002 hello.txt: waived: owned by the template" in found.out
    assert f"Waived until {in_days(90)} by ada@example.com: a talk" in found.out
    assert "Drift: 1 finding;" in found.out
    (project / "other.txt").write_text("other\n")
    assert machine.run("check", project).code == 0


def test_a_waiver_of_every_path(machine: Machine, project: Path) -> None:
    os.chdir(project)
    assert machine.run("waive", "MLS002", "--reason", "r", "--until", in_days(90), "--owner", "platform").code == 0
    done = machine.run("check")
    assert done.code == 0
    assert "2 waived findings" in done.out
    assert 'owner = "platform"' in (project / ".mlscaffold.toml").read_text()


def test_an_ejected_file_is_nobodys_business(machine: Machine, project: Path) -> None:
    os.chdir(project)
    done = machine.run("eject", "hello.txt", "--reason", "our own greeting")
    assert done.code == 0, done
    assert "hello.txt is yours now" in done.out
    (project / "other.txt").write_text("other\n")
    found = machine.run("check")
    assert (found.code, "hello.txt" in found.out) == (0, False)
    machine.run("eject", "hello.txt", "--reason", "again").refused("hello.txt is ejected already")
    text = (project / ".mlscaffold.toml").read_text()
    assert text.count("[[eject]]") == 1
    assert f"since = {in_days(0)}" in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["waive", "MLS999", "--reason", "r", "--until", in_days(9)], "There is no rule 'MLS999'"),
        (["waive", "MLS001", "--reason", "r", "--until", in_days(9)], "MLS001 cannot be waived"),
        (["waive", "MLS008", "--reason", "r", "--until", in_days(9)], "MLS008 cannot be waived"),
        (["waive", "MLS002", "--reason", "r", "--until", in_days(-1)], "is past"),
        (["waive", "MLS002", "--reason", "r", "--until", in_days(370)], "more than 366 days ahead"),
        (["waive", "MLS002", "--reason", "r", "--until", "31.1.2027"], "that is no date"),
        (["waive", "MLS002", "--until", in_days(9)], "--reason"),
        (["waive", "MLS002", "--reason", "r"], "--until"),
        (["eject", "helo.txt", "--reason", "r"], "Did you mean hello.txt?"),
        (["eject", ".mlscaffold.lock", "--reason", "r"], "does not list .mlscaffold.lock"),
        (["eject", "hello.txt"], "--reason"),
    ],
)
def test_what_nobody_may_excuse(machine: Machine, project: Path, arguments: list[str], said: str) -> None:
    os.chdir(project)
    machine.run(*arguments).refused(said)
    assert not (project / ".mlscaffold.toml").exists()


def test_somebody_has_to_answer_for_it(machine: Machine, project: Path) -> None:
    machine.configure("")
    os.chdir(project)
    machine.run("eject", "hello.txt", "--reason", "r").refused("Add --owner")
    assert machine.run("eject", "hello.txt", "--reason", "r", "--owner", "Ada").code == 0


def test_settings_that_are_damaged_stop_the_check_with_their_line(machine: Machine, project: Path) -> None:
    (project / ".mlscaffold.toml").write_text('# ours\n[[waive]]\nrule = "MLS002"\nreson = "r"\n')
    done = machine.run("check", project)
    assert done.code == 1
    assert "MLS014 .mlscaffold.toml:2: " in done.out
    assert "MLS002" not in done.out
    os.chdir(project)
    machine.run("waive", "MLS002", "--reason", "r", "--until", in_days(9)).refused("unknown key `reson`")
