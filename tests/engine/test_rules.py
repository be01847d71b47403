"""The registry of rules: stable codes, and everything that a page, `explain` and SARIF need."""

from __future__ import annotations

import re

import pytest

from mlscaffold import rules
from mlscaffold.rules import RULES, Fixer, Rule, Severity, rule_of

EACH = pytest.mark.parametrize("rule", RULES.values(), ids=str)


def test_codes_have_no_gaps_and_names_are_unique() -> None:
    assert list(RULES) == [f"MLS{number:03}" for number in range(1, len(RULES) + 1)]
    assert len({rule.name for rule in RULES.values()}) == len(RULES)


def test_codes_never_change_their_meaning() -> None:
    assert [RULES[f"MLS00{number}"].name for number in range(1, 8)] == [
        "lock-damaged",
        "owned-changed",
        "owned-missing",
        "keys-changed",
        "required-missing",
        "retired-present",
        "answers-moved",
    ]


@EACH
def test_a_rule_says_what_why_and_how(rule: Rule) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.name)
    assert re.fullmatch(r"\d+\.\d+\.\d+", rule.since)
    assert rule.title[0].isupper()
    assert not rule.title.endswith(".")
    for text in (rule.why, rule.how):
        assert text.endswith(".")
        assert "  " not in text
    assert rule.bad.strip()
    assert rule.good.strip()
    assert rule.bad != rule.good


@EACH
def test_what_is_mended_by_itself_is_an_error_that_may_be_waived(rule: Rule) -> None:
    if rule.fixer is not None:
        assert (rule.severity, rule.waivable) == (Severity.ERROR, True)


def test_what_shields_all_other_rules_cannot_be_waived() -> None:
    shields = {rules.LOCK_DAMAGED, rules.CONFLICT_MARKERS, rules.UPDATE_PENDING, rules.SETTINGS_INVALID}
    shields |= {rules.WAIVER_EXPIRED, rules.WAIVER_UNUSED, rules.WAIVER_ENDS_SOON, rules.WAIVER_TOO_LONG}
    assert {rule for rule in RULES.values() if not rule.waivable} == shields


@pytest.mark.parametrize("text", ["MLS002", "mls002", " MLS002 ", "owned-changed", "Owned-Changed"])
def test_a_rule_is_found_as_a_person_types_it(text: str) -> None:
    assert rule_of(text) is rules.OWNED_CHANGED
    assert rules.OWNED_CHANGED.fixer is Fixer.RESTORE_FILE


@pytest.mark.parametrize("text", ["", "MLS2", "MLS999", "owned"])
def test_what_is_no_rule(text: str) -> None:
    assert rule_of(text) is None
