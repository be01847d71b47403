"""What must be true of the repository itself, and of everything that it renders."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.version import Version

from mlscaffold import __version__
from mlscaffold.template.answers import resolve_answers
from mlscaffold.template.checkout import check_out
from mlscaffold.template.newer import releases
from mlscaffold.template.render import render
from mlscaffold.template.source import DISTRIBUTION, find_source, public_url
from mlscaffold.template.versions import latest

ROOT = Path(__file__).resolve().parents[1]
TEXT = {".py", ".md", ".toml", ".yml", ".yaml", ".jinja", ".txt", ".in", ".sh", ".cfg", ".ini", ".json", ""}


def committed() -> list[Path]:
    """The files of the repository as git would commit them."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [ROOT / name for name in listing.split("\0") if name and (ROOT / name).is_file()]


def texts() -> list[tuple[Path, str]]:
    """The committed text files, this one left out: it names what it forbids."""
    here = Path(__file__).resolve()
    return [(file, file.read_text(encoding="utf-8")) for file in committed() if file.suffix in TEXT and file != here]


INSTALLERS = r"(?:pip3?|pipx|uv|uvx|poetry|conda|pdm|rye|hatch)\b[^\n`;|]*?"
UNRELATED = [
    # An installer, then the bare name: not -cli, no path, no URL, no variable.
    re.compile(rf"{INSTALLERS}\b(?:install|add|run|inject|uvx)\s[^\n`;|]*?(?<![\w./@-])mlscaffold(?![\w./@-])"),
    re.compile(r"\buvx\s+(?:--from\s+)?mlscaffold(?![\w./@-])"),
    # A requirement.
    re.compile(r"^\s*[\"']?mlscaffold(?:\[[^\]]*\])?\s*(?:[=<>~!]=|@|$)", re.MULTILINE),
]


def test_nothing_installs_the_unrelated_package_of_the_same_name() -> None:
    found = [
        f"{file.relative_to(ROOT)}: {match[0]!r}"
        for file, text in texts()
        if file.name not in {"copier.yml", "reserved_names.py"}
        for pattern in UNRELATED
        for match in pattern.finditer(text)
    ]
    assert found == []


INSTALLS_IT = [
    "pip install mlscaffold",
    "pip install -q 'mlscaffold'",
    "pipx install mlscaffold",
    "uv add mlscaffold",
    "uvx mlscaffold new x",
    "mlscaffold==0.1.0",
]


@pytest.mark.parametrize("line", INSTALLS_IT)
def test_the_guard_sees_the_unrelated_package(line: str) -> None:
    assert any(pattern.search(line.replace("'", "")) for pattern in UNRELATED)


@pytest.mark.parametrize(
    "line",
    [
        "pip install mlscaffold-cli",
        "pip install ./mlscaffold-0.1.whl",
        'pip install "$MLSCAFFOLD_WHEEL"',
        "mlscaffold new x",
    ],
)
def test_the_guard_lets_everything_else_pass(line: str) -> None:
    assert not any(pattern.search(line) for pattern in UNRELATED)


def test_no_file_is_unfinished_or_empty() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError|lorem ipsum)\b")
    allowed_empty = {"__init__.py", "py.typed", ".gitkeep"}
    unfinished = [str(file) for file, text in texts() if marks.search(text)]
    empty = [str(file) for file in committed() if not file.stat().st_size and file.name not in allowed_empty]
    assert (unfinished, empty) == ([], [])


def test_no_file_names_a_package_index() -> None:
    hosts = re.compile(r"https?://(?:[\w.-]*\.)?(?:pypi\.org|pythonhosted\.org|registry\.npmjs\.org)", re.IGNORECASE)
    assert [str(file) for file, text in texts() if hosts.search(text)] == []


def test_the_distribution_has_its_own_name() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["name"] == DISTRIBUTION == "mlscaffold-cli"
    assert project["urls"]["Repository"] == public_url()


def test_the_newest_embedded_release_is_this_version_or_the_one_before() -> None:
    newest = latest(releases(find_source(None)))
    assert newest is not None
    if Version(__version__).is_devrelease:
        assert Version(newest.tag) < Version(__version__)
    else:
        assert newest.tag == __version__


@pytest.mark.skipif(Version(__version__).is_devrelease, reason="the next release is begun, and not made yet")
def test_the_embedded_release_is_the_template_of_the_work_tree(tmp_path: Path) -> None:
    embedded = check_out(find_source(None), __version__, into=tmp_path)
    (tmp_path / "work").mkdir()
    work_tree = check_out(find_source(str(ROOT)), "HEAD", into=tmp_path / "work")
    assert work_tree.tree == embedded.tree, f"the template changed since {__version__}: run nox -s release"


def test_files_of_the_generated_package_are_short() -> None:
    package = ROOT / "template" / "src"
    lines = {file: len(file.read_text(encoding="utf-8").splitlines()) for file in package.rglob("*.py*")}
    assert len(lines) > 100
    assert [file for file, count in lines.items() if count > 250] == []


READERS: dict[str, Callable[[str], object]] = {
    ".yaml": lambda text: list(yaml.compose_all(text, Loader=yaml.SafeLoader)),
    ".json": json.loads,
    ".toml": tomllib.loads,
}


def components() -> Iterator[Any]:
    """Each preset, and the largest one without each component."""
    questions = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    for preset in questions["preset"]["choices"].values():
        value = preset["value"] if isinstance(preset, dict) else preset
        yield pytest.param({"preset": value}, id=value)
    for name in questions["also"]["choices"].values():
        yield pytest.param({"preset": "full", "without": [name]}, id=f"without {name}")
    for targets in ([], *([target] for target in questions["deploy"]["choices"].values())):
        yield pytest.param({"preset": "full", "deploy": targets}, id=f"deployed by {' '.join(targets) or 'nothing'}")


@pytest.mark.parametrize("given", list(components()))
def test_what_any_choice_of_components_writes_can_be_read(given: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "template").mkdir()
    checkout = check_out(find_source(str(ROOT)), None, into=tmp_path / "template")
    answers = resolve_answers(checkout, "any", given=given, suggested={}, ask=None, use_defaults=True)
    made = render(checkout, answers, into=tmp_path, folder_name="any")
    for path in made.entries:
        suffix = Path(path).suffix.replace(".yml", ".yaml")
        if suffix in READERS:
            READERS[suffix]((made.root / path).read_text(encoding="utf-8"))
    for path in (path for path in made.entries if path.endswith(".py")):
        compile((made.root / path).read_text(encoding="utf-8"), path, "exec")
    assert len(yaml.safe_load((made.root / "dvc.yaml").read_text(encoding="utf-8"))["stages"]) > 7
