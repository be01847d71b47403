"""The lock: what is written is what is read, and nothing else is accepted."""

from __future__ import annotations

import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlscaffold.errors import LockError
from mlscaffold.files.entry import Entry, FileMode, check_contained, folded
from mlscaffold.project.lock import LOCK_FILE, Base, Lock, LockedFile, answers_digest, dump_lock, parse_lock, read_lock
from mlscaffold.template.policy import Policy

NAME = st.text(st.characters(exclude_categories=("C", "Z"), exclude_characters="/\\:~"), min_size=1).filter(
    lambda name: name not in {".", ".."} and not name.lower().startswith((".git", "git"))
)
PATH = st.lists(NAME, min_size=1, max_size=4).map("/".join)
BLOB = st.text(string.hexdigits.lower()[:16], min_size=40, max_size=40)
KEYS = st.dictionaries(st.text(string.ascii_letters + "._-=", min_size=1), BLOB, max_size=3)


@st.composite
def locked_files(draw: st.DrawFn) -> LockedFile:
    """Any file that a render can have."""
    policy = draw(st.sampled_from(list(Policy)))
    entry = draw(st.none() | st.builds(Entry, mode=st.sampled_from(list(FileMode)), blob=BLOB))
    return LockedFile(
        policy=policy,
        entry=entry,
        source=draw(PATH),
        required=policy is Policy.SEEDED and draw(st.booleans()),
        keys=draw(KEYS) if policy is Policy.KEYED else {},
    )


LOCKS = st.builds(
    Lock,
    template=st.just("https://example.com/template"),
    version=st.just("1.0.0"),
    tree=BLOB,
    renderer=st.just("copier 9, jinja2 3"),
    answers_file=st.just(".copier-answers.yml"),
    answers_blob=BLOB,
    answers=BLOB.map("sha256:{}".format),
    files=st.dictionaries(PATH, locked_files(), max_size=5),
    owned=st.none() | st.builds(Base, version=st.sampled_from(["2.0.0", "v2", "owned:"]), tree=BLOB),
)
ONE_FILE = Lock(
    template="https://example.com/template",
    version="1.0.0",
    tree="a" * 40,
    renderer="copier 9, jinja2 3",
    answers_file=".copier-answers.yml",
    answers_blob="b" * 40,
    answers="sha256:c",
    files={
        "cicd/build.sh": LockedFile(
            policy=Policy.OWNED, entry=Entry(mode=FileMode.EXECUTABLE, blob="d" * 40), source="template/cicd/build.sh"
        )
    },
)


@given(LOCKS)
def test_what_is_written_is_what_is_read(lock: Lock) -> None:
    assert parse_lock(dump_lock(lock)) == lock


@given(LOCKS, st.data())
def test_any_other_byte_is_noticed(lock: Lock, data: st.DataObject) -> None:
    text = dump_lock(lock)
    place = data.draw(st.integers(text.index("\n") + 1, len(text) - 1))
    changed = text[:place] + ("x" if text[place] != "x" else "y") + text[place + 1 :]
    with pytest.raises(LockError):
        parse_lock(changed)


def test_paths_are_sorted_so_that_merges_are_small() -> None:
    file = ONE_FILE.files["cicd/build.sh"]
    text = dump_lock(Lock(**{**vars(ONE_FILE), "files": {"z": file, "a": file, "m/n": file}}))
    assert [line.split("\t")[4] for line in text.splitlines()[6:]] == ["a", "m/n", "z"]


def signed(body: str) -> str:
    """A text that its author, a stranger, gave a digest that fits."""
    import hashlib

    return f"mlscaffold-lock 1 sha256:{hashlib.sha256(body.encode()).hexdigest()}\n{body}"


BODY = dump_lock(ONE_FILE).partition("\n")[2]


OUTSIDE = ["../up", "/etc/passwd", "a/../../b", "a//b", "C:/x", "a\\b", "./a", ""]
INSIDE_GIT = [".git/hooks/pre-commit", ".GIT/config", "git~1/config", "sub/.git/config", ".git\u200c/config", ".git."]


@pytest.mark.parametrize("path", OUTSIDE + INSIDE_GIT)
def test_hostile_paths_are_refused_even_with_a_digest_that_fits(path: str) -> None:
    with pytest.raises(LockError, match=r"outside of the project or inside \.git"):
        parse_lock(signed(BODY.replace("\tcicd/build.sh", f"\t{path}")))
    if path:
        with pytest.raises(LockError):
            parse_lock(signed(BODY.replace(".copier-answers.yml", path)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "does not start as a lock does"),
        ("{}", "does not start as a lock does"),
        ("mlscaffold-lock 2 sha256:0\n", "format '2'; this version of mlscaffold reads format 1"),
        (dump_lock(ONE_FILE)[:-20], "MLS001"),
        (dump_lock(ONE_FILE).replace("1.0.0", "1.0.1"), "MLS001"),
        (f"<<<<<<< ours\n{dump_lock(ONE_FILE)}=======\n", "conflict markers"),
        (signed(BODY.replace("tree:", "wood:")), "expected the line `tree: …`"),
        (signed(BODY.replace("renderer:", "owned: 2.0.0\nrenderer:")), "expected the line `owned: VERSION TREE`"),
        (signed(BODY.replace("renderer:", "owned: 2 a\nowned: 2 a\nrenderer:")), "expected the line `renderer: …`"),
        (signed("template: x\n"), "incomplete"),
        (signed(BODY + "owned\t100644\n"), "cannot read the line"),
        (signed(BODY.replace("owned\t", "mine\t")), "'mine' is not a valid Policy"),
        (signed(BODY.replace("100755", "160000")), "'160000' is not a valid FileMode"),
        (signed(BODY + BODY.splitlines()[-1] + "\n"), "named twice"),
    ],
)
def test_damage_is_named(text: str, said: str) -> None:
    with pytest.raises(LockError, match=said.replace("(", r"\(")):
        parse_lock(text)


def test_a_folder_without_a_lock_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(LockError, match="Run the command in the folder that holds the lock"):
        read_lock(tmp_path)


def test_a_lock_that_is_a_link_or_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text(dump_lock(ONE_FILE))
    (tmp_path / LOCK_FILE).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(LockError, match="not a plain file"):
        read_lock(tmp_path)
    (tmp_path / LOCK_FILE).unlink()
    (tmp_path / LOCK_FILE).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(LockError, match="Cannot read"):
        read_lock(tmp_path)


def test_the_digest_of_answers_is_of_their_meaning() -> None:
    assert answers_digest({"a": 1, "b": "x"}) == answers_digest({"b": "x", "a": 1})
    assert answers_digest({"a": 1}) != answers_digest({"a": "1"})


@pytest.mark.parametrize("path", ["a\tb", "new\nline", "a/\x7f"])
def test_signs_that_no_name_should_hold_are_told_from_what_leads_outside(path: str) -> None:
    with pytest.raises(LockError, match="which holds a sign that no name of a file should hold"):
        check_contained(path, error=LockError, origin="The lock")


@given(st.text(st.sampled_from("aGit.-_/1"), max_size=12))
def test_names_that_are_judged_at_a_glance_are_let_in_as_the_long_look_does(path: str) -> None:
    """What is put behind them, and means nothing to some file system, makes the look a long one."""
    parts = path.split("/")
    hostile = path.startswith("/") or any(
        part in {"", ".", ".."} or part.lower().rstrip(".") == ".git" for part in parts
    )
    try:
        check_contained(path, error=LockError, origin="The lock")
    except LockError:
        assert hostile
    else:
        assert not hostile
        assert folded(path) == folded(f"{path}\u200c")
