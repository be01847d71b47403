"""Every report is valid for its reader, whatever a stranger's repository puts into paths, keys and reasons."""

from __future__ import annotations

import datetime as dt
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlscaffold import CheckResult, Finding
from mlscaffold import rules as all_rules
from mlscaffold.checking.reports import ReportFormat, write_report
from mlscaffold.project.lock import Lock
from mlscaffold.project.settings import Waiver
from mlscaffold.rules import RULES, Rule
from mlscaffold.visible import visible_lines

DATA = Path(__file__).parents[1] / "data"
PUBLISHED = Path(__file__).parents[2] / "src" / "mlscaffold" / "checking" / "reports" / "schemas" / "report.schema.json"
LOCK = Lock(
    template="https://example.com/template",
    version="1.2.0",
    tree="t",
    renderer="r",
    answers_file=".copier-answers.yml",
    answers_blob="b",
    answers="a",
    files={},
)
WAIVER = Waiver(
    rule=all_rules.OWNED_CHANGED, path="*", reason="a | b `c` @all", owner="ada", until=dt.date(2027, 1, 31)
)
HOSTILE = (
    "a|b`c`\x1b[31m<script>&\"'\r\n\u202e@all #1 \x00\ufffe\udcff ünï.txt <img src=x onerror=y> [x](javascript:y)\n"
    "# head ##vso[task.x] \u200b\ufe0f\u2028\x85\x9b"
)


def finding(
    rule: Rule = all_rules.OWNED_CHANGED, *, path: str = "ci/a.yml", number: int = 0, **more: object
) -> Finding:
    """A finding as the engine makes them."""
    values = {"message": "was changed", "fix": "Restore it", "fingerprint": f"{number:040x}", **more}
    return Finding(rule=rule, path=path, **values)  # type: ignore[arg-type]


def result(*findings: Finding, prefix: str = "") -> CheckResult:
    """A result as the engine makes them."""
    return CheckResult(lock=LOCK, findings=findings, judged=12, prefix=prefix, skipped=(all_rules.NEWER_VERSION,))


EVERY_RULE = result(*(finding(rule, number=number, line=number + 1) for number, rule in enumerate(RULES.values())))
RESULTS = {
    "clean": result(),
    "one of each rule": EVERY_RULE,
    "waived": result(finding(waiver=WAIVER), finding(number=1)),
    "hostile": result(
        finding(path=HOSTILE, key=HOSTILE, message=HOSTILE, fix=HOSTILE),
        finding(path=HOSTILE, number=1, waiver=Waiver(**{**vars(WAIVER), "reason": HOSTILE, "owner": HOSTILE})),
    ),
    "in a folder": result(finding(), prefix="services/a b/"),
    "no lock": CheckResult(lock=None, findings=(finding(all_rules.LOCK_DAMAGED),), judged=0),
}
EACH = pytest.mark.parametrize("of", RESULTS.values(), ids=RESULTS)


def validate(report: str, schema: Path) -> None:
    """Raise where a JSON text does not follow a schema."""
    checker = jsonschema.FormatChecker()
    kind = jsonschema.validators.validator_for(json.loads(schema.read_text()))
    kind(json.loads(schema.read_text()), format_checker=checker).validate(json.loads(report))


@EACH
def test_json_follows_the_published_schema(of: CheckResult) -> None:
    validate(write_report(of, ReportFormat.JSON), PUBLISHED)


@EACH
def test_sarif_is_what_the_standard_asks(of: CheckResult) -> None:
    report = write_report(of, ReportFormat.SARIF)
    validate(report, DATA / "sarif-2.1.0-used.schema.json")
    (run,) = json.loads(report)["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == list(RULES)
    for found in run["results"]:
        assert rules[found["ruleIndex"]]["id"] == found["ruleId"]


@EACH
def test_code_quality_is_what_gitlab_asks(of: CheckResult) -> None:
    report = write_report(of, ReportFormat.GITLAB)
    validate(report, DATA / "gitlab-code-quality.schema.json")
    prints = [each["fingerprint"] for each in json.loads(report)]
    assert len(set(prints)) == len(prints) == len(of.findings)


#: The schema that Jenkins publishes, and GitLab reads: attributes (required ones with !) and children in order.
JUNIT = {
    "testsuites": ("name time tests failures disabled errors", ["testsuite"]),
    "testsuite": (
        "name! tests! failures errors time disabled skipped timestamp hostname id package",
        ["properties", "testcase", "system-out", "system-err"],
    ),
    "testcase": (
        "name! assertions time classname status",
        ["skipped", "error", "failure", "system-out", "system-err"],
    ),
    "skipped": ("message", []),
    "failure": ("type message", []),
    "system-out": ("", []),
}


def misfits(element: ET.Element) -> Iterator[str]:
    """Where an element is not what JUnit's schema says."""
    words, children = JUNIT[element.tag]
    known = {word.rstrip("!") for word in words.split()}
    needed = {word[:-1] for word in words.split() if word.endswith("!")}
    yield from (f"{element.tag}@{name}" for name in set(element.attrib) - known)
    yield from (f"{element.tag} lacks {name}" for name in needed - set(element.attrib))
    yield from (f"{element.tag}@{name}" for name in ("tests", "failures", "skipped") if element.get(name, "0") < "0")
    order = [children.index(child.tag) if child.tag in children else -1 for child in element]
    if -1 in order or order != sorted(order):
        yield f"{element.tag} holds {[child.tag for child in element]}"
    for child in element:
        yield from misfits(child)


@EACH
def test_junit_is_what_its_schema_says_and_its_numbers_are_right(of: CheckResult) -> None:
    root = ET.fromstring(write_report(of, ReportFormat.JUNIT).encode())  # noqa: S314 - we wrote it
    assert list(misfits(root)) == []
    (suite,) = root
    assert int(suite.get("tests", "")) == len(suite.findall("testcase"))
    assert (
        int(suite.get("failures", "")) == len(suite.findall("testcase/failure")) == of.count(all_rules.Severity.ERROR)
    )
    assert int(suite.get("skipped", "")) == len(suite.findall("testcase/skipped")) == len(of.waived)
    names = [case.get("name") for case in suite.findall("testcase")]
    assert len(set(names)) == len(names) or of is RESULTS["hostile"] or of is RESULTS["waived"]


def test_a_rule_that_found_nothing_is_a_test_that_passed() -> None:
    root = ET.fromstring(write_report(result(finding()), ReportFormat.JUNIT).encode())  # noqa: S314 - we wrote it
    names = [case.get("name", "") for case in root.iter("testcase")]
    assert names[0] == "MLS002 ci/a.yml"
    assert any(name.startswith("MLS003 ") for name in names)
    assert not any(name.startswith("MLS019 ") for name in names), "it was not asked"


@EACH
def test_a_table_of_markdown_stays_a_table(of: CheckResult) -> None:
    report = write_report(of, ReportFormat.MARKDOWN)
    for line in report.splitlines():
        if line.startswith("|"):
            assert len(re.findall(r"(?<!\\)\|", line)) in {5, 6}, line
            outside_code = re.sub(r"(`+).*?\1", "", line)
            assert not re.search(r"<(?!/?details|/?summary)", outside_code)
    assert "@all" not in re.sub(r"(`+) ?.*? ?\1", "", report)


@EACH
@pytest.mark.parametrize("form", list(ReportFormat))
def test_no_report_speaks_to_a_terminal(of: CheckResult, form: ReportFormat) -> None:
    report = write_report(of, form)
    # JSON of ours quotes as it is; ASCII spells out what is not seen.
    assert report.isascii() if form is ReportFormat.JSON else visible_lines(report) == report
    report.encode()


def test_nothing_in_markdown_means_anything_but_the_table() -> None:
    report = write_report(RESULTS["hostile"], ReportFormat.MARKDOWN)
    prose = re.sub(r"(`+) ?.*? ?\1", "", report)
    assert not re.search(r"<(?!/?details|/?summary)", prose)
    assert not re.search(r"(?<!\\)\[|(?<!\\)\]\(|(?m:^#)|[@#]\w", prose.replace("&#8203;", " ").replace("&", ""))


@EACH
@pytest.mark.parametrize("form", list(ReportFormat))
def test_the_same_result_gives_the_same_bytes(of: CheckResult, form: ReportFormat) -> None:
    assert write_report(of, form) == write_report(of, form)
    assert write_report(of, form).endswith("\n")


def test_text_tells_weight_line_and_waiver() -> None:
    report = write_report(
        result(finding(line=3), finding(all_rules.OWNED_IGNORED), finding(waiver=WAIVER)), ReportFormat.TEXT
    )
    assert report.splitlines() == [
        "MLS002 ci/a.yml:3: was changed",
        "       Restore it",
        "MLS020 ci/a.yml: warning: was changed",
        "       Restore it",
        "MLS002 ci/a.yml: waived: was changed",
        "       Waived until 2027-01-31 by ada: a | b `c` @all",
        "Drift: 1 finding; 12 files judged by https://example.com/template 1.2.0.",
        "Also: 1 warning, 1 waived finding.",
    ]


def test_a_project_in_a_folder_is_found_from_the_top_of_its_repository() -> None:
    of = RESULTS["in a folder"]
    (degradation,) = json.loads(write_report(of, ReportFormat.GITLAB))
    assert degradation["location"] == {"path": "services/a b/ci/a.yml", "lines": {"begin": 1}}
    (found,) = json.loads(write_report(of, ReportFormat.SARIF))["runs"][0]["results"]
    assert found["locations"][0]["physicalLocation"]["artifactLocation"] == {
        "uri": "services/a%20b/ci/a.yml",
        "uriBaseId": "%SRCROOT%",
    }
    assert json.loads(write_report(of, ReportFormat.JSON))["project"]["prefix"] == "services/a b/"


def test_waived_findings_are_suppressed_and_not_hidden() -> None:
    of = RESULTS["waived"]
    assert of.exit_code == 1
    first, second = json.loads(write_report(of, ReportFormat.SARIF))["runs"][0]["results"]
    assert first["suppressions"][0]["status"] == "accepted"
    assert "suppressions" not in second
    assert [each["severity"] for each in json.loads(write_report(of, ReportFormat.GITLAB))] == ["info", "major"]
    assert [each["waiver"] is None for each in json.loads(write_report(of, ReportFormat.JSON))["findings"]] == [
        False,
        True,
    ]


TEXT = st.text(min_size=1, max_size=40)


@given(path=TEXT, message=TEXT, reason=TEXT)
def test_any_text_leaves_every_report_valid(path: str, message: str, reason: str) -> None:
    waiver = Waiver(**{**vars(WAIVER), "reason": reason})
    of = result(finding(path=path, message=message, fix=message), finding(path=path, number=1, waiver=waiver))
    validate(write_report(of, ReportFormat.JSON), PUBLISHED)
    validate(write_report(of, ReportFormat.SARIF), DATA / "sarif-2.1.0-used.schema.json")
    assert list(misfits(ET.fromstring(write_report(of, ReportFormat.JUNIT).encode()))) == []  # noqa: S314 - we wrote it
    assert len(write_report(of, ReportFormat.TEXT).splitlines()) == 4 + 2
    rows = [line for line in write_report(of, ReportFormat.MARKDOWN).splitlines() if line.startswith("|")]
    assert len(rows) == 3 + 3
