"""Prepare a folder from which the workshop is held with no network: `nox -s room -- FOLDER [--python 3.12]`.

It has the tool, all libraries for one Python on this kind of machine, tables, the pages, and `enter.sh`, which makes a
terminal use them. What is needed is tried out from the folder alone before the folder is called ready.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # so that it can be called by its path

from tests.walks import coming_releases  # noqa: E402

#: What the workshop's project has, as docs/workshop.md says.
ANSWERS = ("preset=workshop", "also=[profile, prediction_log, feedback, monitoring, registry, retraining]")
#: What installs and builds a project, which no lock names.
BUILDING = ("nox[uv]>=2026.1", "hatchling", "editables", "setuptools", "wheel", "pip")
TABLES = """
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
import sys

for name, load in {"tumours": load_breast_cancer, "wines": load_wine, "diabetes": load_diabetes}.items():
    kept = {} if name != "diabetes" else {"scaled": False}
    table = load(as_frame=True, **kept)
    frame = table.frame
    if name == "tumours":
        frame = frame.assign(target=frame.target.map({0: "malignant", 1: "benign"}))
    if name == "wines":
        frame = frame.assign(target=frame.target.map(dict(enumerate(["first", "second", "third"]))))
    frame.to_csv(f"{sys.argv[1]}/{name}.csv", index=False)
"""
ENTER = """\
# Make this terminal use what lies in this folder, and nothing else:  . FOLDER/enter.sh
room=$(cd "$(dirname "${{BASH_SOURCE[0]:-$0}}")" && pwd)
if ! python3 -c 'import sys; sys.exit(sys.version_info[:2] != ({major}, {minor}))'; then
  echo "This room is for Python {major}.{minor}, and python3 is $(python3 --version 2>&1)." >&2
  echo "Put a folder with a python3 of that version first on PATH." >&2
  return 1
fi
export PIP_NO_INDEX=1 PIP_FIND_LINKS="$room/wheels" PIP_DISABLE_PIP_VERSION_CHECK=1
export UV_OFFLINE=1 UV_FIND_LINKS="$room/wheels" UV_PYTHON_DOWNLOADS=never DVC_NO_ANALYTICS=1
{template}if ! [ -x ~/.mlscaffold/bin/mlscaffold ]; then
  python3 -m venv ~/.mlscaffold && ~/.mlscaffold/bin/pip install -q mlscaffold-cli=={version} || return 1
fi
export PATH=~/.mlscaffold/bin:$PATH
git config user.name > /dev/null || echo "git does not know you yet: git config --global user.name 'Ada Lovelace'"
git config user.email > /dev/null || echo "git does not know you yet: git config --global user.email ada@example.com"
echo "Ready: $(mlscaffold --version). The pages are in $room/docs, tables in $room/tables."
"""


class RoomError(Exception):
    """Why there is no room."""


def run(*command: str | Path, cwd: Path | None = None, environment: Mapping[str, str] | None = None) -> str:
    """Standard output of a command; raises `RoomError` with what it said."""
    done = subprocess.run([*map(str, command)], cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RoomError(f"{' '.join(map(str, command))}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def offline(room: Path, scratch: Path) -> dict[str, str]:
    """The environment that `enter.sh` makes, with empty caches."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_", "VIRTUAL_ENV"))}
    wheels = str(room / "wheels")
    return kept | {
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": wheels,
        "UV_OFFLINE": "1",
        "UV_FIND_LINKS": wheels,
        "UV_CACHE_DIR": str(scratch / "cache"),
        "UV_PYTHON_DOWNLOADS": "never",
    }


def requirements(project: Path) -> Sequence[Path]:
    """The locked requirements of a project."""
    folder = project / "requirements"
    return [folder / "dev.txt", *sorted((folder / "components").glob("*.txt"))]


def prepare(room: Path, python: str) -> None:
    """Fill a folder that is not there yet.

    Args:
        room: the folder.
        python: the interpreter, by path or name, that the room is for.
    """
    if any(letter.isspace() for letter in str(room)):
        raise RoomError(f"{room}: pip takes no folder with a space in its name. Choose another.")
    if room.exists() and any(room.iterdir()):
        raise RoomError(f"{room} is not empty. Choose another folder.")
    wheels, tables = room / "wheels", room / "tables"
    for folder in (wheels, tables):
        folder.mkdir(parents=True, exist_ok=True)
    uv = Path(sys.executable).with_name("uv")
    with tempfile.TemporaryDirectory() as made:
        scratch = Path(made)
        template = coming_releases(scratch)
        project = scratch / "tumours"
        answers = [word for answer in ANSWERS for word in ("--set", answer)]
        run(sys.executable, "-m", "mlscaffold", "new", project, "--template", template, "--defaults", *answers)
        run(uv, "build", "-q", "--wheel", "--out-dir", wheels, ROOT)
        (tool,) = wheels.glob("mlscaffold_cli-*.whl")
        run(python, "-m", "venv", scratch / "venv")
        pip = (scratch / "venv" / "bin" / "python", "-m", "pip")
        files = [word for file in requirements(project) for word in ("-r", file)]
        run(*pip, "download", "-q", "-d", wheels, "--require-hashes", "--no-deps", *files)
        run(*pip, "download", "-q", "-d", wheels, "--find-links", wheels, *BUILDING, tool)
        prove(room, project, scratch, files)
        run(scratch / "proof" / "bin" / "python", "-c", TABLES, tables)
        told = ""
        if template.parent == scratch:
            shutil.copy(template, room / "template.bundle")
            told = 'export MLSCAFFOLD_TEMPLATE="$room/template.bundle"\n'
    shutil.copytree(ROOT / "docs", room / "docs")
    major, minor = run(python, "-c", "import sys; print(*sys.version_info[:2])").split()
    version = tool.name.split("-")[1]
    enter = ENTER.format(major=major, minor=minor, version=version, template=told)
    (room / "enter.sh").write_text(enter, encoding="utf-8")


def prove(room: Path, project: Path, scratch: Path, files: Sequence[str | Path]) -> None:
    """Install the project from the folder alone; raises `RoomError` if something is lacking."""
    environment = offline(room, scratch)
    run(scratch / "venv" / "bin" / "pip", "install", "-q", "nox[uv]", environment=environment)
    uv = scratch / "venv" / "bin" / "uv"
    python = scratch / "proof"
    run(uv, "venv", "-q", "--python", scratch / "venv" / "bin" / "python", python, environment=environment)
    install = (uv, "pip", "install", "-q", "--python", python)
    run(*install, "--require-hashes", *files, environment=environment)
    run(*install, "--no-deps", "-e", project, environment=environment)


def main() -> int:
    """Prepare, and say how large it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--python", default=sys.executable, help="The interpreter that all in the room have.")
    said = parser.parse_args()
    room = said.folder.absolute()
    python = f"python{said.python}" if said.python[:1].isdigit() else said.python
    try:
        prepare(room, python)
    except RoomError as error:
        print(f"There is no room. {error}", file=sys.stderr)
        return 1
    files = [file for file in room.rglob("*") if file.is_file()]
    size = sum(file.stat().st_size for file in files) / 1e6
    print(f"{room}: {len(files)} files, {size:.0f} MB. In each terminal: . {room}/enter.sh")
    return 0


if __name__ == "__main__":
    sys.exit(main())
