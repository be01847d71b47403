"""Which tests are run where one component is off: those that import what differs, by any way."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .affected import affected_tests

FILES = {
    "src/parts/__init__.py": "",
    "src/parts/inner/__init__.py": "from .deep import depth\n",
    "src/parts/inner/deep.py": "depth = 1\n",
    "src/parts/middle.py": "from .inner import depth\n",
    "src/parts/alone.py": "",
    "tests/helper.py": "import parts.middle\n",
    "tests/unit/test_middle.py": "from parts.middle import depth\n",
    "tests/unit/test_helped.py": "import helper\n",
    "tests/unit/test_alone.py": "from parts import alone\n",
}


def written(root: Path, changes: Mapping[str, str]) -> Path:
    for name, text in {**FILES, **changes}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def test_nothing_is_affected_where_nothing_differs(tmp_path: Path) -> None:
    assert affected_tests(written(tmp_path / "one", {}), written(tmp_path / "other", {})) == []


def test_who_imports_what_differs_is_affected_by_any_way(tmp_path: Path) -> None:
    root = written(tmp_path / "one", {"src/parts/inner/deep.py": "depth = 2\n"})
    found = affected_tests(root, written(tmp_path / "other", {}))
    assert found == ["tests/unit/test_helped.py", "tests/unit/test_middle.py"]


def test_a_test_that_differs_or_is_new_is_affected(tmp_path: Path) -> None:
    root = written(tmp_path / "one", {"tests/unit/test_alone.py": "import parts\n", "tests/unit/test_new.py": ""})
    found = affected_tests(root, written(tmp_path / "other", {}))
    assert found == ["tests/unit/test_alone.py", "tests/unit/test_new.py"]
