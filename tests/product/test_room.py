"""A room that `nox -s room` prepared: the workshop, from it alone, where there is no network but the machine itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import workshop
from scripts.room import RoomError, prepare
from tests.walks import blocks, walk

from .conftest import ROOT, lacking

pytestmark = pytest.mark.product
#: A network of its own, in which nobody is but the machine itself; and what makes that one answer.
ALONE = ("unshare", "--map-root-user", "--net")
LOOPBACK = """
import fcntl, socket, struct
fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sh", b"lo", 0x41))
"""


@pytest.mark.slow
@pytest.mark.matrix
@pytest.mark.usefixtures("_port_8000")
def test_the_workshop_is_held_in_a_room_without_a_network(tmp_path: Path) -> None:
    if subprocess.run([*ALONE, "true"], capture_output=True, check=False).returncode:
        lacking("No network of its own can be made for a process", "util-linux, and allow user namespaces")
    room, folder = tmp_path / "room", tmp_path / "desk"
    folder.mkdir()
    prepared = [sys.executable, str(ROOT / "scripts" / "room.py"), str(room)]
    done = subprocess.run(prepared, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert " MB. In each terminal: . " in done.stdout

    # Nothing that this machine has downloaded, or is told of where to find it.
    person = {name: value for name, value in workshop.person(folder).items() if not name.startswith(("PIP_", "UV_"))}
    person |= {"PIP_CONFIG_FILE": os.devnull, "UV_NO_CONFIG": "1", "PIP_NO_CACHE_DIR": "1"}
    loopback = f"{sys.executable} -c '{LOOPBACK}'"
    offline = "! curl --silent --max-time 5 https://example.org > /dev/null"
    entered = [loopback, offline, f". {room}/enter.sh", "mlscaffold --version"]
    done = walk(workshop.PAGE, person, folder, within=ALONE, instead={"1. Install": entered})

    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
    _, *hour = blocks(workshop.PAGE, done.stdout)
    other = [f"{each.lines}--- shown\n{each.shown}--- said\n{each.said}" for each in hour if not each.is_as_shown]
    assert not other, "\n".join(other)
    assert (room / "tables" / "tumours.csv").read_bytes() == (folder / "tumours/data/raw/tumours.csv").read_bytes()


@pytest.mark.parametrize(("name", "says"), [("a room", "a space in its name"), ("full", "is not empty")])
def test_a_folder_that_does_not_do_is_refused_before_anything_is_written(tmp_path: Path, name: str, says: str) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").touch()
    with pytest.raises(RoomError, match=says):
        prepare(tmp_path / name, sys.executable)
    assert [path.name for path in tmp_path.rglob("*")] == ["full", "notes.txt"]
