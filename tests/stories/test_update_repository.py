"""`mlscaffold update` in every kind of repository: dirty, nested, shared, shallow, detached; attributes and filters."""

from __future__ import annotations

import pytest

from .conftest import PERSON, Machine, write_files
from .updating import LINES, Followed, follow, lines, made, with_line

# Dirty trees


def test_uncommitted_edits_are_refused_by_name(machine: Machine) -> None:
    demo = follow(machine, {"notes.md": LINES, "other.md": "one\n"})
    demo.release(files={"notes.md": with_line(9, "theirs")})
    write_files(demo.project, {"notes.md": "mine\n", "other.md": "staged\n"})
    demo.git("add", "other.md")

    demo.refuses("uncommitted edits: notes.md, other.md", "git stash")


def test_a_dry_run_shows_the_plan_on_what_lies_there(machine: Machine) -> None:
    demo = follow(machine, {"notes.md": LINES, "other.md": "one\n", "gone.md": "gone\n"})
    demo.release(files={"notes.md": with_line(9, "theirs"), "other.md": "two\n", "gone.md": "changed\n"})
    write_files(demo.project, {"notes.md": with_line(1, "mine"), "other.md": "staged\n"})
    demo.git("add", "other.md")
    (demo.project / "gone.md").unlink()
    before = demo.state()

    said = demo.update("--dry-run", "--diff")

    assert demo.state() == before
    assert "uncommitted edits: gone.md, notes.md, other.md" in said.err
    assert "git stash" in said.err
    assert demo.actions() == {"notes.md": "merge", "other.md": "conflict", "gone.md": "keep"}
    assert "+theirs" in said.out
    assert "-mine" not in said.out


def test_a_dry_run_needs_no_commit(machine: Machine) -> None:
    demo = follow(machine, {"notes.md": LINES}, "--no-git")
    demo.git("init", "-q")
    demo.git("add", "-A")
    demo.release(files={"notes.md": with_line(9, "theirs")})

    assert demo.actions() == {"notes.md": "update"}
    said = demo.update("--dry-run").err
    assert "no commit yet" in said
    assert "\nCommit first: git add -A" in said
    demo.update().refused("no commit yet", "Commit first")


def test_a_file_that_git_was_told_to_overlook_is_seen(machine: Machine) -> None:
    demo = follow(machine, {"notes.md": LINES})
    demo.release(files={"notes.md": with_line(9, "theirs")})
    demo.git("update-index", "--assume-unchanged", "notes.md")
    write_files(demo.project, {"notes.md": "mine\n"})

    demo.refuses("uncommitted edits: notes.md", "--no-skip-worktree notes.md")


@pytest.mark.parametrize("path", [".mlscaffold.lock", ".copier-answers.yml"])
def test_a_lock_that_git_overlooks_would_not_be_committed(machine: Machine, path: str) -> None:
    demo = follow(machine, {"notes.md": LINES})
    demo.release("v2.0.0", {"notes.md": with_line(9, "theirs")})
    demo.git("update-index", "--assume-unchanged", path)
    demo.refuses(path, "git was told to overlook")
    assert demo.git("status", "--porcelain") == ""


@pytest.mark.parametrize("told", ["assume-unchanged", "skip-worktree"])
def test_a_file_that_git_overlooks_would_not_be_committed(machine: Machine, told: str) -> None:
    demo = follow(machine, {"notes.md": LINES, "other.md": "one\n"})
    demo.git("update-index", f"--{told}", "notes.md")
    demo.release("v2.0.0", {"other.md": "two\n"})
    demo.updated()
    demo.commit()
    demo.release("v3.0.0", {"notes.md": with_line(9, "theirs")})

    demo.refuses("notes.md", "git was told to overlook", "git update-index --no-assume-unchanged --no-skip-worktree")
    demo.git("update-index", f"--no-{told}", "notes.md")
    demo.updated()

    assert demo.text("notes.md") == with_line(9, "theirs")


def test_a_local_edit_that_git_skips_is_neither_lost_nor_a_hindrance(machine: Machine) -> None:
    demo = follow(machine, {"notes.md": LINES, "other.md": "one\n"})
    demo.git("update-index", "--skip-worktree", "notes.md")
    write_files(demo.project, {"notes.md": "local\n"})
    demo.release("v2.0.0", {"other.md": "two\n"})
    demo.updated()
    demo.commit()
    demo.release("v3.0.0", {"notes.md": with_line(9, "theirs")})

    demo.refuses("notes.md")

    assert demo.text("notes.md") == "local\n"


def test_a_merge_under_way_is_refused(machine: Machine) -> None:
    demo = follow(machine, {"notes.md": LINES})
    demo.git("checkout", "-qb", "other")
    demo.edit({"notes.md": with_line(5, "other")})
    demo.git("checkout", "-q", "main")
    demo.edit({"notes.md": with_line(5, "main")})
    demo.git("merge", "-q", "--no-edit", "-s", "ours", "other")
    demo.git("reset", "-q", "--hard", "HEAD~1")
    with pytest.raises(Exception, match="git"):
        demo.git("merge", "-q", "other")
    demo.release()

    demo.refuses("notes.md")


def test_untracked_files_out_of_the_way_are_no_hindrance(machine: Machine) -> None:
    demo = follow(machine, {"notes.md": "one\n"})
    write_files(demo.project, {"mine.txt": "mine\n", "data/mine.csv": "1\n"})
    demo.release(files={"notes.md": "two\n"})

    demo.updated()

    assert demo.text("mine.txt") == "mine\n"


@pytest.mark.parametrize("path", ["came.md", "came.md/inside", "CAME"])
def test_an_untracked_file_in_the_way_is_not_overwritten(machine: Machine, path: str) -> None:
    demo = follow(machine)
    write_files(demo.project, {path: "mine\n"})
    demo.release(files={"came.md": "theirs\n", "CAME/x": "theirs\n"})

    demo.refuses("cannot be applied")
    assert demo.text(path) == "mine\n"


def test_an_untracked_file_that_is_what_arrives_is_no_hindrance(machine: Machine) -> None:
    demo = follow(machine)
    write_files(demo.project, {"came.md": "same\n"})
    demo.release(files={"came.md": "same\n"})

    demo.updated()

    assert demo.version == "v2.0.0"


def test_an_ignored_file_follows_until_it_is_edited(machine: Machine) -> None:
    demo = follow(machine, {".gitignore": ".env\n", ".env.jinja": "A=1\n"})
    assert ".env" not in demo.git("ls-files")
    demo.release("v2.0.0", {".env.jinja": "A=2\n"})
    demo.updated()
    assert demo.text(".env") == "A=2\n"
    demo.commit()
    write_files(demo.project, {".env": "A=secret\n"})
    demo.release("v3.0.0", {".env.jinja": "A=3\n"})

    demo.refuses(".env: your version of it is not under version control", "mlscaffold eject")


def test_an_ignored_file_that_the_template_does_not_change_may_be_edited(machine: Machine) -> None:
    demo = follow(machine, {".gitignore": ".env\n", ".env.jinja": "A=1\n", "notes.md": "one\n"})
    write_files(demo.project, {".env": "A=secret\n"})
    demo.release(files={"notes.md": "two\n"})

    demo.updated()

    assert demo.text(".env") == "A=secret\n"


def test_a_parent_that_is_a_link_is_never_written_through(machine: Machine) -> None:
    demo = follow(machine)
    outside = machine.home / "outside"
    outside.mkdir()
    (demo.project / "docs").symlink_to(outside)
    demo.commit()
    demo.release(files={"docs/guide.md": "guide\n"})

    demo.refuses("docs/guide.md: docs is in the way")
    assert list(outside.iterdir()) == []


def test_an_untracked_parent_that_is_a_link_is_never_written_through(machine: Machine) -> None:
    demo = follow(machine)
    write_files(demo.project, {".git/info/exclude": "docs\n"})
    outside = machine.home / "outside"
    outside.mkdir()
    (demo.project / "docs").symlink_to(outside)
    demo.release(files={"docs/guide.md": "guide\n"})

    demo.refuses("docs/guide.md: docs is in the way")
    assert list(outside.iterdir()) == []


# Where the project lies


def test_outside_of_git_nothing_could_be_taken_back(machine: Machine) -> None:
    template = machine.template()
    assert machine.run("new", "demo", "--template", template, "--defaults", "--no-git").code == 0

    machine.run("update", "demo").refused("is not in a git repository", "git init")


def test_an_unborn_branch_is_refused(machine: Machine) -> None:
    demo = follow(machine)
    demo.git("checkout", "-q", "--orphan", "fresh")
    demo.release()

    refused = demo.update()

    refused.refused("no commit yet", "git commit")


def test_a_detached_head_is_as_good_as_a_branch(machine: Machine) -> None:
    demo = follow(machine, {"notes.md": "one\n"})
    demo.git("checkout", "-q", "--detach")
    demo.release(files={"notes.md": "two\n"})

    demo.updated()

    assert demo.text("notes.md") == "two\n"


def test_a_shallow_clone_is_as_good_as_a_full_one(machine: Machine) -> None:
    demo = follow(machine, {"notes.md": LINES})
    demo.edit({"notes.md": with_line(1, "mine")})
    machine.git("clone", "-q", "--depth=1", f"file://{demo.project}", "shallow")
    shallow = Followed(machine=machine, template=demo.template, project=machine.work / "shallow")
    demo.release(files={"notes.md": with_line(9, "theirs")})

    shallow.updated()

    assert shallow.text("notes.md") == lines((1, "mine"), (9, "theirs"))


def test_a_linked_work_tree_has_an_update_of_its_own(machine: Machine) -> None:
    demo = follow(machine, {"notes.md": LINES})
    demo.edit({"notes.md": with_line(5, "mine")})
    demo.git("worktree", "add", "-q", "../side", "-b", "side")
    side = Followed(machine=machine, template=demo.template, project=machine.work / "side")
    demo.release(files={"notes.md": with_line(5, "theirs"), "came.md": "came\n"})
    before = side.state()

    assert side.update().code == 3
    assert demo.update("--status").code == 0
    assert demo.git("status", "--porcelain") == ""
    assert side.update("--status").code == 3
    side.updated("--abort")

    assert side.state() == before


@pytest.fixture
def two(machine: Machine) -> tuple[Followed, Followed]:
    """A repository with two projects in folders of it."""
    machine.git("init", "-q", "-b", "main", "mono")
    demo = follow(machine, {"notes.md": LINES}, name="mono/a project")
    other = made(machine, demo.template, name="mono/b")
    demo.commit()
    other.commit()
    return demo, other


def test_two_projects_in_a_repository_are_updated_apart(two: tuple[Followed, Followed]) -> None:
    demo, other = two
    demo.edit({"notes.md": with_line(1, "mine")})
    other.edit({"readme": "b\n"})
    demo.release(files={"notes.md": with_line(9, "theirs"), "came.md": "came\n"})
    write_files(other.project, {"readme": "uncommitted, and out of the way\n"})

    demo.updated()

    assert demo.text("notes.md") == lines((1, "mine"), (9, "theirs"))
    assert demo.text("came.md") == "came\n"
    assert (demo.version, other.version) == ("v2.0.0", "v1.0.0")
    assert set(demo.git("status", "--porcelain").splitlines()) == {
        ' M "a project/.copier-answers.yml"',
        ' M "a project/.mlscaffold.lock"',
        ' M "a project/notes.md"',
        " M b/readme",
        '?? "a project/came.md"',
    }


def test_conflicts_of_a_project_in_a_folder_are_staged_and_undone_there(two: tuple[Followed, Followed]) -> None:
    demo, other = two
    demo.edit({"notes.md": with_line(5, "mine")})
    other.edit({"notes.md": with_line(5, "other")})
    demo.release(files={"notes.md": with_line(5, "theirs")})
    before = demo.state(), other.state()

    assert demo.update().code == 3
    assert "a project/notes.md" in demo.git("ls-files", "-u", "--full-name")
    assert other.update().code == 3
    demo.updated("--abort")
    other.updated("--abort")

    assert (demo.state(), other.state()) == before


def test_a_submodule_is_left_alone_and_is_never_overwritten(machine: Machine) -> None:
    demo = follow(machine, {"notes.md": "one\n"})
    library = machine.template({"lib.py": "x = 1\n"}, name="library")
    demo.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", library, "vendor/lib")
    demo.commit()
    demo.release("v2.0.0", {"notes.md": "two\n"})
    demo.updated()
    demo.commit()
    assert demo.text("vendor/lib/lib.py") == "x = 1\n"
    demo.release("v3.0.0", {"vendor/lib/lib.py": "theirs\n"})

    demo.refuses("vendor/lib/lib.py: vendor/lib is in the way")


# Line endings and filters


@pytest.mark.parametrize("how", ["attributes", "autocrlf"])
def test_line_endings_are_no_difference(machine: Machine, how: str) -> None:
    if how == "autocrlf":
        machine.configure(PERSON + "[core]\n\tautocrlf = true\n")
    attributes = {".gitattributes": "* text=auto eol=crlf\n"} if how == "attributes" else {}
    demo = follow(machine, {**attributes, "notes.md": LINES, "other.md": "one\n"})
    write_files(demo.project, {"notes.md": with_line(1, "mine").replace("\n", "\r\n")})
    demo.commit()
    demo.release(files={"notes.md": with_line(9, "theirs"), "came.md": "came\n"})

    assert demo.actions() == {"notes.md": "merge", "came.md": "create"}
    demo.updated()

    assert (demo.project / "notes.md").read_bytes() == lines((1, "mine"), (9, "theirs")).replace("\n", "\r\n").encode()
    assert (demo.project / "came.md").read_bytes() == b"came\r\n"


def test_files_that_are_committed_with_crlf_are_merged_too(machine: Machine) -> None:
    crlf = LINES.replace("\n", "\r\n")
    demo = follow(machine, {"run.bat": crlf})
    demo.edit({"run.bat": crlf.replace("line 1", "mine")})
    demo.release(files={"run.bat": crlf.replace("line 9", "theirs")})

    demo.updated()

    expected = crlf.replace("line 1", "mine").replace("line 9", "theirs")
    assert (demo.project / "run.bat").read_bytes() == expected.encode()


def test_attributes_that_the_template_changes(machine: Machine) -> None:
    demo = follow(machine, {".gitattributes": "*.txt text\n", "run.bat": LINES, "a.txt": LINES})
    demo.edit({"run.bat": with_line(1, "mine")})
    demo.release(files={".gitattributes": "*.txt text\n*.bat text eol=crlf\n", "run.bat": with_line(9, "theirs")})

    demo.updated()
    demo.commit()

    assert demo.git("show", "HEAD:run.bat") == lines((1, "mine"), (9, "theirs"))
    assert machine.run("check", demo.project).code == 0
    assert "Nothing to do" in demo.update().out


FILTER = '[filter "upper"]\n\tclean = tr a-z A-Z\n\tsmudge = tr A-Z a-z\n\trequired = true\n'


def test_a_filter_of_the_project_is_applied_to_what_arrives(machine: Machine) -> None:
    machine.configure(PERSON + FILTER)
    demo = follow(machine, {".gitattributes": "*.up filter=upper\n", "a.up": LINES, "b.up": LINES})
    demo.edit({"a.up": with_line(1, "mine")})
    demo.release(files={"a.up": with_line(9, "theirs"), "c.up": "came\n"})

    demo.updated()

    assert demo.text("a.up") == lines((1, "mine"), (9, "theirs"))
    assert demo.text("c.up") == "came\n"
    demo.commit()
    assert demo.git("cat-file", "blob", "HEAD:c.up") == "CAME\n"


POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 7\n"


def test_where_the_filter_is_missing_a_pointer_is_not_merged(machine: Machine) -> None:
    demo = follow(machine, {".gitattributes": "*.bin filter=lfs\n", "model.bin": "content\n"})
    demo.edit({"model.bin": POINTER.format("1" * 64)})
    demo.release(files={"model.bin": "content 2\n"})

    done = demo.update()

    assert done.code == 0
    assert "its git filter is not installed here" in done.out
    assert demo.text("model.bin") == POINTER.format("1" * 64)


LFS = """\
[filter "lfs"]
	clean = "sed s/^content/pointer/"
	smudge = "sed s/^pointer/content/"
"""


@pytest.mark.parametrize("attributes", ["filter=lfs diff=lfs merge=lfs -text", "binary", "-merge"])
def test_files_whose_lines_mean_nothing_get_no_markers(machine: Machine, attributes: str) -> None:
    machine.configure(PERSON + LFS)
    demo = follow(machine, {".gitattributes": f"*.bin {attributes}\n", "a.bin": "content 1\n", "b.bin": LINES})
    demo.edit({"a.bin": "content mine\n", "b.bin": with_line(1, "mine")})
    demo.release(files={"a.bin": "content 2\n", "b.bin": with_line(9, "theirs")})

    assert demo.update().code == 3

    assert (demo.text("a.bin"), demo.text("b.bin")) == ("content mine\n", with_line(1, "mine"))
    demo.git("checkout", "--theirs", "a.bin", "b.bin")
    demo.git("add", "a.bin", "b.bin")
    demo.updated("--continue")
    assert (demo.text("a.bin"), demo.text("b.bin")) == ("content 2\n", with_line(9, "theirs"))
    demo.commit()
    assert machine.run("check", demo.project).code == 0


# What the person configured


def test_hooks_do_not_run(machine: Machine) -> None:
    demo = follow(machine, {"notes.md": LINES, "clash.md": LINES})
    demo.edit({"clash.md": with_line(5, "mine")})
    hooks = demo.project / ".git" / "hooks"
    for name in ("pre-commit", "post-checkout", "post-index-change", "reference-transaction", "post-commit"):
        write_files(hooks, {name: "#!/bin/sh\ntouch ran\nexit 1\n"})
        (hooks / name).chmod(0o755)
    demo.release(files={"notes.md": with_line(9, "theirs"), "clash.md": with_line(5, "theirs")})

    assert demo.update().code == 3
    demo.git("-c", "core.hooksPath=/dev/null", "checkout", "--theirs", "clash.md")
    demo.git("-c", "core.hooksPath=/dev/null", "add", "clash.md")
    demo.updated("--continue")

    assert not demo.has("ran")
    assert demo.text("notes.md") == with_line(9, "theirs")


def test_a_persons_own_configuration_of_git_changes_nothing(machine: Machine) -> None:
    odd = (
        "[merge]\n\tconflictStyle = diff3\n\trenames = false\n[diff]\n\trenames = false\n\tmnemonicPrefix = true\n"
        "[status]\n\tshowUntrackedFiles = no\n\trelativePaths = true\n[core]\n\tquotePath = true\n\tsafecrlf = true\n"
        "[color]\n\tui = always\n[index]\n\tversion = 4\n[commit]\n\tgpgSign = true\n"
    )
    demo = follow(machine, {"notes.md": LINES, "clash.md": LINES, "old.md": with_line(2, "old")})
    demo.git("mv", "old.md", "ü.md")
    demo.edit({"notes.md": with_line(1, "mine"), "clash.md": with_line(5, "mine")})
    demo.release(
        files={
            "notes.md": with_line(9, "theirs"),
            "clash.md": with_line(5, "theirs"),
            "old.md": lines((2, "old"), (8, "new")),
        }
    )
    machine.configure(PERSON + odd)

    assert demo.update().code == 3

    assert demo.text("notes.md") == lines((1, "mine"), (9, "theirs"))
    assert demo.text("ü.md") == lines((2, "old"), (8, "new"))
    assert "<<<<<<< your project\nmine\n||||||| template v1.0.0" in demo.text("clash.md")


# Where it runs


def test_a_project_in_a_folder_of_any_name(machine: Machine) -> None:
    demo = follow(machine, {"notes.md": LINES, "clash.md": LINES}, name='we"ird: däta;/back\\slash/-dash')
    demo.edit({"notes.md": with_line(1, "mine"), "clash.md": with_line(5, "mine")})
    demo.release(files={"notes.md": with_line(9, "theirs"), "clash.md": with_line(5, "theirs")})
    before = demo.state()

    assert demo.update().code == 3
    assert demo.text("notes.md") == lines((1, "mine"), (9, "theirs"))
    demo.updated("--abort")

    assert demo.state() == before


def test_a_project_that_is_reached_through_a_link(machine: Machine) -> None:
    demo = follow(machine, {"notes.md": LINES})
    demo.edit({"notes.md": with_line(1, "mine")})
    demo.release(files={"notes.md": with_line(9, "theirs")})
    (machine.work / "link").symlink_to(demo.project)

    assert machine.run("update", "link").code == 0

    assert demo.text("notes.md") == lines((1, "mine"), (9, "theirs"))


def test_an_update_started_by_a_hook_of_another_repository(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    demo = follow(machine, {"notes.md": "one\n"})
    demo.release(files={"notes.md": "two\n"})
    machine.git("init", "-q", "elsewhere")
    for name, value in (("GIT_DIR", "elsewhere/.git"), ("GIT_INDEX_FILE", "elsewhere/index"), ("GIT_WORK_TREE", "/")):
        monkeypatch.setenv(name, str(machine.work / value))

    done = demo.update()

    assert done.code == 0, done
    assert demo.text("notes.md") == "two\n"


def test_a_clone_under_another_name(machine: Machine) -> None:
    named = {"folder.txt.jinja": "{{ _copier_conf.dst_path.name }}\n", "notes.md": LINES}
    demo = follow(machine, named)
    machine.git("clone", "-q", demo.project, "renamed")
    renamed = Followed(machine=machine, template=demo.template, project=machine.work / "renamed")
    demo.release(files={"notes.md": with_line(9, "theirs")})

    done = renamed.update()

    assert done.code == 0
    assert "is not what the lock records: folder.txt" in " ".join(done.err.split()), done
    assert renamed.text("notes.md") == with_line(9, "theirs")


def test_a_repository_with_sha256(machine: Machine) -> None:
    machine.git("init", "-q", "-b", "main", "--object-format=sha256", "mono")
    demo = follow(machine, {"notes.md": LINES, "clash.md": LINES}, name="mono/demo")
    demo.commit()
    demo.edit({"notes.md": with_line(1, "mine"), "clash.md": with_line(5, "mine")})
    demo.release(files={"notes.md": with_line(9, "theirs"), "clash.md": with_line(5, "theirs")})
    before = demo.state()

    assert demo.update().code == 3
    assert demo.text("notes.md") == lines((1, "mine"), (9, "theirs"))
    demo.updated("--abort")

    assert demo.state() == before


def test_permissions_beyond_the_executable_bit_stay(machine: Machine) -> None:
    demo = follow(machine, {"key.txt": "one\n"})
    (demo.project / "key.txt").chmod(0o600)
    demo.release(files={"key.txt": "two\n"})

    demo.updated()

    assert (demo.project / "key.txt").stat().st_mode & 0o777 == 0o600


def test_a_formatter_that_ran_over_rendered_files_is_an_edit_as_any_other(machine: Machine) -> None:
    rendered = "x = {'a':1}\n\n\n\ndef f( ):\n  return 1\n\n\ndef g():\n    return 2\n"
    formatted = 'x = {"a": 1}\n\n\ndef f():\n    return 1\n\n\ndef g():\n    return 2\n'
    demo = follow(machine, {"a.py": rendered, "b.py": "y = 'b'\n"})
    demo.edit({"a.py": formatted, "b.py": 'y = "b"\n'})
    demo.release(files={"a.py": rendered.replace("return 2", "return 3"), "b.py": 'y = "b"\n'})

    demo.updated()

    assert demo.text("a.py") == formatted.replace("return 2", "return 3")


def test_a_folder_with_attributes_of_its_own_becomes_a_file(machine: Machine) -> None:
    demo = follow(machine, {"docs/.gitattributes": "*.md text\n", "docs/a.md": LINES, "notes.md": LINES})
    for name in (".gitattributes", "a.md"):
        (demo.template / "template" / "docs" / name).unlink()
    (demo.template / "template" / "docs").rmdir()
    demo.release(files={"docs": "now a file\n"})

    demo.updated()

    assert demo.text("docs") == "now a file\n"


def test_attributes_that_both_changed_apply_to_what_arrives(machine: Machine) -> None:
    attributes = "*.a text\n*.b text\n*.c text\n*.d text\n*.e text\n*.f text\n*.g text\n"
    demo = follow(machine, {".gitattributes": attributes, "run.bat": LINES})
    demo.edit({".gitattributes": "*.mine text\n" + attributes})
    theirs = attributes + "*.bat text eol=crlf\n"
    demo.release(files={".gitattributes": theirs, "run.bat": with_line(9, "theirs")})

    demo.updated()
    demo.commit()

    assert demo.text(".gitattributes") == "*.mine text\n" + theirs
    assert demo.git("show", "HEAD:run.bat") == with_line(9, "theirs")
    assert "Nothing to do" in demo.update().out


def test_text_in_another_encoding_is_merged_as_text(machine: Machine) -> None:
    old, mine, theirs, both = (
        text.encode("utf-16")
        for text in (LINES, with_line(1, "mine"), with_line(9, "theirs"), lines((1, "mine"), (9, "theirs")))
    )
    demo = follow(machine, {".gitattributes": "a.txt text working-tree-encoding=UTF-16\n", "a.txt": old})
    demo.edit({"a.txt": mine})
    demo.release(files={"a.txt": theirs})

    demo.updated()

    assert (demo.project / "a.txt").read_bytes().decode("utf-16") == both.decode("utf-16")


@pytest.mark.parametrize("folder", ["", "docs/", "docs/deep/"])
@pytest.mark.parametrize("committed", [True, False])
def test_attributes_of_the_users_count_wherever_they_lie(machine: Machine, folder: str, *, committed: bool) -> None:
    demo = follow(machine, {"docs/deep/a.txt": "one\ntwo\n", "docs/deep/b.txt": "one\n"})
    attributes = {f"{folder}.gitattributes": "*.txt text eol=crlf\n"}
    if committed:
        demo.edit(attributes)
    else:
        write_files(demo.project, attributes)
    demo.release(files={"docs/deep/a.txt": "one\nthree\n"})

    demo.updated()

    assert (demo.project / "docs/deep/a.txt").read_bytes() == b"one\r\nthree\r\n"
    assert demo.git("diff", "--name-only").split() == [".copier-answers.yml", ".mlscaffold.lock", "docs/deep/a.txt"]
    assert machine.run("check", demo.project).code == 0
