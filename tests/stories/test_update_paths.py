"""`mlscaffold update` where files move, go, come back, or become something else."""

from __future__ import annotations

import os

import pytest

from mlscaffold.files.write import near

from .conftest import Machine, write_files
from .updating import LINES, Followed, follow, lines, with_line

OWNERSHIP = """\
files:
  owned.txt: owned
  seeded.txt: seeded
  again.txt: {seeded: {recreate: true}}
  keyed.toml: {keyed: [tool.width]}
"""
POLICIES = {
    "ownership.yml": OWNERSHIP,
    "owned.txt": "owned\n",
    "seeded.txt": "seeded\n",
    "again.txt": "again\n",
    "keyed.toml": "[tool]\nwidth = 1\nother = 1\n",
    "merged.txt": LINES,
}


def move(demo: Followed, before: str, after: str, tag: str = "v2.0.0", content: str | None = None) -> None:
    """A release in which the template's file has another name."""
    (demo.template / "template" / after).parent.mkdir(parents=True, exist_ok=True)
    demo.machine.git("mv", f"template/{before}", f"template/{after}", cwd=demo.template)
    demo.release(tag, {} if content is None else {after: content})


# Renames


def test_the_template_renames_and_changes_a_file_and_the_edit_moves_along(machine: Machine) -> None:
    demo = follow(machine, {"old.md": LINES})
    demo.edit({"old.md": with_line(1, "mine")})
    move(demo, "old.md", "docs/new.md", content=with_line(9, "theirs"))

    assert "old.md -> docs/new.md" in demo.update("--dry-run").out
    demo.updated()

    assert not demo.has("old.md")
    assert demo.text("docs/new.md") == lines((1, "mine"), (9, "theirs"))


def test_the_template_renames_an_untouched_file(machine: Machine) -> None:
    demo = follow(machine, {"deep/old.md": LINES})
    move(demo, "deep/old.md", "new.md")

    demo.updated()

    assert not demo.has("deep")
    assert demo.text("new.md") == LINES


def test_a_move_that_history_does_not_show_is_declared(machine: Machine) -> None:
    demo = follow(machine, {"old.md": LINES})
    demo.edit({"old.md": with_line(1, "mine")})
    other = "".join(f"other {number}\n" for number in range(9))
    demo.release(files={"new.md": other, "ownership.yml": "moved: {old.md: new.md}\n"}, gone=("old.md",))

    assert demo.planned()["files"][0]["moved_from"] == "old.md"


def test_an_edit_never_moves_into_a_file_that_only_looks_alike(machine: Machine) -> None:
    questions = "_subdirectory: template\n_templates_suffix: .jinja\nforge: {type: str, default: gitlab}\n"
    files = {
        "copier.yml": questions,
        "hello.txt.jinja": "hello\n",
        "{% if forge == 'gitlab' %}gitlab.yml{% endif %}": LINES,
        "{% if forge == 'github' %}github.yml{% endif %}": LINES,
    }
    demo = follow(machine, files)
    demo.edit({"gitlab.yml": with_line(5, "mine")})

    assert demo.set("forge=github").code == 0

    assert demo.text("github.yml") == LINES
    assert demo.text("gitlab.yml") == with_line(5, "mine")


def test_the_users_rename_is_followed(machine: Machine) -> None:
    demo = follow(machine, {"notes.md": LINES})
    demo.git("mv", "notes.md", "my notes.md")
    demo.commit()
    demo.release(files={"notes.md": with_line(9, "theirs")})

    demo.updated()

    assert not demo.has("notes.md")
    assert demo.text("my notes.md") == with_line(9, "theirs")


def test_the_users_rename_and_edit_are_followed(machine: Machine) -> None:
    demo = follow(machine, {"notes.md": LINES})
    demo.git("mv", "notes.md", "my notes.md")
    demo.edit({"my notes.md": with_line(1, "mine")})
    demo.release("v2.0.0", {"notes.md": with_line(9, "theirs")})

    demo.updated()
    demo.commit()
    demo.release("v3.0.0", {"notes.md": lines((9, "theirs"), (5, "again"))})
    demo.updated()

    assert not demo.has("notes.md")
    assert demo.text("my notes.md") == lines((1, "mine"), (5, "again"), (9, "theirs"))


def test_both_rename_to_the_same_name(machine: Machine) -> None:
    demo = follow(machine, {"old.md": LINES})
    demo.git("mv", "old.md", "new.md")
    demo.edit({"new.md": with_line(1, "mine")})
    move(demo, "old.md", "new.md", content=with_line(9, "theirs"))

    demo.updated()

    assert demo.text("new.md") == lines((1, "mine"), (9, "theirs"))
    assert not demo.has("old.md")


def test_both_rename_apart_and_the_users_name_stays(machine: Machine) -> None:
    demo = follow(machine, {"old.md": LINES})
    demo.git("mv", "old.md", "mine.md")
    demo.edit({"mine.md": with_line(1, "mine")})
    move(demo, "old.md", "theirs.md", content=with_line(9, "theirs"))

    demo.updated()

    assert demo.text("mine.md") == lines((1, "mine"), (9, "theirs"))
    assert not demo.has("theirs.md")


def test_two_files_change_places(machine: Machine) -> None:
    first, second = LINES, "".join(f"other {number}\n" for number in range(9))
    demo = follow(machine, {"a.md": first, "b.md": second})
    demo.edit({"a.md": with_line(1, "mine")})
    for before, after in (("a.md", "c.md"), ("b.md", "a.md"), ("c.md", "b.md")):
        machine.git("mv", f"template/{before}", f"template/{after}", cwd=demo.template)
    demo.release(files={"ownership.yml": "moved: {a.md: b.md, b.md: a.md}\n"})

    demo.updated()

    assert demo.text("b.md") == with_line(1, "mine")
    assert demo.text("a.md") == second


def test_a_name_that_differs_only_in_case(machine: Machine) -> None:
    demo = follow(machine, {"Readme.md": LINES})
    demo.edit({"Readme.md": with_line(1, "mine")})
    move(demo, "Readme.md", "README.md", content=with_line(9, "theirs"))

    demo.updated()

    assert "README.md" in os.listdir(demo.project)  # noqa: PTH208 - the name as it is spelled on disk
    assert demo.text("README.md") == lines((1, "mine"), (9, "theirs"))


# Deletions


def test_what_the_user_deleted_comes_back_only_where_the_template_owns_it(machine: Machine) -> None:
    demo = follow(machine, POLICIES)
    changed = {path: content.replace("1", "2") + "# more\n" for path, content in POLICIES.items()}
    del changed["ownership.yml"]
    demo.edit(gone=tuple(changed))
    demo.release(files=changed)

    demo.updated()

    back = {"owned.txt", "again.txt", "keyed.toml"}
    assert {path for path in changed if demo.has(path)} == back
    assert all(demo.text(path) == changed[path] for path in back)


def test_what_was_deleted_is_not_brought_back_later_either(machine: Machine) -> None:
    demo = follow(machine, {"notes.md": LINES})
    demo.edit(gone=("notes.md",))
    for number in (2, 3):
        demo.release(f"v{number}.0.0", {"notes.md": with_line(number, "theirs")})
        assert demo.actions() == {"notes.md": "keep"}
        demo.updated()
        demo.commit()

    assert not demo.has("notes.md")


def test_what_the_template_deleted_and_nobody_edited_goes_unless_it_was_seeded(machine: Machine) -> None:
    demo = follow(machine, POLICIES)
    demo.release(gone=("owned.txt", "merged.txt", "seeded.txt"))

    demo.updated()

    assert not demo.has("owned.txt")
    assert not demo.has("merged.txt")
    assert demo.text("seeded.txt") == "seeded\n"


def test_what_the_template_deleted_and_the_user_edited_stays(machine: Machine) -> None:
    demo = follow(machine, POLICIES)
    paths = ("owned.txt", "merged.txt", "seeded.txt")
    demo.edit(dict.fromkeys(paths, "mine\n"))
    demo.release(gone=paths)

    demo.updated()

    assert [demo.text(path) for path in paths] == ["mine\n"] * 3


def test_both_deleted_it(machine: Machine) -> None:
    demo = follow(machine, {"notes.md": LINES})
    demo.edit(gone=("notes.md",))
    demo.release(gone=("notes.md",))

    assert demo.actions() == {}
    demo.updated()


def test_a_retired_file_goes_if_untouched_and_is_named_if_edited(machine: Machine) -> None:
    demo = follow(machine, {"old-ci.yml": "a: 1\n", "old-image": "FROM a\n"})
    demo.edit({"old-image": "FROM mine\n"})
    retired = "files:\n  old-ci.yml: retired\n  old-image: retired\n"
    demo.release(files={"ownership.yml": retired}, gone=("old-ci.yml", "old-image"))

    done = demo.update()

    assert done.code == 0
    assert not demo.has("old-ci.yml")
    assert demo.text("old-image") == "FROM mine\n"
    assert "old-image" in done.out


# Policies


def test_an_owned_file_is_replaced_and_the_edited_lines_are_counted(machine: Machine) -> None:
    demo = follow(machine, POLICIES)
    demo.edit({"owned.txt": "mine\nmore\n"})
    demo.release(files={"owned.txt": "owned 2\n"})

    said = demo.update().out

    assert "replace   owned   owned.txt  (2 edited lines; to keep them: mlscaffold eject owned.txt" in said
    assert demo.text("owned.txt") == "owned 2\n"
    assert demo.git("show", "HEAD:owned.txt") == "mine\nmore\n"


def test_an_owned_file_that_drifted_is_healed_though_the_template_did_not_change_it(machine: Machine) -> None:
    demo = follow(machine, POLICIES)
    demo.edit({"owned.txt": "drifted\n"})
    assert machine.run("check", demo.project).code == 1
    demo.release()

    demo.updated()

    assert demo.text("owned.txt") == "owned\n"
    demo.commit()
    assert machine.run("check", demo.project).code == 0


def test_a_drifted_owned_file_is_healed_without_a_new_version(machine: Machine) -> None:
    demo = follow(machine, POLICIES)
    demo.edit({"owned.txt": "drifted\n"}, gone=("again.txt",))

    demo.updated()

    assert demo.text("owned.txt") == "owned\n"


def test_an_ejected_file_is_the_users(machine: Machine) -> None:
    demo = follow(machine, POLICIES)
    assert machine.run("eject", "owned.txt", "--reason", "ours", "--project", demo.project).code == 0
    demo.edit({"owned.txt": "mine\n"})
    demo.release(files={"owned.txt": "owned 2\n"})

    assert demo.actions() == {"owned.txt": "keep"}
    demo.updated()

    assert demo.text("owned.txt") == "mine\n"


def test_a_seeded_file_is_never_touched_again(machine: Machine) -> None:
    demo = follow(machine, POLICIES)
    demo.release(files={"seeded.txt": "seeded 2\n"})

    demo.updated()

    assert demo.text("seeded.txt") == "seeded\n"


# Kinds and modes


def test_a_file_becomes_a_folder_and_a_folder_a_file(machine: Machine) -> None:
    demo = follow(machine, {"a": LINES, "b/one.txt": "one\n", "b/two.txt": "two\n"})
    _swap(demo)

    demo.updated()

    assert demo.text("a/inner.txt") == "inner\n"
    assert demo.text("b") == "now a file\n"


def _swap(demo: Followed) -> None:
    root = demo.template / "template"
    (root / "a").unlink()
    for name in ("one.txt", "two.txt"):
        (root / "b" / name).unlink()
    (root / "b").rmdir()
    demo.release(files={"a/inner.txt": "inner\n", "b": "now a file\n"})


def test_a_file_that_becomes_a_folder_while_edited_is_in_the_way(machine: Machine) -> None:
    demo = follow(machine, {"a": LINES, "b/one.txt": "one\n", "b/two.txt": "two\n"})
    demo.edit({"a": with_line(1, "mine")})
    _swap(demo)
    before = demo.state()

    done = demo.update()
    assert done.code == 3, done
    assert "a/inner.txt" in done.out
    assert demo.text("b") == "now a file\n", "all else is updated"
    assert demo.text("a") == with_line(1, "mine")
    assert demo.update("--abort").code == 0
    assert demo.state() == before

    assert demo.update().code == 3
    demo.git("mv", "a", "elsewhere")
    write_files(demo.project, {"a/inner.txt": demo.git("show", ":3:a/inner.txt") + "\n"})
    demo.git("add", "-A")
    assert demo.update("--continue").code == 0
    demo.commit()
    assert demo.machine.run("check", demo.project).code == 0


def test_a_folder_that_becomes_a_file_while_something_of_the_user_is_in_it(machine: Machine) -> None:
    demo = follow(machine, {"a": LINES, "b/one.txt": "one\n", "b/two.txt": "two\n"})
    demo.edit({"b/mine.txt": "mine\n"})
    _swap(demo)

    done = demo.update()
    assert done.code == 3, done
    assert "b/ is in the way" in done.out
    assert demo.text("a/inner.txt") == "inner\n"
    assert demo.text("b/mine.txt") == "mine\n"
    demo.git("rm", "-q", "--cached", "b")
    assert demo.update("--continue").code == 0
    assert demo.text("b/mine.txt") == "mine\n"


@pytest.mark.parametrize("path", ["b/ignored.log", "b/deep/ignored.log"])
def test_a_folder_that_becomes_a_file_while_something_untracked_is_in_it(machine: Machine, path: str) -> None:
    demo = follow(machine, {"a": LINES, "b/one.txt": "one\n", "b/two.txt": "two\n", ".gitignore": "*.log\n"})
    write_files(demo.project, {path: "log\n"})
    _swap(demo)

    demo.refuses("b: b/ is in the way")


def test_an_executable_bit_of_the_template_arrives(machine: Machine) -> None:
    demo = follow(machine, {"run.sh": LINES})
    demo.edit({"run.sh": with_line(1, "mine")})
    (demo.template / "template" / "run.sh").chmod(0o755)
    demo.release()

    demo.updated()

    assert os.access(demo.project / "run.sh", os.X_OK)
    assert demo.text("run.sh") == with_line(1, "mine")


def test_an_executable_bit_of_the_user_stays(machine: Machine) -> None:
    demo = follow(machine, {"run.sh": LINES})
    (demo.project / "run.sh").chmod(0o755)
    demo.commit()
    demo.release(files={"run.sh": with_line(9, "theirs")})

    demo.updated()

    assert os.access(demo.project / "run.sh", os.X_OK)
    assert demo.text("run.sh") == with_line(9, "theirs")


def test_an_executable_bit_counts_even_where_the_file_system_has_none(machine: Machine) -> None:
    demo = follow(machine, {"run.sh": LINES})
    demo.git("config", "core.fileMode", "false")
    demo.git("update-index", "--chmod=+x", "run.sh")
    demo.git("commit", "-qm", "Executable")
    demo.release(files={"run.sh": with_line(9, "theirs")})

    demo.updated()

    assert demo.git("ls-files", "-s", "run.sh").startswith("100755")


LINKED = {"copier.yml": "_subdirectory: template\n_templates_suffix: .jinja\n_preserve_symlinks: true\nname: World\n"}


def relink(demo: Followed, target: str | None) -> None:
    """The template's `link` becomes a link, or a file again."""
    link = demo.template / "template" / "link"
    link.unlink()
    if target is None:
        link.write_text(LINES)
    else:
        link.symlink_to(target)


def test_a_file_becomes_a_link_and_a_file_again(machine: Machine) -> None:
    demo = follow(machine, {**LINKED, "link": LINES, "a.md": "a\n"})
    relink(demo, "a.md")
    demo.release("v2.0.0")

    demo.updated()
    assert (demo.project / "link").readlink().name == "a.md"
    demo.commit()
    relink(demo, None)
    demo.release("v3.0.0")
    demo.updated()

    assert not (demo.project / "link").is_symlink()
    assert demo.text("link") == LINES


def test_a_link_on_one_side_and_an_edit_on_the_other_is_a_conflict(machine: Machine) -> None:
    demo = follow(machine, {**LINKED, "link": LINES, "a.md": "a\n"})
    demo.edit({"link": with_line(1, "mine")})
    relink(demo, "a.md")
    demo.release()

    done = demo.update()

    assert done.code == 3
    assert "it is a link on one side, a file on the other" in done.out
    assert demo.text("link") == with_line(1, "mine")
    demo.updated("--abort")


def test_a_link_that_both_changed_is_a_conflict(machine: Machine) -> None:
    demo = follow(machine, {**LINKED, "link": LINES, "a.md": "a\n", "b.md": "b\n", "c.md": "c\n"})
    relink(demo, "a.md")
    demo.release("v2.0.0")
    demo.updated()
    (demo.project / "link").unlink()
    (demo.project / "link").symlink_to("b.md")
    demo.commit()
    relink(demo, "c.md")
    demo.release("v3.0.0")

    done = demo.update()

    assert done.code == 3
    assert "both changed where to" in done.out
    assert (demo.project / "link").readlink().name == "b.md"


def test_a_link_to_a_folder_becomes_a_folder_and_a_link_again(machine: Machine) -> None:
    demo = follow(machine, {**LINKED, "link": LINES, "real/a.md": "a\n"})
    relink(demo, "real")
    demo.release("v2.0.0")
    demo.updated()
    demo.commit()
    (demo.template / "template" / "link").unlink()
    demo.release("v3.0.0", {"link/a.md": "mine alone\n"})

    demo.updated()
    assert not (demo.project / "link").is_symlink()
    assert (demo.text("link/a.md"), demo.text("real/a.md")) == ("mine alone\n", "a\n")
    demo.commit()
    (demo.template / "template" / "link" / "a.md").unlink()
    (demo.template / "template" / "link").rmdir()
    (demo.template / "template" / "link").symlink_to("real")
    demo.release("v4.0.0")
    demo.updated()

    assert (demo.project / "link").is_symlink()
    assert demo.text("link/a.md") == "a\n"


def test_a_binary_file_takes_the_change(machine: Machine) -> None:
    demo = follow(machine, {"logo.png": b"\0\xff\xfe1", "text": LINES})
    demo.release(files={"logo.png": b"\0\xff\xfe2", "text": b"\0now binary"})

    demo.updated()

    assert (demo.project / "logo.png").read_bytes() == b"\0\xff\xfe2"
    assert (demo.project / "text").read_bytes() == b"\0now binary"


def test_an_empty_file_and_one_without_a_last_line_break(machine: Machine) -> None:
    demo = follow(machine, {"empty": "", "open": "a\nb"})
    demo.edit({"open": "mine\na\nb"})
    demo.release(files={"empty": "now\n", "open": "a\nb\nc"})

    demo.updated()

    assert demo.text("empty") == "now\n"
    assert demo.text("open").startswith("mine\na\nb")


NAMES = [
    "a space",
    'quo"te',
    "apos'trophe",
    "ümlaut",
    "back`tick$",
    "-dash",
    "#hash",
    "[a]*?.md",
    "trailing ",
    "\u65e5\u672c",
]


def test_odd_names(machine: Machine) -> None:
    demo = follow(machine, {f"d/{name}": LINES for name in NAMES})
    demo.edit({f"d/{name}": with_line(1, "mine") for name in NAMES})
    demo.release(files={f"d/{name}": with_line(9, "theirs") for name in NAMES} | {'new "ü"': "new\n"})

    demo.updated()

    for name in NAMES:
        assert demo.text(f"d/{name}") == lines((1, "mine"), (9, "theirs"))
    assert demo.text('new "ü"') == "new\n"


def test_odd_names_in_conflict(machine: Machine) -> None:
    demo = follow(machine, {f"d/{name}": LINES for name in NAMES})
    demo.edit({f"d/{name}": with_line(5, "mine") for name in NAMES})
    demo.release(files={f"d/{name}": with_line(5, "theirs") for name in NAMES})
    before = demo.state()

    assert demo.update().code == 3
    assert all("<<<<<<<" in demo.text(f"d/{name}") for name in NAMES)
    demo.updated("--abort")

    assert demo.state() == before


def test_the_users_own_files_may_have_any_name(machine: Machine) -> None:
    demo = follow(machine, {"notes.md": LINES})
    odd = [b"line\nbreak", b"tab\there", b"latin-\xe4", b"colon: a", b"back\\slash"]
    for name in odd:
        (demo.project / os.fsdecode(name)).write_bytes(LINES.encode())
    demo.edit({"notes.md": with_line(1, "mine")})
    demo.release(files={"notes.md": with_line(9, "theirs")})

    demo.updated()

    assert demo.text("notes.md") == lines((1, "mine"), (9, "theirs"))
    assert all((demo.project / os.fsdecode(name)).read_text() == LINES for name in odd)


def test_a_rename_to_a_name_that_no_update_may_write_is_not_followed(machine: Machine) -> None:
    demo = follow(machine, {"notes.md": LINES})
    odd = os.fsdecode(b"latin-\xe4\n\t.md")
    demo.git("mv", "notes.md", odd)
    demo.commit()
    demo.release(files={"notes.md": with_line(9, "theirs")})

    assert demo.actions() == {"notes.md": "keep"}
    demo.updated()

    assert demo.text(odd) == LINES


# Keys


def test_the_templates_keys_follow_and_all_else_is_the_users(machine: Machine) -> None:
    demo = follow(machine, POLICIES)
    demo.edit({"keyed.toml": "# ours\n[tool]\nother = 5 # mine\nwidth = 7\n\n[mine]\na = 1\n"})
    demo.release(files={"keyed.toml": "[tool]\nwidth = 2\nother = 9\nmore = 1\n"})

    demo.updated()

    assert demo.text("keyed.toml") == "# ours\n[tool]\nother = 5 # mine\nwidth = 2\n\n[mine]\na = 1\n"


def test_a_keyed_file_that_does_not_parse_is_a_conflict_and_stays(machine: Machine) -> None:
    demo = follow(machine, POLICIES)
    demo.edit({"keyed.toml": "[tool\nwidth = 7\n"})
    demo.release(files={"keyed.toml": "[tool]\nwidth = 2\nother = 1\n"})

    done = demo.update()

    assert done.code == 3
    assert "conflict  keyed   keyed.toml" in done.out
    assert demo.text("keyed.toml") == "[tool\nwidth = 7\n"


def test_the_template_moves_a_file_to_where_the_user_has_another(machine: Machine) -> None:
    """It is one file's conflict: what else the template changed arrives."""
    demo = follow(machine, {"old.md": LINES, "other.md": LINES})
    demo.edit({"new.md": "mine\n"})
    (demo.template / "template/other.md").write_text(with_line(9, "theirs"))
    move(demo, "old.md", "new.md")

    assert demo.update().code == 3

    assert demo.text("other.md") == with_line(9, "theirs")
    assert "<<<<<<< your project\nmine\n" in demo.text("new.md")
    assert not demo.has("old.md"), "nobody edited it, and the template has it no longer"
    demo.git("checkout", "--ours", "new.md")
    demo.git("add", "new.md")
    demo.updated("--continue")
    assert demo.text("new.md") == "mine\n"


def test_the_template_moves_an_edited_file_to_where_the_user_has_another(machine: Machine) -> None:
    demo = follow(machine, {"old.md": LINES})
    demo.edit({"old.md": with_line(1, "mine"), "new.md": "mine\n"})
    move(demo, "old.md", "new.md")

    assert demo.update().code == 3

    assert demo.text("old.md") == with_line(1, "mine")
    assert "<<<<<<< your project\nmine\n" in demo.text("new.md")


def test_the_template_moves_a_file_to_where_the_user_has_one_that_git_does_not_know(machine: Machine) -> None:
    demo = follow(machine, {"old.md": LINES, ".gitignore": "new.md\n"})
    (demo.project / "new.md").write_text("mine\n")
    move(demo, "old.md", "new.md")

    demo.refuses("new.md: your version of it is not under version control")


def test_the_user_made_a_folder_of_a_file(machine: Machine) -> None:
    demo = follow(machine, {"a": LINES, "owned.txt": "one\n", "ownership.yml": "files: {owned.txt: owned}\n"})
    demo.edit(gone=("a",))
    demo.edit({"a/part.txt": "mine\n"})
    demo.release("v2.0.0", {"a": with_line(9, "theirs")})
    demo.updated()
    assert demo.text("a/part.txt") == "mine\n"
    demo.commit()
    demo.edit(gone=("owned.txt",))
    demo.edit({"owned.txt/part.txt": "mine\n"})
    demo.release("v3.0.0", {"owned.txt": "two\n"})

    done = demo.update()
    assert done.code == 3, done
    assert "owned.txt/ is in the way" in done.out
    assert demo.text("owned.txt/part.txt") == "mine\n"


@pytest.mark.parametrize("suffix", ["", ".old"])
@pytest.mark.parametrize("is_folder", [True, False])
def test_what_lies_where_a_file_passes_is_in_the_way(machine: Machine, suffix: str, *, is_folder: bool) -> None:
    demo = follow(machine, {"a.txt": "one\n", "b.txt": "one\n"})
    taken = near(demo.project / "b.txt").with_suffix(suffix)
    name = f"{taken.name}/mine.txt" if is_folder else taken.name
    demo.edit({name: "mine\n"})
    demo.release("v2.0.0", {"a.txt": "two\n", "b.txt": "two\n"})

    demo.update().refused("is in the way", taken.name)

    assert (demo.text("a.txt"), demo.text("b.txt"), demo.text(name)) == ("one\n", "one\n", "mine\n")
    assert demo.machine.run("update", demo.project, "--status").code == 0
