"""`.mlscaffold.toml`: what it may say, and how a block is added without touching anything else."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlscaffold.errors import MachineError, MlscaffoldError
from mlscaffold.files.write import write_file
from mlscaffold.project.exempt import waive
from mlscaffold.project.settings import (
    SETTINGS_FILE,
    ProjectSettings,
    ProjectSettingsError,
    Waiver,
    parse_settings,
    read_project_settings,
)
from mlscaffold.rules import KEYS_CHANGED, OWNED_CHANGED

TODAY = dt.date(2026, 11, 21)
BLOCK = """\
[[waive]]
rule = "MLS002"
path = "ci/*.yml"
reason = "a runner"
owner = "ada@example.com"
until = 2027-01-31
"""
EJECT = '[[eject]]\npath = "a/b.txt"\nreason = "GPU"\nowner = "ada"\n'


def test_a_project_without_settings_is_excused_from_nothing(tmp_path: Path) -> None:
    assert read_project_settings(tmp_path) == ProjectSettings()


def test_waivers_and_ejects_are_read_with_their_lines() -> None:
    settings = parse_settings(f"# ours\n{BLOCK}\n{EJECT}")
    (waiver,) = settings.waivers
    assert (waiver.rule, waiver.path, waiver.until, waiver.line) == (OWNED_CHANGED, "ci/*.yml", dt.date(2027, 1, 31), 2)
    assert settings.ejected == {"a/b.txt"}
    assert settings.ejects[0].line == 9


@pytest.mark.parametrize(
    ("text", "said", "line"),
    [
        ("[[waive]\n", "is not valid TOML", 1),
        ("\n\nother = 1\n", "unknown key `other`", 3),
        ("[[waives]]\n", "unknown key `waives`", 1),
        ("\nwaive = 3\n", "write `waive` as blocks", 2),
        ("[waive]\nrule = 'MLS002'\n", "write `waive` as blocks", 1),
        (BLOCK.replace("reason", "reson"), "unknown key `reson`", 1),
        (BLOCK.replace('reason = "a runner"\n', ""), "needs `reason`", 1),
        (BLOCK.replace("a runner", "  "), "needs `reason`", 1),
        (BLOCK.replace('owner = "ada@example.com"\n', ""), "needs `owner`", 1),
        (BLOCK.replace("until = 2027-01-31\n", ""), "needs `until`, a date", 1),
        (BLOCK.replace("2027-01-31", '"2027-01-31"'), "needs `until`, a date", 1),
        (BLOCK.replace("2027-01-31", "2027-01-31T10:00:00Z"), "needs `until`, a date", 1),
        (BLOCK.replace("2027-01-31", "2027-02-31"), "is not valid TOML", 6),
        (BLOCK + BLOCK.replace("MLS002", "MLS999"), "there is no rule 'MLS999'", 7),
        (BLOCK.replace("MLS002", "MLS001"), "MLS001 cannot be waived", 1),
        (BLOCK.replace("MLS002", "MLS008"), "MLS008 cannot be waived", 1),
        (BLOCK.replace("ci/*.yml", "!ci/*.yml"), "no glob", 1),
        (BLOCK.replace("ci/*.yml", "/etc"), "no glob", 1),
        (BLOCK.replace("ci/*.yml", "a\\tb"), "no glob", 1),
        (BLOCK.replace("ci/*.yml", "a\\\\"), "no glob", 1),
        (EJECT.replace("a/b.txt", "../b.txt"), "outside of the project", 1),
        (EJECT.replace("a/b.txt", ".git/config"), "outside of the project", 1),
        (EJECT + EJECT, "ejected twice", 5),
        (EJECT + "until = 2027-01-31\n", "unknown key `until`", 1),
    ],
)
def test_settings_that_are_wrong_are_refused_with_their_line(text: str, said: str, line: int) -> None:
    with pytest.raises(ProjectSettingsError) as caught:
        parse_settings(text)
    assert said in caught.value.message
    assert caught.value.line == line


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / SETTINGS_FILE).write_bytes(b"\xff\xfe")
    with pytest.raises(ProjectSettingsError, match="cannot be read"):
        read_project_settings(tmp_path)
    (tmp_path / SETTINGS_FILE).unlink()
    (tmp_path / SETTINGS_FILE).symlink_to("/etc/hostname")
    with pytest.raises(ProjectSettingsError, match="not a plain file"):
        read_project_settings(tmp_path)


@pytest.mark.parametrize(
    ("glob", "path", "covered"),
    [
        ("", "any/where", True),
        ("ci/*.yml", "ci/a.yml", True),
        ("ci/*.yml", "ci/deep/a.yml", False),
        ("*.yml", "ci/deep/a.yml", True),
        ("ci/", "ci/deep/a.yml", True),
        ("a[1].txt", "a[1].txt", True),
    ],
)
def test_a_glob_covers_what_it_would_in_gitignore(glob: str, path: str, covered: bool) -> None:
    waiver = Waiver(rule=OWNED_CHANGED, path=glob, reason="r", owner="o", until=TODAY)
    assert waiver.covers(OWNED_CHANGED, path) is covered
    assert not waiver.covers(KEYS_CHANGED, path)


def add(project: Path, **changes: object) -> Waiver:
    values = {"code": "MLS002", "path": "ci/*.yml", "reason": "r", "owner": "o", "until": TODAY, "today": TODAY}
    return waive(project, **{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"code": "MLS999"}, "There is no rule 'MLS999'"),
        ({"code": "MLS001"}, "cannot be waived"),
        ({"code": "conflict-markers"}, "cannot be waived"),
        ({"until": TODAY - dt.timedelta(days=1)}, "is past"),
        ({"until": TODAY + dt.timedelta(days=367)}, "more than 366 days ahead"),
        ({"reason": " "}, "needs `reason`"),
        ({"reason": "\udcff"}, "not text"),
        ({"path": "!x"}, "no glob"),
    ],
)
def test_a_waiver_that_nobody_should_write_is_refused_and_nothing_is_written(
    tmp_path: Path, changes: dict[str, object], said: str
) -> None:
    with pytest.raises(MlscaffoldError, match=said):
        add(tmp_path, **changes)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "before",
    ["", "# no end of line", "# a comment\n", f"{EJECT}\n# last\n", "# windows\r\n", f"{BLOCK}", "# ünï\n\n\n"],
)
def test_a_block_is_appended_and_the_rest_stays_as_it_is(tmp_path: Path, before: str) -> None:
    file = tmp_path / SETTINGS_FILE
    file.write_bytes(before.encode())
    known = read_project_settings(tmp_path)
    made = add(tmp_path)
    after = file.read_bytes().decode()
    assert after.startswith(before)
    assert ("\r\n" in after[len(before) :]) is ("\r\n" in before)
    now = read_project_settings(tmp_path)
    assert now.waivers == (*known.waivers, made)
    assert now.ejects == known.ejects


def test_settings_in_another_form_are_not_damaged(tmp_path: Path) -> None:
    file = tmp_path / SETTINGS_FILE
    text = 'waive = [{rule = "MLS002", reason = "r", owner = "o", until = 2027-01-31}]\n'
    file.write_text(text)
    with pytest.raises(ProjectSettingsError, match="cannot be added") as caught:
        add(tmp_path)
    assert "[[waive]]" in caught.value.hint
    assert file.read_text() == text


def test_the_mode_of_the_file_stays(tmp_path: Path) -> None:
    file = tmp_path / SETTINGS_FILE
    file.write_text("")
    file.chmod(0o640)
    add(tmp_path)
    assert file.stat().st_mode & 0o777 == 0o640
    assert [entry.name for entry in tmp_path.iterdir()] == [SETTINGS_FILE]


def test_a_file_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "place").mkdir()
    with pytest.raises(MachineError, match="It is as it was"):
        write_file(tmp_path / "place", b"x")
    with pytest.raises(MachineError, match="cannot be written"):
        write_file(tmp_path / "none" / "file", b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["place"]


@given(reason=st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip))
def test_any_reason_is_read_back_as_it_was_given(tmp_path_factory: pytest.TempPathFactory, reason: str) -> None:
    project = tmp_path_factory.mktemp("project")
    made = add(project, reason=reason, owner=reason)
    assert (made.reason, made.owner) == (reason, reason)
    assert read_project_settings(project).waivers == (made,)


HEADS = ["[[waive]]", "[[eject]]", "[waive]", "[", "waive = []", "x.y = 1"]
LINES = ["rule = 'MLS002'", "rule = 2", "path = '*'", "path = ['a']", "until = 2027-01-31", "until = 1", "reason = 'r'"]
OTHERS = ["owner = 'o'", "owner = {a = 1}", "since = 2026-01-01"]


def outcome(text: str) -> tuple[Waiver, ...] | str:
    """The waivers in a text, or why it is refused."""
    try:
        return parse_settings(text).waivers
    except ProjectSettingsError as error:
        return error.message


@given(lines=st.lists(st.one_of(st.sampled_from([*HEADS, *LINES, *OTHERS]), st.text(max_size=10)), max_size=12))
def test_any_text_is_read_or_refused(lines: list[str]) -> None:
    found = outcome("\n".join(lines))
    if isinstance(found, str):
        assert SETTINGS_FILE in found
    else:
        assert all(waiver.reason and waiver.owner for waiver in found)
