"""Replay of the template updates that a project's history records, by several tools, against what its people committed.

    python benchmarks/replay.py --template PATH --project PATH [--project PATH ...] [--tool copier --tool mlscaffold]

An *update* is a commit that moved `_commit` in `.copier-answers.yml` from one version of the template to another. Each
tool starts at that commit's first parent, goes to the version that was recorded, and gets the answers recorded after
it; the only change made before is that `_src_path` names the local template. Four trees are compared with the
tool's *result*: *old* and *new*, rendered by Copier from both versions with the answers of each; *mine*, the project
before; *committed*, what its maintainers made of it. The answers file and the tools' own files are left out everywhere.

Columns of the table, sums over all updates that every tool could replay:

- `updates`: how many that are; `failed`: updates that this tool ended without a result (listed by cause).
- `touched`: files that differ between mine and the result.
- `conflicts`: conflicting files: unmerged in the index, or with conflict markers, or with a `.rej` file beside them.
- `hunks`: conflict markers opened, and hunks in `.rej` files; an unmerged file without either counts as one.
- `contested`: files that the template changed (old is not new) and the owner, too (mine is not old), unless both did
  the same. An absent file is a content like any other.
- `agreed`: contested files without a conflict that equal what was committed, byte for byte. A file whose people did
  more in the same commit can never agree, whatever the tool; so it compares tools and is no absolute rate.
- `differ`: contested files without a conflict that do not.
- `wrong`: places that both sides changed, apart, and that the tool decided otherwise than people did: of the lines that
  only one side has there, result and committed file have others; spaces do not count. It counts places, also in files
  with other conflicts.
- `lost`: lines with a letter or digit that the owner had added (in mine, not in old), which the maintainers kept and
  the template does not bring (in committed, not in new), and which the result lacks: in the file of that name or, if
  that is gone, in every file that the tool wrote. Where a render lacks the file, its lines are those of all its files:
  the owner may have moved one.
- `brought back`: files that the owner had deleted (in old, neither in mine nor committed) and the result has again.
- `no longer parses`: files without a conflict that are no valid TOML, YAML, JSON or Python in the result, though the
  owner's and the template's were.
- `seconds`: median wall time of one update.

Extensions of a template are Python code that runs: `--trust` allows it. Give only templates that you trust.
"""

from __future__ import annotations

import argparse
import ast
import base64
import dataclasses
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from mlscaffold.merge.diff3 import diff3

__all__ = ["Case", "Outcome", "Score", "Update", "main", "recorded_updates", "score"]

ANSWERS = ".copier-answers.yml"
OWN_FILES = frozenset({ANSWERS, ".mlscaffold.lock"})
LIMIT_SECONDS = 120
#: How each tool is asked; `{to}` and `{answers}` are filled in, and `{trust}` is dropped if it was not given.
TOOLS: Mapping[str, Sequence[str]] = {
    "copier": (
        *("copier", "update", "--defaults", "--skip-tasks", "--quiet", "--conflict", "inline"),
        *("--vcs-ref", "{to}", "--data-file", "{answers}", "{trust}"),
    ),
    "mlscaffold": ("mlscaffold", "update", ".", "--to", "{to}", "--answers", "{answers}", "--defaults", "{trust}"),
    "mlscaffold-git": (
        *("mlscaffold", "update", ".", "--to", "{to}", "--answers", "{answers}", "--defaults", "{trust}"),
        *("--merge", "git"),
    ),
}
_MARKER = re.compile(rb"^<{7} ", re.MULTILINE)
_MARKED = re.compile(rb"^<{7} .*?^>{7} ", re.MULTILINE | re.DOTALL)
_WORD = re.compile(rb"\w")
_ERROR = re.compile(r"\b\w*Error\b|\berror\b|\bbug\b")
#: Exit codes that leave a result: clean, and conflicts to solve.
_DONE = frozenset({0, 3})

Tree = Mapping[str, bytes]


@dataclass(frozen=True, kw_only=True)
class Update:
    """One recorded update of a project."""

    commit: str
    before: str
    after: str
    old_answers: Mapping[str, Any]
    new_answers: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Case:
    """The four trees that a result is judged by; only paths that a template or a tool has to do with."""

    old: Tree
    new: Tree
    mine: Tree
    committed: Tree


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a tool left behind."""

    #: Paths that differ from the project before, None for those that are gone.
    changed: Mapping[str, bytes | None]
    unmerged: frozenset[str] = frozenset()
    seconds: float = 0.0
    #: Why there is no result; empty if there is one.
    failure: str = ""


@dataclass(frozen=True, kw_only=True)
class Score:
    """What the table counts; see the module's docstring."""

    touched: frozenset[str]
    conflicts: Mapping[str, int]
    contested: frozenset[str]
    agreed: frozenset[str]
    #: Places of each file that were decided otherwise than people did.
    wrong: Mapping[str, int]
    lost: Mapping[str, Sequence[str]]
    brought_back: frozenset[str]
    broken: frozenset[str]

    @property
    def differing(self) -> frozenset[str]:
        """Contested files that the tool merged by itself, to something else than what was committed."""
        return self.contested.difference(self.agreed, self.conflicts)


def score(case: Case, outcome: Outcome) -> Score:
    """Judge a result by what the maintainers committed."""
    written = {path: content for path, content in outcome.changed.items() if path not in OWN_FILES}
    rejected = {path for path in written if path.endswith(".rej") and path not in case.mine}
    touched = frozenset(path for path, content in written.items() if case.mine.get(path) != content) - rejected
    result = {path: content for path, content in {**case.mine, **written}.items() if content is not None}
    conflicts = _conflicts(written, outcome.unmerged, rejected)
    contested = frozenset(
        path
        for path in {*case.old, *case.new} - OWN_FILES
        if len({case.old.get(path), case.new.get(path), case.mine.get(path)}) == 3
    )
    found = {path: _lost_lines(case, path, result, written) for path in case.mine.keys() & case.committed.keys()}
    return Score(
        touched=touched,
        conflicts=conflicts,
        contested=contested,
        agreed=frozenset(path for path in contested - conflicts.keys() if result.get(path) == case.committed.get(path)),
        wrong={path: count for path in contested if (count := _wrong_places(case, path, result, conflicts))},
        lost={path: lines for path, lines in found.items() if lines},
        brought_back=frozenset(
            path for path in case.old.keys() & result.keys() if path not in case.mine and path not in case.committed
        ),
        broken=frozenset(path for path in touched & result.keys() - conflicts.keys() if _is_broken(case, path, result)),
    )


def _conflicts(written: Mapping[str, bytes | None], unmerged: Iterable[str], rejected: Iterable[str]) -> dict[str, int]:
    """Conflicting files, each with its number of hunks."""
    hunks = {path: len(_MARKER.findall(content)) for path, content in written.items() if content}
    for path in rejected:
        of = path.removesuffix(".rej")
        hunks[of] = hunks.get(of, 0) + max(1, (written[path] or b"").count(b"\n@@ "))
    for path in unmerged:
        hunks[path] = max(1, hunks.get(path, 0))
    return {path: count for path, count in hunks.items() if count and path not in OWN_FILES}


def _wrong_places(case: Case, path: str, result: Tree, conflicts: Iterable[str]) -> int:
    """How many places of a file the tool decided otherwise than people did."""
    if not all(path in side for side in (case.old, case.mine, case.new, result, case.committed)):
        return 0
    if _MARKER.search(case.committed[path]):
        # Nobody has decided.
        return 0
    sides = [_wordings(side[path]) for side in (case.old, case.mine, case.new)]
    made, wanted = (set(_wordings(side[path])) for side in (result, case.committed))
    marked = (
        {line for part in _MARKED.findall(result[path]) for line in _wordings(part)} if path in conflicts else set()
    )
    wrong = 0
    for chunk in diff3(*sides):
        apart = {line for line in {*chunk.mine} ^ {*chunk.theirs} if _WORD.search(line)}
        if chunk.settled is None and apart.isdisjoint(marked):
            wrong += apart & made != apart & wanted
    return wrong


def _wordings(content: bytes) -> list[bytes]:
    """Lines without their spaces."""
    return [b"".join(line.split()) for line in content.splitlines()]


def _is_broken(case: Case, path: str, result: Tree) -> bool:
    """Whether both sides were valid, and the result is not."""
    parse = _PARSERS.get(PurePosixPath(path).suffix.lower())
    before = [side[path] for side in (case.mine, case.new) if path in side]
    return parse is not None and all(_is_valid(parse, side) for side in before) and not _is_valid(parse, result[path])


def _is_valid(parse: Callable[[bytes], object], content: bytes) -> bool:
    try:
        parse(content)
    except (ValueError, SyntaxError, yaml.YAMLError, RecursionError):
        return False
    return True


def _compose(content: bytes) -> list[object]:
    return list(yaml.compose_all(content, yaml.SafeLoader))


_PARSERS: Mapping[str, Callable[[bytes], object]] = {
    ".json": json.loads,
    ".py": ast.parse,
    ".toml": lambda content: tomllib.loads(content.decode()),
    ".yaml": _compose,
    ".yml": _compose,
}


def _lost_lines(case: Case, path: str, result: Tree, written: Mapping[str, bytes | None]) -> list[str]:
    """Lines of the owner's that the maintainers kept and the result lacks."""
    kept = _lines(case.mine[path]) & _lines(case.committed[path])
    kept -= _template_lines(case.old, path) | _template_lines(case.new, path)
    here = [result[path]] if path in result else [content for content in written.values() if content]
    missing = kept.difference(*map(_lines, here))
    return sorted(line.decode(errors="replace") for line in missing)


def _template_lines(render: Tree, path: str) -> set[bytes]:
    """Lines that a render has at a path; of all its files where it has none there, for the owner may have moved one."""
    here = [render[path]] if path in render else render.values()
    return set().union(*map(_lines, here))


def _lines(content: bytes | None) -> set[bytes]:
    return {line.rstrip() for line in (content or b"").splitlines() if _WORD.search(line)}


def git(folder: Path, *arguments: str, given: bytes | None = None) -> bytes:
    """Run git in a folder and return what it prints."""
    done = subprocess.run(["git", "-C", str(folder), *arguments], input=given, capture_output=True, check=True)
    return done.stdout


def recorded_updates(project: Path, *, source: str = "", revisions: Sequence[str] = ("HEAD",)) -> Iterator[Update]:
    """Updates in a project's history, newest first; `source` is how the template's recorded URL must end.

    The same update on two branches (equal versions, equal answers, equal files before) is one.
    """
    logged = git(project, "log", "--no-merges", "-G", "^_commit:", "--format=%H", *revisions, "--", ANSWERS)
    seen = set()
    for commit in logged.decode().split():
        sides = [_answers_at(project, revision) for revision in (f"{commit}^", commit)]
        old, new = sides
        versions = [str(side.get("_commit", "")) for side in sides]
        if not all(versions) or versions[0] == versions[1]:
            continue
        if not all(_ends_with(str(side.get("_src_path", "")), source) for side in sides):
            continue
        before = git(project, "rev-parse", f"{commit}^^{{tree}}")
        if (key := (*versions, before)) in seen:
            continue
        seen.add(key)
        yield Update(commit=commit, before=versions[0], after=versions[1], old_answers=old, new_answers=new)


def _ends_with(url: str, source: str) -> bool:
    return url.lower().rstrip("/").removesuffix(".git").endswith(source.lower())


def _answers_at(project: Path, revision: str) -> Mapping[str, Any]:
    try:
        found = yaml.safe_load(git(project, "show", f"{revision}:{ANSWERS}"))
    except (subprocess.CalledProcessError, yaml.YAMLError):
        return {}
    return found if isinstance(found, dict) else {}


def _blobs(project: Path, revision: str, paths: Iterable[str]) -> dict[str, bytes]:
    """Contents of the paths that a revision has."""
    wanted = sorted(paths)
    output = git(project, "cat-file", "--batch", given="".join(f"{revision}:{path}\n" for path in wanted).encode())
    found, position = {}, 0
    for path in wanted:
        header, position = _line_at(output, position)
        if header.endswith(b" missing"):
            continue
        kind, size = header.split()[1:]
        if kind == b"blob":
            found[path] = output[position : position + int(size)]
        position += int(size) + 1
    return found


def _line_at(output: bytes, position: int) -> tuple[bytes, int]:
    end = output.index(b"\n", position)
    return output[position:end], end + 1


@dataclass(frozen=True, kw_only=True)
class Replay:
    """A place to replay in: a home without settings, a clone of the template, and results that are kept."""

    folder: Path
    template: Path
    trust: bool
    #: Results that are made again even if they were kept.
    again: frozenset[str]

    def environment(self) -> dict[str, str]:
        """A clean environment: this Python's programs first, no settings of anybody's, and git asks nothing."""
        home = self.folder / "home"
        (home / "tmp").mkdir(parents=True, exist_ok=True)
        (home / ".gitconfig").write_text("[user]\n\tname = Replay\n\temail = replay@example.com\n", encoding="utf-8")
        kept = {name: value for name, value in os.environ.items() if name in {"LANG", "LC_ALL", "TZ"}}
        return kept | {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "HOME": str(home),
            "TMPDIR": str(home / "tmp"),
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_CONFIG_NOSYSTEM": "1",
        }

    def kept(self, kind: str, name: str) -> Path:
        """Where a result lies."""
        return self.folder / "kept" / kind / f"{name}.json"

    def run(self, command: Sequence[str], folder: Path) -> tuple[str, float]:
        """Run a tool; why it failed (or nothing), and the seconds."""
        begin = time.perf_counter()
        try:
            done = subprocess.run(
                command, cwd=folder, env=self.environment(), check=False, stdin=subprocess.DEVNULL,
                capture_output=True, timeout=LIMIT_SECONDS,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return "timeout", float(LIMIT_SECONDS)
        seconds = time.perf_counter() - begin
        if done.returncode in _DONE:
            return "", seconds
        said = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines() or [""]
        errors = [line for line in said if _ERROR.search(line)]
        return f"exit {done.returncode}: {(errors or said)[-1].strip()[:160]}", seconds

    def render(self, project: Path, version: str, answers: Mapping[str, Any]) -> dict[str, bytes] | str:
        """Files of a fresh render by Copier, or why there are none."""
        with tempfile.TemporaryDirectory(dir=self.folder) as scratch:
            data = _write_answers(Path(scratch), answers)
            destination = Path(scratch) / project.name
            trust = ["--trust"] if self.trust else []
            options = ["--defaults", "--skip-tasks", "--quiet", "--vcs-ref", version, "--data-file", str(data), *trust]
            failure, _ = self.run(["copier", "copy", *options, str(self.template), str(destination)], Path(scratch))
            return failure or {
                path.relative_to(destination).as_posix(): _content(path)
                for path in sorted(destination.rglob("*"))
                if path.is_symlink() or path.is_file()
            }

    def update(self, tool: str, project: Path, wanted: Update) -> Outcome:
        """Let a tool do an update in a fresh clone."""
        with tempfile.TemporaryDirectory(dir=self.folder) as scratch:
            data = _write_answers(Path(scratch), wanted.new_answers)
            work = Path(scratch) / project.name
            self._start(project, wanted, work)
            filled = [
                part.format(to=wanted.after, answers=data, trust="--trust" if self.trust else "")
                for part in TOOLS[tool]
            ]
            failure, seconds = self.run([part for part in filled if part], work)
            if failure:
                return Outcome(changed={}, seconds=seconds, failure=failure)
            return dataclasses.replace(_read_outcome(work), seconds=seconds)

    def _start(self, project: Path, wanted: Update, work: Path) -> None:
        git(self.folder, "clone", "--quiet", "--shared", "--no-checkout", str(project), str(work))
        git(work, "checkout", "--quiet", "-B", "replay", f"{wanted.commit}^")
        answers = work / ANSWERS
        text = answers.read_text(encoding="utf-8")
        answers.write_text(re.sub(r"(?m)^_src_path:.*$", f"_src_path: {self.template}", text), encoding="utf-8")
        identity = ["-c", "user.name=Replay", "-c", "user.email=replay@example.com", "-c", "commit.gpgsign=false"]
        git(work, *identity, "commit", "--quiet", "--no-verify", "--allow-empty", "-am", "Name the local template")


def _write_answers(folder: Path, answers: Mapping[str, Any]) -> Path:
    data = folder / "answers.yml"
    given = {name: value for name, value in answers.items() if not name.startswith("_")}
    data.write_text(yaml.safe_dump(given, allow_unicode=True), encoding="utf-8")
    return data


def _content(path: Path) -> bytes:
    return os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()


def _read_outcome(work: Path) -> Outcome:
    """What differs from HEAD; a tool may have staged or not."""
    changed: dict[str, bytes | None] = {}
    unmerged = set()
    for entry in git(work, "status", "--porcelain=v1", "-z", "-uall", "--no-renames").decode().split("\0"):
        if not entry:
            continue
        state, path = entry[:2], entry[3:]
        there = work / path
        changed[path] = _content(there) if there.is_symlink() or there.is_file() else None
        if "U" in state or state in {"AA", "DD"}:
            unmerged.add(path)
    return Outcome(changed=changed, unmerged=frozenset(unmerged))


def _to_json(outcome: Outcome) -> str:
    changed = {path: None if it is None else base64.b64encode(it).decode() for path, it in outcome.changed.items()}
    fields = {"unmerged": sorted(outcome.unmerged), "seconds": outcome.seconds, "failure": outcome.failure}
    return json.dumps({"changed": changed, **fields})


def _from_json(text: str) -> Outcome:
    found = json.loads(text)
    changed = {path: None if it is None else base64.b64decode(it) for path, it in found.pop("changed").items()}
    return Outcome(changed=changed, unmerged=frozenset(found.pop("unmerged")), **found)


def _remembered(replay: Replay, kind: str, project: Path, wanted: Update) -> Outcome:
    """A tool's result or a render, from an earlier run if it was kept."""
    name = f"{project.parent.name}-{project.name}-{wanted.commit[:12]}"
    file = replay.kept(kind, name)
    if file.exists() and kind not in replay.again:
        return _from_json(file.read_text(encoding="utf-8"))
    match kind:
        case "old" | "new":
            old = kind == "old"
            made = replay.render(
                project, wanted.before if old else wanted.after, wanted.old_answers if old else wanted.new_answers
            )
            outcome = Outcome(changed={}, failure=made) if isinstance(made, str) else Outcome(changed=made)
        case _:
            outcome = replay.update(kind, project, wanted)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(_to_json(outcome), encoding="utf-8")
    return outcome


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """One update, done by all tools."""

    project: Path
    update: Update
    outcomes: Mapping[str, Outcome]
    scores: Mapping[str, Score]
    #: Why no tool could be judged: the template could not be rendered.
    failure: str = ""


def replay_update(replay: Replay, project: Path, wanted: Update, tools: Sequence[str]) -> Replayed:
    """Render both versions, run every tool, and judge those that left a result."""
    renders = {side: _remembered(replay, side, project, wanted) for side in ("old", "new")}
    for side, made in renders.items():
        if made.failure:
            reason = f"{side} render: {made.failure}"
            return Replayed(project=project, update=wanted, outcomes={}, scores={}, failure=reason)
    outcomes = {tool: _remembered(replay, tool, project, wanted) for tool in tools}
    old, new = ({path: it for path, it in made.changed.items() if it is not None} for made in renders.values())
    paths = {*old, *new}.union(*(outcome.changed for outcome in outcomes.values())) - OWN_FILES
    case = Case(
        old=old,
        new=new,
        mine=_blobs(project, f"{wanted.commit}^", paths),
        committed=_blobs(project, wanted.commit, paths),
    )
    scores = {tool: score(case, outcome) for tool, outcome in outcomes.items() if not outcome.failure}
    return Replayed(project=project, update=wanted, outcomes=outcomes, scores=scores)


def _columns(tool: str, replayed: Sequence[Replayed], common: Sequence[Replayed]) -> Mapping[str, object]:
    """A row of the table, by column."""
    scores = [one.scores[tool] for one in common]
    taken = [one.outcomes[tool].seconds for one in common]
    return {
        "tool": tool,
        "updates": len(common),
        "failed": sum(bool(one.outcomes[tool].failure) for one in replayed if not one.failure),
        "touched": sum(len(one.touched) for one in scores),
        "conflicts": sum(len(one.conflicts) for one in scores),
        "hunks": sum(sum(one.conflicts.values()) for one in scores),
        "contested": sum(len(one.contested) for one in scores),
        "agreed": sum(len(one.agreed) for one in scores),
        "differ": sum(len(one.differing) for one in scores),
        "wrong": sum(sum(one.wrong.values()) for one in scores),
        "lost": sum(len(lines) for one in scores for lines in one.lost.values()),
        "brought back": sum(len(one.brought_back) for one in scores),
        "no longer parses": sum(len(one.broken) for one in scores),
        "seconds": f"{statistics.median(taken):.1f}" if taken else "-",
    }


def table(replayed: Sequence[Replayed], tools: Sequence[str]) -> str:
    """The sums of each tool over the updates that all of them could replay."""
    common = [one for one in replayed if not one.failure and len(one.scores) == len(tools)]
    rows = [_columns(tool, replayed, common) for tool in tools]
    lines = [list(rows[0]), *([str(cell) for cell in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)


def failures(replayed: Sequence[Replayed]) -> Iterator[str]:
    """Causes of what could not be replayed, the most frequent first."""
    causes = Counter(f"all tools: {one.failure}" for one in replayed if one.failure)
    causes.update(f"{tool}: {out.failure}" for one in replayed for tool, out in one.outcomes.items() if out.failure)
    for cause, count in causes.most_common():
        yield f"{count:>4} x {cause}"


def as_json(one: Replayed) -> Mapping[str, Any]:
    """An update with every path and line that the table counts."""
    tools = {
        tool: {
            "failure": outcome.failure,
            "seconds": round(outcome.seconds, 3),
            **({} if tool not in one.scores else _score_json(one.scores[tool])),
        }
        for tool, outcome in one.outcomes.items()
    }
    about = {"project": str(one.project), "commit": one.update.commit, "failure": one.failure}
    return {**about, "from": one.update.before, "to": one.update.after, "tools": tools}


def _score_json(one: Score) -> Mapping[str, Any]:
    fields = {field.name: getattr(one, field.name) for field in dataclasses.fields(one)} | {"differing": one.differing}
    return {name: sorted(value) if isinstance(value, frozenset) else dict(value) for name, value in fields.items()}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--template", type=Path, required=True, help="git repository of the template")
    parser.add_argument("--project", type=Path, action="append", required=True, help="git repository; can be repeated")
    parser.add_argument("--tool", choices=list(TOOLS), action="append", help="can be repeated; default: all")
    parser.add_argument("--source", default="", help="take only updates whose recorded template URL ends so")
    parser.add_argument("--all-branches", action="store_true", help="look at all branches, not at HEAD alone")
    parser.add_argument("--limit", type=int, help="at most so many updates of each project, the newest")
    parser.add_argument("--json", type=Path, help="write every path and line that was counted")
    parser.add_argument("--keep", type=Path, help="keep results in this folder, for the next run")
    parser.add_argument("--again", choices=list(TOOLS), action="append", default=[], help="run this tool even if kept")
    parser.add_argument("--trust", action="store_true", help="let the template run Python code when it renders")
    return parser.parse_args()


def main() -> int:
    """Replay, and print the table and the causes of failures."""
    options = _options()
    tools = options.tool or list(TOOLS)
    folder = (options.keep or Path(tempfile.mkdtemp(prefix="replay-"))).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        template = Path(scratch) / "template"
        git(folder, "clone", "--quiet", str(options.template.resolve()), str(template))
        replay = Replay(folder=folder, template=template, trust=options.trust, again=frozenset(options.again))
        replayed = []
        for project in (path.resolve() for path in options.project):
            revisions = ("--all",) if options.all_branches else ("HEAD",)
            for wanted in list(recorded_updates(project, source=options.source, revisions=revisions))[: options.limit]:
                print(f"{project} {wanted.commit[:12]} {wanted.before} -> {wanted.after}", file=sys.stderr)
                replayed.append(replay_update(replay, project, wanted, tools))
    if options.keep is None:
        shutil.rmtree(folder)
    if options.json:
        options.json.write_text(json.dumps([as_json(one) for one in replayed], indent=1), encoding="utf-8")
    print(table(replayed, tools))
    for line in failures(replayed):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
