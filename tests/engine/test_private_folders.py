"""What is kept between runs is the person's own: nobody else could write to it, or bring it along."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlscaffold.files import rights
from mlscaffold.files.rights import make_private
from mlscaffold.look.doctor import Health, diagnose
from mlscaffold.template import cache as caches
from mlscaffold.template.cache import private_folder, why_unusable
from mlscaffold.template.checkout import check_out
from mlscaffold.template.mirror import fetched
from mlscaffold.template.source import find_source

WHO = ("-c", "user.name=T", "-c", "user.email=t@localhost")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
SOMEBODY_ELSE = 12345


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *WHO, *arguments], cwd=folder, check=True, capture_output=True)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.fixture(params=[0o000, 0o002, 0o022, 0o077, 0o277, 0o777], ids=oct)
def umask(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    """Another one, once the folder of the test is there."""
    assert tmp_path.is_dir()
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.fixture
def template(tmp_path: Path) -> str:
    """The address of a template that is taken for a remote one."""
    root = tmp_path / "template"
    root.mkdir()
    git(root, "init", "-q")
    (root / "copier.yml").write_text("name:\n  type: str\n  default: World\n")
    (root / "a.txt.jinja").write_text("{{ name }}\n")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "x")
    git(root, "tag", "v1")
    return f"file://{root}"


@pytest.mark.usefixtures("umask")
def test_every_folder_that_is_made_is_private_whatever_the_umask(tmp_path: Path) -> None:
    cache = tmp_path / "a" / "b" / "cache"
    place = private_folder(cache, "renders")
    assert place == cache / "renders"
    make_private(place)
    folders = [place, cache, cache.parent, cache.parent.parent]
    assert [mode(folder) for folder in folders] == [0o700] * 4
    assert private_folder(cache, "renders") == place


def test_to_ask_makes_nothing(tmp_path: Path) -> None:
    assert private_folder(tmp_path / "cache", "renders") is not None
    assert why_unusable(tmp_path / "cache") == ""
    assert list(tmp_path.iterdir()) == []


def test_what_others_could_read_is_closed_and_stays_in_use(tmp_path: Path) -> None:
    """Such folders earlier releases made."""
    (tmp_path / "cache" / "renders").mkdir(parents=True, mode=0o755)
    place = private_folder(tmp_path / "cache", "renders")
    assert place is not None
    make_private(place)
    assert mode(place) == 0o700
    # This may be a folder of the person's for other things, too.
    assert mode(tmp_path / "cache") == 0o755


@pytest.mark.parametrize("place", ["cache/renders", "cache", "."])
def test_a_folder_that_others_can_write_to_is_not_used(tmp_path: Path, place: str) -> None:
    root = tmp_path / "around"
    (root / "cache" / "renders").mkdir(parents=True)
    (root / place).chmod(0o777)
    assert private_folder(root / "cache", "renders") is None
    with pytest.raises(PermissionError, match="others can write to"):
        make_private(root / "cache" / "renders")


def test_a_sticky_folder_above_is_as_good_as_a_private_one(tmp_path: Path) -> None:
    """There others can write, and exchange nothing: `/tmp`."""
    root = tmp_path / "tmp"
    (root / "cache").mkdir(parents=True)
    root.chmod(0o1777)
    assert private_folder(root / "cache", "renders") is not None
    (root / "cache").chmod(0o1777)
    assert private_folder(root / "cache", "renders") is None


def test_a_group_of_ones_own_may_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    cache.chmod(0o775)
    for alone in (True, False):
        monkeypatch.setattr(rights, "_is_group_of_one", lambda _group, alone=alone: alone)
        assert (private_folder(cache, "renders") is not None) is alone


@needs_root
@pytest.mark.parametrize("place", ["cache/renders", "cache", "."])
def test_a_folder_of_somebody_else_is_not_used(tmp_path: Path, place: str) -> None:
    root = tmp_path / "around"
    (root / "cache" / "renders").mkdir(parents=True)
    os.chown(root / place, SOMEBODY_ELSE, SOMEBODY_ELSE)
    assert private_folder(root / "cache", "renders") is None


def test_a_link_is_followed_once_to_a_folder_that_is_judged(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir(mode=0o700)
    (tmp_path / "cache").symlink_to(tmp_path / "disk")
    assert private_folder(tmp_path / "cache", "renders") == tmp_path / "disk" / "renders"
    (tmp_path / "disk").chmod(0o777)
    assert private_folder(tmp_path / "cache", "renders") is None


def test_a_link_in_the_place_of_a_part_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "cache" / "renders").symlink_to(tmp_path / "elsewhere")
    assert private_folder(tmp_path / "cache", "renders") is None


def test_a_file_in_the_place_of_the_cache(tmp_path: Path) -> None:
    (tmp_path / "cache").touch()
    assert "is not a folder" in why_unusable(tmp_path / "cache")
    assert private_folder(tmp_path / "cache" / "below", "renders") is None


def test_a_cache_that_a_repository_brought_along_is_not_used(tmp_path: Path) -> None:
    """A pipeline keeps its cache in the project; so a commit can hold one, code for Python included."""
    project = tmp_path / "project"
    (project / ".cache").mkdir(parents=True, mode=0o700)
    git(project, "init", "-q")
    assert private_folder(project / ".cache", "compiled") is not None
    (project / ".cache" / "compiled").mkdir(mode=0o700)
    (project / ".cache" / "compiled" / "x.bin").touch()
    git(project, "add", "-A")
    caches._brought_along.cache_clear()
    assert private_folder(project / ".cache", "compiled") is None
    assert "is a part of the repository" in why_unusable(project / ".cache")


def test_an_unusable_cache_is_said_and_the_template_read_afresh(tmp_path: Path, template: str) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    cache.chmod(0o777)
    (tmp_path / "into").mkdir()
    found = check_out(find_source(template), None, into=tmp_path / "into", cache=cache)
    assert found.version == "v1"
    assert found.notes == (
        f"Nothing is kept between runs: others can write to {cache}. MLSCAFFOLD_CACHE_DIR names another folder.",
    )
    assert list(cache.iterdir()) == []
    ailment = next(ailment for ailment in diagnose(tmp_path, cache=cache) if ailment.subject == "cache")
    assert ailment.health is Health.DOUBTFUL
    assert f"others can write to {cache}" in ailment.message


@pytest.mark.parametrize("umask", [0o000, 0o002, 0o022, 0o077], indirect=True, ids=oct)
@pytest.mark.usefixtures("umask")
def test_a_mirror_is_private_and_used_again(tmp_path: Path, template: str) -> None:
    cache = tmp_path / "cache"
    source = find_source(template)
    first = fetched(source, cache)
    (mirror,) = (cache / "templates").glob("*.git")
    assert (first.location, mode(mirror), mode(mirror.parent)) == (str(mirror), 0o700, 0o700)
    made = mirror.stat().st_ino
    assert fetched(source, cache).location == str(mirror)
    assert mirror.stat().st_ino == made


def planted(cache: Path, template: str) -> Path:
    """A mirror as the tool makes one, in which the newest release is another."""
    mirror = Path(fetched(find_source(template), cache).location)
    git(mirror, "tag", "v9", "v1")
    return mirror


@pytest.mark.parametrize("how", ["writable", "link", "owner"])
def test_a_mirror_that_is_not_ours_is_not_read(tmp_path: Path, template: str, how: str) -> None:
    cache = tmp_path / "cache"
    mirror = planted(cache, template)
    match how:
        case "writable":
            mirror.chmod(0o777)
        case "link":
            mirror.rename(tmp_path / "theirs.git")
            mirror.symlink_to(tmp_path / "theirs.git")
        case "owner" if os.geteuid() == 0:
            os.chown(mirror, SOMEBODY_ELSE, SOMEBODY_ELSE)
        case _:
            pytest.skip("only root can give a file away")
    (tmp_path / "into").mkdir()
    found = check_out(find_source(template), None, into=tmp_path / "into", cache=cache)
    assert found.version == "v1"
    assert [note for note in found.notes if str(mirror) in note and "read afresh" in note]


def test_a_mirror_keeps_the_remotes_objects_when_the_remote_is_gone(tmp_path: Path, template: str) -> None:
    """It borrows nothing from a repository on the same machine."""
    cache = tmp_path / "cache"
    fetched(find_source(template), cache)
    (tmp_path / "template").rename(tmp_path / "gone")
    (tmp_path / "into").mkdir()
    found = check_out(find_source(template), None, into=tmp_path / "into", cache=cache)
    assert found.version == "v1"
    assert (found.root / "copier.yml").exists()


def test_of_two_runs_that_make_a_folder_at_once_neither_is_in_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mkdir = Path.mkdir

    def late(folder: Path, mode: int = 0o777) -> None:
        mkdir(folder, mode)
        mkdir(folder, mode)

    monkeypatch.setattr(Path, "mkdir", late)
    make_private(tmp_path / "cache" / "renders")
    assert stat.S_IMODE((tmp_path / "cache" / "renders").stat().st_mode) == stat.S_IRWXU


def test_what_is_in_the_way_of_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(OSError, match=r"is not a folder|Not a directory"):
        make_private(tmp_path / "cache")
