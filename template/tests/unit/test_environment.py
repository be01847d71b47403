"""The environment for conda is that of requirements/: the same files, and none forgotten."""

from __future__ import annotations

from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]


def test_the_environment_names_every_locked_file_that_a_developer_has() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    plain = [item for item in environment["dependencies"] if isinstance(item, str)]
    (pip,) = (item["pip"] for item in environment["dependencies"] if isinstance(item, dict))
    assert "pip" in plain
    assert any(item.startswith("python=3.") for item in plain)
    named = {item.removeprefix("-r ") for item in pip}
    components = {path.relative_to(ROOT).as_posix() for path in (ROOT / "requirements/components").glob("*.txt")}
    assert named == {"requirements/dev.txt", "requirements/tools.txt", *components}
    for name in named:
        assert "--hash=sha256:" in (ROOT / name).read_text(encoding="utf-8")
