"""A password in the address of a template reaches git, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Machine

PASSWORDS = ["hunter2", "p@ss-hunter2", "a:b@hunter2", "%40hunter2"]


def leaks(folder: Path, secret: str) -> list[str]:
    """Files that hold a text, in name or content, plain or in git's index."""
    return [
        str(file)
        for file in folder.rglob("*")
        if secret in str(file.relative_to(folder)) or (file.is_file() and secret.encode() in file.read_bytes())
    ]


@pytest.mark.parametrize("password", PASSWORDS)
def test_a_password_is_neither_kept_nor_shown(machine: Machine, password: str) -> None:
    template = machine.template()
    address = f"https://ada:{password}@git.example.com/team/template"
    configuration = machine.home / ".gitconfig"
    configuration.write_text(configuration.read_text() + f'[url "{template}"]\n\tinsteadOf = {address}\n')
    said = ""
    for arguments in (["new", "demo", "--defaults"], ["new", "again", "--defaults"], ["questions"], ["versions"]):
        done = machine.run(*arguments, "--template", address)
        assert done.code == 0, done
        said += done.out + done.err
    configuration.unlink()
    assert "hunter2" not in said
    assert leaks(machine.home.parent, "hunter2") == []
    assert "git.example.com/team/template" in Path("demo/.mlscaffold.lock").read_text()
    log = machine.git("log", "-p", "--all", cwd=Path("demo"))
    assert "git.example.com/team/template" in log
    assert "hunter2" not in log


@pytest.mark.parametrize("verb", [["new", "demo", "--defaults"], ["questions"], ["versions"]])
@pytest.mark.parametrize("password", PASSWORDS)
def test_a_password_is_not_in_an_error(machine: Machine, password: str, verb: list[str]) -> None:
    done = machine.run(*verb, "--template", f"https://ada:{password}@localhost:9/team/template")
    done.refused("The template https://localhost:9/team/template cannot be read")
    assert "hunter2" not in done.err
    assert leaks(machine.home.parent, "hunter2") == []


def test_a_password_in_the_environment_is_not_shown_either(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLSCAFFOLD_TEMPLATE", "https://ada:hunter2@localhost:9/team/template")
    done = machine.run("new", "demo", "--defaults", "--ref", "1.0")
    assert done.code == 2
    assert "hunter2" not in done.out + done.err
    assert "hunter2" not in machine.run("new", "--help").out
