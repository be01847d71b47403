"""Predictions in a real PostgreSQL: there once, by the right model, whole or not at all."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import DATA_SIDE, Project, project_environment, ready_project
from .servers import Server, postgresql

pytestmark = [pytest.mark.product, pytest.mark.slow, pytest.mark.xdist_group("sources")]

URL = "postgresql://${DB_USER}:${DB_PASSWORD}@127.0.0.1:${DB_PORT}/postgres"
ASK = """
import json, os, sys
import psycopg
with psycopg.connect(host="127.0.0.1", port=os.environ["DB_PORT"], user=os.environ["DB_USER"],
                     password=os.environ["DB_PASSWORD"], dbname="postgres") as connection:
    answer = connection.execute(sys.argv[1])
    print(json.dumps(answer.fetchall() if answer.description else [], default=str))
"""
#: Ends the process of its argument once it has written some of its batches: each look holds the next batch back, so
#: that a quick run can't be over before it.
END_BETWEEN_BATCHES = """
import os, signal, sys, time
import psycopg
with psycopg.connect(host="127.0.0.1", port=os.environ["DB_PORT"], user=os.environ["DB_USER"],
                     password=os.environ["DB_PASSWORD"], dbname="postgres") as connection:
    while True:
        try:
            connection.execute("LOCK TABLE beforehand_runs IN SHARE MODE")
        except psycopg.errors.UndefinedTable:
            connection.rollback()
            time.sleep(0.01)
            continue
        (done,) = connection.execute("SELECT max(rows_done) FROM beforehand_runs").fetchone()
        if done:
            os.kill(int(sys.argv[1]), signal.SIGKILL)
            break
        connection.rollback()
"""
#: Many rows that look as if `predict` had written them, of which the score is an argument.
MANY = """
import sys
import polars as pl
rows = pl.select(row=pl.int_range(1, 300_001), probability=pl.lit(float(sys.argv[1])))
rows.write_parquet("data/processed/many.parquet")
"""


class Team:
    """A project with predictions, and a database."""

    def __init__(self, project: Project, server: Server) -> None:
        self.project, self.root = project, project.root
        self.variables = {
            **project_environment(project.environment),
            **server.variables,
            "DB_PORT": str(server.port),
        }

    def configure(self, **settings: Any) -> None:
        shop = {"kind": "database", "url": URL, "table": "predictions", "key": ["row"], **settings}
        content = {"format": 1, "destinations": {"shop": shop}}
        (self.root / "configs" / "egress.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")

    def start(self, *command: str, variables: Mapping[str, str] = {}) -> subprocess.Popen[str]:
        program = self.project.environment / "bin" / command[0]
        return subprocess.Popen(
            [program, *command[1:]],
            cwd=self.root,
            env={**self.variables, **variables},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def run(self, *command: str, expected: int = 0, variables: Mapping[str, str] = {}) -> str:
        process = self.start(*command, variables=variables)
        said, _ = process.communicate(timeout=300)
        assert process.returncode == expected, said
        assert "Traceback" not in said
        assert self.variables["DB_PASSWORD"] not in said
        return said

    def egress(self, expected: int = 0, **variables: str) -> str:
        return self.run(self.project.slug, "egress", expected=expected, variables=variables)

    def ask(self, query: str, variables: Mapping[str, str] = {}) -> list[Any]:
        found: list[Any] = json.loads(self.run("python", "-c", ASK, query, variables=variables))
        return found

    def wait_for_insert(self, process: subprocess.Popen[str], variables: Mapping[str, str]) -> None:
        """Wait until rows are being written."""
        busy = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'INSERT%' AND pid <> pg_backend_pid()"
        for _ in range(300):
            assert process.poll() is None, process.communicate()
            if self.ask(busy, variables) != [[0]]:
                return
            time.sleep(0.1)
        pytest.fail("nothing is written")


@pytest.fixture(scope="module")
def team(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    project = ready_project(tmp_path_factory.mktemp("egress"), environment, "egress_demo", DATA_SIDE)
    project.run(project.slug, "pipeline")
    project.run(project.slug, "predict")
    with postgresql() as server:
        yield Team(project, server)


def test_predictions_are_there_once(team: Team) -> None:
    team.configure(table="predictions_once", key=["departs", "origin", "carrier", "flight"])
    said = team.egress()
    (count,) = team.ask("SELECT count(*) FROM predictions_once")
    assert f"shop: {count[0]} rows written to predictions_once\n" in said
    before = team.ask("SELECT * FROM predictions_once ORDER BY row")
    assert f"0 rows written to predictions_once, {count[0]} were there already" in team.egress()
    assert team.ask("SELECT * FROM predictions_once ORDER BY row") == before
    metadata = json.loads((team.root / "reports" / "registered.json").read_text(encoding="utf-8"))
    assert team.ask("SELECT DISTINCT model_version FROM predictions_once") == [[metadata["model_version"]]]
    team.ask("UPDATE predictions_once SET probability = 0.123 WHERE row = 7")
    assert "1 row written" in team.egress()
    mended = team.ask("SELECT * FROM predictions_once ORDER BY row")
    assert [row[:-2] for row in mended] == [row[:-2] for row in before]


def test_rows_and_a_source_with_moments(team: Team) -> None:
    for send, table, key in (
        ("rows", "learnt", ["departs", "origin", "carrier", "flight"]),
        ("weather", "weather", ["origin", "hour_starting"]),
    ):
        team.configure(send=send, table=table, key=key)
        team.egress()
        assert "0 rows written" in team.egress()
    kinds = dict(team.ask("SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'weather'"))
    assert kinds["hour_starting"] == "timestamp without time zone"
    assert kinds["sent_at"] == "timestamp with time zone"


def test_what_goes_wrong_is_said_and_writes_nothing(team: Team) -> None:
    team.configure(table="wrong")
    assert "password authentication failed" in team.egress(expected=1, DB_PASSWORD="not it")  # noqa: S106
    assert "Connection refused" in team.egress(expected=1, DB_PORT="9")
    team.egress()
    before = team.ask("SELECT * FROM wrong ORDER BY row")
    for change, said in (
        ("RENAME COLUMN probability TO score", "there is no column `probability`"),
        ("ALTER COLUMN probability TYPE text", "column `probability` is TEXT, and DOUBLE is sent"),
        ("DROP CONSTRAINT wrong_pkey", "ALTER TABLE wrong ADD UNIQUE (row)"),
        (
            "ADD region text DEFAULT 'x' NOT NULL; ALTER TABLE wrong ALTER region DROP DEFAULT",
            "`region` must have a value",
        ),
        ("ADD CHECK (probability < 0)", "a value is refused (CheckViolation)"),
    ):
        team.ask("DROP TABLE IF EXISTS kept; CREATE TABLE kept (LIKE wrong INCLUDING ALL)")
        team.ask("INSERT INTO kept SELECT * FROM wrong; UPDATE wrong SET probability = -1")
        team.ask(f"ALTER TABLE wrong {change}")
        assert said in team.egress(expected=1)
        team.ask("DROP TABLE wrong; ALTER TABLE kept RENAME TO wrong; ALTER INDEX kept_pkey RENAME TO wrong_pkey")
        assert team.ask("SELECT * FROM wrong ORDER BY row") == before
    team.ask("UPDATE wrong SET probability = -1")
    raised = "BEGIN RAISE EXCEPTION 'nobody knows %', NEW.row; END"
    team.ask(f"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $${raised}$$")
    team.ask("CREATE TRIGGER refuse BEFORE UPDATE ON wrong FOR EACH ROW EXECUTE FUNCTION refuse()")
    said = team.egress(expected=1)
    assert "a value is refused (RaiseException)" in said
    assert "nobody knows" not in said, "what a trigger says can hold values"
    team.ask("DROP TRIGGER refuse ON wrong")
    team.ask("CREATE ROLE reader LOGIN PASSWORD 'another secret'; GRANT SELECT ON wrong TO reader")
    assert "permission denied" in team.egress(expected=1, DB_USER="reader", DB_PASSWORD="another secret")  # noqa: S106


@pytest.mark.parametrize("whom", ["the command", "the server"])
def test_what_is_killed_under_way_is_undone(team: Team, whom: str) -> None:
    with postgresql() as server:
        there: dict[str, Any] = {**server.variables, "DB_PORT": str(server.port)}
        if whom == "the command":
            there = {}
        team.configure(table="many", send="data/processed/many.parquet")
        team.run("python", "-c", MANY, "0.25")
        team.egress(**there)
        team.run("python", "-c", MANY, "0.75")
        process = team.start(team.project.slug, "egress", variables=there)
        team.wait_for_insert(process, there)
        if whom == "the server":
            server.process.send_signal(signal.SIGQUIT)
            said, _ = process.communicate(timeout=60)
            assert process.returncode == 1, said
            assert "Traceback" not in said
            assert f"shop: {URL}: " in said
            return
        process.kill()
        process.communicate()
    assert team.ask("SELECT count(*), min(probability), max(probability) FROM many") == [[300_000, 0.25, 0.25]]
    assert "300000 rows written to many" in team.egress()
    assert team.ask("SELECT count(*), min(probability), max(probability) FROM many") == [[300_000, 0.75, 0.75]]
    for left in (team.root / "data" / "interim" / "egress").glob(".*"):
        subprocess.run(["rm", "-r", left], check=True)


def test_predictions_beforehand_are_kept_once_and_resumed(team: Team) -> None:
    settings = {"format": 1, "url": URL, "table": "beforehand", "batch": 50}
    (team.root / "configs" / "precompute.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    process = team.start(team.project.slug, "precompute", "run")
    team.run("python", "-c", END_BETWEEN_BATCHES, str(process.pid))
    process.communicate()
    (there,) = team.ask("SELECT count(*) FROM beforehand")
    assert 0 < there[0] < 1454, "some of the rows"
    assert there[0] % 50 == 0, "whole batches"
    assert "goes on with run" in team.run(team.project.slug, "precompute", "run")
    assert team.ask(
        "SELECT count(*) FROM beforehand_runs WHERE rows_done = row_count AND finished_at > started_at"
    ) == [[1]]
    team.run(team.project.slug, "predict", "--output", "data/processed/all.parquet")
    team.configure(
        send="data/processed/all.parquet", table="beforehand_all", key=["departs", "origin", "carrier", "flight"]
    )
    team.egress()
    same = "SELECT count(*) FROM beforehand_newest JOIN beforehand_all USING (departs, origin, carrier, flight, "
    same += "probability)"
    assert (
        team.ask(same) == team.ask("SELECT count(*) FROM beforehand_all") == team.ask("SELECT count(*) FROM beforehand")
    )
    before = team.ask("SELECT * FROM beforehand ORDER BY departs, origin, carrier, flight")
    assert " 0 predictions of" in team.run(team.project.slug, "precompute", "run")
    assert team.ask("SELECT * FROM beforehand ORDER BY departs, origin, carrier, flight") == before
    departs, origin, carrier, flight = before[0][:4]
    key = (f"departs={departs}", f"origin={origin}", f"carrier={carrier}", f"flight={flight}")
    answer = json.loads(team.run(team.project.slug, "precompute", "get", *key))
    assert answer["probability"] == before[0][5]
