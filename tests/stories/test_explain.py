"""`mlscaffold explain`: a rule in words, and the page of all of them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from mlscaffold.rules import RULES

from .conftest import ROOT, Machine


@pytest.mark.parametrize("code", RULES)
def test_every_rule_is_explained(machine: Machine, code: str) -> None:
    rule = RULES[code]
    done = machine.run("explain", code)
    assert done.code == 0
    flat = " ".join(done.out.split())
    for text in (rule.title, rule.why, rule.how, rule.severity):
        assert text in flat
    assert machine.run("explain", rule.name).out == done.out


@pytest.mark.parametrize("arguments", [["--list"], []])
def test_all_rules_are_listed(machine: Machine, arguments: list[str]) -> None:
    lines = machine.run("explain", *arguments).out.splitlines()
    assert [line.split()[0] for line in lines] == list(RULES)


def test_an_unknown_rule(machine: Machine) -> None:
    machine.run("explain", "MLS999").refused("There is no rule 'MLS999'", "explain --list")


def test_the_page_of_rules_is_made_from_them() -> None:
    page = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    for rule in RULES.values():
        assert f"## {rule}\n\n**{rule.title}.**" in page
    check = [sys.executable, str(ROOT / "scripts" / "reference.py"), "--check"]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert "rules.md" not in done.stderr
