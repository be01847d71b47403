"""A template's repository is read as git would read it, but for what its configuration says to run."""

from __future__ import annotations

import hashlib
import os
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest

from mlscaffold.errors import MlscaffoldError, TemplateError
from mlscaffold.git.process import Git
from mlscaffold.template.checkout import Checkout, check_out
from mlscaffold.template.newer import releases
from mlscaffold.template.source import SourceKind, find_source

WHO = ("-c", "user.name=T", "-c", "user.email=t@localhost")


@pytest.fixture(autouse=True)
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nobody's configuration, but for what a test writes here."""
    config = tmp_path / "gitconfig"
    config.touch()
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    return config


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", *WHO, *arguments], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


def made(root: Path, *options: str, files: dict[str, str] | None = None) -> Path:
    root.mkdir()
    git(root, "init", "-q", "-b", "main", *options)
    for name, text in {"copier.yml": "a: 1\n", "one.txt": "one\n", **(files or {})}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    git(root, "add", "-A")
    git(root, "commit", "-qm", "x")
    git(root, "tag", "v1")
    return root


def read(template: Path | str, tmp_path: Path, ref: str | None = None) -> Checkout:
    into = tmp_path / f"read{len(list(tmp_path.glob('read*')))}"
    into.mkdir()
    checkout = check_out(find_source(str(template)), ref, into=into)
    assert checkout.root.is_dir()
    return checkout


def files(checkout: Checkout) -> set[str]:
    return {
        path.relative_to(checkout.root).as_posix()
        for path in checkout.root.rglob("*")
        if not path.is_dir() and ".git" not in path.relative_to(checkout.root).parts
    }


def test_a_release_is_the_commit_of_its_tag(tmp_path: Path) -> None:
    template = made(tmp_path / "t")
    found = read(template, tmp_path)
    assert (found.version, found.commit) == ("v1", git(template, "rev-parse", "HEAD"))
    assert found.tree == git(template, "rev-parse", "HEAD^{tree}")
    assert [release.tag for release in releases(find_source(str(template)))] == ["v1"]


def test_nothing_is_cloned_and_files_are_written_when_they_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    template, commands = made(tmp_path / "t", files={"ownership.yml": "files: {}\n"}), []
    finished = Git.finished

    def noted(self: Git, *arguments: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
        commands.append(next(word for word in arguments if not word.startswith("-") and "=" not in word))
        return finished(self, *arguments, **options)

    monkeypatch.setattr(Git, "finished", noted)
    (tmp_path / "into").mkdir()
    checkout = check_out(find_source(str(template)), "v1", into=tmp_path / "into")
    assert commands == ["config", "for-each-ref", "cat-file"]
    assert not list(tmp_path.glob("into/**/copier.yml"))
    assert (checkout.root / "one.txt").read_text() == "one\n"
    assert checkout.root == checkout.root
    assert commands[3:] == ["read-tree"]


def test_what_git_would_commit_is_taken_and_nothing_else(tmp_path: Path) -> None:
    template = made(tmp_path / "t", files={"gone.txt": "gone\n", ".gitignore": "*.log\n", "was.txt": "was\n"})
    (template / ".git" / "info" / "exclude").write_text("excluded\n")
    for name in ("new.txt", "staged.txt", "a.log", "excluded", "forced.log"):
        (template / name).write_text("new\n")
    git(template, "add", "staged.txt")
    git(template, "add", "-f", "forced.log")
    (template / "gone.txt").unlink()
    git(template, "rm", "-q", "--cached", "was.txt")
    (template / "link").symlink_to("one.txt")
    found = read(template, tmp_path)
    expected = {"copier.yml", "one.txt", ".gitignore", "was.txt", "new.txt", "staged.txt", "forced.log", "link"}
    assert files(found) == expected
    assert found.version == "dev"
    assert (found.root / "link").is_symlink()


def test_a_persons_own_list_of_ignored_files_counts_and_the_repositorys(tmp_path: Path, person: Path) -> None:
    template = made(tmp_path / "t")
    for name in ("mine", "theirs", "new"):
        (tmp_path / f"ignoring-{name}").write_text(f"{name}\n")
        (template / name).write_text("x\n")
    person.write_text(f"[core]\n\texcludesFile = {tmp_path / 'ignoring-mine'}\n")
    assert files(read(template, tmp_path)) == {"copier.yml", "one.txt", "theirs", "new"}
    git(template, "config", "core.excludesFile", str(tmp_path / "ignoring-theirs"))
    assert files(read(template, tmp_path)) == {"copier.yml", "one.txt", "mine", "new"}


def test_an_edit_of_the_same_size_and_second_is_seen(tmp_path: Path) -> None:
    """Git looks into files that are as old as its index; so the copy of the index has its age."""
    template = made(tmp_path / "t")
    index = (template / ".git" / "index").stat()
    (template / "one.txt").write_text("two\n")
    for file in (template / "one.txt", template / ".git" / "index"):
        os.utime(file, ns=(index.st_mtime_ns, index.st_mtime_ns))
    assert read(template, tmp_path).version == "dev"


def test_a_touched_file_is_no_edit(tmp_path: Path) -> None:
    template = made(tmp_path / "t")
    os.utime(template / "one.txt", (1, 1))
    assert read(template, tmp_path).version == "v1"


def test_nothing_is_written_into_it(tmp_path: Path) -> None:
    template = made(tmp_path / "t")
    os.utime(template / "one.txt", (1, 1))

    def state() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in template.rglob("*") if path.is_file()}

    before = state()
    read(template, tmp_path)
    read(template, tmp_path, "v1")
    assert state() == before


@pytest.mark.parametrize("kind", ["worktree", "separate", "shared", "submodule", "packed", "split", "detached", "link"])
def test_repositories_of_all_kinds(tmp_path: Path, kind: str) -> None:
    template = made(tmp_path / "t")
    match kind:
        case "worktree":
            git(template, "worktree", "add", "-q", "--detach", str(tmp_path / "other"), "v1")
            template = tmp_path / "other"
        case "separate":
            git(template, "init", "-q", f"--separate-git-dir={tmp_path / 'elsewhere'}")
        case "shared":
            git(tmp_path, "clone", "-q", "--shared", str(template), "other")
            template = tmp_path / "other"
        case "submodule":
            around = made(tmp_path / "around")
            git(around, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(template), "sub")
            template = around / "sub"
            assert (template / ".git").is_file()
        case "packed":
            git(template, "gc", "-q")
        case "split":
            git(template, "update-index", "--split-index")
            assert list((template / ".git").glob("sharedindex.*"))
        case "detached":
            git(template, "checkout", "-q", "--detach")
        case "link":
            (template / ".git" / "HEAD").unlink()
            (template / ".git" / "HEAD").symlink_to("refs/heads/main")
    assert find_source(str(template)).kind is SourceKind.REPOSITORY
    assert read(template, tmp_path).version == "v1"
    (template / "new.txt").write_text("new\n")
    assert files(read(template, tmp_path)) == {"copier.yml", "one.txt", "new.txt"} | (
        {".gitmodules"} if kind == "around" else set()
    )


def test_a_reference_in_a_file_of_its_own_goes_before_a_packed_one(tmp_path: Path) -> None:
    template = made(tmp_path / "t")
    git(template, "tag", "-a", "-m", "annotated", "v2")
    git(template, "pack-refs", "--all")
    git(template, "commit", "-qm", "y", "--allow-empty")
    git(template, "tag", "-f", "-a", "-m", "moved", "v2")
    (template / ".git" / "refs" / "heads" / "link").symlink_to("main")
    found = read(template, tmp_path)
    assert (found.version, found.commit) == ("v2", git(template, "rev-parse", "HEAD"))
    assert read(template, tmp_path, "v1").commit == git(template, "rev-parse", "HEAD~1")


def test_a_sparse_checkout_is_no_edit(tmp_path: Path) -> None:
    template = made(tmp_path / "t", files={"in/a": "a\n", "out/b": "b\n"})
    git(template, "sparse-checkout", "set", "in")
    assert not (template / "out").exists()
    found = read(template, tmp_path)
    assert (found.version, "out/b" in files(found)) == ("v1", True)


def test_a_repository_of_sha256(tmp_path: Path) -> None:
    template = made(tmp_path / "t", "--object-format=sha256")
    assert len(read(template, tmp_path).commit) == 64


def test_a_repository_that_says_it_is_bare_has_releases_only(tmp_path: Path) -> None:
    template = made(tmp_path / "t")
    git(template, "config", "core.bare", "true")
    (template / "new.txt").write_text("new\n")
    assert read(template, tmp_path).version == "v1"


def test_a_branch_and_a_commit_can_be_named(tmp_path: Path) -> None:
    template = made(tmp_path / "t")
    git(template, "checkout", "-q", "-b", "next")
    git(template, "commit", "-qm", "y", "--allow-empty")
    head = git(template, "rev-parse", "HEAD")
    for ref in ("next", "origin/next", head, head[:12]):
        assert read(template, tmp_path, ref).commit == head
    with pytest.raises(TemplateError, match="has no version nothing"):
        read(template, tmp_path, "nothing")


def test_a_bundle_is_read_and_not_what_lies_beside_it(tmp_path: Path) -> None:
    """For `x.bundle` git would rather take the repository `x.bundle.git`."""
    template = made(tmp_path / "t")
    git(template, "bundle", "create", "-q", str(tmp_path / "x.bundle"), "--all")
    git(made(tmp_path / "other"), "tag", "v9")
    git(tmp_path, "clone", "-q", "--bare", "other", "x.bundle.git")
    assert read(tmp_path / "x.bundle", tmp_path).version == "v1"
    assert [release.tag for release in releases(find_source(str(tmp_path / "x.bundle")))] == ["v1"]


def test_a_file_that_leads_to_a_repository_is_no_bundle(tmp_path: Path) -> None:
    pointer = tmp_path / "pointer"
    pointer.write_text(f"gitdir: {made(tmp_path / 't')}/.git\n")
    with pytest.raises(TemplateError, match="no git bundle"):
        read(pointer, tmp_path)
    with pytest.raises(TemplateError, match="no git bundle"):
        releases(find_source(str(pointer)))


def index_of(*names: bytes) -> bytes:
    """An index as no git would write it."""
    entries = b""
    for name in names:
        entry = bytes(24) + struct.pack(">4I", 0o100644, 0, 0, 0) + bytes(20) + struct.pack(">H", len(name)) + name
        entries += entry + bytes(8 - len(entry) % 8)
    content = b"DIRC" + struct.pack(">2I", 2, len(names)) + entries
    return content + hashlib.sha1(content, usedforsecurity=False).digest()


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a/../../secret", ".git/config", "a/.GIT/config"])
def test_an_index_that_names_what_lies_outside_is_refused(tmp_path: Path, name: str) -> None:
    template = made(tmp_path / "t")
    (tmp_path / "secret").write_text("hunter2\n")
    (template / "a").mkdir()
    (template / ".git" / "index").write_bytes(index_of(name.encode()))
    with pytest.raises(MlscaffoldError):
        read(template, tmp_path)
    assert not [file for file in tmp_path.glob("read*/**/secret") if file.is_file()]


def test_a_file_of_the_index_behind_a_link_is_not_read(tmp_path: Path) -> None:
    template = made(tmp_path / "t", files={"dir/secret": "x\n"})
    shutil.rmtree(template / "dir")
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "secret").write_text("hunter2\n")
    (template / "dir").symlink_to(tmp_path / "private")
    found = read(template, tmp_path)
    assert files(found) == {"copier.yml", "one.txt"}


def test_what_a_partial_clone_lacks_is_said_and_not_fetched(tmp_path: Path) -> None:
    source = made(tmp_path / "source")
    git(source, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--bare", "--filter=blob:none", f"file://{source}", "partial.git")
    mark = tmp_path / "mark"
    git(tmp_path / "partial.git", "config", "remote.origin.uploadpack", f"touch {mark};")
    with pytest.raises(MlscaffoldError, match="unable to read") as caught:
        read(tmp_path / "partial.git", tmp_path)
    assert "partial.git" in caught.value.message
    assert caught.value.hint
    assert not mark.exists()


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    return tmp_path / "mark"


def with_submodule(tmp_path: Path, url: str, more: str = "") -> Path:
    library = made(tmp_path / "library")
    template = made(tmp_path / "t")
    (template / ".gitmodules").write_text(f'[submodule "lib"]\n\tpath = lib\n\turl = {url}\n{more}')
    git(template, "update-index", "--add", "--cacheinfo", f"160000,{git(library, 'rev-parse', 'HEAD')},lib")
    git(template, "add", ".gitmodules")
    git(template, "commit", "-qm", "y")
    git(template, "tag", "v2")
    return template


@pytest.mark.parametrize("allowed", ["", "[protocol]\n\tallow = always\n", '[protocol "ext"]\n\tallow = always\n'])
def test_a_submodule_runs_no_command(tmp_path: Path, mark: Path, person: Path, allowed: str) -> None:
    person.write_text(allowed)
    template = with_submodule(tmp_path, f"ext::touch% {mark}")
    with pytest.raises(MlscaffoldError, match="transport 'ext' not allowed"):
        read(template, tmp_path, "v2")
    assert not mark.exists()


@pytest.mark.parametrize("url", ["--upload-pack=touch", "ssh://-oProxyCommand=touch/x", "foo::bar"])
def test_a_submodules_address_is_no_option(tmp_path: Path, url: str) -> None:
    with pytest.raises(MlscaffoldError):
        read(with_submodule(tmp_path, url), tmp_path, "v2")


def test_a_submodule_is_laid_out_in_no_way_of_its_own(tmp_path: Path, mark: Path, person: Path) -> None:
    person.write_text('[protocol "file"]\n\tallow = always\n')
    template = with_submodule(tmp_path, str(tmp_path / "library"), f"\tupdate = !touch {mark}\n")
    with pytest.raises(MlscaffoldError):
        read(template, tmp_path, "v2")
    assert not mark.exists()


@pytest.mark.parametrize("url", ["ABSOLUTE", "../library"])
def test_a_submodule_on_this_machine_is_the_persons_to_allow(tmp_path: Path, person: Path, url: str) -> None:
    template = with_submodule(tmp_path, url.replace("ABSOLUTE", str(tmp_path / "library")))
    with pytest.raises(MlscaffoldError, match="transport 'file' not allowed"):
        read(template, tmp_path, "v2")
    person.write_text('[protocol "file"]\n\tallow = always\n')
    assert "lib/one.txt" in files(read(template, tmp_path, "v2"))


def telltale(template: Path) -> Path:
    """A repository whose configuration shows when git reads it: its tags are hidden then."""
    git(template, "config", "transfer.hideRefs", "refs/tags")
    return template


@pytest.mark.parametrize("name", ["t", "t#x", "t?x", "t%20x", "t;x"])
def test_an_address_of_this_machine_is_taken_as_git_takes_it(tmp_path: Path, name: str) -> None:
    template = telltale(made(tmp_path / name))
    address = f"file://{str(template).replace('%', '%25')}"
    for url in (address, address.replace("file://", "file://localhost")):
        assert [release.tag for release in releases(find_source(url))] == ["v1"]
        assert read(url, tmp_path).version == "v1"


@pytest.mark.parametrize("host", ["elsewhere", "a@localhost"])
def test_a_host_of_an_address_of_this_machine_is_not_left_out(tmp_path: Path, host: str) -> None:
    template = telltale(made(tmp_path / "t"))
    with pytest.raises(TemplateError, match="another machine"):
        releases(find_source(f"file://{host}{template}"))


def test_git_is_not_asked_of_what_only_git_takes_for_a_repository(tmp_path: Path) -> None:
    template = telltale(made(tmp_path / "t"))
    git(template, "pack-refs", "--all")
    shutil.rmtree(template / ".git" / "refs")
    (template / ".git" / "refs").touch(mode=0o700)
    assert "refs/heads/main" in git(template, "ls-remote", ".")
    with pytest.raises(TemplateError, match="no git repository and no bundle"):
        releases(find_source(f"file://{template}"))
