"""The store gives files of a render the ids that git would give them in the project, with or without git's help."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from mlscaffold.files.entry import entry_of
from mlscaffold.git.location import located
from mlscaffold.git.store import open_store

CONTENTS = {
    "a.txt": b"\xe9ne\ntwo\n",
    "b.txt": b"one\r\ntwo\r\n",
    "c.txt": b"$Id: something $\n",
    "d.bin": b"\0\r\n\0",
    "sub/e.txt": b"e\n",
    "sub/.gitattributes": b"*.txt ident\n",
}


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
@pytest.mark.parametrize("write", [False, True], ids=["told", "kept"])
@pytest.mark.parametrize(
    "attributes",
    [
        "",
        "* text=auto\n",
        "*.txt text eol=crlf\n",
        "*.txt ident\n",
        "*.txt filter=upper\n",
        "*.txt filter=nowhere\n",
        "a.txt working-tree-encoding=ISO-8859-1\n",
        "[attr]mine ident\n*.txt mine\n",
    ],
)
def test_ids_of_a_render_are_those_that_git_gives_in_the_project(
    tmp_path: Path, attributes: str, write: bool, algorithm: str
) -> None:
    project, made = tmp_path / "project", tmp_path / "made"
    project.mkdir()
    git(project, "init", "-q", f"--object-format={algorithm}")
    git(project, "config", "filter.upper.clean", "tr a-z A-Z")
    (project / ".gitattributes").write_text(attributes)
    for path, content in CONTENTS.items():
        (made / path).parent.mkdir(parents=True, exist_ok=True)
        (made / path).write_bytes(content)
    store = open_store(located(project), tmp_path / "store")
    entries = store.entries(made, {path: entry_of(made / path) for path in CONTENTS}, write=write)
    for path, content in CONTENTS.items():
        # The attributes that come with the render are not the project's yet.
        if not path.endswith(".gitattributes"):
            (project / path).parent.mkdir(exist_ok=True)
            (project / path).write_bytes(content)
    expected = {path: git(project, "hash-object", path) for path in CONTENTS if not path.endswith(".gitattributes")}
    assert {path: entries[path].blob for path in expected} == expected
    if write:
        assert store.read([entries["a.txt"].blob, entries["sub/.gitattributes"].blob])
