"""`mlscaffold update` where both sides changed the same: markers, unmerged entries, `--continue`, `--abort`."""

from __future__ import annotations

import pytest

from .conftest import Machine, begins
from .updating import LINES, Followed, follow, lines, with_line


@begins
def clash(machine: Machine) -> Followed:
    """The same line changed on both sides, beside a change that is no conflict."""
    demo = follow(machine, {"notes.md": LINES, "other.md": "one\n"})
    demo.edit({"notes.md": with_line(5, "mine")})
    demo.release(files={"notes.md": with_line(5, "theirs"), "other.md": "two\n"})
    return demo


def test_a_conflict_is_marked_with_the_names_of_the_sides_and_the_base(clash: Followed) -> None:
    done = clash.update()

    assert done.code == 3
    assert "1 file needs you" in done.out
    assert "<<<<<<< your project\nmine\n" in clash.text("notes.md")
    assert "||||||| template v1.0.0\nline 5\n" in clash.text("notes.md")
    assert "=======\ntheirs\n>>>>>>> template v2.0.0\n" in clash.text("notes.md")
    assert clash.text("other.md") == "two\n"


def test_a_conflict_is_unmerged_so_that_any_mergetool_works(clash: Followed) -> None:
    clash.update()

    stages = clash.git("ls-files", "-u").splitlines()
    assert [line.split()[2] for line in stages] == ["1", "2", "3"]
    assert clash.git("show", ":2:notes.md") == with_line(5, "mine")
    assert clash.git("show", ":3:notes.md") == with_line(5, "theirs")


def test_lock_and_answers_move_when_no_conflict_is_left(clash: Followed) -> None:
    clash.update()
    assert clash.version == "v1.0.0"
    assert "_commit: v1.0.0" in clash.text(".copier-answers.yml")

    clash.machine.run("update", clash.project, "--continue").refused("notes.md", "git add", code=3)
    clash.git("add", "notes.md")
    clash.machine.run("update", clash.project, "--continue").refused("still holds conflict markers", code=3)
    (clash.project / "notes.md").write_text(with_line(5, "both"))
    clash.git("add", "notes.md")
    clash.updated("--continue")

    assert clash.version == "v2.0.0"
    assert "_commit: v2.0.0" in clash.text(".copier-answers.yml")
    assert clash.text("notes.md") == with_line(5, "both")
    assert clash.machine.run("check", clash.project).code == 0


def test_a_conflict_may_be_resolved_by_removing_the_file(clash: Followed) -> None:
    clash.update()
    clash.git("rm", "-q", "notes.md")

    clash.updated("--continue")

    assert clash.version == "v2.0.0"
    assert not clash.has("notes.md")


def test_abort_restores_byte_for_byte(clash: Followed) -> None:
    before = clash.state()
    clash.update()

    clash.updated("--abort")

    assert clash.state() == before
    assert clash.git("status", "--porcelain") == ""


def test_abort_keeps_what_was_edited_meanwhile(clash: Followed) -> None:
    before = clash.state()
    clash.update()
    (clash.project / "notes.md").write_text("half done\n")

    said = clash.update("--abort").out

    kept = said.partition("notes.md: ")[2].splitlines()[0]
    with open(kept) as file:  # noqa: PTH123 - the message holds the path
        assert file.read() == "half done\n"
    assert clash.state() == before


def test_status_says_what_waits(clash: Followed) -> None:
    assert clash.update("--status").code == 0
    clash.update()

    said = clash.update("--status")

    assert said.code == 3
    assert "update v1.0.0 -> v2.0.0" in said.out
    assert "conflict  notes.md" in said.out


@pytest.mark.parametrize("verb", ["update", "set"])
def test_nothing_begins_while_conflicts_wait(clash: Followed, verb: str) -> None:
    clash.update()

    done = clash.update() if verb == "update" else clash.set("name=Other")

    done.refused("waits for you", "notes.md", "--continue", "--abort", code=3)


@pytest.mark.parametrize("option", ["--continue", "--abort"])
def test_nothing_waits(machine: Machine, option: str) -> None:
    follow(machine).refuses("No update waits", options=(option,))


def test_options_that_exclude_each_other_are_refused(machine: Machine) -> None:
    follow(machine).refuses("--abort", options=("--continue", "--abort"))


def test_two_and_more_conflicts_in_one_file_are_all_marked(machine: Machine) -> None:
    demo = follow(machine, {"notes.md": LINES})
    demo.edit({"notes.md": lines((1, "mine"), (5, "mine"), (9, "mine"))})
    demo.release(files={"notes.md": lines((1, "theirs"), (5, "theirs"), (9, "theirs"))})

    (file,) = demo.planned()["files"]
    assert demo.update().code == 3

    assert file["hunks"] == 3
    assert demo.text("notes.md").count("<<<<<<< your project\n") == 3
    assert demo.text("notes.md").count(">>>>>>> template v2.0.0\n") == 3


def test_conflicts_in_several_files_are_resolved_one_by_one(machine: Machine) -> None:
    demo = follow(machine, {"a b.md": LINES, "ü.md": LINES})
    demo.edit({"a b.md": with_line(5, "mine"), "ü.md": with_line(5, "mine")})
    demo.release(files={"a b.md": with_line(5, "theirs"), "ü.md": with_line(5, "theirs")})
    assert demo.update().code == 3

    demo.git("checkout", "--theirs", "a b.md")
    demo.git("add", "a b.md")
    left = demo.update("--continue")
    left.refused("ü.md", code=3)
    assert "a b.md" not in left.err
    demo.git("checkout", "--ours", "ü.md")
    demo.git("add", "ü.md")
    demo.updated("--continue")

    assert demo.text("a b.md") == with_line(5, "theirs")
    assert demo.text("ü.md") == with_line(5, "mine")


def test_both_added_the_same_path(machine: Machine) -> None:
    demo = follow(machine)
    demo.edit({"notes.md": "head\nmine\n", "same.md": "same\n"})
    demo.release(files={"notes.md": "head\ntheirs\n", "same.md": "same\n"})

    (file,) = demo.planned()["files"]
    assert demo.update().code == 3

    assert (file["path"], file["reason"]) == ("notes.md", "you and the template both added it")
    assert "<<<<<<< your project\nmine\n" in demo.text("notes.md")
    assert [line.split()[2] for line in demo.git("ls-files", "-u").splitlines()] == ["2", "3"]


@pytest.mark.parametrize(
    ("path", "mine", "theirs", "kept"),
    [
        ("src/__init__.py", "", '"""A package."""\n', '"""A package."""\n'),
        ("src/__init__.py", '"""Mine."""\n', "\n", '"""Mine."""\n'),
        (".ignored", "a\nb\nc\n", "a\n\nc\n", "a\nb\nc\n"),
        (".ignored", "a\r\nc\r\n", "a\nb\nc\n", "a\nb\nc\n"),
        ("ci.yml", "a:\n  x: 1\n", "a:\n  x: 1\nb:\n  x: 1\n", "a:\n  x: 1\nb:\n  x: 1\n"),
    ],
)
def test_of_what_both_added_the_fuller_stays(machine: Machine, path: str, mine: str, theirs: str, kept: str) -> None:
    demo = follow(machine)
    demo.edit({path: mine})
    demo.release(files={path: theirs})

    (file,) = demo.planned()["files"]
    demo.updated()

    assert "both added it" in str(file)
    assert demo.text(path) == kept


@pytest.mark.parametrize(
    ("path", "mine", "theirs"),
    [
        pytest.param("notes.md", "a\nb\n", "b\na\n", id="in another order"),
        pytest.param("notes.md", "a\n", "a b\n", id="part of a line"),
        pytest.param("ci.yml", "a:\n  x: 1\n", "a:\nb:\n  x: 1\n", id="the same lines with another meaning"),
    ],
)
def test_of_what_both_added_neither_is_fuller(machine: Machine, path: str, mine: str, theirs: str) -> None:
    demo = follow(machine)
    demo.edit({path: mine})
    demo.release(files={path: theirs})

    assert demo.update().code == 3


def test_of_what_both_added_git_keeps_neither(machine: Machine) -> None:
    demo = follow(machine)
    demo.edit({"notes.md": "a\n"})
    demo.release(files={"notes.md": "a\nb\n"})

    assert demo.update("--merge", "git").code == 3


def test_binary_files_that_both_changed_stay_the_users_until_a_person_decides(machine: Machine) -> None:
    demo = follow(machine, {"logo.png": b"\0one"})
    demo.edit({"logo.png": b"\0mine"})
    demo.release(files={"logo.png": b"\0theirs"})

    done = demo.update()

    assert done.code == 3
    assert "it is no text" in done.out
    assert (demo.project / "logo.png").read_bytes() == b"\0mine"
    demo.git("checkout", "--theirs", "logo.png")
    demo.git("add", "logo.png")
    demo.updated("--continue")
    assert (demo.project / "logo.png").read_bytes() == b"\0theirs"
    assert demo.version == "v2.0.0"


def test_text_that_is_not_utf8_is_merged_by_its_bytes(machine: Machine) -> None:
    old, mine, theirs = (text.encode("latin-1") for text in ("ä\n" + LINES, "ö\n" + LINES, "ä\n" + with_line(9, "ß")))
    demo = follow(machine, {"notes.txt": old})
    demo.edit({"notes.txt": mine})
    demo.release(files={"notes.txt": theirs})

    demo.updated()

    assert (demo.project / "notes.txt").read_bytes() == ("ö\n" + with_line(9, "ß")).encode("latin-1")


def test_a_conflict_in_text_that_is_not_utf8_keeps_every_byte(machine: Machine) -> None:
    demo = follow(machine, {"notes.txt": b"\xe4\n"})
    demo.edit({"notes.txt": b"\xf6\n"})
    demo.release(files={"notes.txt": b"\xfc\n"})

    assert demo.update("--dry-run").code == 3
    assert demo.update().code == 3

    content = (demo.project / "notes.txt").read_bytes()
    assert all(line in content for line in (b"\n\xf6\n", b"\n\xe4\n", b"\n\xfc\n"))


def test_a_file_that_becomes_owned_while_edited_is_a_conflict(machine: Machine) -> None:
    demo = follow(machine, {"ci.yml": "a: 1\n"})
    demo.edit({"ci.yml": "a: mine\n"})
    demo.release(files={"ownership.yml": "files:\n  ci.yml: owned\n", "ci.yml": "a: 2\n"})

    done = demo.update()

    assert done.code == 3
    assert "the template now owns this file, and you edited it" in done.out
    assert "a: mine\n" in demo.text("ci.yml")


def test_a_commit_in_the_middle_of_conflicts_is_not_undone(clash: Followed) -> None:
    clash.update()
    (clash.project / "notes.md").write_text(with_line(5, "both"))
    clash.commit()

    clash.refuses("You have committed since", "--continue", options=("--abort",))
    clash.updated("--continue")

    assert clash.version == "v2.0.0"
