"""Where the reports of a run lie: a folder, a commit of git, or a run of MLflow; and which commit is checked out."""

from __future__ import annotations

import io
import platform
import re
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import SettingsError
from ..steps import Project
from ..tracking.git import ask, commit_of

#: What of a run is looked at.
KEPT = ("reports", "configs/contract.yaml")
SHORT = 12


@contextmanager
def folder_of(word: str, project: Project) -> Iterator[Path]:
    """The folder of a project in which a run's reports lie, for as long as the block lasts.

    Raises:
        SettingsError: there is no such run.
        TrackingError: MLflow cannot be asked.
    """
    if (path := Path(word)).is_dir():
        yield path.resolve().parent if path.resolve().name == "reports" else path
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        if re.fullmatch("[0-9a-f]{32}", word):
            from ..tracking.runs import fetch

            fetch(project.settings.tracking, word, project.root, folder)
        elif (commit := ask(project.root, "rev-parse", "--verify", "--quiet", f"{word}^{{commit}}")) is not None:
            _unpack(project.root, commit.decode().strip(), folder)
        if not (folder / "reports").is_dir():
            raise SettingsError(
                f"`{word}` is no run: no folder with reports, no commit that has some, and no run of MLflow.",
                "Name two of these: a project's folder, a commit or tag, or the 32 letters of a run's id.",
            )
        yield folder


def environment_of(root: Path) -> dict[str, str]:
    """The commit that is checked out, and whether it was edited since; the versions of Python and of the machine's kind."""
    known = {"Python": platform.python_version(), "machine": f"{platform.system()} {platform.machine()}"}
    if (commit := commit_of(root)) is None:
        return known
    return {"commit": commit.digest[:SHORT] + (", with edits that are not committed" if commit.edited else ""), **known}


def _unpack(root: Path, commit: str, folder: Path) -> None:
    """What a commit has of reports and contract."""
    for name in KEPT:
        if (content := ask(root, "archive", "--format=tar", commit, name)) is not None:
            with tarfile.open(fileobj=io.BytesIO(content)) as archive:
                archive.extractall(folder, filter="data")
