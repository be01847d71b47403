"""`check --report FORMAT=PATH`: a report goes where a person says, and replaces nothing but a file."""

from __future__ import annotations

import errno
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Machine, begins

OTHER = "what was there\n"


@begins
def project(machine: Machine) -> Path:
    """A project without drift."""
    done = machine.run("new", "demo", "--template", machine.template(), "--defaults")
    assert done.code == 0, done
    return machine.work / "demo"


def kind(path: Path) -> int:
    """What lies at a path itself."""
    return stat.S_IFMT(path.lstat().st_mode)


def outside(project: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """`check` in a process of its own, with descriptors of its own, by way of a shell."""
    words = " ".join(arguments)
    command = f"{sys.executable} -m mlscaffold check {project} {words}"
    return subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, input=stdin)


def test_a_device_stays_a_device(machine: Machine, project: Path) -> None:
    device = machine.work / "null"
    try:
        os.mknod(device, stat.S_IFCHR | 0o666, os.makedev(1, 3))
        device.write_bytes(b"")
    except OSError:
        pytest.skip("making a device is not allowed here: run the tests as root (or with CAP_MKNOD)")
    assert machine.run("check", project, "--report", f"sarif={device}").code == 0
    assert kind(device) == stat.S_IFCHR


def test_a_link_to_a_device_stays_a_link(machine: Machine, project: Path) -> None:
    link = machine.work / "link"
    link.symlink_to("/dev/null")
    assert machine.run("check", project, "--report", f"sarif={link}").code == 0
    assert link.is_symlink()
    assert kind(Path("/dev/null")) == stat.S_IFCHR


def test_a_device_without_room_is_said(machine: Machine, project: Path) -> None:
    link = machine.work / "link"
    link.symlink_to("/dev/full")
    done = machine.run("check", project, "--report", f"sarif={link}")
    done.refused(f"The report cannot be written to {link}: No space left on device", "Name another file")
    assert kind(Path("/dev/full")) == stat.S_IFCHR


def test_a_pipe_is_written_to(machine: Machine, project: Path) -> None:
    pipe = machine.work / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE) as reader:
        assert machine.run("check", project, "--report", f"json={pipe}").code == 0
        assert json.loads(reader.communicate()[0])["findings"] == []
    assert kind(pipe) == stat.S_IFIFO


def test_a_pipe_that_nobody_reads_is_not_waited_for_for_ever(
    machine: Machine, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlscaffold.checking.reports.targets._PATIENCE_SECONDS", 0.1)
    pipe = machine.work / "pipe"
    os.mkfifo(pipe)
    machine.run("check", project, "--report", f"json={pipe}").refused(f"{pipe}: nobody reads this pipe")
    assert kind(pipe) == stat.S_IFIFO


@pytest.mark.parametrize("name", ["socket", "folder"])
def test_what_takes_no_report_is_refused(machine: Machine, project: Path, name: str) -> None:
    place = machine.work / name
    if name == "folder":
        place.mkdir()
    else:
        os.mknod(place, stat.S_IFSOCK | 0o666)
    before = kind(place)
    machine.run("check", project, "--report", f"json={place}").refused(str(place), "Name another file")
    assert kind(place) == before


@pytest.mark.parametrize("exists", [True, False])
def test_a_link_stays_and_its_file_holds_the_report(machine: Machine, project: Path, *, exists: bool) -> None:
    target, link, chain = (machine.work / name for name in ("target", "link", "chain"))
    if exists:
        target.write_text(OTHER)
        target.chmod(0o640)
    link.symlink_to("target")
    chain.symlink_to(link)
    assert machine.run("check", project, "--report", f"json={chain}").code == 0
    assert (chain.is_symlink(), link.is_symlink()) == (True, True)
    assert json.loads(target.read_text())["findings"] == []
    assert not exists or stat.S_IMODE(target.stat().st_mode) == 0o640


def test_links_in_a_circle_are_refused(machine: Machine, project: Path) -> None:
    (machine.work / "a").symlink_to("b")
    (machine.work / "b").symlink_to("a")
    machine.run("check", project, "--report", "json=a").refused("too many links")


def test_another_name_of_a_file_keeps_what_it_had(machine: Machine, project: Path) -> None:
    (machine.work / "a.json").write_text(OTHER)
    (machine.work / "b.json").hardlink_to(machine.work / "a.json")
    assert machine.run("check", project, "--report", "json=a.json").code == 0
    assert (machine.work / "b.json").read_text() == OTHER


def test_a_read_only_file_is_not_replaced(machine: Machine, project: Path) -> None:
    (machine.work / "a.json").write_text(OTHER)
    (machine.work / "a.json").chmod(0o444)
    machine.run("check", project, "--report", "json=a.json").refused("a.json is read only")
    assert (machine.work / "a.json").read_text() == OTHER


def test_a_file_that_can_be_written_and_not_replaced_is_written(
    machine: Machine, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a folder that is closed, or mounted alone into a container."""
    file = machine.work / "a.json"
    file.write_text(OTHER * 1000)

    def refuse(_self: Path, _target: Path) -> Path:
        raise OSError(errno.EBUSY, "Device or resource busy")

    monkeypatch.setattr(Path, "replace", refuse)
    assert machine.run("check", project, "--report", "json=a.json").code == 0
    assert json.loads(file.read_text())["tool"]["name"] == "mlscaffold"


def test_what_a_caller_closed_leads_nowhere(project: Path) -> None:
    command = [sys.executable, "-m", "mlscaffold", "check", str(project)]
    for closed in ("<&-", ">&-", "2>&-", ">&- 2>&- <&-"):
        done = subprocess.run(["sh", "-c", f'"$@" {closed}', "sh", *command], capture_output=True, check=False)
        assert (done.returncode, b"Traceback" in done.stderr) == (0, False), (closed, done)


@pytest.mark.parametrize("path", ["missing/a.json", "file/a.json"])
def test_a_folder_that_is_missing_is_said_before_any_work(machine: Machine, project: Path, path: str) -> None:
    (machine.work / "file").write_text("")
    machine.run("check", project / "nowhere", "--report", f"json={path}").refused("is not a folder")


def system_link(machine: Machine, name: str) -> Path:
    """A link like `/dev/stdout`: a tool that replaces what it is told to write must not reach the machine's own."""
    link = machine.work / name
    link.symlink_to(f"/proc/self/fd/{('stdin', 'stdout', 'stderr').index(name)}")
    return link


def test_what_a_report_says_goes_to_standard_output_however_it_is_spelled(machine: Machine, project: Path) -> None:
    for place in (system_link(machine, "stdout"), "/dev/fd/1", "/proc/self/fd/1"):
        done = outside(project, "--report", f"json={place}")
        assert json.loads(done.stdout)["findings"] == [], done
    assert kind(machine.work / "stdout") == stat.S_IFLNK


def test_a_report_goes_to_an_open_descriptor(machine: Machine, project: Path) -> None:
    (machine.work / "three.json").write_text(OTHER)
    done = outside(project, "--report json=/dev/fd/3 3>>three.json", f"--report sarif={system_link(machine, 'stderr')}")
    assert done.returncode == 0, done
    assert done.stdout.startswith("Clean")
    assert json.loads(done.stderr)["version"] == "2.1.0"
    text = (machine.work / "three.json").read_text()
    assert text.startswith(OTHER)
    assert json.loads(text.removeprefix(OTHER))["findings"] == []


def test_a_descriptor_that_is_not_open_is_said(project: Path) -> None:
    done = outside(project, "--report json=/dev/fd/9")
    assert (done.returncode, "Bad file descriptor" in done.stderr) == (2, True)


def test_a_report_goes_to_a_command_of_the_shell(machine: Machine, project: Path) -> None:
    done = outside(project, "--report json=>(cat > through.json; echo read > done) ; while [ ! -e done ]; do :; done")
    assert done.returncode == 0, done
    assert json.loads((machine.work / "through.json").read_text())["findings"] == []


@pytest.mark.parametrize("other", ["./a", "sub/../a", "link", "hard", "linked-folder/a"])
def test_two_reports_to_one_place_are_refused_however_it_is_spelled(
    machine: Machine, project: Path, other: str
) -> None:
    (machine.work / "sub").mkdir()
    (machine.work / "a").write_text(OTHER)
    (machine.work / "link").symlink_to("a")
    (machine.work / "hard").hardlink_to(machine.work / "a")
    (machine.work / "linked-folder").symlink_to(".")
    machine.run("check", project, "--report", "json=a", "--report", f"sarif={other}").refused("Two reports would go to")
    assert (machine.work / "a").read_text() == OTHER


def test_two_reports_to_standard_output_are_refused_however_it_is_spelled(machine: Machine, project: Path) -> None:
    link = system_link(machine, "stdout")
    done = machine.run("check", project, "--report", "json", "--report", f"sarif={link}")
    done.refused("Two reports would go to standard output")


@pytest.mark.parametrize(
    "path", [".mlscaffold.lock", ".mlscaffold.toml", ".copier-answers.yml", "hello.txt", ".git/config", ".git/new"]
)
@pytest.mark.parametrize("way", ["straight", "link"])
def test_what_is_judged_is_no_place_for_a_report(machine: Machine, project: Path, path: str, way: str) -> None:
    file = project / path
    before = file.read_bytes() if file.exists() else None
    (machine.work / "link").symlink_to(file)
    place = file if way == "straight" else machine.work / "link"
    done = machine.run("check", project, "--report", f"json={place}")
    done.refused(str(place), "Name another file for the report")
    assert (file.read_bytes() if file.exists() else None) == before
    assert machine.git("status", "--porcelain", cwd=project) == ""


@pytest.mark.parametrize("link", ["report.json", "folder/report.json"])
def test_a_link_that_somebody_committed_leads_no_report_out(machine: Machine, project: Path, link: str) -> None:
    """The person says `report.json`; that it is a link, the repository says."""
    private = machine.home / "private"
    private.mkdir()
    (private / "report.json").write_text(OTHER)
    if "/" in link:
        (project / "folder").symlink_to(private)
    else:
        (project / link).symlink_to(private / "report.json")
    machine.run("check", project, "--report", f"json={project / link}").refused("leads out of the repository")
    assert (private / "report.json").read_text() == OTHER


def test_a_report_beside_and_in_the_project(machine: Machine, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    (project / "reports").mkdir()
    for place in ("../a.json", "b.json", "reports/../../c.json", "reports/d.json"):
        assert machine.run("check", "--report", f"json={place}").code == 0
        assert json.loads(Path(place).read_text())["findings"] == []
