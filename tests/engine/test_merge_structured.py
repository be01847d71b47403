"""Three documents become one: what a maintainer expects of the files that they know."""

from __future__ import annotations

import json

import pytest

from mlscaffold.merge import merge_contents
from mlscaffold.merge.sides import FileSides
from mlscaffold.merge.structured import documents_of, parses, written_format


def structured(path: str, base: str, mine: str, theirs: str) -> FileSides | None:
    contents = FileSides(base=base.encode(), mine=mine.encode(), theirs=theirs.encode())
    documents = documents_of(path, contents)
    return documents.merged() if documents is not None else None


def merged(path: str, base: str, mine: str, theirs: str) -> str | None:
    found = structured(path, base, mine, theirs)
    return found.mine.decode() if found and found.is_complete else None


def reasons(path: str, base: str, mine: str, theirs: str) -> tuple[str, ...]:
    found = structured(path, base, mine, theirs)
    assert found is not None
    return found.reasons


PROJECT = """\
[build-system]
requires = ["hatchling>=1.25"]
build-backend = "hatchling.build"

[project]
name = "thing"
dependencies = [
    # Frames.
    "pandas>=2",
    "numpy>=1.26",  # arrays
]
keywords = ["ml", "ops"]

[project.optional-dependencies]
docs = ["mkdocs>=1.5"]

[tool.ruff.lint]
select = ["E", "F"]
# Long lines are fine.
ignore = ["E501"]
"""

FORMAT = "      - id: ruff-format\n"
HOOKS = """\
# See https://pre-commit.com
repos:
  - repo: https://github.com/astral-sh/ruff-pre-commit
    rev: v0.5.0
    hooks:
      - id: ruff
      - id: ruff-format
"""

PIPELINE = """\
include:
  - local: /ci/build.yml
  - project: group/shared
    file: /deploy.yml
    ref: v1

stages: [lint, test]

.python: &python
  image: python:3.11
  before_script:
    - pip install uv

test:
  <<: *python
  stage: test
  script:
    - !reference [.setup, script]
    - pytest
"""

WORKFLOW = """\
name: CI
on:
  push:
    branches: [main]
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - name: Install
        run: |
          pip install uv
          uv sync
      - run: pytest
"""

SITE = """\
site_name: Thing
nav:
  - Home: index.md
  - Guide:
      - Start: guide/start.md
      - Deploy: guide/deploy.md
  - About: about.md
plugins:
  - search
  - mkdocstrings:
      handlers:
        python: {paths: [src]}
"""

PACKAGE = """\
{
  "name": "thing",
  "scripts": {
    "lint": "eslint .",
    "test": "vitest"
  },
  "dependencies": {
    "react": "^18.0.0"
  },
  "files": ["dist"]
}
"""


def case(
    name: str, path: str, base: str, mine: dict[str, str], theirs: dict[str, str], wanted: dict[str, str]
) -> object:
    """A base, and what each side and the result replace in it."""
    return pytest.param(path, base, edit(base, mine), edit(base, theirs), edit(base, wanted), id=name)


def edit(text: str, changes: dict[str, str]) -> str:
    for old, new in changes.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


BUMP = {'"pandas>=2"': '"pandas>=2.2"'}
ADD = {'    "numpy>=1.26",  # arrays\n': '    "numpy>=1.26",  # arrays\n    "polars",\n'}


@pytest.mark.parametrize(
    ("path", "base", "mine", "theirs", "wanted"),
    [
        case("a bump beside an addition", "pyproject.toml", PROJECT, ADD, BUMP, ADD | BUMP),
        case(
            "a bump of the line to which something is added",
            "pyproject.toml",
            PROJECT,
            ADD,
            {'"numpy>=1.26",': '"numpy>=2",'},
            {'    "numpy>=1.26",  # arrays\n': '    "numpy>=2",  # arrays\n    "polars",\n'},
        ),
        case(
            "lists in one line",
            "pyproject.toml",
            PROJECT,
            {'"E", "F"]': '"E", "F", "I"]', '"hatchling>=1.25"]': '"hatchling>=1.25", "hatch-vcs"]'},
            {'"E", "F"]': '"E", "F", "UP"]', '"hatchling>=1.25"]': '"hatchling>=1.27"]'},
            {'"E", "F"]': '"E", "F", "UP", "I"]', '"hatchling>=1.25"]': '"hatchling>=1.27", "hatch-vcs"]'},
        ),
        case(
            "a list that I broke into lines",
            "pyproject.toml",
            PROJECT,
            {'["E", "F"]': '[\n    "E",\n    "F",\n    "N", # names\n]'},
            {'["E", "F"]': '["E", "F", "UP"]'},
            {'["E", "F"]': '[\n    "E",\n    "F",\n    "UP",\n    "N", # names\n]'},
        ),
        case(
            "tables of both, and comments that the template adds",
            "pyproject.toml",
            PROJECT,
            {'ignore = ["E501"]\n': 'ignore = ["E501"]\n\n[tool.mypy]\nstrict = true\n'},
            {
                'ignore = ["E501"]\n': 'ignore = ["E501"]\n\n'
                '# Short output.\n[tool.pytest.ini_options]\naddopts = "-q"\n'
            },
            {
                'ignore = ["E501"]\n': 'ignore = ["E501"]\n\n'
                '# Short output.\n[tool.pytest.ini_options]\naddopts = "-q"\n'
                "\n[tool.mypy]\nstrict = true\n"
            },
        ),
        case(
            "comments of both sides",
            "pyproject.toml",
            PROJECT,
            {"# Long lines are fine.": "# Our lines are long.", 'keywords = ["ml", "ops"]': 'keywords = ["ml"]'},
            {"# Frames.": "# Data frames.", 'keywords = ["ml", "ops"]': 'keywords = ["ml", "ops", "data"]'},
            {
                "# Long lines are fine.": "# Our lines are long.",
                "# Frames.": "# Data frames.",
                'keywords = ["ml", "ops"]': 'keywords = ["ml", "data"]',
            },
        ),
        case(
            "what the template removed goes with its comment",
            "pyproject.toml",
            PROJECT,
            ADD,
            {'    # Frames.\n    "pandas>=2",\n': ""},
            {'    # Frames.\n    "pandas>=2",\n': ""} | ADD,
        ),
        case(
            "the same addition of both is there once",
            "pyproject.toml",
            PROJECT,
            {"    # Frames.\n": '    "attrs",\n    # Frames.\n'} | {'"mkdocs>=1.5"': '"mkdocs>=1.5", "mike"'},
            {"# arrays\n": '# arrays\n    "attrs",\n'} | {'"mkdocs>=1.5"': '"mkdocs>=1.6"'},
            {"    # Frames.\n": '    "attrs",\n    # Frames.\n'} | {'"mkdocs>=1.5"': '"mkdocs>=1.6", "mike"'},
        ),
        case(
            "a revision, a hook and my arguments",
            ".pre-commit-config.yaml",
            HOOKS,
            {"      - id: ruff\n": "      - id: ruff\n        args: [--fix]\n"}
            | {FORMAT: FORMAT + "  - repo: local\n    hooks:\n      - id: mine\n"},
            {"v0.5.0": "v0.6.0"} | {FORMAT: FORMAT + "      - id: ruff-extra\n        stages: [manual]\n"},
            {"v0.5.0": "v0.6.0", "      - id: ruff\n": "      - id: ruff\n        args: [--fix]\n"}
            | {
                FORMAT: FORMAT + "      - id: ruff-extra\n        stages: [manual]\n"
                "  - repo: local\n    hooks:\n      - id: mine\n"
            },
        ),
        case(
            "my indentation of lists",
            ".pre-commit-config.yaml",
            HOOKS,
            {
                HOOKS.partition("repos:\n")[2]: "- repo: https://github.com/astral-sh/ruff-pre-commit\n"
                "  rev: v0.5.0\n  hooks:\n  - id: ruff\n  - id: ruff-format\n  - id: mine\n"
            },
            {FORMAT: FORMAT + "        # Slow.\n        stages:\n          - manual\n"},
            {
                HOOKS.partition("repos:\n")[2]: "- repo: https://github.com/astral-sh/ruff-pre-commit\n"
                "  rev: v0.5.0\n  hooks:\n  - id: ruff\n"
                "  - id: ruff-format\n    # Slow.\n    stages:\n      - manual\n  - id: mine\n"
            },
        ),
        case(
            "jobs, includes and a stage of both",
            ".gitlab-ci.yml",
            PIPELINE,
            {"[lint, test]": "[lint, test, publish]", "    ref: v1\n": "    ref: v1\n  - component: x/y@1\n"}
            | {"    - pytest\n": "    - pytest\n\npublish:\n  stage: publish\n  script: [make publish]\n"},
            {"[lint, test]": "[lint, test, docs]", "ref: v1": "ref: v2", "python:3.11": "python:3.12"}
            | {"    - pytest\n": "    - pytest\n\ndocs:\n  stage: docs\n  script: [make docs]\n"},
            {"[lint, test]": "[lint, test, docs, publish]", "    ref: v1\n": "    ref: v2\n  - component: x/y@1\n"}
            | {"python:3.11": "python:3.12"}
            | {
                "    - pytest\n": "    - pytest\n\ndocs:\n  stage: docs\n  script: [make docs]\n"
                "\npublish:\n  stage: publish\n  script: [make publish]\n"
            },
        ),
        case(
            "commands at both ends of a script",
            ".gitlab-ci.yml",
            PIPELINE,
            {"    - pytest\n": "    - pytest\n    - ./upload\n"},
            {"    - !reference": "    - uv sync\n    - !reference"},
            {"    - pytest\n": "    - pytest\n    - ./upload\n", "    - !reference": "    - uv sync\n    - !reference"},
        ),
        case(
            "a bumped action, my inputs and my step",
            "workflow.yml",
            WORKFLOW,
            {"checkout@v4\n": "checkout@v4\n        with:\n          fetch-depth: 0\n"}
            | {"      - run: pytest\n": "      - name: Lint\n        run: make lint\n      - run: pytest\n"},
            {"checkout@v4": "checkout@v5", "uv sync\n": "uv sync --locked\n"},
            {"checkout@v4\n": "checkout@v5\n        with:\n          fetch-depth: 0\n"}
            | {"uv sync\n": "uv sync --locked\n"}
            | {"      - run: pytest\n": "      - name: Lint\n        run: make lint\n      - run: pytest\n"},
        ),
        case(
            "branches in brackets",
            "workflow.yml",
            WORKFLOW,
            {"[main]": "[main, dev]"},
            {"[main]": '[main, "release/**"]'},
            {"[main]": '[main, "release/**", dev]'},
        ),
        case(
            "pages in their order",
            "mkdocs.yml",
            SITE,
            {"  - About": "  - Mine: mine.md\n  - About"},
            {"guide/deploy.md": "guide/deploying.md", "  - Guide": "  - Tutorial: tutorial.md\n  - Guide"},
            {"  - About": "  - Mine: mine.md\n  - About"}
            | {"guide/deploy.md": "guide/deploying.md", "  - Guide": "  - Tutorial: tutorial.md\n  - Guide"},
        ),
        case(
            "scripts and packages with their commas",
            "package.json",
            PACKAGE,
            {'"vitest"\n': '"vitest",\n    "mine": "x"\n', '["dist"]': '["dist", "mine"]'},
            {'"vitest"\n': '"vitest run",\n    "build": "vite"\n', '["dist"]': '["dist", "lib"]', "^18.0.0": "^19.0.0"},
            {'"vitest"\n': '"vitest run",\n    "build": "vite",\n    "mine": "x"\n'}
            | {'["dist"]': '["dist", "lib", "mine"]', "^18.0.0": "^19.0.0"},
        ),
        case(
            "the last of JSON goes, another comes",
            "package.json",
            PACKAGE,
            {'    "lint": "eslint .",\n    "test": "vitest"\n': '    "lint": "eslint ."\n'},
            {'    "lint": "eslint .",\n': '    "lint": "eslint .",\n    "build": "vite",\n'},
            {'    "lint": "eslint .",\n    "test": "vitest"\n': '    "lint": "eslint .",\n    "build": "vite"\n'},
        ),
        case(
            "into an empty list",
            "a.toml",
            "a = []\nb = 1\n",
            {"b = 1": "b = 2"},
            {"a = []": 'a = [\n  "x",\n]'},
            {"a = []": 'a = [\n  "x",\n]', "b = 1": "b = 2"},
        ),
        case(
            "an inline table",
            "a.toml",
            "a = { x = 1, y = 2 }\n",
            {"y = 2 }": "y = 2, z = 3 }"},
            {"x = 1, ": ""},
            {"x = 1, y = 2 }": "y = 2, z = 3 }"},
        ),
        case(
            "arrays of tables, each with what is below it",
            "a.toml",
            '[[tool.mypy.overrides]]\nmodule = "a"\nignore = true\n\n[[tool.x]]\nname = "p"\n[tool.x.sub]\nk = 1\n',
            {'[[tool.x]]\nname = "p"\n': '[[tool.x]]\nname = "own"\n[tool.x.sub]\nk = 5\n\n[[tool.x]]\nname = "p"\n'},
            {"k = 1": "k = 2", "ignore = true": "ignore = false"},
            {'[[tool.x]]\nname = "p"\n': '[[tool.x]]\nname = "own"\n[tool.x.sub]\nk = 5\n\n[[tool.x]]\nname = "p"\n'}
            | {"k = 1": "k = 2", "ignore = true": "ignore = false"},
        ),
        case(
            "strings that look like keys, tables and comments",
            "a.toml",
            'a = """\n[table]\nb = 1  # no comment\n"""\nb = "# none, [x], y = 1"\nc = 1\n',
            {"c = 1": "c = 2"},
            {'b = "# none, [x], y = 1"': 'b = "# none, [x], y = 2"'},
            {"c = 1": "c = 2", 'b = "# none, [x], y = 1"': 'b = "# none, [x], y = 2"'},
        ),
        case(
            "texts over several lines",
            "a.yml",
            "a: |\n  # no comment\n  key: value\nb: >-\n  folded\n  text\nc: 1\n",
            {"c: 1": "c: 2"},
            {"  folded\n": "  folded #1\n"},
            {"c: 1": "c: 2", "  folded\n": "  folded #1\n"},
        ),
        case(
            "a value becomes a block",
            "a.yml",
            "a:\n  b: 1  # one\nc: 1\n",
            {"c: 1": "c: 2"},
            {"b: 1  # one\n": "b:\n    # all\n    x: 1\n    y: 2\n"},
            {"c: 1": "c: 2", "b: 1  # one\n": "b:\n    # all\n    x: 1\n    y: 2\n"},
        ),
        case(
            "line ends of my system",
            "a.toml",
            'a = [\r\n  "x",\r\n]\r\n',
            {'"x",\r\n': '"x",\r\n  "mine",\r\n'},
            {'"x",\r\n': '"x",\r\n  "theirs",\r\n'},
            {'"x",\r\n': '"x",\r\n  "theirs",\r\n  "mine",\r\n'},
        ),
        case(
            "no end of the last line",
            "a.yml",
            "a: 1\nb: 1",
            {"a: 1": "a: 2"},
            {"b: 1": "b: 3"},
            {"a: 1": "a: 2", "b: 1": "b: 3"},
        ),
        case(
            "a byte order mark",
            "a.json",
            '\ufeff{"a": 1, "b": 1}\n',
            {'"a": 1': '"a": 2'},
            {'"b": 1': '"b": 2'},
            {'"a": 1': '"a": 2', '"b": 1': '"b": 2'},
        ),
        case(
            "a citation",
            "CITATION.cff",
            "cff-version: 1.2.0\ntitle: x\nkeywords:\n  - a\n",
            {"  - a\n": "  - a\n  - mine\n"},
            {"title: x": "title: y", "  - a\n": "  - a\n  - b\n"},
            {"title: x": "title: y", "  - a\n": "  - a\n  - b\n  - mine\n"},
        ),
    ],
)
def test_both_sides_are_kept(path: str, base: str, mine: str, theirs: str, wanted: str) -> None:
    assert merged(path, base, mine, theirs) == wanted


@pytest.mark.parametrize(
    ("path", "base", "mine", "theirs"),
    [
        pytest.param("a.toml", 'd = ["a>=1"]\n', 'd = ["a>=2"]\n', 'd = ["a>=3"]\n', id="both replaced an item"),
        pytest.param("a.toml", "a = 1\n", "a = 1  # mine\n", "a = 1  # theirs\n", id="both commented on a line"),
        pytest.param(
            "a.toml", "# x\na = 1\n", "# mine\na = 1\nb = 1\n", "# theirs\na = 1\nc = 1\n", id="both changed a comment"
        ),
        pytest.param(
            "a.yml", "script:\n- a\n", "script:\n- a\n- b\n", "script:\n- a\n- c\n", id="both added the next command"
        ),
        pytest.param("a.yml", "x: [-a]\n", "x: [-a, -b]\n", "x: [-a, -c]\n", id="both added the next option"),
        pytest.param(
            "a.yml", "x: !ref [a, b]\n", "x: !ref [c, b]\n", "x: !ref [a, d]\n", id="the parts of one tagged value"
        ),
        pytest.param(
            "a.yml",
            "jobs:\n  build:\n    image: a\n    stage: x\n    script: [make]\n",
            "jobs:\n  compile:\n    image: a\n    stage: x\n    script: [make]\n",
            "jobs:\n  build:\n    image: b\n    stage: x\n    script: [make]\n",
            id="a job that I renamed",
        ),
        pytest.param(
            "a.toml",
            'dependencies = ["a>=1", "b"]\n',
            'dependencies = ["a[x]>=1", "b"]\n',
            'dependencies = ["a>=2", "b"]\n',
            id="a package of which I take more",
        ),
        pytest.param("a.yml", "- a\n- b\n- c\n", "- c\n- b\n- a\n", "- b\n- c\n- a\n", id="both sorted anew"),
        pytest.param("a.yml", "a: 1\n", "\ta: 2\n", "a: 3\n", id="no YAML"),
        pytest.param("a.toml", "a = 1\nb = 1\n", "a = 2\r\nb = 1\n", "a = 1\nb = 2\n", id="two kinds of line ends"),
    ],
)
def test_a_person_decides(path: str, base: str, mine: str, theirs: str) -> None:
    assert merged(path, base, mine, theirs) is None
    assert merged(path, base, theirs, mine) is None


@pytest.mark.parametrize(
    ("path", "base", "mine", "theirs"),
    [
        pytest.param(
            "a.toml", 'dependencies = ["a>=1"]\n', 'dependencies = ["a>=2"]\n', "dependencies = []\n", id="item"
        ),
        pytest.param("a.yml", "a: {x: 1}\nb: 1\n", "a: {x: 2}\nb: 1\n", "b: 1\n", id="key"),
        pytest.param("a.yml", "a: 1\nb: 1\n", "# mine\na: 1\nb: 1\n", "b: 1\n", id="a comment above"),
    ],
)
def test_what_the_template_removed_and_i_changed_needs_a_person(path: str, base: str, mine: str, theirs: str) -> None:
    assert merged(path, base, mine, theirs) is None


def test_what_was_kept_and_taken_is_said() -> None:
    assert reasons("pyproject.toml", PROJECT, edit(PROJECT, ADD), edit(PROJECT, BUMP)) == (
        "project.dependencies: kept your polars; took the template's pandas>=2.2",
    )
    assert reasons("a.yml", "a: 1\nb: {c: 1}\nd: 1\n", "a: 2\nd: 1\n", "a: 1\nb: {c: 2}\nd: 2\n") == (
        "kept your a; took the template's d",
        "b: you removed it, so the template's change of it is left out",
    )


@pytest.mark.parametrize(
    ("path", "can"),
    [
        ("pyproject.toml", True),
        (".pre-commit-config.yaml", True),
        ("ci/build.yml", True),
        ("CITATION.cff", True),
        ("package.json", True),
        ("package-lock.json", False),
        ("uv.lock", False),
        ("poetry.lock", False),
        ("README.md", False),
    ],
)
def test_which_files_can_be_merged(path: str, can: bool) -> None:
    assert (written_format(path) is not None) is can


PINS = """\
[project]
dependencies = [
    "numpy",
    "pandas",
]

[tool.ruff]
line-length = 100
select = ["E"]
"""
PIPELINE = """\
test:
  script:
    - one
    - two
  image: x:1
build:
  script: [run]
"""
SETTINGS = '{\n  "a": 1,\n  "b": ["x"],\n  "c": 2\n}\n'


@pytest.mark.parametrize(
    ("path", "base", "mine", "theirs", "wanted"),
    [
        pytest.param(
            "pyproject.toml",
            PINS,
            {'"pandas"': '"pandas>=2",\n    "mine"', "= 100": "= 88", '["E"]': '["E", "F"]'},
            {'"numpy"': '"numpy>=2"', "= 100": "= 120", '["E"]': '["E", "W"]'},
            """\
[project]
dependencies = [
    "numpy>=2",
    "pandas>=2",
    "mine",
]

[tool.ruff]
<<<<<<< your project
line-length = 88
||||||| template before
line-length = 100
=======
line-length = 120
>>>>>>> template
select = ["E", "W", "F"]
""",
            id="two values of a key",
        ),
        pytest.param(
            ".gitlab-ci.yml",
            PIPELINE,
            {"- two": "- two --mine", "x:1": "x:1-mine", "[run]": "[run, more]"},
            {"- one": "- zero\n    - one", "x:1": "x:2", "[run]": "[run]\n  tags: [a]"},
            """\
test:
  script:
    - zero
    - one
    - two --mine
<<<<<<< your project
  image: x:1-mine
||||||| template before
  image: x:1
=======
  image: x:2
>>>>>>> template
build:
  script: [run, more]
  tags: [a]
""",
            id="two values of a key deeper down",
        ),
        pytest.param(
            ".gitlab-ci.yml",
            PIPELINE,
            {"x:1": "x:1-mine", "[run]": "[run, more]"},
            {"  image: x:1\n": "", "[run]": "[run]\n  tags: [a]"},
            """\
test:
  script:
    - one
    - two
<<<<<<< your project
  image: x:1-mine
||||||| template before
  image: x:1
=======
>>>>>>> template
build:
  script: [run, more]
  tags: [a]
""",
            id="the template removed what I changed",
        ),
        pytest.param(
            "settings.json",
            SETTINGS,
            {"1,": "5,", '["x"]': '["x", "y"]', '"c": 2': '"c": 2,\n  "mine": 1'},
            {"1,": "6,", '["x"]': '["w", "x"]', '"c": 2': '"c": 3'},
            """\
{
<<<<<<< your project
  "a": 5,
||||||| template before
  "a": 1,
=======
  "a": 6,
>>>>>>> template
  "b": ["w", "x", "y"],
  "c": 3,
  "mine": 1
}
""",
            id="commas",
        ),
        pytest.param(
            ".github/workflows/ci.yml",
            "on: [push]\nmatrix:\n  python: ['3.10', '3.11']\n  os: [linux]\n",
            {"'3.10', ": "", "[linux]": "[linux, windows]", "[push]": "[push, tag]"},
            {"'3.11'": "'3.11', '3.12'", "[push]": "[pull, push]"},
            """\
on: [pull, push, tag]
matrix:
<<<<<<< your project
  python: ['3.11']
||||||| template before
  python: ['3.10', '3.11']
=======
  python: ['3.10', '3.11', '3.12']
>>>>>>> template
  os: [linux, windows]
""",
            id="versions to test against",
        ),
    ],
)
def test_what_is_left_open_is_all_that_conflicts(
    path: str, base: str, mine: dict[str, str], theirs: dict[str, str], wanted: str
) -> None:
    sides = [side.encode() for side in (base, edit(base, mine), edit(base, theirs))]
    found = merge_contents(path, base=sides[0], mine=sides[1], theirs=sides[2])
    assert found.content.decode() == wanted
    assert (found.conflicted, found.hunks) == (True, 1)
    assert found.reasons
    windows = merge_contents(path, base=sides[0], mine=sides[1].replace(b"\n", b"\r\n"), theirs=sides[2])
    assert windows.conflicted


@pytest.mark.parametrize(
    ("path", "content", "valid"),
    [
        ("a.toml", "a = 1\n", True),
        ("a.toml", "a = 1\na = 2\n", False),
        ("a.yml", "a: 1\na: 2\n", False),
        ("a.json", '{"a": 1, "a": 2}', False),
        ("a.yml", "a: !own {b: [1]}\n", True),
        ("a.yml", "a: !!python/object/apply:os.system [exit]\n", True),
        ("a.yml", "a: [\n", False),
    ],
)
def test_what_is_valid(path: str, content: str, valid: bool) -> None:
    assert parses(path, content.encode()) is valid


def long_documents() -> list[object]:
    numbers = range(5000)
    table = "".join(f"k{number} = {number}\n" for number in numbers)
    listed = "a = [\n" + "".join(f'  "item-{number}",\n' for number in numbers) + "]\n"
    steps = "steps:\n" + "".join(f"- run: s{number}\n" for number in numbers)
    tree = json.dumps({f"k{number}": {"a": [number], "b": "x"} for number in range(1000)}, indent=1)
    return [
        pytest.param("a.toml", table, {"k10 = 10\n": "k10 = 0\n"}, {"k11 = 11\n": "k11 = 0\n"}, id="keys"),
        pytest.param("a.toml", listed, {'"item-10"': '"mine"'}, {'"item-11"': '"theirs"'}, id="items"),
        pytest.param("a.yml", steps, {"s10\n": "s10 mine\n"}, {"s12\n": "s12 theirs\n"}, id="steps"),
        pytest.param("a.json", tree, {'"k10"': '"mine"'}, {'"k12"': '"theirs"'}, id="JSON"),
    ]


@pytest.mark.parametrize(("path", "base", "mine", "theirs"), long_documents())
def test_long_documents(path: str, base: str, mine: dict[str, str], theirs: dict[str, str]) -> None:
    assert merged(path, base, edit(base, mine), edit(base, theirs)) == edit(base, mine | theirs)


def test_a_key_that_yaml_reads_as_no_text_is_told_as_it_is_written() -> None:
    base = "on:\n  a: 1\n  1: 2\n"
    assert reasons("a.yml", base, base.replace("a: 1", "a: 3"), base.replace("1: 2", "1: 4")) == (
        "on: kept your a; took the template's 1",
    )
