"""`update` and `check` of a 150-file project against their peers, in one run: `nox -s bench`.

Goals: `check`, cold, at least 12 times as fast as `cruft check` + `cruft diff` and within 0.25 s; 100 projects in one
process within 2 s; `update` at least 4 times as fast as `copier update`, and 5 times with the old render cached, dry
run included. The commands take turns, so that a busy machine slows all alike; the medians are compared.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fixture import cookiecutter_template, copier_template, edit, git

BIN = Path(sys.executable).parent
MANY = 100
_TIMER = """
import sys, time
from pathlib import Path
from mlscaffold import check
begin = time.perf_counter()
assert all(check(Path(folder)).judged for folder in sys.argv[1:])
print(time.perf_counter() - begin)
"""


@dataclass(frozen=True, kw_only=True)
class Goal:
    """A ratio that has to hold: `slow` takes at least `factor` times as long as `fast`."""

    fast: str
    slow: str
    factor: float


GOALS = (
    Goal(fast="check", slow="cruft check + diff", factor=12),
    Goal(fast="update, nothing cached", slow="copier update", factor=4),
    Goal(fast="update, old render cached", slow="copier update", factor=5),
    Goal(fast="dry run, old render cached", slow="copier update", factor=5),
)


def timed(command: Sequence[str], folder: Path, *, codes: Sequence[int] = (0,)) -> float:
    """Wall time of one cold process."""
    begin = time.perf_counter()
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    seconds = time.perf_counter() - begin
    if done.returncode not in codes:
        raise SystemExit(f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return seconds


@dataclass(frozen=True, kw_only=True)
class Bench:
    """The folders of one run."""

    root: Path

    def fresh(self) -> Path:
        """A copy of the edited project."""
        target = self.root / "copy"
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(self.root / "project", target, symlinks=True)
        return target

    def update(self, *options: str, keep: bool) -> float:
        """One `mlscaffold update`; `keep` keeps what earlier runs cached, but for the new render."""
        if not keep:
            shutil.rmtree(self.root / "cache", ignore_errors=True)
        else:
            self._drop_new_render()
        command = [str(BIN / "mlscaffold"), "update", "--to", "v1.1.0", "--defaults", *options]
        return timed(command, self.fresh(), codes=(0, 3))

    def _drop_new_render(self) -> None:
        for manifest in (self.root / "cache").glob("renders/*/manifest.json"):
            files = manifest.parent / "files" / json.loads(manifest.read_text())["folder"]
            if "v1.1.0" in (files / ".copier-answers.yml").read_text():
                shutil.rmtree(manifest.parent)

    def copier(self) -> float:
        """One `copier update`."""
        return timed([str(BIN / "copier"), "update", "--defaults", "--vcs-ref", "v1.1.0", "-q"], self.fresh())

    def check(self) -> float:
        """One `mlscaffold check`."""
        return timed([str(BIN / "mlscaffold"), "check"], self.root / "project")

    def cruft(self) -> float:
        """What Cruft needs for the same question: is the version current, and what differs."""
        folder = self.root / "cruft" / "demo"
        return timed([str(BIN / "cruft"), "check"], folder) + timed([str(BIN / "cruft"), "diff"], folder)

    def check_many(self) -> float:
        """Projects in one process, imports left out."""
        folders = [str(folder) for folder in sorted((self.root / "many").iterdir())]
        done = subprocess.run([sys.executable, "-c", _TIMER, *folders], check=True, capture_output=True, text=True)
        return float(done.stdout)


def prepare(root: Path, *, cruft: bool) -> None:
    """Make templates and projects."""
    template = copier_template(root / "template")
    command = [str(BIN / "mlscaffold"), "new", "project", "--template", str(template), "--ref", "v1.0.0", "--defaults"]
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    for number in range(MANY):
        shutil.copytree(root / "project", root / "many" / str(number), symlinks=True)
    edit(root / "project")
    if cruft:
        cookies = cookiecutter_template(root / "cookies")
        command = [str(BIN / "cruft"), "create", str(cookies), "--no-input", "--output-dir", str(root / "cruft")]
        subprocess.run(command, check=True, capture_output=True)
        git(root / "cruft" / "demo", "init", "-q")
        git(root / "cruft" / "demo", "add", "-A")
        git(root / "cruft" / "demo", "commit", "-q", "-m", "made")


def measure(bench: Bench, rounds: int, *, cruft: bool) -> Mapping[str, float]:
    """The median of each command, in seconds."""
    commands: dict[str, Callable[[], float]] = {
        "copier update": bench.copier,
        "update, nothing cached": lambda: bench.update(keep=False),
        "update, old render cached": lambda: bench.update(keep=True),
        "dry run, old render cached": lambda: bench.update("--dry-run", keep=True),
        "check": bench.check,
        f"check of {MANY} projects": bench.check_many,
    }
    if cruft:
        commands["cruft check + diff"] = bench.cruft
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, run in commands.items():
            taken[name].append(run())
    return {name: statistics.median(times) for name, times in taken.items()}


def main() -> int:
    """Measure, print the table, and fail if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    cruft = (BIN / "cruft").is_file()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory(prefix="mlscaffold-bench-") as name:
        root = Path(name)
        os.environ |= {"HOME": name, "MLSCAFFOLD_CACHE_DIR": str(root / "cache")}
        prepare(root, cruft=cruft)
        medians = measure(Bench(root=root), arguments.rounds, cruft=cruft)
    if arguments.json:
        print(json.dumps(medians, indent=2))
        return 0
    for label, seconds in medians.items():
        print(f"{label:<28} {seconds:6.2f} s")
    missed = 0
    for goal in GOALS:
        if goal.slow not in medians:
            print(f"{goal.fast}: not compared, {goal.slow.split()[0]} is not installed here")
            continue
        ratio = medians[goal.slow] / medians[goal.fast]
        missed += ratio < goal.factor
        print(f"{goal.fast}: {ratio:.1f} x {goal.slow} (goal {goal.factor:g})")
    return min(missed, 1)


if __name__ == "__main__":
    sys.exit(main())
