"""A repository may come with a `.git` that somebody prepared: its journal reaches nothing outside of the project."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlscaffold.apply.where import folder_at
from mlscaffold.git.location import located

from .conftest import Machine, begins, snapshot
from .updating import LINES, Followed, follow, with_line

PRIVATE = {"victim.txt": "private\n", "folder/victim.txt": "private, too\n", "empty/only.txt": "x\n"}


@pytest.fixture
def outside(machine: Machine) -> Path:
    """What is not to be touched."""
    folder = machine.home.parent / "outside"
    for path, content in PRIVATE.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content)
    return folder


@begins
def waiting(machine: Machine) -> Followed:
    """An update that waits for its conflict to be resolved."""
    demo = follow(machine, {"a.txt": LINES})
    demo.edit({"a.txt": with_line(9, "mine")})
    demo.release(files={"a.txt": with_line(9, "theirs")})
    assert demo.update("--defaults").code == 3
    return demo


def held(demo: Followed) -> Path:
    """The folder of its journal."""
    return folder_at(located(demo.project))


def rewrite(demo: Followed, **changes: Any) -> None:
    """Change what the journal says."""
    file = held(demo) / "journal.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


def effect(path: str, **changes: Any) -> dict[str, Any]:
    return {"path": path, "number": 0, "before": None, "after": None, "folders": {}, **changes}


WRITTEN = ["file", 0o644, "0" * 64]
WAYS_OUT = {
    "remove": effect("way/victim.txt"),
    "remove deeper": effect("way/folder/victim.txt"),
    "empty a folder": effect("way/empty/only.txt"),
    "replace": effect("way/victim.txt", before=WRITTEN, after=WRITTEN),
    "create": effect("way/fresh.txt", before=WRITTEN, after=WRITTEN),
    "make a folder": effect("way/fresh", folders={"way/fresh": 0o777}),
}


@pytest.mark.parametrize("way", WAYS_OUT)
@pytest.mark.parametrize("part", ["effects", "final"])
@pytest.mark.parametrize("option", ["--abort", "--continue"])
def test_a_link_on_the_way_leads_no_effect_out(
    waiting: Followed, outside: Path, way: str, part: str, option: str
) -> None:
    (waiting.project / "way").symlink_to(outside)
    rewrite(waiting, **{part: [WAYS_OUT[way]], "phase": "applying", "conflicts": {}})
    for side in ("before", "after"):
        (held(waiting) / side / "0").write_text("theirs\n")
    before = snapshot(outside)
    waiting.update(option).refused("way is a link", "Refused")
    assert snapshot(outside) == before


def links(folder: Path, outside: Path) -> dict[str, Callable[[], None]]:
    """Links that somebody put where we keep files and folders."""

    def put(name: str, target: str) -> Callable[[], None]:
        def make() -> None:
            place = folder / name
            if place.is_dir():
                shutil.rmtree(place)
            elif os.path.lexists(place):
                place.unlink()
            place.symlink_to(outside / target)

        return make

    names = dict.fromkeys(("holder", "passing", "journal.json.passing"), "victim.txt")
    names |= dict.fromkeys(("before", "after", "saved"), "folder")
    return {name: put(name, target) for name, target in names.items()}


@pytest.mark.parametrize("option", ["--abort", "--continue", "--status"])
@pytest.mark.parametrize("name", ["holder", "passing", "journal.json.passing", "before", "after", "saved"])
def test_a_link_in_our_own_folder_leads_nowhere(waiting: Followed, outside: Path, name: str, option: str) -> None:
    links(held(waiting), outside)[name]()
    (waiting.project / "a.txt").write_text("edited\n")
    waiting.git("add", "a.txt")
    before = snapshot(outside)
    done = waiting.update(option)
    assert "Traceback" not in done.err
    assert done.code != 70
    assert snapshot(outside) == before


@pytest.mark.parametrize("where", ["mlscaffold", "mlscaffold/project"])
def test_a_journal_that_lies_elsewhere_is_refused(waiting: Followed, outside: Path, where: str) -> None:
    """Else what is swept of our folder would be swept there."""
    place = waiting.project / ".git" / where
    for name in ("before", "after", "project/before"):
        (outside / name).mkdir(parents=True)
        (outside / name / "victim.txt").write_text("private\n")
    shutil.rmtree(place)
    place.symlink_to(outside)
    before = snapshot(outside)
    waiting.git("checkout", "-q", "-f", "HEAD", "--", ".")
    waiting.update("--defaults").refused("is a link", "Remove the link")
    assert snapshot(outside) == before


@pytest.mark.parametrize(
    "change",
    [
        {"effects": [effect("a.txt", before=["file", 0o644, 3])]},
        {"effects": [effect("a.txt", before=["file", 1 << 40, ""])]},
        {"effects": [effect("a.txt", before=["other", 0o644, ""])]},
        {"effects": [effect("a.txt", folders={"a.txt": "x"})]},
        {"effects": [effect("a.txt", number=True)]},
        {"conflicts": {"a.txt": {"2": ["100644", "0\0" + "100644 x 0\t.git/x"]}}},
        {"conflicts": {"a.txt": {"7": ["100644", "0" * 40]}}},
        {"conflicts": {"a.txt": 3}},
        {"head": "x" * 10},
        {"id": "ab/../cd"},
        {"title": 7},
        {"note": []},
    ],
    ids=str,
)
@pytest.mark.parametrize("option", ["--abort", "--continue", "--status"])
def test_a_journal_of_another_shape_is_refused(waiting: Followed, change: dict[str, Any], option: str) -> None:
    rewrite(waiting, **change)
    waiting.update(option).refused("The journal")


@pytest.mark.parametrize(
    "note", [{}, {"gone": 3, "final": {}}, {"gone": [], "final": 3}, {"gone": [], "final": {"a": 3}}], ids=str
)
def test_a_journal_that_does_not_say_how_it_ends_is_refused(waiting: Followed, note: dict[str, Any]) -> None:
    (waiting.project / "a.txt").write_text("resolved\n")
    waiting.git("add", "a.txt")
    rewrite(waiting, note=note)
    waiting.update("--continue").refused("The journal does not say how the update ends", "--abort")


@pytest.mark.parametrize("part", ["final", "gone"])
def test_the_last_step_leads_nowhere_out(waiting: Followed, outside: Path, part: str) -> None:
    (waiting.project / "a.txt").write_text("resolved\n")
    (waiting.project / "way").symlink_to(outside)
    waiting.git("add", "a.txt")
    note = {"final": {"way/victim.txt": "theirs"}, "gone": []} if part == "final" else None
    rewrite(waiting, note=note or {"final": {}, "gone": ["way/victim.txt"]})
    before = snapshot(outside)
    waiting.update("--continue").refused("way is a link")
    assert snapshot(outside) == before


def test_a_copy_that_is_not_what_the_journal_says_is_not_written(waiting: Followed) -> None:
    for file in (held(waiting) / "before").iterdir():
        if file.name != "index":
            file.write_text("theirs\n")
    waiting.update("--abort").refused("The journal's copy of a.txt is damaged")


def test_a_way_back_is_open_once_the_link_is_gone(waiting: Followed, outside: Path) -> None:
    link = held(waiting) / "saved"
    link.symlink_to(outside)
    waiting.update("--abort").refused("Remove the link")
    link.unlink()
    waiting.updated("--abort")


@pytest.mark.parametrize("end", ["link", "link above"])
def test_the_rest_of_a_killed_new_is_not_fetched_from_elsewhere(
    machine: Machine, outside: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    """A folder like those of `new`, from somebody's archive: what lies behind its links is not moved here."""
    destination = machine.work / "demo"
    destination.mkdir()
    hidden = machine.work / ".mlscaffold-new-run-abcd1234"
    hidden.mkdir(mode=0o700)
    (hidden / ".held").write_text("")
    (hidden / "way").symlink_to(outside)
    note = {"destination": str(destination), "project": "way" if end == "link" else "way/folder"}
    (hidden / "filling.json").write_text(json.dumps(note))
    before = snapshot(outside)
    monkeypatch.chdir(destination)
    machine.run("new", ".", "--template", machine.template(), "--defaults").refused("is a link")
    assert snapshot(outside) == before
    assert list(destination.iterdir()) == []


def test_what_lies_behind_a_link_is_not_shown(machine: Machine, outside: Path) -> None:
    """`diff` and `why` look at the project's own files."""
    demo = follow(machine, {"folder/victim.txt": "public\n"})
    shutil.rmtree(demo.project / "folder")
    (demo.project / "folder").symlink_to(outside)
    for verb in (
        ("diff", demo.project),
        ("why", "folder/victim.txt", "--project", demo.project),
        ("check", demo.project),
    ):
        done = machine.run(*verb)
        assert "private" not in done.out + done.err, verb
        assert "Traceback" not in done.err
