"""`mlscaffold update --owned-only`: what the template owns goes ahead, all else stays, and every verb knows both."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import Phase, assume, event, given, settings
from hypothesis import strategies as st

from mlscaffold.files.entry import entry_of
from mlscaffold.project.lock import Base, dump_lock, parse_lock, read_lock

from .conftest import Machine, begins, snapshot, write_files
from .updating import LINES, Followed, follow, lines, with_line

OWNED = {"ownership.yml": "files:\n  'ci/**': owned\n  conf.toml: {keyed: [tool.lint]}\n  data.txt: seeded\n"}
FILES = {
    **OWNED,
    "ci/build.yml": "build: 1\n",
    "ci/old.yml": "old\n",
    "conf.toml": "[tool.lint]\nlevel = 1\n\n[mine]\na = 1\n",
    "data.txt": "data\n",
    "notes.md": LINES,
}


@begins
def demo(machine: Machine) -> Followed:
    """A project with edits of its own, whose template changed everywhere."""
    found = follow(machine, FILES)
    found.edit({"notes.md": with_line(1, "mine"), "conf.toml": "[tool.lint]\nlevel = 1\n\n[mine]\na = 7\n"})
    found.release(
        files={
            "ci/build.yml": "build: 2\n",
            "ci/scan.yml": "scan\n",
            "conf.toml": "[tool.lint]\nlevel = 2\n\n[mine]\na = 1\n",
            "data.txt": "other data\n",
            "notes.md": with_line(9, "theirs"),
            "more.md": "more\n",
        },
        gone=("ci/old.yml",),
    )
    return found


def test_only_what_the_template_owns_moves(demo: Followed) -> None:
    before = demo.text(".copier-answers.yml")

    demo.updated("--owned-only")

    assert demo.text("ci/build.yml") == "build: 2\n"
    assert demo.text("ci/scan.yml") == "scan\n"
    assert not demo.has("ci/old.yml")
    assert demo.text("conf.toml") == "[tool.lint]\nlevel = 2\n\n[mine]\na = 7\n"
    assert demo.text("notes.md") == with_line(1, "mine")
    assert not demo.has("more.md")
    assert demo.text(".copier-answers.yml") == before, "plain Copier still updates from the version of the answers"


def test_the_lock_records_both_versions_and_check_is_content(demo: Followed) -> None:
    demo.updated("--owned-only")
    demo.commit()

    lock = read_lock(demo.project)
    assert lock.version == "v1.0.0"
    assert lock.owned is not None
    assert lock.owned.version == "v2.0.0"
    assert demo.machine.run("check", demo.project).code == 0
    assert demo.machine.run("check", "--strict", demo.project).code == 0
    assert "v2.0.0" in demo.machine.run("check", "--require-latest", demo.project).out


def test_the_full_update_afterwards_ends_where_it_would_have_ended(demo: Followed) -> None:
    demo.updated("--owned-only")
    demo.commit()
    demo.updated()
    demo.commit()

    assert demo.text("notes.md") == lines((1, "mine"), (9, "theirs"))
    assert demo.text("more.md") == "more\n"
    assert demo.text("data.txt") == "data\n"
    lock = read_lock(demo.project)
    assert (lock.version, lock.owned) == ("v2.0.0", None)
    assert demo.actions() == {}


def test_a_second_time_there_is_nothing_to_do(demo: Followed) -> None:
    demo.updated("--owned-only")
    demo.commit()

    assert "Nothing to do" in demo.update("--owned-only").out
    demo.release("v3.0.0", {"ci/build.yml": "build: 3\n"}, gone=("ci/scan.yml",))
    assert demo.actions("--owned-only") == {"ci/build.yml": "update", "ci/scan.yml": "remove"}


def test_diff_why_and_doctor_know_both(demo: Followed) -> None:
    demo.updated("--owned-only")
    demo.commit()
    project = ("--project", demo.project)

    names = demo.machine.run("diff", "--name-only", *project).out
    assert "notes.md" in names
    assert "ci/build.yml" not in names
    assert "v2.0.0" in demo.machine.run("why", "ci/build.yml", *project).out
    assert "v1.0.0" in demo.machine.run("why", "notes.md", *project).out
    assert "owned files v2.0.0" in demo.machine.run("doctor", demo.project).out
    assert "v2.0.0" in demo.machine.run("lock", demo.project).out


def test_answers_change_in_both_versions(machine: Machine) -> None:
    demo = follow(machine, {**OWNED, "ci/a.jinja": "{{ name }} 1\n", "b.md.jinja": "{{ name }} 1\n"})
    demo.release(files={"ci/a.jinja": "{{ name }} 2\n", "b.md.jinja": "{{ name }} 2\n"})
    demo.updated("--owned-only")
    demo.commit()

    assert demo.set("name=Moon").code == 0
    demo.commit()

    assert (demo.text("ci/a"), demo.text("b.md")) == ("Moon 2\n", "Moon 1\n")
    assert demo.machine.run("check", "--strict", demo.project).code == 0


def test_a_lock_that_is_made_anew_keeps_both(demo: Followed) -> None:
    demo.updated("--owned-only")
    demo.edit({".copier-answers.yml": demo.text(".copier-answers.yml").replace("World", "Moon")})

    assert demo.machine.run("lock", "--resolve", demo.project).code == 0

    lock = read_lock(demo.project)
    assert (lock.version, lock.owned and lock.owned.version) == ("v1.0.0", "v2.0.0")


def test_no_way_back_behind_what_is_ahead(demo: Followed) -> None:
    demo.release("v3.0.0", {"ci/build.yml": "build: 3\n"})
    demo.updated("--owned-only")
    demo.commit()

    demo.refuses("v2.0.0", "is older than v3.0.0", options=("--to", "v2.0.0"))


def test_a_tag_that_was_moved_is_named(demo: Followed) -> None:
    demo.updated("--owned-only")
    demo.commit()
    write_files(demo.template, {"template/ci/build.yml": "evil\n"})
    for words in (("add", "-A"), ("commit", "-qm", "Moved"), ("tag", "-f", "v2.0.0")):
        demo.machine.git("-c", "user.name=T", "-c", "user.email=t@example.com", *words, cwd=demo.template)

    demo.refuses("v2.0.0", "the tag was moved")
    found = demo.machine.run("check", "--strict", demo.project)
    assert found.code == 1
    assert "v2.0.0" in found.out


def test_what_went_ahead_of_its_channel_is_where_the_rest_follows_to(demo: Followed) -> None:
    demo.release("v3.0.0rc1", {"ci/build.yml": "build: 3\n"})
    demo.updated("--owned-only", "--to", "v3.0.0rc1")
    demo.commit()
    assert "v3.0.0rc1 of" in demo.machine.run("check", "--require-latest", demo.project).out
    assert "v3.0.0rc1 is out" in demo.machine.run("doctor", demo.project).out

    demo.updated()

    assert (demo.version, read_lock(demo.project).owned) == ("v3.0.0rc1", None)


def test_what_went_and_comes_back_for_others_needs_the_whole_update(demo: Followed) -> None:
    demo.updated("--owned-only")
    demo.commit()
    demo.release(
        "v3.0.0", {"ci/old.yml": "old\n", "ownership.yml": "files:\n  ci/build.yml: owned\n"}, gone=("ci/scan.yml",)
    )

    demo.refuses("no longer owns", "ci/old.yml", options=("--owned-only",))
    demo.updated()
    demo.commit()
    assert demo.text("ci/old.yml") == "old\n"
    assert demo.machine.run("check", "--strict", demo.project).code == 0


def test_the_version_of_a_file_that_stayed_is_said(machine: Machine) -> None:
    demo = follow(machine, {**OWNED, "ci/a": "1\n", "ci/b": "1\n"})
    demo.release(files={"ownership.yml": "files:\n  ci/a: owned\n", "ci/a": "2\n", "ci/b": "2\n"})
    demo.updated("--owned-only")
    demo.commit()

    for path, version in (("ci/a", "v2.0.0"), ("ci/b", "v1.0.0")):
        assert version in machine.run("why", path, "--project", demo.project).out


def test_a_new_address_needs_the_whole_update(demo: Followed) -> None:
    demo.refuses("stays where it is", "--to v1.0.0", options=("--owned-only", "--template", f"file://{demo.template}"))
    demo.updated("--template", f"file://{demo.template}", "--to", "v1.0.0")
    demo.commit()
    demo.updated("--owned-only")


def test_answers_are_not_given_with_it(demo: Followed) -> None:
    demo.refuses("answers stay as they are", options=("--owned-only", "--set", "name=Moon"))


def test_a_version_that_asks_for_more_needs_the_whole_update(demo: Followed) -> None:
    copier = (demo.template / "copier.yml").read_text()
    demo.release("v3.0.0", {"copier.yml": f"{copier}team:\n  type: str\n"})

    demo.refuses("v3.0.0", "it asks for team", "mlscaffold update", options=("--owned-only",))


def test_derived_files_are_made_again_where_the_template_is_trusted(machine: Machine) -> None:
    table = "files:\n  'ci/**': owned\n  made.txt: {derived: cp ci/a made.txt}\n"
    demo = follow(machine, {"ownership.yml": table, "ci/a": "1\n"}, "--trust")
    demo.commit()
    demo.release(files={"ci/a": "2\n"})

    said = demo.update("--owned-only", "--dry-run")
    assert "not made again" in said.err
    demo.updated("--owned-only", "--trust")

    assert demo.text("made.txt") == "2\n"


def test_a_branch_that_went_ahead_meets_one_with_other_answers(machine: Machine) -> None:
    demo = follow(machine, {**OWNED, "ci/a.jinja": "{{ name }} 1\n", "b.md.jinja": "{{ name }} 1\n"})
    demo.release(files={"ci/a.jinja": "{{ name }} 2\n", "b.md.jinja": "{{ name }} 2\n"})
    demo.git("checkout", "-qb", "ahead")
    demo.updated("--owned-only")
    demo.commit()
    demo.git("checkout", "-q", "-")
    assert demo.set("name=Moon").code == 0
    demo.commit()
    with pytest.raises(subprocess.CalledProcessError):
        demo.git("merge", "-q", "ahead")

    done = demo.machine.run("lock", "--resolve", demo.project)
    assert done.code == 0, done

    lock = read_lock(demo.project)
    assert (lock.version, lock.owned and lock.owned.version) == ("v1.0.0", "v2.0.0")
    assert (demo.text("ci/a"), demo.text("b.md")) == ("Moon 2\n", "Moon 1\n")


def test_a_conflict_waits_and_the_lock_moves_when_it_is_resolved(machine: Machine) -> None:
    table = "files:\n  'ci/**': owned\n  made.txt: {derived: cp ci/a made.txt}\n"
    demo = follow(machine, {"ownership.yml": table, "ci/a": "1\n", "b.md": LINES, "c.md": "1\n"}, "--trust")
    demo.edit({"b.md": with_line(1, "mine")})
    demo.release(files={"ownership.yml": f"{table}  b.md: owned\n", "ci/a": "2\n", "c.md": "2\n"})

    assert demo.update("--owned-only", "--trust").code == 3
    assert read_lock(demo.project).owned is None
    demo.git("checkout", "--theirs", "b.md")
    demo.git("add", "b.md")
    assert demo.update("--continue", "--trust").code == 0

    lock = read_lock(demo.project)
    assert (lock.version, lock.owned and lock.owned.version) == ("v1.0.0", "v2.0.0")
    assert (demo.text("made.txt"), demo.text("b.md"), demo.text("c.md")) == ("2\n", LINES, "1\n")
    assert demo.machine.run("check", demo.project).code == 0


def test_a_lock_of_one_version_is_written_as_before() -> None:
    text = dump_lock(parse_lock(_locked(None)))
    assert text == _locked(None)
    assert "owned:" not in text


@pytest.mark.parametrize("version", ["v2.0.0", "1.0", "with-dashes_1"])
def test_a_lock_of_two_versions_is_read_as_it_was_written(version: str) -> None:
    text = _locked(Base(version=version, tree="a" * 40))
    assert dump_lock(parse_lock(text)) == text


def _locked(owned: Base | None) -> str:
    from mlscaffold.project.lock import Lock

    lock = Lock(
        template="/t",
        version="v1.0.0",
        tree="b" * 40,
        renderer="copier 9, jinja2 3",
        answers_file=".copier-answers.yml",
        answers_blob="c" * 40,
        answers="sha256:0",
        files={},
        owned=owned,
    )
    return dump_lock(lock)


PATHS = ("a", "b", "d/c", "d/e", "f.toml")
POLICIES = ("owned", "owned", "merged", "seeded")
CONTENTS = st.sampled_from([LINES, with_line(2, "one"), with_line(2, "two"), with_line(8, "three")])


@dataclass(frozen=True, kw_only=True)
class Story:
    """Two versions of a template, and what the user did between them."""

    old: Mapping[str, str]
    new: Mapping[str, str]
    #: By path the policy before and now.
    policies: tuple[Mapping[str, str], Mapping[str, str]]
    edits: Mapping[str, str | None]

    def table(self, number: int) -> str:
        """The ownership table of a version."""
        rules = "".join(f"  /{path}: {policy}\n" for path, policy in self.policies[number].items())
        return f"files:\n{rules}" if rules else "files: {}\n"


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Templates that change files and owners, and users who edit and delete."""
    files = st.dictionaries(st.sampled_from(PATHS), CONTENTS, min_size=2)
    tables = st.dictionaries(st.sampled_from(PATHS), st.sampled_from(POLICIES))
    old, before = draw(files), draw(tables)
    new = {**old, **draw(files)}
    for path in draw(st.sets(st.sampled_from(PATHS), max_size=1)):
        new.pop(path, None)
    edited = st.one_of(st.none(), st.sampled_from([with_line(5, "mine"), with_line(2, "mine")]))
    edits = draw(st.dictionaries(st.sampled_from([*old, "own"]), edited, max_size=2))
    after = {**before, **draw(tables)}
    return Story(old=old, new=new, policies=(before, after), edits=edits)


@contextmanager
def played(machine: Machine, story: Story) -> Iterator[Followed]:
    """The story on disk, up to the update."""
    with tempfile.TemporaryDirectory(dir=machine.work) as folder:
        root = Path(folder) / "template"
        files = {f"template/{path}": content for path, content in story.old.items()}
        release(machine, root, {**files, "ownership.yml": story.table(0)}, "v1.0.0")
        project = Path(folder) / "project"
        done = machine.run("new", project, "--template", root, "--defaults")
        assert done.code == 0, done
        demo = Followed(machine=machine, template=root, project=project)
        for path, content in story.edits.items():
            if content is not None:
                write_files(project, {path: content})
            elif demo.has(path):
                (project / path).unlink()
        demo.commit()
        for path in story.old.keys() - story.new.keys():
            (root / "template" / path).unlink()
        files = {f"template/{path}": content for path, content in story.new.items()}
        release(machine, root, {**files, "ownership.yml": story.table(1)}, "v2.0.0")
        yield demo


def release(machine: Machine, root: Path, files: Mapping[str, str], tag: str) -> None:
    """Release a template."""
    from .conftest import SMALL

    if not root.exists():
        machine.git("init", "-q", root)
        write_files(root, SMALL)
    write_files(root, files)
    machine.git("add", "-A", ".", cwd=root)
    machine.git("-c", "user.name=T", "-c", "user.email=t@example.com", "commit", "-qm", tag, "--allow-empty", cwd=root)
    machine.git("tag", tag, cwd=root)


def owned_only_then_full_is_full(machine: Machine, story: Story) -> None:
    """File by file, and to the byte of the lock."""
    with played(machine, story) as demo:
        start = demo.git("rev-parse", "HEAD").strip()
        # What the template owned, and somebody changed, is as wrong afterwards where it waits for the whole update.
        drifted = demo.machine.run("check", demo.project).code != 0
        assume(demo.update("--dry-run").code == 0)
        demo.updated()
        demo.commit()
        wanted = snapshot(demo.project)
        demo.git("reset", "-q", "--hard", start)
        event(f"moves {len(demo.actions('--owned-only'))} files")
        demo.updated("--owned-only")
        demo.commit()
        checked = demo.machine.run("check", "--strict", demo.project)
        assert checked.code == 0 or drifted, checked
        assert demo.actions("--owned-only") == {}
        demo.updated()
        demo.commit()
        assert snapshot(demo.project) == wanted
        assert all(entry_of(demo.project / path) for path in story.new if demo.has(path))


#: Each example is six commands: to shrink one takes minutes.
PHASES = [Phase.explicit, Phase.generate]


@settings(max_examples=4, phases=PHASES)
@given(story=stories())
def test_owned_only_then_full_equals_full(machine: Machine, story: Story) -> None:
    owned_only_then_full_is_full(machine, story)


@pytest.mark.matrix
@settings(max_examples=20, phases=PHASES)
@given(story=stories())
def test_owned_only_then_full_equals_full_in_many_more(machine: Machine, story: Story) -> None:
    owned_only_then_full_is_full(machine, story)
