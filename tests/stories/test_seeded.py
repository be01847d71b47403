"""Files that are the project's own from the first day: under other answers, on their way there, and in the place of
others."""

from __future__ import annotations

import json

import pytest

from .conftest import SMALL, Machine, begins, built_in, snapshot
from .updating import LINES, Followed, follow, lines, made, with_line

QUESTIONS = SMALL["copier.yml"] + "example: {type: str, choices: [trains, none], default: trains}\n"
WITH, WITHOUT = "{% if example == 'trains' %}", "{% if example == 'none' %}"
TABLE = """\
files:
  "data/**": seeded
  "docs/example.md": seeded
  "tests/example/**": seeded
  dataset.py: seeded
  contract.yaml: seeded
  LICENSE: {seeded: {required: true}}
"""
FILES = {
    "copier.yml": QUESTIONS,
    "ownership.yml": TABLE,
    "LICENSE": "ours\n",
    f"data/{WITH}trains.csv{{% endif %}}": "a,b\n1,2\n",
    f"{WITH}docs{{% endif %}}/example.md": LINES,
    f"tests/{WITH}example{{% endif %}}/test_a.py": "assert 1\n",
    f"tests/{WITH}example{{% endif %}}/test_b.py": "assert 2\n",
    f"{WITH}dataset.py{{% endif %}}": "trains\n",
    f"{WITHOUT}dataset.py{{% endif %}}": "plain\n",
    f"{WITH}contract.yaml{{% endif %}}": "target: late\n",
}


@begins
def demo(machine: Machine) -> Followed:
    """A project that was made with an example."""
    return follow(machine, FILES)


def test_an_example_goes_and_comes_back(demo: Followed) -> None:
    before = snapshot(demo.project)

    gone = demo.set("example=none")
    assert gone.code == 0
    assert "remove    seeded  data/trains.csv" in gone.out
    assert "update    seeded  dataset.py" in gone.out
    assert [path for path in ("data", "docs", "tests", "contract.yaml") if demo.has(path)] == []
    assert demo.text("dataset.py") == "plain\n"
    demo.commit()
    assert demo.machine.run("check", "--strict", demo.project).code == 0
    assert demo.set("example=trains").code == 0

    assert snapshot(demo.project) == before


def test_without_it_a_project_is_what_one_made_without_it_is(demo: Followed) -> None:
    other = demo.machine.run("new", "other/demo", "--template", demo.template, "--defaults", "--set", "example=none")
    assert other.code == 0

    demo.set("example=none")

    assert snapshot(demo.project) == snapshot(demo.machine.work / "other" / "demo")


def test_what_was_edited_stays_and_is_named(demo: Followed) -> None:
    edits = {"dataset.py": "trains\nmine\n", "docs/example.md": with_line(3, "mine"), "contract.yaml": "target: fun\n"}
    demo.edit({**edits, "data/own.csv": "c\n3\n"}, gone=("tests/example/test_a.py",))

    done = demo.set("example=none")

    assert done.code == 0
    for path in ("docs/example.md", "contract.yaml"):
        assert f"keep      seeded  {path}  (the template has it no longer, and you changed it" in done.out
    assert "keep      seeded  dataset.py  (the template has another for these answers" in done.out
    assert {path: demo.text(path) for path in edits} == edits
    assert demo.text("data/own.csv") == "c\n3\n"
    assert not demo.has("tests/example")
    assert not demo.has("data/trains.csv")
    demo.commit()
    assert demo.machine.run("check", "--strict", demo.project).code == 0


def test_what_is_there_already_stays_when_the_example_comes(machine: Machine) -> None:
    demo = follow(machine, FILES, "--set", "example=none")
    demo.edit({"contract.yaml": "target: churn\n", "dataset.py": "mine\n"})

    done = demo.set("example=trains")

    assert done.code == 0
    assert "keep      seeded  contract.yaml" in done.out
    assert (demo.text("contract.yaml"), demo.text("dataset.py")) == ("target: churn\n", "mine\n")
    assert demo.has("data/trains.csv")


def test_an_update_leaves_seeded_files_alone_unless_it_is_given_another_answer(demo: Followed) -> None:
    demo.release(files={f"{WITH}docs{{% endif %}}/example.md": with_line(3, "theirs"), "LICENSE": "theirs\n"})
    demo.edit({"LICENSE": "mine\n"})

    demo.updated()
    assert (demo.text("docs/example.md"), demo.text("LICENSE")) == (LINES, "mine\n")
    demo.git("reset", "-q", "--hard")
    demo.updated("--set", "example=none")

    assert not demo.has("docs")
    assert (demo.text("dataset.py"), demo.text("LICENSE")) == ("plain\n", "mine\n")


def test_the_default_of_a_new_question_is_no_other_answer(demo: Followed) -> None:
    demo.release(
        files={
            "copier.yml": QUESTIONS + "team: {type: str, default: ml}\n",
            "LICENSE": "theirs\n",
        },
        gone=(f"tests/{WITH}example{{% endif %}}/test_a.py",),
    )

    demo.updated()

    assert demo.text("LICENSE") == "ours\n"
    assert demo.has("tests/example/test_a.py")


@pytest.mark.slow
def test_the_example_of_the_built_in_template_goes_and_leaves_what_was_edited(machine: Machine) -> None:
    template = built_in(machine)
    demo = made(machine, template)
    other = made(machine, template, "--set", "example=none", name="other/demo")
    before = snapshot(demo.project)

    assert demo.set("example=none").code == 0
    assert snapshot(demo.project) == snapshot(other.project)
    demo.commit()
    assert demo.set("example=flights").code == 0
    assert snapshot(demo.project) == before
    demo.commit()
    demo.edit({"configs/contract.yaml": "format: 1\n", "src/demo/dataset.py": "mine\n"})
    said = demo.set("example=none").out

    assert "keep      seeded  configs/contract.yaml" in said
    assert "keep      seeded  src/demo/dataset.py" in said
    assert demo.text("src/demo/dataset.py") == "mine\n"
    assert not demo.has("data/raw/flights.csv")
    demo.commit()
    assert machine.run("check", "--strict", demo.project).code == 0


# A file that moves to a place that is seeded


BUILD = "import old\n" + LINES
MOVING = {"src/build.py": BUILD, "ownership.yml": "files: {}\n"}
MOVED = {
    "ownership.yml": "files: {dataset.py: seeded}\nmoved: {src/build.py: [dataset.py, plain/dataset.py]}\n",
    "dataset.py": "import new\n" + LINES,
}


def moving(machine: Machine, edit: str = "") -> Followed:
    """A project whose `src/build.py` becomes `dataset.py`, which is its own from then on."""
    demo = follow(machine, MOVING)
    if edit:
        demo.edit({"src/build.py": edit})
    demo.release(files=MOVED, gone=("src/build.py",))
    return demo


def test_nobody_edited_what_moves(machine: Machine) -> None:
    demo = moving(machine)

    demo.updated()

    assert demo.text("dataset.py") == "import new\n" + LINES
    assert not demo.has("src")


def test_edits_move_along(machine: Machine) -> None:
    demo = moving(machine, "import old\n" + with_line(8, "mine"))

    demo.updated()
    assert demo.text("dataset.py") == "import new\n" + with_line(8, "mine")
    demo.commit()
    demo.release("v3.0.0", {"dataset.py": "import newer\n" + LINES})
    demo.updated()

    assert demo.text("dataset.py") == "import new\n" + with_line(8, "mine")


def test_edits_of_the_same_lines_are_a_conflict(machine: Machine) -> None:
    demo = moving(machine, "import old, mine\n" + LINES)

    assert demo.update().code == 3

    assert "<<<<<<< your project\nimport old, mine\n" in demo.text("dataset.py")
    assert not demo.has("src")


def test_of_several_places_the_one_that_is_rendered_counts(machine: Machine) -> None:
    demo = follow(machine, MOVING)
    demo.edit({"src/build.py": "import old\n" + with_line(8, "mine")})
    places = [f"{WITH}dataset.py{{% endif %}}", f"{WITHOUT}dataset.py{{% endif %}}"]
    demo.release(
        files={
            "copier.yml": QUESTIONS,
            "ownership.yml": f"files: {{dataset.py: seeded}}\nmoved: {{src/build.py: {json.dumps(places)}}}\n",
            places[0]: "import trains\n" + LINES,
            places[1]: "import plain\n" + LINES,
        },
        gone=("src/build.py",),
    )

    demo.updated("--set", "example=none")

    assert demo.text("dataset.py") == "import plain\n" + with_line(8, "mine")


# A new file in the place of others


RULES = {"rules.py": "late > 15\n", "params.yaml": "data: trains\nmodel: 1\n", "data/trains.csv": "a\n1\n"}
HEIR = """\
files:
  "data/**": seeded
  contract.yaml:
    seeded:
      required: true
      page: &page https://example.com/how-to-write-it
      replaces: &before [rules.py, {params.yaml: [data]}, "data/**"]
  about.md: {seeded: {page: *page, replaces: *before}}
"""
HEIRS = {"ownership.yml": HEIR, "contract.yaml": "target: late\n", "about.md": "Trains\n"}


def heirs(machine: Machine, **edits: str) -> Followed:
    """A project edited by its owners, and a release in which a contract takes over from three files."""
    demo = follow(machine, {**RULES, "ownership.yml": 'files: {"data/**": seeded}\n', "notes.md": LINES})
    demo.edit(dict(edits))
    demo.release(files=HEIRS, gone=("rules.py",))
    return demo


@pytest.mark.parametrize("edits", [{}, {"params.yaml": "data: trains\nmodel: 2\n"}], ids=["nothing", "something else"])
def test_it_comes_where_what_it_takes_over_from_is_as_rendered(machine: Machine, edits: dict[str, str]) -> None:
    demo = heirs(machine, **edits)

    demo.updated()

    assert demo.text("contract.yaml") == "target: late\n"
    assert demo.has("about.md")
    demo.commit()
    assert machine.run("check", demo.project).code == 0


@pytest.mark.parametrize(
    "edits",
    [
        {"rules.py": "churn\n"},
        {"params.yaml": "data: customers\nmodel: 1\n"},
        {"data/trains.csv": "b\n2\n"},
        {"data/customers.csv": "b\n2\n"},
    ],
)
def test_it_never_comes_where_that_was_edited(machine: Machine, edits: dict[str, str]) -> None:
    (path,) = edits
    demo = heirs(machine, **edits)
    said = f"contract.yaml  (not written: it takes over from {path}, which you changed; see https://example.com/how"

    planned = demo.planned()
    assert list(planned["left"]) == ["contract.yaml"]
    assert "Dry run: " in (dry := demo.update("--dry-run")).out
    assert (dry.code, ", 1 left to you." in dry.out) == (3, True)
    done = demo.update()

    assert done.code == 3
    assert f"keep      seeded  {said}" in done.out
    assert "1 file is left to you:\n" in done.out
    assert done.out.count(said) == 2
    assert "keep      seeded  about.md  (not written" in done.out
    assert not demo.has("contract.yaml")
    assert not demo.has("about.md")
    assert demo.version == "v2.0.0"
    assert "Nothing waits" in demo.update("--status").out
    demo.commit()
    checked = machine.run("check", demo.project)
    assert checked.code == 1
    assert "contract.yaml" in checked.out


def test_once_it_is_written_all_is_well(machine: Machine) -> None:
    demo = heirs(machine, **{"rules.py": "churn\n"})
    demo.update()
    demo.edit({"contract.yaml": "target: churn\n"})
    demo.release("v3.0.0", {"contract.yaml": "target: later\n", "notes.md": with_line(9, "theirs")})

    demo.updated()
    demo.commit()

    assert demo.text("contract.yaml") == "target: churn\n"
    assert machine.run("check", demo.project).code == 0


def test_it_is_named_at_the_end_of_an_update_with_conflicts_too(machine: Machine) -> None:
    demo = heirs(machine, **{"rules.py": "churn\n", "notes.md": with_line(5, "mine")})
    demo.release("v2.1.0", {"notes.md": with_line(5, "theirs")})

    assert demo.update().code == 3
    (demo.project / "notes.md").write_text(LINES)
    demo.git("add", "notes.md")
    done = demo.update("--continue")

    assert done.code == 3
    assert "1 file is left to you:\n  contract.yaml  (not written" in done.out
    assert not demo.has("contract.yaml")


def test_step_by_step_it_is_withheld_as_in_one_jump(machine: Machine) -> None:
    demo = follow(machine, {**RULES, "ownership.yml": 'files: {"data/**": seeded}\n'})
    demo.edit({"rules.py": "churn\n"})
    demo.release("v1.5.0", {"notes.md": lines()})
    demo.release(files=HEIRS, gone=("rules.py",))

    demo.updated("--to", "v1.5.0")
    demo.commit()

    assert demo.update().code == 3
    assert not demo.has("contract.yaml")
    assert demo.text("rules.py") == "churn\n"


@pytest.mark.parametrize("table", [{}, {"ownership.yml": "files: {NOTES.md: {seeded: {recreate: true}}}\n"}])
def test_what_the_user_deleted_and_copier_would_skip_stays_deleted(machine: Machine, table: dict[str, str]) -> None:
    skipped = SMALL["copier.yml"] + "_skip_if_exists: [NOTES.md]\n"
    demo = follow(machine, {"copier.yml": skipped, "NOTES.md": "one\n", "other.md": "one\n", **table})
    demo.edit(gone=("NOTES.md",))
    demo.release(files={"NOTES.md": "two\n", "other.md": "two\n"})

    demo.updated()

    assert demo.text("other.md") == "two\n"
    assert demo.has("NOTES.md") is bool(table), "only `recreate` brings it back"


def test_what_copier_skips_may_depend_on_answers(machine: Machine) -> None:
    settings = '_skip_if_exists: ["{{ name }}.txt", "{% if name == \'Moon\' %}hello.txt{% endif %}"]\n'
    files = {**SMALL, "copier.yml": SMALL["copier.yml"] + settings, "template/{{ name }}.txt": "first\n"}
    template = machine.template(files)
    assert machine.run("new", "p", "--template", template, "--defaults").code == 0
    project = machine.work / "p"
    assert "seeded" in (project / ".mlscaffold.lock").read_text()
    machine.template(
        {"template/{{ name }}.txt": "second\n", "template/hello.txt.jinja": "Bye {{ name }}\n"}, tag="v2.0.0"
    )
    assert machine.run("update", "p").code == 0
    assert (project / "World.txt").read_text() == "first\n"
    assert (project / "hello.txt").read_text() == "Bye World\n"
