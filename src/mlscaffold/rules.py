"""What `check` can find, as data: one small object a rule, from which docs, `explain` and SARIF rules are made.

Codes are stable for ever and have no gaps. A rule says what is wrong, why that matters and how it is mended; *who*
finds it is in `checking/judge.py`, and *what* mends it by itself in `checking/fix.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

__all__ = [
    "ANSWERS_INVALID",
    "ANSWERS_MOVED",
    "CONFLICT_MARKERS",
    "DERIVED_STALE",
    "KEYS_CHANGED",
    "LOCK_DAMAGED",
    "LOCK_NOT_KEPT",
    "LOCK_NOT_RENDERED",
    "NEWER_VERSION",
    "OWNED_CHANGED",
    "OWNED_IGNORED",
    "OWNED_MISSING",
    "REQUIRED_MISSING",
    "RETIRED_PRESENT",
    "RULES",
    "SETTINGS_INVALID",
    "TEMPLATE_MOVED",
    "UNVERIFIABLE",
    "UPDATE_PENDING",
    "WAIVER_ENDS_SOON",
    "WAIVER_EXPIRED",
    "WAIVER_TOO_LONG",
    "WAIVER_UNUSED",
    "Fixer",
    "Needs",
    "Rule",
    "Severity",
    "rule_of",
]


class Severity(StrEnum):
    """How much a finding weighs. Only errors fail a check."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Fixer(StrEnum):
    """What `check --fix` does about a finding."""

    RESTORE_FILE = "restores the file"
    RESTORE_KEYS = "sets the keys back"
    REMOVE_FILE = "removes the file"


class Needs(StrEnum):
    """What a rule needs beyond the project itself."""

    NOTHING = ""
    #: A render of the recorded version.
    RENDER = "--strict"
    #: What it makes when the template's commands run in a copy of it.
    COMMANDS = "--strict --trust"
    #: The list of the template's releases.
    RELEASES = "--require-latest"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One thing that can be wrong."""

    #: `MLS` and three digits; never given to anything else.
    code: str
    #: The code in words, for people and SARIF.
    name: str
    #: What is wrong, as a sentence about the project.
    title: str
    #: Why it matters.
    why: str
    #: How a person mends it.
    how: str
    #: The version of mlscaffold that first knew it.
    since: str
    bad: str
    good: str
    severity: Severity = Severity.ERROR
    fixer: Fixer | None = None
    needs: Needs = Needs.NOTHING
    #: Whether a project may be excused from it.
    waivable: bool = True

    def __str__(self) -> str:
        return self.code


LOCK_DAMAGED = Rule(
    code="MLS001",
    name="lock-damaged",
    title="The lock cannot be trusted",
    why=(
        "The lock says what the template wrote. Its first line is a digest of the others; when that does not fit, it"
        " was edited by hand, cut short, or merged by two branches that each moved the template or the answers. Nothing"
        " else can be judged then."
    ),
    how="Two branches: run `mlscaffold lock --resolve`. Otherwise restore it: `git checkout -- .mlscaffold.lock`.",
    since="0.1.0",
    bad="<<<<<<< HEAD\nmlscaffold-lock 1 sha256:1f…\n=======\nmlscaffold-lock 1 sha256:9c…\n>>>>>>> topic",
    good="mlscaffold-lock 1 sha256:1f…",
    waivable=False,
)
OWNED_CHANGED = Rule(
    code="MLS002",
    name="owned-changed",
    title="A file that the template owns was changed",
    why=(
        "Owned files are the same in every project of the template, which is what makes them safe to rely on and to"
        " replace. The next update overwrites the edit."
    ),
    how=(
        "Run `mlscaffold check --fix`, and propose the change to the template. If the project must differ for good,"
        " take the file over with `mlscaffold eject`; for a time, waive the finding with `mlscaffold waive`."
    ),
    since="0.1.0",
    bad="# cicd/build/Dockerfile, owned\nFROM python:3.8",
    good="# cicd/build/Dockerfile, as rendered\nFROM python:3.12-slim",
    fixer=Fixer.RESTORE_FILE,
)
OWNED_MISSING = Rule(
    code="MLS003",
    name="owned-missing",
    title="A file that the template owns is missing",
    why="What builds, ships or guards the project counts on the file being there.",
    how="Run `mlscaffold check --fix`; `mlscaffold eject` if the project does without it for good.",
    since="0.1.0",
    bad="$ git rm cicd/build/build.sh",
    good="$ git ls-files cicd/build\ncicd/build/build.sh",
    fixer=Fixer.RESTORE_FILE,
)
KEYS_CHANGED = Rule(
    code="MLS004",
    name="keys-changed",
    title="A key that the template owns has another value",
    why=(
        "The rest of the file is the project's, but these keys follow the template: settings that must be the same"
        " everywhere. Comments, order and layout do not count."
    ),
    how="Run `mlscaffold check --fix`, or set the key back by hand.",
    since="0.1.0",
    bad="# pyproject.toml, with tool.ruff.line-length owned\n[tool.ruff]\nline-length = 300",
    good="[tool.ruff]\nline-length = 120  # a comment is no change",
    fixer=Fixer.RESTORE_KEYS,
)
REQUIRED_MISSING = Rule(
    code="MLS005",
    name="required-missing",
    title="A required file is missing",
    why="Its content is the project's own, but every project of the template has such a file.",
    how=(
        "Bring it back: `git log --diff-filter=D -- PATH` shows the commit that removed it. If none did, an update "
        "brought it, and left it to you, as you had changed what it takes over from: the message of that update, and "
        "the template's `ownership.yml` beside the path, name the page that says how to write it."
    ),
    since="0.1.0",
    bad="$ git rm docs/model_card.md",
    good="$ git ls-files docs\ndocs/model_card.md",
)
RETIRED_PRESENT = Rule(
    code="MLS006",
    name="retired-present",
    title="A file that the template retired is still here",
    why="The template withdrew it; what is left is run or read by somebody who believes that it still counts.",
    how="Move what you still need elsewhere, then `git rm PATH`, or `mlscaffold check --fix`.",
    since="0.1.0",
    bad="$ git ls-files '*.yml'\nold-pipeline.yml",
    good="$ git rm old-pipeline.yml",
    fixer=Fixer.REMOVE_FILE,
)
ANSWERS_MOVED = Rule(
    code="MLS007",
    name="answers-moved",
    title="The answers are not those that the lock records",
    why=(
        "Project = render(template, answers) + edits. Answers that moved without the files, by hand or by plain"
        " `copier update`, make the next update start from a render that never was."
    ),
    how=(
        "Undo the edit and run `mlscaffold set KEY=VALUE`, which moves the files as well. After a plain"
        " `copier update`: `mlscaffold lock --resolve`."
    ),
    since="0.1.0",
    bad="# .copier-answers.yml, edited by hand\npython_version: '3.13'",
    good="$ mlscaffold set python_version=3.13",
)
CONFLICT_MARKERS = Rule(
    code="MLS008",
    name="conflict-markers",
    title="A file holds conflict markers, or is unmerged in git",
    why="Somebody committed before the conflict was resolved, or is about to: neither side's content works.",
    how="Resolve the conflict in an editor or with `git mergetool`, then `mlscaffold update --continue` or `git add`.",
    since="0.2.0",
    bad="<<<<<<< your project\ntimeout: 30\n=======\ntimeout: 60\n>>>>>>> template 0.2.0",
    good="timeout: 60",
    waivable=False,
)
UPDATE_PENDING = Rule(
    code="MLS009",
    name="update-pending",
    title="An update was begun and not finished",
    why="Some files are of the new version and some wait for a decision; the lock still says the old one.",
    how="Run `mlscaffold update --status`, then `--continue` or `--abort`.",
    since="0.2.0",
    bad="$ mlscaffold update\n2 conflicts",
    good="$ mlscaffold update --continue",
    waivable=False,
)
ANSWERS_INVALID = Rule(
    code="MLS010",
    name="answers-invalid",
    title="The answers are not valid for the template",
    why="A choice that no longer exists, or a value that the template's own validator refuses, stops the next update.",
    how="Run `mlscaffold set KEY=VALUE` with a value that `mlscaffold questions` lists.",
    since="0.2.0",
    bad="# .copier-answers.yml\nlicense: WTFPL",
    good="license: MIT",
    needs=Needs.RENDER,
)
WAIVER_EXPIRED = Rule(
    code="MLS011",
    name="waiver-expired",
    title="A waiver has expired",
    why="It was meant for a time, and the time is over: what it excused counts again.",
    how="Mend what it excused and delete the block, or agree on a new date with the owner of the rule.",
    since="0.2.0",
    bad='# .mlscaffold.toml\n[[waive]]\nrule = "MLS002"\nuntil = 2020-01-31',
    good="# the block is gone, and so is the finding",
    waivable=False,
)
WAIVER_UNUSED = Rule(
    code="MLS012",
    name="waiver-unused",
    title="A waiver or an eject excuses nothing",
    why="What it was for is mended or gone. Left in place, it would hide the next finding of its kind.",
    how="Delete the block from .mlscaffold.toml.",
    severity=Severity.WARNING,
    since="0.2.0",
    bad='[[waive]]\nrule = "MLS002"\npath = "ci/removed-long-ago.yml"',
    good="# no block without a finding",
    waivable=False,
)
WAIVER_ENDS_SOON = Rule(
    code="MLS013",
    name="waiver-ends-soon",
    title="A waiver ends within 30 days",
    why="From the day after its end the check fails; better that its owner knows before.",
    how="Mend what it excuses, or agree on a new date in time.",
    severity=Severity.NOTE,
    since="0.2.0",
    bad='[[waive]]\nrule = "MLS002"\nuntil = 2026-12-01  # in ten days',
    good="# mended, and deleted before that day",
    waivable=False,
)
SETTINGS_INVALID = Rule(
    code="MLS014",
    name="settings-invalid",
    title="The project's settings are not valid",
    why="With a file that cannot be read nobody knows what is excused, so nothing else is judged.",
    how="Mend the line that is named; `mlscaffold waive` and `mlscaffold eject` write valid blocks.",
    since="0.2.0",
    bad='[[waive]]\nrule = "MLS002"\nreson = "a typing mistake"',
    good='[[waive]]\nrule = "MLS002"\npath = "ci/*.yml"\nreason = "…"\nowner = "ada@example.com"\nuntil = 2027-01-31',
    waivable=False,
)
UNVERIFIABLE = Rule(
    code="MLS015",
    name="unverifiable",
    title="A file cannot be judged on this machine",
    why=(
        "`.gitattributes` sends it through a filter, such as Git LFS, that is not installed here, so what git sees is"
        " not what the template rendered. It may be right, and it is not known to be."
    ),
    how="Install the filter (`git lfs install`), or check a commit: `mlscaffold check --rev HEAD`.",
    severity=Severity.NOTE,
    since="0.2.0",
    bad="# .gitattributes, on a machine without Git LFS\n*.onnx filter=lfs diff=lfs merge=lfs -text",
    good="$ git lfs install && git lfs pull",
)
LOCK_NOT_RENDERED = Rule(
    code="MLS016",
    name="lock-not-rendered",
    title="The lock differs from a fresh render",
    why=(
        "A lock with a right digest can still be made up, and another version of Copier or Jinja can render other"
        " bytes. This compares what the lock records with what the template renders now from the recorded answers."
    ),
    how="Run `mlscaffold lock --resolve`, then look at what `mlscaffold check` finds.",
    since="0.2.0",
    bad="$ mlscaffold check --strict\nMLS016 ci/build.sh: the lock records other content than the template renders",
    good="$ mlscaffold check --strict\nClean: …",
    needs=Needs.RENDER,
)
DERIVED_STALE = Rule(
    code="MLS017",
    name="derived-stale",
    title="A derived file is not what its command makes",
    why=(
        "It is made by a command from other files: an edit by hand is lost when it is made again, and one that was"
        " not made again says something else than what it is made from. The command runs in a copy of the project."
    ),
    how="Edit what it is made from, and make it again with the command that the finding names.",
    since="0.2.0",
    bad="$ mlscaffold check --strict --trust\nMLS017 requirements.txt: not what its command makes of the project",
    good="$ nox -s lock",
    needs=Needs.COMMANDS,
)
TEMPLATE_MOVED = Rule(
    code="MLS018",
    name="template-moved",
    title="The recorded version of the template is another one now",
    why=(
        "A version is a promise: the same tag with other files is a moved tag. What the project was made of can no"
        " longer be rendered, and nobody reviewed what is there instead."
    ),
    how="Ask the template's owners; they can release the change as a new version. Then `mlscaffold update`.",
    since="0.2.0",
    bad="$ git tag -f v1.4.0 && git push -f --tags",
    good="$ git tag v1.4.1 && git push --tags",
    needs=Needs.RENDER,
)
NEWER_VERSION = Rule(
    code="MLS019",
    name="newer-version",
    title="The template has a newer version",
    why="Fixes of the platform reach a project by its updates. Being behind is no drift, so it fails only on request.",
    how="Run `mlscaffold update`.",
    severity=Severity.WARNING,
    since="0.2.0",
    bad="$ mlscaffold check --require-latest\nMLS019 .mlscaffold.lock: warning: version 0.2.0 is out",
    good="$ mlscaffold update",
    needs=Needs.RELEASES,
)
OWNED_IGNORED = Rule(
    code="MLS020",
    name="owned-ignored",
    title="A file that the template owns is kept out of git",
    why="It is right on this machine, but .gitignore names it and it was never added: no clone will have it.",
    how="Add it with `git add --force PATH`, and tell the template's owners: one of their files ignores another.",
    severity=Severity.WARNING,
    since="0.2.0",
    bad="# .gitignore\nci/",
    good="$ git add --force ci/build.sh",
)
WAIVER_TOO_LONG = Rule(
    code="MLS021",
    name="waiver-too-long",
    title="A waiver ends more than 366 days ahead",
    why="An excuse without an end is an eject that nobody decided on.",
    how="Write a nearer date, or take the file over with `mlscaffold eject`.",
    severity=Severity.WARNING,
    since="0.2.0",
    bad='[[waive]]\nrule = "MLS002"\nuntil = 2099-12-31',
    good='[[waive]]\nrule = "MLS002"\nuntil = 2027-01-31',
    waivable=False,
)
LOCK_NOT_KEPT = Rule(
    code="MLS022",
    name="lock-not-kept",
    title="The lock or the answers file is not in git",
    why="The project is in git, and what says where it comes from is not: a clone can be neither checked nor updated.",
    how="Add it with `git add --force PATH`, and commit it.",
    since="0.3.1",
    bad="# .gitignore\n*.lock",
    good="$ git add --force .mlscaffold.lock",
)

#: Every rule by its code, in order.
RULES: Mapping[str, Rule] = MappingProxyType({each.code: each for each in [*vars().values()] if isinstance(each, Rule)})


def rule_of(text: str) -> Rule | None:
    """The rule of a code or a name as a person types it, or None."""
    wanted = text.strip()
    return RULES.get(wanted.upper()) or next((rule for rule in RULES.values() if rule.name == wanted.lower()), None)
