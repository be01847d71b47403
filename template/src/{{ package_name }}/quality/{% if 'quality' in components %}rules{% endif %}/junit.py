"""Outcomes of checks as a JUnit report, which CI systems show beside the tests."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from .file import Outcome

#: What XML 1.0 cannot hold.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(outcomes: Sequence[Outcome]) -> bytes:
    """One case a check, by table; one that stops is a failure, one that warns says so and passes."""
    failures = sum(outcome.stops for outcome in outcomes)
    counts = {"tests": str(len(outcomes)), "failures": str(failures), "errors": "0"}
    suites = ET.Element("testsuites", counts)
    suite = ET.SubElement(suites, "testsuite", {"name": "quality of the data", **counts})
    for outcome in outcomes:
        names = {"classname": f"quality.{outcome.check.table}", "name": outcome.name}
        case = ET.SubElement(suite, "testcase", {key: _FORBIDDEN.sub("?", text) for key, text in names.items()})
        if not outcome.problems:
            continue
        said = _FORBIDDEN.sub("?", "\n".join(filter(None, [*map(str, outcome.problems), outcome.check.says])))
        if outcome.stops:
            ET.SubElement(case, "failure", {"message": said.partition("\n")[0]}).text = said
        else:
            ET.SubElement(case, "system-out").text = f"Warning: {said}"
    ET.indent(suites)
    report: bytes = ET.tostring(suites, encoding="utf-8", xml_declaration=True)
    return report + b"\n"
