"""Where a template lies may be a stranger's word: in a lock, in an answers file, in an issue that says what to type."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .conftest import PERSON, Machine
from .updating import follow

ALLOWING = "[protocol]\n\tallow = always\n"
#: Each would run a command, `RUN`, or start a helper that nobody named, where git is allowed to.
HELPERS = [
    "https://[no/bracket",
    "ext::sh -c RUN",
    "ext::RUN http://x",
    "EXT::RUN",
    "git+ext::RUN",
    "fd::17/x://y",
    "foo::https://x.invalid/y",
    "foo://x.invalid/y",
    "ssh://-oProxyCommand=RUN/x",
    "ssh://%2DoProxyCommand=RUN/x",
    "ssh://ada@-oProxyCommand=RUN/x",
    "-oProxyCommand@x.invalid:RUN",
    "ada@-oProxyCommand=x:RUN",
    "https://x.invalid/a\nhost=y.invalid",
    "a" * 5000,
]


@pytest.fixture
def mark(machine: Machine) -> Path:
    """What a command leaves, on a machine whose owner allows git everything."""
    machine.configure(PERSON + ALLOWING)
    return machine.home / "mark"


def meaning(address: str, mark: Path) -> str:
    return address.replace("RUN", f"touch% {mark}" if "sh -c" in address else f"touch {mark}")


def test_such_an_address_does_run_its_command_with_git(machine: Machine, mark: Path) -> None:
    with pytest.raises(Exception, match="ls-remote"):
        machine.git("ls-remote", meaning("ext::sh -c RUN", mark))
    assert mark.exists()


@pytest.mark.parametrize("address", HELPERS)
@pytest.mark.parametrize("line", ["new demo --defaults", "questions", "versions"])
def test_no_helper_is_started_for_what_is_typed(machine: Machine, mark: Path, line: str, address: str) -> None:
    machine.run(*line.split(), "--template", meaning(address, mark)).refused("template")
    assert not mark.exists()
    machine.nothing_was_left()


@pytest.mark.parametrize("address", HELPERS[:3] + HELPERS[7:9])
@pytest.mark.parametrize("place", ["lock", "answers"])
def test_no_helper_is_started_for_what_a_project_records(
    machine: Machine, mark: Path, place: str, address: str
) -> None:
    demo = follow(machine)
    recorded = {"lock": ".mlscaffold.lock", "answers": ".copier-answers.yml"}[place]
    demo.edit({recorded: demo.text(recorded).replace(str(demo.template), meaning(address, mark))})
    if place == "answers":
        demo.edit(gone=(".mlscaffold.lock",))
    lines = ["check --strict", "check --require-latest", "update", "update --dry-run", "lock --resolve", "doctor"]
    for line in lines:
        verb, *options = line.split()
        done = machine.run(verb, demo.project, *options)
        assert done.code in {0, 1, 2, 3}, (line, done)
    for line in ("diff", "why hello.txt", "set name=Ada"):
        done = machine.run(*line.split(), "--project", demo.project)
        assert done.code in {0, 1, 2, 3}, (line, done)
    assert not mark.exists()


def test_a_password_is_not_in_the_refusal(machine: Machine) -> None:
    done = machine.run("versions", "--template", "foo::https://ada:hunter2@x.invalid/y")
    done.refused("no address of a kind that is read")
    assert "hunter2" not in done.err


def test_a_persons_own_configuration_may_name_a_helper(machine: Machine, mark: Path) -> None:
    """Theirs is honoured as everywhere: credentials, proxies, and addresses written anew."""
    own = f'[url "ext::sh -c touch% {mark} "]\n\tinsteadOf = https://git.example.com/\n'
    machine.configure(PERSON + ALLOWING + own)
    machine.run("versions", "--template", "https://git.example.com/team/template").refused("cannot be read")
    assert mark.exists()


#: What a caller's environment and a person's configuration say about git, and no verb may be disturbed by.
CALLER = {
    "GIT_DIR": "/nowhere",
    "GIT_WORK_TREE": "/nowhere",
    "GIT_INDEX_FILE": "/nowhere",
    "GIT_COMMON_DIR": "/nowhere",
    "GIT_OBJECT_DIRECTORY": "/nowhere",
    "GIT_NAMESPACE": "elsewhere",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_ICASE_PATHSPECS": "1",
    "GIT_EXTERNAL_DIFF": "PROGRAM",
    "GIT_PAGER": "PROGRAM",
    "GIT_EDITOR": "PROGRAM",
    "GIT_SEQUENCE_EDITOR": "PROGRAM",
    "GIT_TRACE": "2",
    "GIT_TRACE2_EVENT": "2",
    "GIT_ATTR_SOURCE": "HEAD",
    "GIT_REPLACE_REF_BASE": "refs/nothing/",
    "GIT_GRAFT_FILE": "/nowhere",
    "GIT_SHALLOW_FILE": "/nowhere",
    "GIT_QUARANTINE_PATH": "/nowhere",
    "GIT_CONFIG": "/nowhere",
    "GIT_TEMPLATE_DIR": "/nowhere",
    "GIT_DEFAULT_HASH": "sha1",
    "GIT_CONFIG_COUNT": "3",
    "GIT_CONFIG_KEY_0": "core.hooksPath",
    "GIT_CONFIG_VALUE_0": "HOOKS",
    "GIT_CONFIG_KEY_1": "core.fsmonitor",
    "GIT_CONFIG_VALUE_1": "PROGRAM",
    "GIT_CONFIG_KEY_2": "color.ui",
    "GIT_CONFIG_VALUE_2": "always",
}
OWN = """
[log]
	showSignature = true
	date = relative
[gpg]
	program = PROGRAM
[commit]
	gpgSign = true
[diff]
	external = PROGRAM
	noprefix = true
[core]
	pager = PROGRAM
	editor = PROGRAM
[pager]
	status = true
	log = true
[merge]
	conflictStyle = diff3
[column]
	ui = always
[submodule]
	recurse = true
[core]
	sharedRepository = group
"""


def test_neither_the_callers_environment_nor_a_persons_habits_disturb(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hook, a pipeline, a shell set up for reading patches."""
    program, hooks = machine.home / "program", machine.home / "hooks"
    program.write_text(f"#!/bin/sh\ntouch '{machine.home / 'mark'}'\necho disturbed\nexit 1\n")
    program.chmod(0o755)
    hooks.mkdir()
    for hook in ("pre-commit", "post-checkout", "reference-transaction"):
        (hooks / hook).symlink_to(program)
    demo = follow(machine, {"CHANGELOG.md": "## v1.0.0\n", "sub/.gitattributes": "*.bat text eol=crlf\n"})
    demo.release("v2.0.0", {"hello.txt.jinja": "Hi {{ name }}\n", "CHANGELOG.md": "## v2.0.0\nBetter\n## v1.0.0\n"})
    commit = machine.git("cat-file", "commit", "HEAD", cwd=demo.template)
    # Signed, so that git would have gpg look at it.
    signature = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n"
    (machine.home / "signed").write_text(re.sub(r"\n\n", f"\n{signature}\n", commit, count=1))
    name = machine.git("hash-object", "-t", "commit", "-w", machine.home / "signed", cwd=demo.template).strip()
    machine.git("reset", "-q", "--hard", name, cwd=demo.template)
    machine.git("tag", "-f", "v2.0.0", cwd=demo.template)
    with monkeypatch.context() as around:
        machine.configure(PERSON + OWN.replace("PROGRAM", str(program)))
        for key, value in CALLER.items():
            around.setenv(key, value.replace("PROGRAM", str(program)).replace("HOOKS", str(hooks)))
        said = [
            machine.run("new", "other", "--template", demo.template, "--ref", "v1.0.0", "--defaults"),
            machine.run("check", demo.project, "--strict"),
            machine.run("diff", "--project", demo.project),
            machine.run("update", demo.project),
            machine.run("why", "hello.txt", "--project", demo.project),
        ]
    assert [done.code for done in said] == [0] * 5, said
    assert not (machine.home / "mark").exists()
    assert "disturbed" not in "".join(done.out + done.err for done in said)
    assert "v2.0.0" in said[-1].out
    assert demo.text("hello.txt") == "Hi World\n"
    machine.configure(PERSON)
    assert machine.git("status", "--porcelain", cwd=machine.work / "other") == ""
