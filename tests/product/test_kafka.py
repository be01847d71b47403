"""Messages of a real broker: each is landed, whatever happens, and the files are a source."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .conftest import Project, project_environment, ready_project
from .servers import Server, kafka

pytestmark = [pytest.mark.product, pytest.mark.slow, pytest.mark.xdist_group("sources")]

#: Sends numbered messages to a topic, of which each tenth is no JSON object, over three partitions.
SEND = """
import asyncio, sys
from faststream.kafka import KafkaBroker
async def main(port, topic, first, last):
    async with KafkaBroker(f"127.0.0.1:{port}", logger=None) as broker:
        for number in range(int(first), int(last)):
            content = {"id": number, "to": {"city": "Köln"}} if number % 10 else b"\\xff no object"
            await broker.publish(content, topic, partition=number % 3)
asyncio.run(main(*sys.argv[1:]))
"""
#: What is landed: number of rows, different messages, different ids, least and greatest id; and dead letters.
ASK = """
import json, sys
from pathlib import Path
import polars as pl
from {package}.data_loaders.parquet import ParquetLoader, ParquetSource
loader = ParquetLoader(ParquetSource(kind="parquet", path=sys.argv[1] + "/"))
rows = pl.concat(loader.load({{"id": "integer"}}, "UTC"))
files = Path(sys.argv[1], "dead_letters").glob("*.jsonl")
dead = {{(letter["partition"], letter["offset"]) for file in files for letter in map(json.loads, file.open())}}
places = rows.select("kafka_partition", "kafka_offset").unique()
print(json.dumps([len(rows), len(places), rows["id"].n_unique(), rows["id"].min(), rows["id"].max(),
                  len(dead), rows["to.city"].unique().to_list()]))
"""


class Topics:
    """A project, and a broker with topics."""

    def __init__(self, project: Project, server: Server) -> None:
        self.project, self.root, self.port = project, project.root, server.port
        self.variables = project_environment(project.environment)

    def configure(self, **settings: Any) -> None:
        server = {"servers": [f"127.0.0.1:{self.port}"], "group": "test", "fields": ["id", "to.city"], **settings}
        content = {"format": 1, "topics": dict.fromkeys(("orders", "killed", "sigint", "sigterm", "nowhere"), server)}
        (self.root / "configs" / "kafka.yaml").write_text(json.dumps(content), encoding="utf-8")

    def send(self, topic: str, first: int, last: int) -> None:
        self.project.run("python", "-c", SEND, str(self.port), topic, str(first), str(last))

    def start(self, topic: str, *options: str) -> subprocess.Popen[str]:
        program = self.project.environment / "bin" / self.project.slug
        return subprocess.Popen(
            [program, "land", topic, *options],
            cwd=self.root,
            env=self.variables,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def land(self, topic: str, expected: int = 0) -> str:
        process = self.start(topic, "--until-idle", "3")
        said, _ = process.communicate(timeout=180)
        assert process.returncode == expected, said
        assert "Traceback" not in said
        return said

    def landed(self, topic: str) -> list[Any]:
        code = ASK.format(package=self.project.slug.replace("-", "_"))
        found: list[Any] = json.loads(self.project.run("python", "-c", code, f"data/raw/{topic}").stdout)
        return found

    def wait_for_files(self, topic: str, process: subprocess.Popen[str]) -> None:
        for _ in range(300):
            assert process.poll() is None, process.communicate()
            if any((self.root / "data" / "raw" / topic).glob("*.parquet")):
                return
            time.sleep(0.2)
        pytest.fail("nothing is landed")


@pytest.fixture(scope="module")
def topics(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Topics]:
    project = ready_project(
        tmp_path_factory.mktemp("kafka"), environment, "kafka_demo", ["preset=workshop", "also=[kafka]"]
    )
    with kafka("orders", "killed", "sigint", "sigterm") as server:
        yield Topics(project, server)


def test_all_messages_are_landed_once_and_the_next_ones_later(topics: Topics) -> None:
    topics.configure(batch_rows=40)
    topics.send("orders", 0, 100)
    assert "90 messages of orders in all, and 10 that are no rows" in topics.land("orders")
    assert topics.landed("orders") == [90, 90, 90, 1, 99, 10, ["Köln"]]
    assert "0 messages of orders in all" in topics.land("orders")
    topics.send("orders", 100, 130)
    assert "27 messages of orders in all, and 3 that are no rows" in topics.land("orders")
    assert topics.landed("orders") == [117, 117, 117, 1, 129, 13, ["Köln"]]
    assert not topics.project.run("git", "status", "--porcelain", "data").stdout


def test_a_consumer_that_is_killed_loses_nothing(topics: Topics) -> None:
    topics.configure(batch_rows=10, batch_seconds=1000)
    topics.send("killed", 0, 200)
    process = topics.start("killed")
    topics.wait_for_files("killed", process)
    process.kill()
    process.communicate()
    topics.land("killed")
    rows, *rest = topics.landed("killed")
    assert rest == [180, 180, 1, 199, 20, ["Köln"]]
    assert rows >= 180


@pytest.mark.parametrize("sign", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.matrix)])
def test_one_that_is_stopped_lands_what_waits(topics: Topics, sign: signal.Signals) -> None:
    topics.configure(batch_seconds=2)
    topic = sign.name.lower()
    process = topics.start(topic)
    topics.send(topic, 0, 50)
    topics.wait_for_files(topic, process)
    topics.send(topic, 50, 100)
    time.sleep(1)
    process.send_signal(sign)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert f"messages of {topic} in all" in said
    topics.land(topic)
    assert topics.landed(topic) == [90, 90, 90, 1, 99, 10, ["Köln"]]


def test_what_is_not_there_is_said(topics: Topics) -> None:
    topics.configure()
    assert "There is no topic nowhere at 127.0.0.1:" in topics.land("nowhere", expected=1)
    topics.configure(servers=["127.0.0.1:9"])
    assert "127.0.0.1:9: " in topics.land("orders", expected=1)


@pytest.mark.matrix
def test_a_broker_that_goes_away_is_no_end_of_the_messages(topics: Topics) -> None:
    with kafka("orders") as server:
        topics.configure(servers=[f"127.0.0.1:{server.port}"], batch_seconds=1000)
        process = topics.start("orders", "--until-idle", "20")
        time.sleep(12)
        server.process.kill()
        said, _ = process.communicate(timeout=180)
    assert process.returncode == 1, said
    assert "Traceback" not in said
