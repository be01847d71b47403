"""Sources: what is recorded is what anybody, plain Copier included, can read the template from."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest

from mlscaffold.errors import TemplateError
from mlscaffold.template.checkout import check_out
from mlscaffold.template.newer import releases, standing
from mlscaffold.template.source import SourceKind, find_source


@pytest.mark.parametrize(
    ("spec", "recorded"),
    [
        ("https://gitlab.com/team/template", "https://gitlab.com/team/template"),
        ("gh:team/template", "https://github.com/team/template"),
        ("gl:team/template", "https://gitlab.com/team/template"),
        ("https://git.example.com/team/template.git", "https://git.example.com/team/template.git"),
        ("https://git.example.com/team/template", "git+https://git.example.com/team/template"),
        ("git+https://user:secret@git.example.com/team/t", "git+https://git.example.com/team/t"),
        ("git@git.example.com:team/template", "git@git.example.com:team/template"),
        ("https://git.example.com/t.git#tag-prefix=ml-", "https://git.example.com/t.git#tag-prefix=ml-"),
        (
            "https://user:secret@git.example.com/t#tag-prefix=ml-&subdir=/my%20templates/ml/",
            "git+https://git.example.com/t#subdir=my%20templates/ml&tag-prefix=ml-",
        ),
        ("https://git.example.com/t.git#subdir=", "https://git.example.com/t.git"),
    ],
)
def test_what_is_recorded_of_an_address(spec: str, recorded: str) -> None:
    source = find_source(spec)
    assert (source.kind, source.url) == (SourceKind.REMOTE, recorded)
    assert find_source(recorded).url == recorded
    assert not source.location.startswith("git+")


#: What a command line, a lock or an answers file may hold in the place of a template.
ODD = [
    *(
        "",
        "  ",
        "-x",
        "a" * 5000,
        "/" + "a" * 300,
        "/" + "a/" * 2500,
        "\udcff",
        "/\udcff",
        "/\ud800",
        "https://\ud800/x",
    ),
    *("a\0b", "a\nb", "loop", "loop/x", "folder", "pipe", "/dev/zero", "/dev/null", "/proc/self/mem", "long", "zero"),
    *("linked", "empty.bundle", "bad.bundle", "~nobody-at-all/x", ".", "..", "/", "file://", "file:///", "file://loop"),
    *("file:///%00", "file:///%ff", "https://", "https://[::1", "https://localhost:99999/x", "ssh://", "git@:x", "#"),
    *("folder#subdir=..", "folder#subdir=x", "folder#subdir=%00", "folder#tag-prefix=..", "#subdir=x", "gh:", "git+"),
    *("folder#subdir=" + "a/" * 1500, "EXT::x", "git+file:///x", "folder#subdir=%ff", "folder#subdir=" + "a" * 300),
]


@pytest.fixture
def odd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what is no template."""
    for name in ("folder", "long", "zero", "linked"):
        (tmp_path / name).mkdir()
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "long" / ".git").write_text("gitdir: " + "y" * 400)
    (tmp_path / "zero" / ".git").write_text("gitdir: a\0b")
    (tmp_path / "linked" / ".git").symlink_to(".git")
    (tmp_path / "empty.bundle").touch()
    (tmp_path / "bad.bundle").write_bytes(b"# v2 git bundle\n\xff\xff garbage")
    monkeypatch.chdir(tmp_path)
    # Nobody is asked for what lies elsewhere.
    monkeypatch.setenv("GIT_ALLOW_PROTOCOL", "file")
    return tmp_path


@pytest.mark.parametrize("spec", ODD, ids=range(len(ODD)))
def test_what_names_no_template_is_said_to_be_none(odd: Path, spec: str) -> None:
    (odd / "into").mkdir()
    with pytest.raises(TemplateError) as caught:
        check_out(find_source(spec), None, into=odd / "into", cache=odd / "cache")
    assert caught.value.message
    for ask in (releases, lambda source: standing(source, "v1.0.0")):
        with contextlib.suppress(TemplateError):
            ask(find_source(spec))


def test_a_folder_is_looked_at_before_it_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be somebody's home."""
    home = tmp_path / "home"
    (home / "deep" / "er").mkdir(parents=True)
    walked = []
    walk = os.walk
    monkeypatch.setattr(os, "walk", lambda *where, **how: (walked.append(where), walk(*where, **how))[1])  # type: ignore[func-returns-value]
    monkeypatch.setenv("HOME", str(home))
    (tmp_path / "into").mkdir()
    with pytest.raises(TemplateError, match=r"no copier\.yml"):
        check_out(find_source("~"), None, into=tmp_path / "into")
    assert not walked
    assert not list((tmp_path / "into").iterdir())


def test_of_a_folder_files_and_links_are_taken_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "sub" / ".git").mkdir(parents=True)
    (folder / "sub" / ".git" / "config").touch()
    (folder / "copier.yml").touch()
    (folder / "sub" / "loop").symlink_to("loop")
    (folder / "up").symlink_to("..")
    os.mkfifo(folder / "pipe")
    (tmp_path / "into").mkdir()
    root = check_out(find_source(str(folder)), None, into=tmp_path / "into").root
    names = sorted(path.relative_to(root).as_posix() for path in root.rglob("*"))
    assert names == ["copier.yml", "sub", "sub/loop", "up"]
