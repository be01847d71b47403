"""A person's machine for every story: an empty home, a folder to work in, a temporary folder that is looked through."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from mlscaffold.__main__ import main

from .forks import Choose, each_step, first_and_last_of_each_kind

ROOT = Path(__file__).parents[2]
PERSON = "[user]\n\tname = Ada Lovelace\n\temail = ada@example.com\n"
ANSWERS_FILE = "{{ _copier_conf.answers_file }}.jinja"
#: The smallest template that can be updated: one question, one file, an answers file.
SMALL: Mapping[str, str] = {
    "copier.yml": "_subdirectory: template\n_templates_suffix: .jinja\nname:\n  type: str\n  default: World\n",
    "template/hello.txt.jinja": "Hello {{ name }}\n",
    f"template/{ANSWERS_FILE}": "{{ _copier_answers | to_nice_yaml -}}\n",
}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    def refused(self, *said: str, code: int = 2) -> None:
        """It failed as a user's mistake does: documented code, what and where, and no traceback."""
        assert self.code == code, self
        assert "Traceback" not in self.out + self.err
        assert "bug" not in self.err
        flat = " ".join(self.err.split())
        for words in said:
            assert words in flat, f"{words!r} is missing in: {flat}"


@dataclass(frozen=True, kw_only=True)
class Machine:
    """Folders of one story."""

    home: Path
    work: Path
    scratch: Path
    _run: Callable[[tuple[str, ...]], Outcome] = field(repr=False)
    _set: Callable[[str, str], None] = field(repr=False)

    def run(self, *arguments: str | Path) -> Outcome:
        """`mlscaffold` with these arguments, in this process."""
        return self._run(tuple(map(str, arguments)))

    def environment(self, name: str, value: str) -> None:
        """Set a variable of the environment, for the rest of the story."""
        self._set(name, value)

    def git(self, *arguments: str | Path, cwd: Path | None = None) -> str:
        """What a git command prints."""
        done = subprocess.run(["git", *map(str, arguments)], cwd=cwd or self.work, check=True, capture_output=True)
        return done.stdout.decode()

    def configure(self, text: str) -> None:
        """Write git's configuration of the person."""
        (self.home / ".gitconfig").write_text(text)

    def template(
        self, files: Mapping[str, str | bytes] | None = None, *, tag: str = "v1.0.0", name: str = "template"
    ) -> Path:
        """A git repository with files on top of what it holds; `tag` may be empty."""
        root = self.home.parent / name
        if not root.exists():
            self.git("init", "-q", "-b", "main", str(root))
        write_files(root, SMALL if files is None else files)
        self.git("add", "-A", ".", cwd=root)
        self.git("-c", "user.name=T", "-c", "user.email=t@example.com", "commit", "-qm", tag or "state", cwd=root)
        if tag:
            self.git("tag", tag, cwd=root)
        return root

    def nothing_was_left(self) -> None:
        """Neither the working folder nor the temporary one holds anything."""
        assert list(self.work.iterdir()) == []
        assert list(self.scratch.iterdir()) == []


def built_in(machine: Machine) -> Path:
    """The built-in template as it lies here, released."""
    template = machine.home.parent / "built-in"
    machine.git("init", "-q", template)
    for name in ("copier.yml", "ownership.yml", "template"):
        machine.git(f"--git-dir={template}/.git", f"--work-tree={ROOT}", "add", "--", name, cwd=ROOT)
    machine.git("commit", "-qm", "As it lies here", cwd=template)
    machine.git("tag", "v1.0.0", cwd=template)
    machine.git("checkout", "-q", "-f", "HEAD", cwd=template)
    return template


def write_files(root: Path, files: Mapping[str, str | bytes]) -> None:
    """Write files, and the folders they need."""
    for path, content in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)


def snapshot(root: Path, *, without: tuple[str, ...] = (".git",)) -> dict[str, tuple[str, bytes]]:
    """Every file below a folder: kind (link, executable, plain) and content; empty folders too."""
    found: dict[str, tuple[str, bytes]] = {}
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in without]
        for name in [*files, *folders]:
            path = Path(folder, name)
            mode = path.lstat().st_mode
            key = path.relative_to(root).as_posix()
            if stat.S_ISLNK(mode):
                found[key] = ("link", os.fsencode(path.readlink()))
            elif stat.S_ISREG(mode):
                found[key] = ("executable" if mode & 0o100 else "plain", path.read_bytes())
            elif not any(path.iterdir()):
                found[key] = ("empty folder", b"")
    return {path: entry for path, entry in found.items() if path not in without}


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One folder for all stories of a module that begin alike: what they begin from is made once, and copied.

    A project names the template that it was made from, and the folder that it lies in: a copy is true only there.
    """

    folder: Path
    #: Where the folder is put aside as it was made, by the name of what made it.
    aside: Path
    _made: dict[str, Any] = field(default_factory=dict)

    def clear(self) -> Path:
        """The folder, with nothing in it."""
        for entry in self.folder.iterdir():
            shutil.rmtree(entry)
        return self.folder

    def begin(self, make: Callable[[Machine], Any], machine: Machine) -> Any:
        """What a function makes on a machine: a path, or a value that knows its machine."""
        aside = self.aside / make.__name__
        if make.__name__ not in self._made:
            self._made[make.__name__] = make(machine)
            shutil.copytree(self.folder, aside, symlinks=True)
        else:
            shutil.copytree(aside, self.folder, symlinks=True, dirs_exist_ok=True)
        made = self._made[make.__name__]
        return made if isinstance(made, Path) else replace(made, machine=machine)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """The folder of the stories of a module that begin alike."""
    return Stage(folder=tmp_path_factory.mktemp("stage"), aside=tmp_path_factory.mktemp("aside"))


def begins(make: Callable[[Machine], Any]) -> Any:
    """A fixture of what many stories of a module begin from."""

    @pytest.fixture(name=make.__name__)
    def begun(machine: Machine, stage: Stage) -> Any:
        return stage.begin(make, machine)

    return begun


@pytest.fixture(scope="session")
def git_settings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Git's configuration of the machine: no sample hooks in each repository, no upkeep after each commit."""
    folder = tmp_path_factory.mktemp("git")
    for name in ("hooks", "info"):
        (folder / "repository" / name).mkdir(parents=True)
    settings = folder / "config"
    settings.write_text(f"[init]\n\ttemplateDir = {folder / 'repository'}\n[maintenance]\n\tauto = false\n")
    return settings


@pytest.fixture
def machine(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    git_settings: Path,
) -> Machine:
    """A hermetic home, and the command line in this process."""
    is_staged = "stage" in request.fixturenames
    root = request.getfixturevalue("stage").clear() if is_staged else request.getfixturevalue("tmp_path")
    home, work, scratch = (root / name for name in ("home", "work", "scratch"))
    for folder in (home, work, scratch):
        folder.mkdir()
    for name in list(os.environ):
        if name.startswith(("MLSCAFFOLD_", "GIT_", "XDG_")) or name in {"NO_COLOR", "FORCE_COLOR", "EMAIL"}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("TMPDIR", str(scratch))
    monkeypatch.setattr("tempfile.tempdir", None)
    # A story begins as a process does, that has looked through no folder yet.
    monkeypatch.setattr("mlscaffold.files.scratch._swept", set())
    # What one story keeps secret would be taken out of the next one's words.
    monkeypatch.setattr("mlscaffold.redaction._known", set())
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", str(git_settings))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(work)

    def run(arguments: tuple[str, ...]) -> Outcome:
        capfd.readouterr()
        monkeypatch.setattr(sys, "argv", ["mlscaffold", *arguments])
        code: object = 0
        patience = signal.getsignal(signal.SIGINT)
        try:
            main()
        except SystemExit as stop:
            code = stop.code
        finally:
            signal.signal(signal.SIGINT, patience)
        said = capfd.readouterr()
        return Outcome(code=int(str(code or 0)), out=said.out, err=said.err)

    machine = Machine(home=home, work=work, scratch=scratch, _run=run, _set=monkeypatch.setenv)
    machine.configure(PERSON)
    return machine


@pytest.fixture(
    params=[
        pytest.param(first_and_last_of_each_kind, id="of each kind"),
        pytest.param(each_step, id="each", marks=pytest.mark.matrix),
    ]
)
def choose(request: pytest.FixtureRequest) -> Choose:
    """The steps of a run at which something happens to it."""
    chosen: Choose = request.param
    return chosen
