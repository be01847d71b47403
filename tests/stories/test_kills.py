"""kill -9 at the effects of the verbs that write into a project: it is before, or after, or it says what waits.

A run is forked off a warm process and kills itself at one of its effects on the disk below the project. Where a file
is opened to be written it dies a second time with the file cut short. Then `--continue` must give exactly what an
undisturbed run gives, and `--abort` exactly what was there before: contents, permissions, index, HEAD.

Every run of the tests tries the first and the last effect of each kind; `nox -s matrix` tries each effect.
"""

from __future__ import annotations

import errno
import functools
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mlscaffold.apply.journal import Phase, pending
from mlscaffold.update.apply import apply_update
from mlscaffold.update.prepare import prepare_update
from mlscaffold.update.request import UpdateRequest
from mlscaffold.update.resume import abort_update, continue_update

from .conftest import Machine
from .forks import Choose, act_at, effect, in_child, kill_at, steps_of
from .scenes import FIRST, Copy, Scene, drifted_project, eventful_update, junk, state_of
from .updating import Followed, follow, with_line

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs fork, and /proc to follow open files"),
]


@pytest.fixture
def demo(machine: Machine) -> Followed:
    return eventful_update(machine)


@pytest.fixture
def contested(demo: Followed) -> Followed:
    """The same project, with an edit in the line that the template changes."""
    demo.edit({"merged.txt": with_line(9, "mine, too"), "untouched.txt": "mine\n"})
    (demo.project / "untracked.txt").write_text("not in git\n")
    return demo


def applying(demo: Followed, **request: Any) -> Iterator[Callable[[], object]]:
    """An update that is prepared and only has to be applied."""
    with prepare_update(UpdateRequest(project=demo.project, use_defaults=True, **request)) as prepared:
        yield lambda: apply_update(prepared)


@pytest.fixture
def drifted(machine: Machine) -> Followed:
    return drifted_project(machine)


def test_a_kill_at_any_effect_of_an_update(demo: Followed, choose: Choose) -> None:
    for act in applying(demo):
        scene = Scene.play(demo, act)
        phases = [scene.check(where) for where in scene.kills(choose)]
    assert scene.result != scene.undone[1]
    assert set(phases) == {None, Phase.APPLYING, Phase.TASKS}
    assert len(scene.effects) > 40


def test_a_kill_where_a_folder_takes_the_place_of_a_link(machine: Machine, choose: Choose) -> None:
    """What lies behind the link is not touched at any moment."""
    settings = "_subdirectory: template\n_templates_suffix: .jinja\n_preserve_symlinks: true\nname: World\n"
    demo = follow(machine, {"copier.yml": settings, "link": "a file, at first\n", "real/a.md": "behind\n"})
    link = demo.template / "template" / "link"
    link.unlink()
    link.symlink_to("real")
    demo.release("v2.0.0")
    demo.updated()
    demo.commit()
    link.unlink()
    demo.release("v3.0.0", {"link/a.md": "in its place\n", "link/b.md": "beside\n"})
    for act in applying(demo):
        scene = Scene.play(demo, act)
        for where in scene.kills(choose):
            scene.check(where)
            assert (demo.project / "real" / "a.md").read_text() == "behind\n"


def test_a_kill_at_any_effect_of_an_update_with_conflicts(contested: Followed, choose: Choose) -> None:
    for act in applying(contested):
        scene = Scene.play(contested, act, code=3)
        phases = [scene.check(where) for where in scene.kills(choose)]
    assert set(phases) == {None, Phase.APPLYING, Phase.CONFLICTS}


def test_a_kill_at_any_effect_of_going_on_after_conflicts(contested: Followed, choose: Choose) -> None:
    before = state_of(contested)
    assert contested.update("--defaults").code == 3
    for path in ("merged.txt", "untouched.txt"):
        (contested.project / path).write_text("resolved\n")
        contested.git("add", path)
    scene = Scene.play(contested, lambda: continue_update(contested.project), undone=before)
    phases = [scene.check(where) for where in scene.kills(choose)]
    assert set(phases) == {Phase.CONFLICTS, Phase.APPLYING, Phase.TASKS, None}


def test_a_kill_at_any_effect_of_going_back(contested: Followed, choose: Choose) -> None:
    before = state_of(contested)
    assert contested.update("--defaults").code == 3
    conflicts = state_of(contested)
    scene = Scene.play(contested, lambda: abort_update(contested.project), continued=conflicts, undone=before, code=3)
    phases = [scene.check(where) for where in scene.kills(choose)]
    assert scene.result == before
    assert set(phases) == {Phase.CONFLICTS, Phase.APPLYING, None}


def test_a_kill_at_any_effect_of_a_change_of_answers(machine: Machine, choose: Choose) -> None:
    demo = follow(machine, {"{% if name != 'World' %}more{% endif %}/file.txt": "more\n"})
    for act in applying(demo, same_version=True, given={"name": "Moon"}):
        scene = Scene.play(demo, act)
        phases = [scene.check(where) for where in scene.kills(choose)]
    assert "more/file.txt" in scene.result.files
    assert set(phases) == {None, Phase.APPLYING, Phase.TASKS}


def test_a_kill_where_the_repository_is_on_another_volume(
    demo: Followed, monkeypatch: pytest.MonkeyPatch, choose: Choose
) -> None:
    """Neither a rename nor a link reaches from one volume to another; the file passes beside its place."""
    replace, link = Path.replace, os.link

    def refuse(source: Path, target: Path) -> None:
        if (".git" in Path(source).parts) != (".git" in Path(target).parts):
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), source)

    def replace_near(source: Path, target: Path) -> Path:
        refuse(source, target)
        return replace(source, target)

    def link_near(source: Path, target: Path, *, follow_symlinks: bool = True) -> None:
        refuse(source, target)
        link(source, target, follow_symlinks=follow_symlinks)

    monkeypatch.setattr(Path, "replace", replace_near)
    monkeypatch.setattr(os, "link", link_near)
    for act in applying(demo):
        scene = Scene.play(demo, act)
        phases = [scene.check(where) for where in scene.kills(choose)]
    assert set(phases) == {None, Phase.APPLYING, Phase.TASKS}


def test_a_kill_at_any_effect_of_a_repair(machine: Machine, drifted: Followed, choose: Choose) -> None:
    """`check --fix`; where a kill comes before its last step, `git add`, the files are mended and not yet staged."""
    demo = drifted

    def act() -> None:
        done = machine.run("check", demo.project, "--fix")
        assert done.code == 0, done

    scene = Scene.play(demo, act)
    for where in scene.kills(choose):
        left = Copy.of(demo, "left")
        if pending(demo.project):
            done = machine.run("update", demo.project, "--abort")
            assert (done.code, state_of(demo)) == scene.undone, where
            left.restore()
            assert machine.run("update", demo.project, "--continue").code == 0, where
        assert state_of(demo).files in (scene.undone[1].files, scene.result.files), where
        assert machine.run("check", demo.project, "--fix").code == 0, where
        assert state_of(demo).files == scene.result.files, where
    assert len(scene.effects) > 20


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, None], ids=["full", "read only", "Ctrl-C"])
def test_a_repair_that_fails_at_any_effect_is_undone(drifted: Followed, number: int | None, choose: Choose) -> None:
    """All or nothing, as an update is."""
    before, start = state_of(drifted), Copy.of(drifted, "start")
    of_the_disk = effect(drifted.project)

    def is_struck(event: str, arguments: tuple[Any, ...]) -> str | None:
        return of_the_disk(event, arguments) if event != "subprocess.Popen" or number is None else None

    def strike(_: str, arguments: tuple[Any, ...]) -> None:
        raise OSError(number, os.strerror(number), str(arguments[0])) if number else KeyboardInterrupt

    def mend() -> None:
        done = drifted.machine.run("check", drifted.project, "--fix")
        assert "Traceback" not in done.err, done
        os._exit(done.code)

    effects = steps_of(lambda: drifted.machine.run("check", drifted.project, "--fix"), is_struck)
    assert len(effects) > 15
    codes = set()
    for step in choose(effects):
        start.restore()

        def fail(step: int = step) -> None:
            act_at(step, is_struck, strike)
            mend()

        codes.add(code := in_child(fail))
        assert pending(drifted.project) is None, step
        if state_of(drifted) != before:
            # It came when all was done, and only copies were to be removed.
            assert drifted.machine.run("check", drifted.project).code == 0, step
        else:
            assert code, step
            assert junk(drifted) == set(), step
    failed = 2 if number else 130
    assert failed in codes
    # What is left of copies when all is done fails nothing.
    assert codes <= {failed, 0}


def test_a_kill_at_any_effect_of_making_a_lock(machine: Machine, choose: Choose) -> None:
    """`lock --resolve` on a project that has none."""
    demo = follow(machine, FIRST)
    demo.edit(gone=(".mlscaffold.lock",))

    def act() -> None:
        done = machine.run("lock", demo.project, "--resolve")
        assert done.code == 0, done

    scene = Scene.play(demo, act)
    assert ".mlscaffold.lock" in scene.result.files
    for where in scene.kills(choose):
        left = Copy.of(demo, "left")
        if pending(demo.project):
            done = machine.run("update", demo.project, "--abort")
            assert (done.code, state_of(demo)) == scene.undone, where
            left.restore()
            assert machine.run("update", demo.project, "--continue").code == 0, where
        assert state_of(demo).files in (scene.undone[1].files, scene.result.files), where
    assert len(scene.effects) > 10


def test_a_kill_at_any_effect_of_making_a_project(machine: Machine, choose: Choose) -> None:
    """There is a whole project, or none; what a kill leaves is hidden, and the next run takes it away."""
    template = machine.template()
    command = ("new", "demo", "--template", template, "--defaults")
    assert machine.run(*command).code == 0
    demo = Followed(machine=machine, template=template, project=machine.work / "demo")
    whole = state_of(demo).files

    def make() -> None:
        assert machine.run(*command).code == 0

    def die(number: int) -> None:
        kill_at(machine.work, number, cut_short=False)
        make()

    def clear() -> None:
        for entry in machine.work.iterdir():
            shutil.rmtree(entry)

    clear()
    effects = steps_of(make, effect(machine.work))
    assert len(effects) > 12
    for number in choose(effects):
        clear()
        assert in_child(functools.partial(die, number)) == -signal.SIGKILL, f"effect {number}"
        if demo.project.exists():
            assert state_of(demo).files == whole, f"effect {number}"
            assert machine.run("check", demo.project).code == 0
        else:
            assert all(left.name.startswith(".mlscaffold-new-") for left in machine.work.iterdir())
    clear()
    assert in_child(functools.partial(die, 12)) == -signal.SIGKILL
    assert machine.run(*command).code == 0
    assert [left.name for left in machine.work.iterdir()] == ["demo"]
