"""Write a release of the template into the bundle that the package carries: `nox -s release -- VERSION`.

One commit and one tag a release, each holding `copier.yml`, `ownership.yml` and `template/`, which are what it is
identified by, and `CHANGELOG.md`, which `update` shows. The bundle is committed, so that new, check and update work
between any two releases with no network. A release that is part of HEAD's bundle is final; one that only the work tree
has can be made again.

Before a release is written, it keeps a promise: projects of every earlier release, one for each choice there is,
update to it without conflict, in one jump and step by step, and end as a new project would begin; an answer that only
they can have, as it is asked no more, explains what it alone decides.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.version import InvalidVersion, Version

from mlscaffold.errors import AnswersError, MlscaffoldError
from mlscaffold.files.glob import matches
from mlscaffold.new.create import NewProject, create, prepare
from mlscaffold.project.lock import LOCK_FILE, Lock, read_lock
from mlscaffold.project.record import read_recorded
from mlscaffold.template.answers import Answers, resolve_answers
from mlscaffold.template.checkout import Checkout, check_out
from mlscaffold.template.newer import releases
from mlscaffold.template.policy import Policy
from mlscaffold.template.questions import Question, template_questions
from mlscaffold.template.render import render
from mlscaffold.template.source import find_source
from mlscaffold.update.apply import apply_update
from mlscaffold.update.prepare import prepare_update
from mlscaffold.update.request import UpdateRequest

ROOT = Path(__file__).resolve().parent.parent
BUNDLE = ROOT / "src" / "mlscaffold" / "embedded" / "template.bundle"
CONTENT = ("copier.yml", "ownership.yml", "template")
CHANGELOG = "CHANGELOG.md"
#: Every project's folder: defaults may depend on its name.
FOLDER = "project"
#: Files of the template that name the address of the tool.
PINNED = (
    "{% if ci == 'gitlab' %}.gitlab-ci.yml{% endif %}.jinja",
    "{% if ci == 'github' %}.github{% endif %}/workflows/ci.yml.jinja",
    "{% if ci == 'github' %}.github{% endif %}/workflows/update.yml",
    "{% if ci == 'azure' %}azure-pipelines.yml{% endif %}.jinja",
    "cicd/{% if ci == 'azure' %}azure{% endif %}/update.yml",
    "README.md.jinja",
)


class ReleaseError(Exception):
    """Why a release cannot be made."""


def git(*arguments: str, cwd: Path, stdin: str | None = None, **environment: str) -> str:
    """Standard output of a git command."""
    done = subprocess.run(
        ["git", *arguments],
        cwd=cwd,
        input=stdin,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ReleaseError(f"git {' '.join(arguments[:2])}: {done.stderr.strip()}")
    return done.stdout.strip()


def changes_of(changelog: str, version: str) -> tuple[str, str]:
    """The day of a release, from its heading in the changelog, and what stands below that.

    Raises:
        ReleaseError: There is no such heading.
    """
    found = re.search(
        rf"^## {re.escape(version)} \((\d{{4}}-\d\d-\d\d)\)$(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL
    )
    if not found:
        raise ReleaseError(f"{CHANGELOG} has no heading `## {version} (YYYY-MM-DD)`. Write what changed first.")
    return found[1], found[2]


def check_versions(version: str) -> None:
    """The package and the template's CI must name the version that is released."""
    if str(Version(version)) != version:
        raise ReleaseError(f"Write the version as {Version(version)}.")
    package = (ROOT / "src" / "mlscaffold" / "__init__.py").read_text(encoding="utf-8")
    if f'__version__ = "{version}"' not in package:
        raise ReleaseError(f"src/mlscaffold/__init__.py does not say __version__ = {version!r}.")
    for name in PINNED:
        if f"@{version}" not in (ROOT / "template" / name).read_text(encoding="utf-8"):
            raise ReleaseError(f"The template's {name} does not install the tool at @{version}.")


def refuse_final(version: str) -> None:
    """A release that is committed is what projects out there were made from."""
    path = BUNDLE.relative_to(ROOT).as_posix()
    with tempfile.TemporaryDirectory() as scratch:
        committed = Path(scratch) / "committed.bundle"
        shown = subprocess.run(["git", "show", f"HEAD:{path}"], cwd=ROOT, capture_output=True, check=False)
        if shown.returncode:
            return
        committed.write_bytes(shown.stdout)
        tags = git("ls-remote", "--tags", "--refs", str(committed), cwd=ROOT)
    if any(line.endswith(f"refs/tags/{version}") for line in tags.splitlines()):
        raise ReleaseError(f"{version} is released already, and projects were made from it. Choose a new version.")


def write(version: str, day: str, bundle: Path) -> None:
    """Write a bundle of the earlier releases and one more."""
    with tempfile.TemporaryDirectory() as scratch:
        repository = Path(scratch) / "template.git"
        git("init", "-q", "--bare", "--template=", "-b", "main", str(repository), cwd=ROOT)
        if BUNDLE.exists():
            git("fetch", "-q", str(BUNDLE), "+refs/tags/*:refs/tags/*", cwd=repository)
            if version in git("tag", cwd=repository).split():
                git("tag", "-d", version, cwd=repository)
        content = (*CONTENT, CHANGELOG)
        listing = git("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *content, cwd=ROOT)
        files = "\0".join(name for name in sorted(set(listing.split("\0"))) if name and (ROOT / name).is_file())
        index = {"GIT_DIR": str(repository), "GIT_WORK_TREE": str(ROOT), "GIT_INDEX_FILE": str(Path(scratch) / "index")}
        git("update-index", "--add", "-z", "--stdin", cwd=ROOT, stdin=files, **index)
        tree = git("write-tree", cwd=ROOT, **index)
        earlier = sorted(map(Version, git("tag", cwd=repository).split()))
        parents = ["-p", f"refs/tags/{earlier[-1]}"] if earlier else []
        who = {
            f"GIT_{role}_{part}": value
            for role in ("AUTHOR", "COMMITTER")
            for part, value in (("NAME", "mlscaffold"), ("EMAIL", "release@mlscaffold"), ("DATE", f"{day}T00:00:00Z"))
        }
        commit = git("commit-tree", tree, *parents, "-m", f"Release {version}", cwd=repository, **who)
        git("tag", version, commit, cwd=repository)
        git("bundle", "create", "-q", str(bundle), "--tags", cwd=repository)


@dataclass(frozen=True, kw_only=True)
class Start:
    """A project as somebody may have made it: a release, and one answer that is not the default."""

    template: str
    version: str
    answers: Mapping[str, Any]
    #: The one that is not the default.
    chosen: Mapping[str, Any]

    def __str__(self) -> str:
        chosen = ", ".join(f"{name}={value}" for name, value in self.chosen.items())
        return f"a project of {self.version}{f' with {chosen}' if chosen else ''}"


def broken_promises(template: Path, version: str, changes: str) -> list[str]:
    """What a new release would break in projects of the earlier ones, a sentence each; empty if nothing.

    Args:
        template: A bundle or repository with all releases, the new one included.
        version: The new release, as it is tagged.
        changes: What the changelog says about it.
    """
    known = releases(find_source(str(template)))
    new = next(release for release in known if release.tag == version)
    earlier = [release.tag for release in known if release.version < new.version]
    found: list[str] = []
    for place, tag in enumerate(earlier):
        for start in starts(str(template), tag):
            if unanswered := _unanswered(start, version):
                found.append(f"{start}: {unanswered}")
                continue
            try:
                found += _broken_for(start, [*earlier[place + 1 :], version], changes)
            except (MlscaffoldError, ReleaseError) as error:
                found.append(f"{start}: {error}")
    return list(dict.fromkeys(found))


def starts(template: str, version: str) -> Iterator[Start]:
    """The default answers of a release, and each other choice that its questions offer, one at a time."""
    with tempfile.TemporaryDirectory() as scratch:
        checkout = check_out(find_source(template), version, into=Path(scratch))
        for chosen in ({}, *_other_choices(template_questions(checkout, FOLDER))):
            answers = resolve_answers(checkout, FOLDER, given=chosen, suggested={}, ask=None, use_defaults=True)
            yield Start(template=template, version=version, answers=answers.values, chosen=chosen)


def _other_choices(questions: Sequence[Question]) -> Iterator[Mapping[str, Any]]:
    for question in questions:
        choices = [choice.value for choice in question.choices if not choice.disabled]
        values = [True, False] if question.type == "bool" else choices
        # Of several choices at once one is chosen alone, as a list.
        offered = [[value] for value in values] if question.multiselect else values
        yield from ({question.name: value} for value in offered if value != question.default)


def _unanswered(start: Start, version: str) -> str:
    """Why the answers of a project are not enough for a version, or are no answers any more; empty if they are."""
    with tempfile.TemporaryDirectory() as scratch:
        checkout = check_out(find_source(start.template), version, into=Path(scratch))
        try:
            resolve_answers(
                checkout, FOLDER, given={}, recorded=start.answers, suggested={}, ask=None, use_defaults=True
            )
        except MlscaffoldError as error:
            return str(error)
    return ""


def _broken_for(start: Start, steps: Sequence[str], changes: str) -> Iterator[str]:
    """What is wrong with the ways that one project has to the last of the versions."""
    version = steps[-1]
    with tempfile.TemporaryDirectory() as scratch:
        jump, walk, fresh = (Path(scratch) / way / FOLDER for way in ("jump", "walk", "fresh"))
        _make(jump, start.template, start.version, start.answers)
        shutil.copytree(jump, walk, symlinks=True)
        if conflicts := _update(jump, version):
            yield f"{start}: the update to {version} conflicts in {', '.join(conflicts)}"
            return
        for step in steps:
            # What an earlier release took over stands in the part of the changelog that tells of that one.
            before = read_lock(walk)
            if conflicts := _update(walk, step):
                yield f"{start}: step by step, the update to {step} conflicts in {', '.join(conflicts)}"
                return
        # What is seeded stays as it came: on the way, that is an earlier release's.
        seeded = {path for path, file in read_lock(jump).files.items() if file.policy == Policy.SEEDED}
        if differing := [path for path in _differing(jump, walk) if path not in seeded]:
            yield f"{start}: {version} in one jump and step by step differ in {', '.join(differing)}"
        answers = read_recorded(jump).answers
        kept = _kept(start.template, version, answers)
        _make(fresh, start.template, version, {name: answers[name] for name in answers if name not in kept})
        after = read_lock(fresh)
        free = {path for path, file in after.files.items() if file.policy in {Policy.SEEDED, Policy.DERIVED}}
        if kept:
            free |= _explained(jump, fresh, start.template, version, answers)
        if differing := [path for path in _differing(jump, fresh) if path not in free]:
            yield f"{start}: updated to {version} it is not what a new project is: {', '.join(differing)}"
        for path in _taken(before, after):
            if not _is_named(path, changes):
                yield f"{path}: the template takes it over in {version}, and {CHANGELOG} does not name it"


def _kept(template: str, version: str, answers: Mapping[str, Any]) -> set[str]:
    """The answers that a version keeps from earlier ones, and that no new project can give."""
    with tempfile.TemporaryDirectory() as scratch:
        checkout = check_out(find_source(template), version, into=Path(scratch))
        asked = {question.name for question in template_questions(checkout, FOLDER)}
        return {name for name in answers.keys() - asked if _is_refused(checkout, {name: answers[name]})}


def _is_refused(checkout: Checkout, given: Mapping[str, Any]) -> bool:
    try:
        resolve_answers(checkout, FOLDER, given=given, suggested={}, ask=None, use_defaults=True)
    except AnswersError:
        return True
    return False


def _explained(updated: Path, fresh: Path, template: str, version: str, answers: Mapping[str, Any]) -> set[str]:
    """The paths at which an updated project is what all of its answers give, and no new project can be."""
    with tempfile.TemporaryDirectory() as scratch:
        into = Path(scratch)
        (into / "template").mkdir()
        checkout = check_out(find_source(template), version, into=into / "template")
        made = render(checkout, Answers(values=answers, questions=()), into=into, folder_name=FOLDER)
        files = {path: (made.root / path).read_bytes() for path in made.entries}
    right = {path for path in files if (updated / path).is_file() and (updated / path).read_bytes() == files[path]}
    other = {path for path in right if not (fresh / path).is_file() or (fresh / path).read_bytes() != files[path]}
    lost = {path for path in read_lock(fresh).files if path not in files and not (updated / path).exists()}
    return {*other, *lost, LOCK_FILE}


def _make(project: Path, template: str, version: str, answers: Mapping[str, Any]) -> None:
    project.parent.mkdir()
    request = NewProject(destination=project, template=template, ref=version, given=answers, use_defaults=True)
    with prepare(request) as prepared:
        create(prepared)


def _update(project: Path, version: str) -> Sequence[str]:
    """Update and commit; return the conflicts, which are left as they are."""
    with prepare_update(UpdateRequest(project=project, to=version, use_defaults=True)) as prepared:
        updated = apply_update(prepared)
    if updated.conflicts:
        return updated.conflicts
    identity = ("-c", "user.name=mlscaffold", "-c", "user.email=release@mlscaffold", "-c", "commit.gpgSign=false")
    git("add", "-A", ".", cwd=project)
    git(*identity, "commit", "-q", "--no-verify", "--allow-empty", "-m", f"Update to {version}", cwd=project)
    return ()


def _differing(one: Path, other: Path) -> list[str]:
    """Paths at which the commits of two projects do not hold the same."""
    trees = [set(git("ls-tree", "-rz", "HEAD", cwd=project).split("\0")) for project in (one, other)]
    return sorted({entry.partition("\t")[2] for entry in trees[0] ^ trees[1]})


def _taken(before: Lock, after: Lock) -> Iterator[str]:
    """Paths of which the template has more say now than before."""
    strict = {Policy.OWNED, Policy.KEYED, Policy.RETIRED}
    for path, file in after.files.items():
        had = before.files.get(path)
        if (
            had is not None
            and file.policy in strict
            and (had.policy != file.policy or file.keys.keys() - had.keys.keys())
        ):
            yield path


def _is_named(path: str, changes: str) -> bool:
    """Whether a text names a path in code marks, in full or by a glob of the ownership table."""
    words = re.findall(r"`([^`\s]+)`", changes)
    return path in words or any(matches(word, path) for word in words if "*" in word)


def release(version: str) -> str:
    """Make a release, if it keeps the promise; return the tree that identifies it.

    Raises:
        ReleaseError: Why not; nothing is written then.
    """
    check_versions(version)
    refuse_final(version)
    day, changes = changes_of((ROOT / CHANGELOG).read_text(encoding="utf-8"), version)
    with tempfile.TemporaryDirectory() as scratch:
        candidate = Path(scratch) / BUNDLE.name
        write(version, day, candidate)
        if broken := broken_promises(candidate, version, changes):
            raise ReleaseError(
                f"{version} would break projects that exist:\n" + "\n".join(f"- {each}" for each in broken)
            )
        tree = check_out(find_source(str(candidate)), version, into=Path(scratch)).tree
        BUNDLE.parent.mkdir(exist_ok=True)
        shutil.copyfile(candidate, BUNDLE)
    return tree


def main() -> int:
    """Make the release that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("version")
    version = parser.parse_args().version
    try:
        tree = release(version)
    except (ReleaseError, InvalidVersion, MlscaffoldError) as error:
        print(f"No release: {error}", file=sys.stderr)
        return 1
    print(f"Release {version}: tree {tree}, {BUNDLE.stat().st_size / 1024:.0f} KiB in {BUNDLE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
