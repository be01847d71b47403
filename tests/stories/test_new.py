"""`mlscaffold new`: what is made, what is said, and what is not touched."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from .conftest import PERSON, ROOT, SMALL, Machine, snapshot

HOSTILE_TEXTS = [
    """It's "quoted" \\ and 'again' \\n""",
    "{{ 7 * 7 }} {% raw %} {# no #}",
    'a: [b, {c: d}] # no comment, & *anchor !tag |> %x @y `z` - ? "',
    "[tool.x]\nkey = '''value'''\nend = true",
    "---\n...\n<<: *all\nnull",
    "Bücher 🚀 日本語 \u200b\u202e done",
    "$(touch owned) `touch owned` ${HOME} ; rm -rf x && echo",
    "  spaces around, and a tab\there  ",
]


def test_a_project_is_files_answers_lock_and_a_first_commit(machine: Machine) -> None:
    template = machine.template()
    done = machine.run("new", "demo", "--template", template, "--set", "name=Ada")
    assert done.code == 0, done
    project = machine.work / "demo"
    assert (project / "hello.txt").read_text() == "Hello Ada\n"
    assert yaml.safe_load((project / ".copier-answers.yml").read_text()) == {
        "_commit": "v1.0.0",
        "_src_path": str(template),
        "name": "Ada",
    }
    assert machine.git("log", "--format=%an <%ae> %s", cwd=project) == (
        f"Ada Lovelace <ada@example.com> Start from {template} v1.0.0\n"
    )
    assert machine.git("status", "--porcelain", "--ignored", cwd=project) == ""
    assert machine.git("branch", "--show-current", cwd=project) == "main\n"
    assert f"Made 2 files from {template} v1.0.0, first commit" in done.out
    assert "cd demo" in done.out
    assert sorted(machine.work.iterdir()) == [project]
    assert list(machine.scratch.iterdir()) == []
    assert machine.run("check", "demo").code == 0


def test_the_newest_release_is_taken_and_a_prerelease_is_not(machine: Machine) -> None:
    template = machine.template()
    for tag in ("v1.10.0", "v1.9.0", "v2.0.0rc1", "nightly"):
        machine.template({"template/which.txt": f"{tag}\n"}, tag=tag)
    bare = machine.home / "bare.git"
    machine.git("clone", "-q", "--bare", template, bare)
    template = bare
    assert machine.run("new", "newest", "--template", template, "--defaults").code == 0
    assert Path("newest/which.txt").read_text() == "v1.10.0\n"
    for number, (ref, expected) in enumerate([("1.9.0", "v1.9.0"), ("v2.0.0rc1", "v2.0.0rc1"), ("main", "nightly")]):
        done = machine.run("new", f"p{number}", "--template", template, "--ref", ref, "--defaults")
        assert done.code == 0
        assert Path(f"p{number}/which.txt").read_text() == f"{expected}\n"
    assert "is not a release" in done.err


def test_a_work_tree_that_is_not_a_release_is_taken_as_it_is(machine: Machine) -> None:
    template = machine.template()
    (template / "template" / "new.txt").write_text("not committed\n")
    (template / ".git" / "info" / "exclude").write_text("ignored.txt\n")
    (template / "template" / "ignored.txt").write_text("ignored\n")
    done = machine.run("new", "demo", "--template", template, "--defaults")
    assert done.code == 0
    assert "unreleased work tree" in done.err
    assert Path("demo/new.txt").exists()
    assert not Path("demo/ignored.txt").exists()
    assert machine.run("new", "released", "--template", template, "--ref", "v1.0.0", "--defaults").code == 0
    assert not Path("released/new.txt").exists()


def test_a_template_without_tags_says_that_there_will_be_no_update(machine: Machine) -> None:
    template = machine.template(tag="")
    bare = machine.home / "bare.git"
    machine.git("clone", "-q", "--bare", template, bare)
    done = machine.run("new", "demo", "--template", bare, "--defaults")
    assert done.code == 0
    assert "The template has no version tags: the project cannot be updated until it has." in done.err


def test_a_plain_folder_is_a_template_too(machine: Machine) -> None:
    template = machine.template()
    subprocess.run(["rm", "-rf", str(template / ".git")], check=True)
    done = machine.run("new", "demo", "--template", template, "--defaults")
    assert done.code == 0
    assert "plain folder: the project cannot be updated" in done.err
    machine.run("new", "other", "--template", template, "--ref", "v1", "--defaults").refused("plain folder")


def test_a_bundle_is_a_template_too(machine: Machine) -> None:
    template = machine.template()
    bundle = machine.home / "template.bundle"
    machine.git("bundle", "create", "-q", bundle, "--all", cwd=template)
    assert machine.run("new", "demo", "--template", bundle, "--defaults").code == 0
    assert Path("demo/hello.txt").read_text() == "Hello World\n"


def test_answers_the_most_specific_wins(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = machine.home / "settings.yml"
    settings.write_text("defaults: {name: Settings}\n")
    monkeypatch.setenv("MLSCAFFOLD_SETTINGS", str(settings))
    answers = machine.home / "answers.json"
    answers.write_text(json.dumps({"name": "File", "_commit": "ignored"}))
    monkeypatch.setenv("MLSCAFFOLD_TEMPLATE", str(machine.template()))
    made = []
    ways: list[list[str]] = [[], ["--answers", str(answers)], ["--answers", str(answers), "--set", "name=Set"]]
    for number, extra in enumerate(ways):
        assert machine.run("new", f"p{number}", "--defaults", *extra).code == 0
        made.append(Path(f"p{number}/hello.txt").read_text())
    assert made == ["Hello Settings\n", "Hello File\n", "Hello Set\n"]


def test_the_answers_of_one_project_make_another(machine: Machine) -> None:
    template = machine.template()
    assert machine.run("new", "one", "--template", template, "--set", "name=A: 'b' \"c\"").code == 0
    answers = Path("one/.copier-answers.yml")
    assert machine.run("new", "two", "--template", template, "--answers", answers).code == 0
    assert snapshot(Path("one")) == snapshot(Path("two"))


def test_a_dry_run_lists_files_with_their_ownership_and_writes_nothing(machine: Machine) -> None:
    template = machine.template({**SMALL, "ownership.yml": "files: {hello.txt: owned}\n"})
    before = snapshot(machine.home.parent, without=())
    done = machine.run("new", "demo", "--template", template, "--defaults", "--dry-run")
    assert done.code == 0
    assert "create  owned     hello.txt\n" in done.out
    assert "create  merged    .copier-answers.yml\n" in done.out
    assert "Dry run: 2 files of" in done.out
    assert snapshot(machine.home.parent, without=()) == before


def test_no_git(machine: Machine) -> None:
    assert machine.run("new", "demo", "--template", machine.template(), "--defaults", "--no-git").code == 0
    assert not Path("demo/.git").exists()
    assert machine.run("check", "demo").code == 0


def test_inside_a_repository_there_is_no_second_one(machine: Machine) -> None:
    machine.git("init", "-q", ".")
    assert machine.run("new", "services/demo", "--template", machine.template(), "--defaults").code == 0
    assert not Path("services/demo/.git").exists()
    assert machine.git("rev-list", "--all") == ""
    assert machine.run("check", "services/demo").code == 0


def test_a_destination_that_the_repository_ignores_gets_its_own(machine: Machine) -> None:
    machine.git("init", "-q", ".")
    Path(".gitignore").write_text("build/\n")
    assert machine.run("new", "build/demo", "--template", machine.template(), "--defaults").code == 0
    assert Path("build/demo/.git").is_dir()


def test_an_empty_home_has_no_git_identity_and_needs_none(machine: Machine) -> None:
    machine.configure("[user]\n\tuseConfigOnly = true\n")
    assert machine.run("new", "demo", "--template", machine.template(), "--defaults").code == 0
    assert machine.git("log", "--format=%an <%ae>", cwd=Path("demo")) == "mlscaffold <mlscaffold@localhost>\n"
    assert "mlscaffold" not in Path("demo/.git/config").read_text()


def test_global_hooks_signing_and_templates_of_git_are_not_used(machine: Machine) -> None:
    hooks = machine.home / "hooks"
    hooks.mkdir()
    for name in (
        "pre-commit",
        "commit-msg",
        "prepare-commit-msg",
        "post-commit",
        "post-checkout",
        "reference-transaction",
    ):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {machine.home}/ran-{name}\nexit 1\n")
        (hooks / name).chmod(0o755)
    (machine.home / "skeleton" / "hooks").mkdir(parents=True)
    (machine.home / "skeleton" / "hooks" / "pre-commit").write_text("#!/bin/sh\nexit 1\n")
    machine.configure(
        PERSON + f"[core]\n\thooksPath = {hooks}\n[commit]\n\tgpgSign = true\n[gpg]\n\tprogram = /bin/false\n"
        f"[init]\n\ttemplateDir = {machine.home}/skeleton\n\tdefaultBranch = trunk\n[tag]\n\tgpgSign = true\n"
    )
    template = machine.home.parent / "template"
    quiet = ["-c", "core.hooksPath=/dev/null", "-c", "commit.gpgSign=false", "-c", "tag.gpgSign=false"]
    template.mkdir()
    for path, content in SMALL.items():
        (template / path).parent.mkdir(exist_ok=True)
        (template / path).write_text(content)
    for command in (["init", "-q", "--template="], ["add", "-A"], ["commit", "-qm", "x"], ["tag", "v1.0.0"]):
        machine.git(*quiet, *command, cwd=template)
    done = machine.run("new", "demo", "--template", template, "--defaults")
    assert done.code == 0, done
    assert sorted(file.name for file in machine.home.glob("ran-*")) == []
    assert machine.git("branch", "--show-current", cwd=Path("demo")) == "trunk\n"


@pytest.mark.parametrize(
    "configuration",
    [
        "[core]\n\tautocrlf = true\n",
        "[core]\n\tattributesFile = ~/attributes\n",
        "[core]\n\tfileMode = false\n",
        "[color]\n\tui = always\n[column]\n\tui = always\n",
        "[clone]\n\tdefaultRemoteName = upstream\n",
        "[status]\n\tshort = true\n\tbranch = true\n\tshowUntrackedFiles = no\n",
        "[core]\n\tquotePath = true\n\tprecomposeUnicode = true\n[log]\n\tshowSignature = true\n",
        "[tag]\n\tsort = -version:refname\n[versionsort]\n\tsuffix = rc\n",
        "[advice]\n\tdetachedHead = true\n[core]\n\tpager = false\n[pager]\n\ttag = true\n",
    ],
)
def test_a_persons_git_configuration_changes_nothing(machine: Machine, configuration: str) -> None:
    template = machine.template({**SMALL, "template/naïve name.txt": "a\r\nb\n", "template/run.sh": "#!/bin/sh\n"})
    machine.git("branch", "topic", cwd=template)
    (machine.home / "attributes").write_text("*.txt text eol=crlf\n")
    assert machine.run("new", "plain", "--template", template, "--ref", "topic", "--defaults").code == 0
    machine.configure(PERSON + configuration)
    done = machine.run("new", "demo", "--template", template, "--ref", "topic", "--defaults")
    assert done.code == 0, done
    rendered = {path: entry for path, entry in snapshot(Path("demo")).items() if path != ".mlscaffold.lock"}
    plain = {path: entry for path, entry in snapshot(Path("plain")).items() if path != ".mlscaffold.lock"}
    assert rendered == plain
    assert machine.run("check", "demo").code == 0
    assert machine.run("versions", "--template", template).out == "v1.0.0\n"


def test_a_strangers_repository_runs_nothing_of_its_own(machine: Machine) -> None:
    template = machine.template()
    spy = machine.home / "spy"
    spy.write_text(f"#!/bin/sh\ntouch {machine.home}/ran\n")
    spy.chmod(0o755)
    machine.git("config", "core.fsmonitor", spy, cwd=template)
    (template / ".git" / "hooks").mkdir(exist_ok=True)
    for name in ("post-checkout", "reference-transaction", "post-index-change"):
        (template / ".git" / "hooks" / name).write_text(spy.read_text())
        (template / ".git" / "hooks" / name).chmod(0o755)
    assert machine.run("new", "demo", "--template", template, "--defaults").code == 0
    assert machine.run("versions", "--template", template).code == 0
    assert not (machine.home / "ran").exists()


def test_a_git_hook_that_calls_us_does_not_lead_us_astray(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    template = machine.template()
    victim = machine.home / "victim"
    machine.git("init", "-q", str(victim))
    before = snapshot(victim, without=())
    monkeypatch.setenv("GIT_DIR", str(victim / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(victim))
    monkeypatch.setenv("GIT_INDEX_FILE", str(victim / ".git" / "index"))
    assert machine.run("new", "demo", "--template", template, "--defaults").code == 0
    assert snapshot(victim, without=()) == before
    assert Path("demo/.git").is_dir()


def test_unsafe_features_are_named_one_by_one_and_need_trust(machine: Machine) -> None:
    configuration = (
        "_subdirectory: template\n_templates_suffix: .jinja\n"
        "_jinja_extensions: [jinja2.ext.do, jinja2.ext.loopcontrols]\n"
        "_tasks: ['echo {{ name }} > made-by-task.txt', [touch, second.txt]]\nname: {type: str, default: World}\n"
    )
    template = machine.template({**SMALL, "copier.yml": configuration})
    done = machine.run("new", "demo", "--template", template, "--defaults")
    done.refused(
        "wants to run code",
        "- Jinja extension jinja2.ext.do",
        "- Jinja extension jinja2.ext.loopcontrols",
        "- task, run after rendering: echo {{ name }} > made-by-task.txt",
        "- task, run after rendering: touch second.txt",
        "run the command again with --trust",
        code=4,
    )
    machine.nothing_was_left()
    machine.run("questions", "--template", template).refused("Jinja extension", code=4)
    done = machine.run("new", "demo", "--template", template, "--defaults", "--trust", "--dry-run")
    assert "will run  echo {{ name }} > made-by-task.txt" in done.out
    machine.nothing_was_left()
    done = machine.run("new", "demo", "--template", template, "--defaults", "--trust")
    assert done.code == 0, done
    assert "Will run: touch second.txt" in done.err
    assert Path("demo/made-by-task.txt").read_text() == "World\n"
    assert Path("demo/second.txt").exists()
    assert "second.txt" not in Path("demo/.mlscaffold.lock").read_text()


def test_trust_in_the_settings_ends_at_a_path_separator(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    configuration = SMALL["copier.yml"] + "_tasks: ['true']\n"
    settings = machine.home / "settings.yml"
    monkeypatch.setenv("MLSCAFFOLD_SETTINGS", str(settings))
    template = machine.template({**SMALL, "copier.yml": configuration})
    for number, (prefix, code) in enumerate(
        [(f"{template}", 0), (f"{template.parent}/", 0), (str(template)[:-2], 4), (f"{template.parent}", 4)]
    ):
        settings.write_text(f"trust: ['{prefix}']\n")
        assert machine.run("new", f"p{number}", "--template", template, "--defaults").code == code, prefix


def test_trust_does_not_follow_dots_out_of_a_trusted_folder(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    template = machine.template({**SMALL, "copier.yml": SMALL["copier.yml"] + "_tasks: ['touch ran']\n"})
    good = machine.home / "good"
    good.mkdir()
    settings = machine.home / "settings.yml"
    settings.write_text(f"trust: ['{good}/', 'https://git.example.com/good/']\n")
    monkeypatch.setenv("MLSCAFFOLD_SETTINGS", str(settings))
    machine.run("new", "demo", "--template", f"{good}/../../template", "--defaults").refused("wants to run", code=4)
    assert template.exists()
    machine.nothing_was_left()


def test_a_failing_task_leaves_nothing(machine: Machine) -> None:
    template = machine.template({**SMALL, "copier.yml": SMALL["copier.yml"] + "_tasks: ['touch x && exit 3']\n"})
    done = machine.run("new", "demo", "--template", template, "--defaults", "--trust")
    done.refused("A task of the template failed")
    machine.nothing_was_left()


@pytest.mark.parametrize("way", ["absent", "empty", "here", "dots", "link", "deep"])
def test_ways_to_name_the_destination(machine: Machine, way: str) -> None:
    template = machine.template()
    project = machine.work / "demo"
    argument = {"here": ".", "dots": "x/../demo/.", "link": "link", "deep": "demo/deep/er"}.get(way, "demo")
    if way in {"empty", "here", "link"}:
        project.mkdir()
    if way == "here":
        os.chdir(project)
    if way == "link":
        (machine.work / "link").symlink_to("demo")
    done = machine.run("new", argument, "--template", template, "--defaults")
    assert done.code == 0, done
    made = project / "deep" / "er" if way == "deep" else project
    assert (made / "hello.txt").exists()
    assert (Path.cwd() / "hello.txt").exists() is (way == "here")
    assert [entry.name for entry in machine.work.iterdir() if entry.name.startswith(".")] == []
    assert machine.run("check", made).code == 0


def test_a_link_in_the_render_stays_a_link(machine: Machine) -> None:
    template = machine.template({**SMALL, "copier.yml": SMALL["copier.yml"] + "_preserve_symlinks: true\n"}, tag="")
    (template / "template" / "link").symlink_to("hello.txt")
    machine.template({}, tag="v1.0.0")
    assert machine.run("new", "demo", "--template", template, "--defaults").code == 0
    assert Path("demo/link").readlink() == Path("hello.txt")
    assert machine.run("check", "demo").code == 0


def test_a_file_that_the_projects_gitignore_hides_is_named(machine: Machine) -> None:
    template = machine.template({**SMALL, "template/.gitignore": "hello.txt\n"})
    done = machine.run("new", "demo", "--template", template, "--defaults")
    assert done.code == 0
    assert "Not committed, since .gitignore names it: hello.txt" in done.out


@pytest.mark.parametrize(
    "name", ['"quoted".txt', "'single'.txt", "a b.txt", "-dash.txt", "#x.txt", "naïve 🚀.txt", "[x].txt"]
)
def test_odd_file_names_are_written_locked_and_checked(machine: Machine, name: str) -> None:
    template = machine.template({**SMALL, f"template/{name}": "odd\n", "ownership.yml": "files: {'**': owned}\n"})
    done = machine.run("new", "demo", "--template", template, "--defaults")
    assert done.code == 0, done
    assert (machine.work / "demo" / name).read_text() == "odd\n"
    assert machine.run("check", "demo").code == 0
    (machine.work / "demo" / name).write_text("changed\n")
    assert machine.run("check", "demo").code == 1


@pytest.mark.slow
@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_any_text_renders_into_valid_files(machine: Machine, text: str) -> None:
    """Every machine-read file of the built-in template parses, and the text arrives as it was given."""
    name = re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", text)[:60]
    author = re.sub(r"[<>\x00-\x1f]", " ", text)
    done = machine.run(
        *("new", "demo", "--template", ROOT, "--defaults", "--set", "package_name=demo_pkg"),
        *("--set", f"description={text}", "--set", f"project_name={name}"),
        *("--set", f"author={author} <ada@example.com>"),
    )
    assert done.code == 0, done
    project = machine.work / "demo"
    assert yaml.safe_load((project / ".copier-answers.yml").read_text())["description"] == text
    parsed = 0
    for file in project.rglob("*"):
        if ".git" in file.relative_to(project).parts or not file.is_file():
            continue
        if file.suffix in {".yml", ".yaml"} or file.name == "dvc.lock":
            assert yaml.safe_load(file.read_text()) is not None, file
        elif file.suffix == ".toml":
            tomllib.loads(file.read_text())
        elif file.suffix == ".json":
            json.loads(file.read_text())
        elif file.suffix == ".py":
            compile(file.read_text(), str(file), "exec")
        elif file.suffix == ".sh":
            subprocess.run(["bash", "-n", str(file)], check=True)
        else:
            continue
        parsed += 1
    assert parsed > 20
    metadata = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    assert metadata["description"].split() == text.split()
    assert metadata["authors"][0]["email"] == "ada@example.com"
    assert metadata["authors"][0]["name"].strip() == author.strip()
    assert not list(machine.home.parent.rglob("owned"))
    assert machine.run("check", "demo").code == 0


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_without_unicode(machine: Machine, encoding: str) -> None:
    template = machine.template({**SMALL, "template/naïve 🚀.txt": "x\n"})
    for arguments in (["new", "demo", "--defaults"], ["new", "dry", "--defaults", "--dry-run"], ["questions"]):
        done = subprocess.run(
            ["mlscaffold", *arguments, "--template", str(template)],
            env=os.environ
            | {"PYTHONIOENCODING": encoding, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


def test_an_empty_repository_is_filled(machine: Machine) -> None:
    machine.git("init", "-q", "-b", "main", "demo")
    template = machine.template()
    done = machine.run("new", "demo", "--template", template, "--defaults")
    assert done.code == 0, done
    assert "review and commit it there" in done.out
    project = machine.work / "demo"
    assert (project / "hello.txt").read_text() == "Hello World\n"
    machine.git("add", "-A", ".", cwd=project)
    machine.git("commit", "-qm", "Start", cwd=project)
    assert machine.run("check", "demo").code == 0
    # With history of its own it is no empty repository any more.
    (project / "hello.txt").unlink()
    machine.run("new", "demo", "--template", template, "--defaults").refused("in the way")


def test_inside_a_repository_it_says_that_nothing_was_committed(machine: Machine) -> None:
    machine.git("init", "-q", ".")
    done = machine.run("new", "demo", "--template", machine.template(), "--defaults")
    assert (done.code, "It lies in the repository" in done.out) == (0, True)
