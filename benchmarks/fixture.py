"""A template of 150 files in two versions, and a project that its user has edited: what the benchmarks measure on.

90 of the files are Jinja, 418 KB in all, 15 questions. Version 1.1.0 changes 30 files; the user edited 20, of which 8
are among those 30, and 2 in the same lines. The same files every time. For Cookiecutter the same template is written
in its dialect.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

__all__ = ["QUESTIONS", "cookiecutter_template", "copier_template", "edit", "git"]

FILES = 150
TEMPLATED = 90
CHANGED = range(30)
EDITED = (*range(8), *range(60, 72))
CONFLICTING = range(2)
LINES = 70
QUESTIONS = {f"question_{number}": f"answer {number}" for number in range(14)} | {"name": "demo"}
_IDENTITY = {
    "GIT_AUTHOR_NAME": "B",
    "GIT_AUTHOR_EMAIL": "b@localhost",
    "GIT_COMMITTER_NAME": "B",
    "GIT_COMMITTER_EMAIL": "b@localhost",
}


def git(folder: Path, *arguments: str) -> None:
    """Run git quietly, as nobody in particular."""
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, env={**os.environ, **_IDENTITY})


def _content(number: int, version: int, variable: str) -> str:
    lines = [f"# file {number}"]
    for line in range(LINES):
        value = f"{{{{ {variable.format(line % 14)} }}}}" if number < TEMPLATED and line % 9 == 0 else f"value {line}"
        lines.append(f"line_{line} = '{value} of file {number}'")
    if version and number in CHANGED:
        lines[20] = "line_20 = 'changed by the template'"
        lines.append("appended = 'by the template'")
    return "\n".join(lines) + "\n"


def _files(version: int, variable: str, suffix: str) -> Mapping[str, str]:
    return {
        f"package/part_{number % 10}/file_{number}.py{suffix if number < TEMPLATED else ''}": _content(
            number, version, variable
        )
        for number in range(FILES)
    }


def _write(root: Path, files: Mapping[str, str]) -> None:
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def copier_template(root: Path) -> Path:
    """A Copier template with the tags v1.0.0 and v1.1.0."""
    questions = "".join(f"{name}:\n  type: str\n  default: {default}\n" for name, default in QUESTIONS.items())
    fixed = {
        "copier.yml": f"_subdirectory: template\n_templates_suffix: .jinja\n{questions}",
        "template/{{ _copier_conf.answers_file }}.jinja": "{{ _copier_answers | to_nice_yaml -}}\n",
    }
    root.mkdir(parents=True)
    git(root, "init", "-q", "-b", "main")
    for version, tag in enumerate(("v1.0.0", "v1.1.0")):
        files = _files(version, "question_{}", ".jinja")
        _write(root, {**fixed, **{f"template/{path}": text for path, text in files.items()}})
        git(root, "add", "-A")
        git(root, "commit", "-q", "-m", tag)
        git(root, "tag", tag)
    return root


def cookiecutter_template(root: Path) -> Path:
    """The first version for Cookiecutter."""
    _write(root, {"cookiecutter.json": json.dumps(QUESTIONS)})
    _write(root / "{{cookiecutter.name}}", _files(0, "cookiecutter.question_{}", ""))
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "v1.0.0")
    return root


def edit(project: Path) -> None:
    """What the user did since, committed."""
    for number in EDITED:
        file = project / f"package/part_{number % 10}/file_{number}.py"
        lines = file.read_text().splitlines()
        place = 20 if number in CONFLICTING else 50
        lines[place] = f"line_{place} = 'edited by the user'"
        file.write_text("\n".join(lines) + "\n")
    git(project, "commit", "-qam", "Edits")
