"""`mlscaffold questions`: for people, and as a schema for editors."""

from __future__ import annotations

import json

import jsonschema
import pytest
import yaml

from .conftest import ROOT, SMALL, Machine

CONFIGURATION = """\
_subdirectory: template
colour: {type: str, help: "Which colour?", choices: {Deep red: red, Light blue: blue}, default: blue}
size: {type: int, help: "How big?"}
ratio: {type: float, default: 0.5}
wanted: {type: bool, default: true}
parts: {type: str, multiselect: true, choices: [a, b, c], default: [a]}
token: {type: str, secret: true, default: hunter2}
slug: {type: str, when: false, default: "x-{{ colour }}"}
"""


def test_every_question_is_explained_and_secrets_and_computed_ones_are_not_told(machine: Machine) -> None:
    done = machine.run("questions", "--template", machine.template({**SMALL, "copier.yml": CONFIGURATION}))
    assert done.code == 0
    assert "colour\n    Which colour?\n    one of red, blue; default: blue\n" in done.out
    assert "size\n    How big?\n    int; no default\n" in done.out
    assert "token\n    token\n    str; default: (hidden)\n" in done.out
    assert "hunter2" not in done.out
    assert "slug" not in done.out


def test_the_schema_judges_an_answers_file(machine: Machine) -> None:
    template = machine.template({**SMALL, "copier.yml": CONFIGURATION})
    done = machine.run("questions", "--template", template, "--json-schema")
    assert "hunter2" not in done.out
    schema = json.loads(done.out)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    good = {"colour": "red", "size": 3, "ratio": 1, "wanted": False, "parts": ["a", "c"], "_commit": "v1"}
    assert validator.is_valid(good)
    for key, wrong in {"colour": "green", "size": "3", "ratio": "x", "wanted": 1, "parts": ["z"], "unknown": 1}.items():
        assert not validator.is_valid({**good, key: wrong}), key
    assert schema["properties"]["colour"]["description"] == "Which colour?"
    assert schema["properties"]["colour"]["default"] == "blue"
    assert "default" not in schema["properties"]["size"]


def test_what_the_schema_admits_new_accepts(machine: Machine) -> None:
    template = machine.template({**SMALL, "copier.yml": CONFIGURATION})
    answers = {"colour": "red", "size": 3, "ratio": 1.5, "wanted": False, "parts": ["a", "c"], "token": "t"}
    file = machine.home / "answers.json"
    file.write_text(json.dumps(answers))
    assert machine.run("new", "demo", "--template", template, "--answers", file).code == 0
    kept = yaml.safe_load((machine.work / "demo" / ".copier-answers.yml").read_text())
    assert {key: value for key, value in kept.items() if not key.startswith("_")} == {
        key: value for key, value in answers.items() if key != "token"
    }


def test_the_schema_of_the_built_in_template_admits_a_real_answers_file(machine: Machine) -> None:
    assert machine.run("new", "demo", "--template", ROOT, "--defaults").code == 0
    answers = yaml.safe_load((machine.work / "demo" / ".copier-answers.yml").read_text())
    schema = json.loads(machine.run("questions", "--template", ROOT, "--json-schema").out)
    jsonschema.validate(answers, schema)
    assert set(schema["properties"]) == {key for key in answers if not key.startswith("_")}


@pytest.mark.parametrize("ref", ["v1.0.0", "1.0.0"])
def test_the_questions_of_another_version(machine: Machine, ref: str) -> None:
    template = machine.template()
    machine.template({"copier.yml": "_subdirectory: template\nother: x\n"}, tag="v2.0.0")
    assert "other" in machine.run("questions", "--template", template).out
    done = machine.run("questions", "--template", template, "--ref", ref)
    assert "name" in done.out
    assert "other" not in done.out
