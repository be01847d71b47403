"""Print how large a generated project is, beside what its design allows: `nox -s budgets`.

Lines are those that hold code: no blank lines, comments or docstrings, whose number nobody should have to save.
"""

from __future__ import annotations

import argparse
import ast
import io
import os
import subprocess
import sys
import tempfile
import tokenize
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from mlscaffold.project.lock import read_lock
from mlscaffold.template.policy import Policy

ROOT = Path(__file__).resolve().parent.parent
LAYOUT = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING}


@dataclass(frozen=True, kw_only=True)
class Budget:
    """One measure of a project and its bound, if it has one."""

    name: str
    found: float
    bound: float | None = None
    unit: str = ""
    at_least: bool = False

    @property
    def kept(self) -> bool:
        """Whether it is within its bound."""
        return self.bound is None or (self.found >= self.bound if self.at_least else self.found <= self.bound)

    def __str__(self) -> str:
        bound = f"{'at least' if self.at_least else 'at most'} {self.bound:,g}{self.unit}" if self.bound else ""
        return f"{self.name:<44} {f'{self.found:,.0f}{self.unit}':>10}   {bound:<18} {'' if self.kept else 'ABOVE'}"


def lines_of_code(path: Path) -> int:
    """The lines of a Python file that hold code."""
    text = path.read_text(encoding="utf-8")
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    held = {
        line
        for token in tokens
        if token.type not in LAYOUT and token.type != tokenize.ENDMARKER
        for line in range(token.start[0], token.end[0] + 1)
    }
    for node in ast.walk(ast.parse(text)):
        match node:
            case (
                ast.Module(body=[docstring, *_])
                | ast.ClassDef(body=[docstring, *_])
                | ast.FunctionDef(body=[docstring, *_])
                | ast.AsyncFunctionDef(body=[docstring, *_])
            ) if ast.get_docstring(node):
                held -= set(range(docstring.lineno, (docstring.end_lineno or docstring.lineno) + 1))
    return len(held)


def by_folder(package: Path) -> Counter[str]:
    """Lines of code by what stands at the top of a package."""
    found: Counter[str] = Counter()
    for path in package.rglob("*.py"):
        found[path.relative_to(package).parts[0]] += lines_of_code(path)
    return found


def measure(preset: str, code: int) -> list[Budget]:
    """The budgets of a project of a preset."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "project"
        command = [sys.executable, "-m", "mlscaffold", "new", str(root), "--template", str(ROOT), "--defaults"]
        subprocess.run([*command, "--set", f"preset={preset}"], check=True, capture_output=True)
        sources = sorted((root / "src").rglob("*.py"))
        longest = max(sources, key=lambda path: len(path.read_text(encoding="utf-8").splitlines()))
        tracked = subprocess.run(["git", "ls-files"], cwd=root, check=True, capture_output=True, text=True).stdout
        policies = [file.policy for file in read_lock(root).files.values()]
        settled = sum(policy in {Policy.OWNED, Policy.SEEDED} for policy in policies)
        physical = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in sources)
        return [
            Budget(name=f"{preset}: lines of code in src/", found=sum(map(lines_of_code, sources)), bound=code),
            *(
                Budget(name=f"    {folder}", found=count)
                for folder, count in by_folder(next((root / "src").iterdir())).most_common(8)
            ),
            Budget(name=f"{preset}: all lines in src/", found=physical),
            Budget(
                name=f"{preset}: longest file ({longest.name})",
                found=len(longest.read_text(encoding="utf-8").splitlines()),
                bound=250,
            ),
            Budget(name=f"{preset}: files in git", found=len(tracked.splitlines()), bound=220),
            Budget(
                name=f"{preset}: files owned or seeded",
                found=100 * settled / len(policies),
                bound=70,
                unit=" %",
                at_least=True,
            ),
        ]


def installed_size() -> Budget:
    """What the service needs, installed."""
    with tempfile.TemporaryDirectory() as scratch:
        requirements = ROOT / "template" / "requirements" / "serving.txt"
        uv = Path(sys.executable).with_name("uv")
        target = Path(scratch) / "lib"
        command = [str(uv), "pip", "install", "-q", "--python", sys.executable, "--target", str(target)]
        environment = os.environ | {"UV_PYTHON_DOWNLOADS": "never"}
        subprocess.run([*command, "-r", str(requirements)], check=True, capture_output=True, env=environment)
        size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    return Budget(name="the service's libraries, installed", found=size / 1e6, bound=160, unit=" MB")


def main() -> None:
    """Print all budgets, and what each folder of the code takes of them."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    presets = {"workshop": 3500, "standard": 8000, "full": 14000}
    print("\n".join(str(budget) for preset, code in presets.items() for budget in measure(preset, code)))
    print(installed_size())


if __name__ == "__main__":
    main()
