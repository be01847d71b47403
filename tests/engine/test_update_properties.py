"""Random edits meet random changes of the template, in real repositories: no line of the user is lost.

The two renders are folders that are written here, so that no template has to be rendered; everything after that is the
real thing. Each line that the user writes is unlike any other, so that it can be looked for afterwards.
"""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from mlscaffold.errors import PendingError, ProjectError, RenderError
from mlscaffold.files.entry import Entry, FileMode, entry_of
from mlscaffold.git.index import read_index, with_edits
from mlscaffold.git.location import located
from mlscaffold.git.store import open_store
from mlscaffold.plan.actions import Action
from mlscaffold.project.lock import dump_lock
from mlscaffold.project.make_lock import lock_of
from mlscaffold.project.record import read_recorded, read_watched
from mlscaffold.template.answers import Answers
from mlscaffold.template.checkout import Checkout
from mlscaffold.template.ownership import Ownership, PathRule
from mlscaffold.template.policy import Policy
from mlscaffold.template.render import Render
from mlscaffold.template.source import SourceKind, TemplateSource
from mlscaffold.update.apply import apply_update
from mlscaffold.update.ends import Ends
from mlscaffold.update.prepare import PreparedUpdate, solve
from mlscaffold.update.project_state import ProjectState
from mlscaffold.update.request import UpdateRequest
from mlscaffold.update.resume import abort_update

#: A file: its lines, and whether it is executable.
File = tuple[tuple[str, ...], bool]
Files = Mapping[str, File]

PATHS = ("a.txt", "b.txt", "d/c.txt", "d/e.txt", "f")
OWN_PATHS = ("mine.txt", "d/mine.txt", "moved/here.txt", "f/below.txt")
ANSWERS = ".copier-answers.yml"


@pytest.fixture(autouse=True, scope="module")
def _home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nobody's git configuration."""
    with pytest.MonkeyPatch.context() as patched:
        home = tmp_path_factory.mktemp("home")
        (home / ".gitconfig").write_text("[user]\n\tname = Ada\n\temail = ada@example.com\n")
        patched.setenv("HOME", str(home))
        patched.setenv("GIT_CONFIG_NOSYSTEM", "1")
        for name in ("XDG_CONFIG_HOME", "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
            patched.delenv(name, raising=False)
        yield


@dataclass(frozen=True, kw_only=True)
class Case:
    """What the template was and is, and what the user made of it."""

    old: Files
    new: Files
    mine: Files
    sources: tuple[Mapping[str, str], Mapping[str, str]]
    ownership: Ownership

    @property
    def written_by_the_user(self) -> Mapping[str, set[str]]:
        """The user's lines by path."""
        return {path: {line for line in lines if "mine" in line} for path, (lines, _) in self.mine.items()}


LINES = st.lists(st.sampled_from(["1", "2", "3", "4"]), min_size=1, max_size=5).map(tuple)


@st.composite
def edited(draw: st.DrawFn, lines: tuple[str, ...], words: st.SearchStrategy[str]) -> tuple[str, ...]:
    """Lines with one to three changes: put in, replaced, taken out."""
    found = list(lines)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(found)))
        found[at : at + draw(st.integers(0, 1))] = draw(st.lists(words, max_size=2))
    return tuple(found)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A template in two versions, and a project that was made of the first and edited."""
    old = draw(st.dictionaries(st.sampled_from(PATHS), st.tuples(LINES, st.booleans()), min_size=1, max_size=4))
    new, moved = draw(next_versions(old))
    mine = draw(projects(old))
    assume(all(not ("f" in side and "f/below.txt" in side) for side in (mine, new)))
    policies = draw(st.dictionaries(st.sampled_from(PATHS), st.sampled_from([Policy.OWNED, Policy.SEEDED]), max_size=1))
    rules = tuple(PathRule(glob=f"/{path}", policy=policy) for path, policy in policies.items())
    same = {path: path for path in PATHS}
    return Case(old=old, new=new, mine=mine, sources=(same, {**same, **moved}), ownership=Ownership(rules=rules))


@st.composite
def next_versions(draw: st.DrawFn, old: Files) -> tuple[Files, Mapping[str, str]]:
    """What the template's authors make of it, and the sources of what they moved."""
    new = dict(old)
    moved: dict[str, str] = {}
    for path, (lines, executable) in old.items():
        match draw(st.sampled_from(["keep", "edit", "edit", "mode", "delete", "move"])):
            case "edit":
                new[path] = draw(edited(lines, st.sampled_from(["1", "5", "6"]))), executable
            case "mode":
                new[path] = lines, not executable
            case "delete":
                del new[path]
            case "move" if free := [other for other in PATHS if other not in {*old, *new}]:
                place = draw(st.sampled_from(free))
                del new[path]
                new[place] = draw(edited(lines, st.sampled_from(["1", "5"]))), executable
                moved |= {place: path, path: place}
    for path in draw(st.sets(st.sampled_from(PATHS), max_size=1)) - new.keys():
        new[path] = draw(LINES), False
    return new, moved


@st.composite
def projects(draw: st.DrawFn, old: Files) -> Files:
    """What the user makes of it."""
    numbers = iter(range(1000))
    words = st.builds(lambda: f"mine {next(numbers)}")
    mine = dict(old)
    for path, (lines, executable) in old.items():
        match draw(st.sampled_from(["keep", "edit", "edit", "mode", "delete", "rename"])):
            case "edit":
                mine[path] = draw(edited(lines, words)), executable
            case "mode":
                mine[path] = lines, not executable
            case "delete":
                del mine[path]
            case "rename":
                del mine[path]
                mine[draw(st.sampled_from(OWN_PATHS))] = (*lines, draw(words)), executable
    for path in draw(st.sets(st.sampled_from((*OWN_PATHS, *PATHS)), max_size=1)) - mine.keys():
        mine[path] = (draw(words),), False
    return mine


def write(root: Path, files: Files) -> None:
    """Lay out files."""
    for path, (lines, executable) in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(f"{line}\n" for line in lines))
        file.chmod(0o755 if executable else 0o644)


def git(folder: Path, *arguments: str) -> str:
    """What a git command prints."""
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


@dataclass(frozen=True, kw_only=True)
class Play:
    """A case, laid out on disk."""

    case: Case
    root: Path

    @property
    def project(self) -> Path:
        """The project."""
        return self.root / "project"

    def rendered(self, version: str, files: Files, sources: Mapping[str, str]) -> Render:
        """What a version of the template gives."""
        root = self.root / version / "project"
        if not root.exists():
            root.mkdir(parents=True)
            write(root, files)
            (root / ANSWERS).write_text(f"_src_path: /template\n_commit: {version}\nname: World\n")
        entries: dict[str, Entry] = {path: entry_of(root / path) for path in [*files, ANSWERS]}
        source = TemplateSource(kind=SourceKind.REPOSITORY, url="/template", location="/template")
        checkout = Checkout(
            source=source, lay_out=lambda: self.root / version, version=version, tree="0" * 40, commit=""
        )
        answers = Answers(values={"name": "World"}, questions=())
        return Render(root=root, checkout=checkout, answers=answers, entries=entries, sources=sources)

    @property
    def old(self) -> Render:
        """What the project was made of."""
        return self.rendered("v1.0.0", self.case.old, self.case.sources[0])

    @property
    def new(self) -> Render:
        """What it shall follow."""
        return self.rendered("v2.0.0", self.case.new, self.case.sources[1])

    def make(self) -> None:
        """The project: made of the old render and committed, then edited and committed."""
        shutil.copytree(self.old.root, self.project)
        lock = lock_of(self.old, self.case.ownership, self.old.entries)
        (self.project / ".mlscaffold.lock").write_text(dump_lock(lock))
        for path in self.case.old:
            (self.project / path).unlink()
        for folder in [each for each in self.project.iterdir() if each.is_dir()]:
            shutil.rmtree(folder)
        write(self.project, self.case.mine)
        git(self.project, "init", "-q", "--template=", "-b", "main")
        git(self.project, "add", "-A")
        git(self.project, "commit", "-qm", "Edit")
        (self.project / "untracked").write_text("not in git\n")

    @contextlib.contextmanager
    def prepared(self, old: Render) -> Iterator[PreparedUpdate]:
        """The update, decided."""
        with tempfile.TemporaryDirectory(dir=self.root) as scratch:
            location = located(self.project)
            recorded, unwatched = read_watched(self.project, read_recorded)
            project = ProjectState(
                recorded=recorded,
                store=open_store(location, Path(scratch) / "git"),
                index=with_edits(read_index(self.project), location),
                unwatched=unwatched,
            )
            new = self.new
            checkouts = (old.checkout, new.checkout)
            ends = Ends(old=old, new=new, ownership=self.case.ownership, moves={}, checkouts=checkouts)
            yield solve(UpdateRequest(project=self.project), project, ends)


@contextlib.contextmanager
def played(case: Case) -> Iterator[Play]:
    """Lay out a case; cases whose update is refused because something is in the way are left out."""
    with tempfile.TemporaryDirectory() as root:
        play = Play(case=case, root=Path(root))
        play.make()
        yield play


def everything(project: Path) -> tuple[dict[str, tuple[int, bytes]], bytes, str]:
    """Files with their permissions, the index to the byte, HEAD."""
    files = {
        path.relative_to(project).as_posix(): (
            stat.S_IMODE(path.lstat().st_mode),
            b"" if path.is_dir() else path.read_bytes(),
        )
        for path in project.rglob("*")
        if ".git" not in path.relative_to(project).parts
    }
    return files, (project / ".git" / "index").read_bytes(), git(project, "rev-parse", "HEAD")


def lines_that_are_left(project: Path) -> set[str]:
    """Every line in the work tree, and in the stages of conflicts."""
    contents = [path.read_text() for path in project.rglob("*") if path.is_file() and ".git" not in path.parts]
    stages = {line.split()[1] for line in git(project, "ls-files", "-u").splitlines()}
    contents += [git(project, "cat-file", "blob", blob) for blob in stages]
    return {line for content in contents for line in content.splitlines()}


def follow_the_template(case: Case) -> None:
    """All that must hold of one update."""
    with played(case) as play:
        before = everything(play.project)
        try:
            with play.prepared(play.old) as prepared:
                assert everything(play.project) == before, "deciding writes nothing"
                done = apply_update(prepared)
        except ProjectError as error:
            event("something is in the way")
            refused = error.message
        else:
            refused = ""
        if refused:
            assert "is in the way" in refused
            assert everything(play.project) == before
            return
        event(f"conflicts: {len(done.conflicts)}")
        nothing_is_lost(play, prepared)
        the_plan_was_true(play, prepared)
        assert (play.project / "untracked").read_text() == "not in git\n"
        if done.conflicts:
            abort_update(play.project)
            assert everything(play.project) == before
        else:
            the_second_time_does_nothing(play)


def nothing_is_lost(play: Play, prepared: PreparedUpdate) -> None:
    """Every line of the user is somewhere, but for committed edits of files that the template owns."""
    left = lines_that_are_left(play.project)
    replaced = {each.path for each in prepared.plan.having(Action.REPLACE)}
    for path, lines in play.case.written_by_the_user.items():
        if path not in replaced:
            assert lines <= left, path


def the_plan_was_true(play: Play, prepared: PreparedUpdate) -> None:
    """Each file is what the dry run said, and no other was touched."""
    told = {place for each in prepared.plan.changes for place in (each.path, each.origin)}
    for each in prepared.plan.changes:
        if each.result is not None:
            assert entry_of(play.project / each.path) == each.result
    for path, (lines, executable) in play.case.mine.items():
        if path not in told:
            mode = FileMode.EXECUTABLE if executable else FileMode.FILE
            assert (play.project / path).read_text() == "".join(f"{line}\n" for line in lines)
            assert entry_of(play.project / path).mode is mode


def the_second_time_does_nothing(play: Play) -> None:
    """The result is committed and followed again."""
    (play.project / "untracked").unlink()
    git(play.project, "add", "-A")
    git(play.project, "commit", "-qm", "Follow the template", "--allow-empty")
    with play.prepared(play.new) as prepared:
        assert prepared.plan.changes == ()
        assert not prepared.moves_lock


@settings(max_examples=15)
@given(cases())
def test_no_line_is_lost_and_the_plan_is_what_happens(case: Case) -> None:
    follow_the_template(case)


@pytest.mark.matrix
@settings(max_examples=150)
@given(cases())
def test_no_line_is_lost_in_many_more(case: Case) -> None:
    follow_the_template(case)


@settings(max_examples=8)
@given(cases())
def test_an_update_that_is_applied_is_undone_to_the_byte(case: Case) -> None:
    """As when the template's own commands fail at the end."""
    with played(case) as play:
        before = everything(play.project)
        try:
            with (
                play.prepared(play.old) as prepared,
                patch("mlscaffold.update.apply.run_tasks", side_effect=RenderError("A task failed.")),
            ):
                ends = dataclasses.replace(prepared.ends, tasks=("make",))
                request = dataclasses.replace(prepared.request, trusted=True)
                apply_update(dataclasses.replace(prepared, request=request, ends=ends))
        except ProjectError:
            event("something is in the way")
            return
        except PendingError:
            event("a task failed")
        else:
            assert prepared.plan.conflicts, "a task that fails leaves work pending"
        abort_update(play.project)
        assert everything(play.project) == before
