"""Tables from databases and object storage: PostgreSQL and S3 on loopback, and what goes wrong with them."""

from __future__ import annotations

import resource
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import DATA_SIDE, Project, project_environment, ready_project
from .servers import Server, postgresql, s3

pytestmark = [pytest.mark.product, pytest.mark.slow, pytest.mark.xdist_group("sources")]

POSTGRESQL = "postgresql://${DB_USER}:${DB_PASSWORD}@127.0.0.1:${DB_PORT}/postgres"
ENDPOINT = "http://127.0.0.1:${S3_PORT}"
#: Puts the tables of the example, each column in a type of its own, wherever a source can be.
PUT = """
import os, sys
import polars as pl, s3fs, sqlalchemy as sa
databases = [sa.URL.create("postgresql+psycopg", os.environ["DB_USER"], os.environ["DB_PASSWORD"], "127.0.0.1",
                           int(os.environ["DB_PORT"]), "postgres"), "sqlite:///data/raw/shop.db"]
store = s3fs.S3FileSystem(endpoint_url=f"http://127.0.0.1:{os.environ['S3_PORT']}")
store.mkdir("raw-tables")
for name in sys.argv[1:]:
    table = pl.read_csv(f"data/raw/{name}.csv", infer_schema_length=None, null_values=[""], try_parse_dates=True)
    for database in databases:
        table.write_database(name, sa.create_engine(database), if_table_exists="replace")
    table.write_parquet(f"data/raw/{name}.parquet")
    store.put(f"data/raw/{name}.parquet", f"raw-tables/{name}.parquet")
    for part, start in enumerate(range(0, len(table), 1000)):
        words = pl.read_csv(f"data/raw/{name}.csv", infer_schema=False)
        words[start : start + 1000].write_csv("part.csv")
        store.put("part.csv", f"raw-tables/{name}/part-{part:05}.csv")
os.remove("part.csv")
"""
#: All steps up to one, in one process.
STEPS = """
import sys
from {package}.steps import Project
from {package}.workflow import all_steps, execute
names = [step.name for step in all_steps()]
for step in all_steps()[: names.index(sys.argv[1]) + 1]:
    execute(step, Project())
"""


@pytest.fixture(scope="module")
def database() -> Iterator[Server]:
    with postgresql() as server:
        yield server


@pytest.fixture(scope="module")
def store() -> Iterator[Server]:
    with s3() as server:
        yield server


class Shop:
    """A project whose tables are everywhere."""

    def __init__(self, project: Project, database: Server, store: Server) -> None:
        self.project, self.root = project, project.root
        self.package = project.slug.replace("-", "_")
        self.variables: dict[str, str] = {
            **project_environment(project.environment),
            "AWS_ACCESS_KEY_ID": store.user,
            "AWS_SECRET_ACCESS_KEY": store.password,
            "AWS_DEFAULT_REGION": "us-east-1",
            "DB_USER": database.user,
            "DB_PASSWORD": database.password,
            "DB_PORT": str(database.port),
            "S3_PORT": str(store.port),
        }
        self.csv = yaml.safe_load(self.sources.read_text(encoding="utf-8"))

    @property
    def sources(self) -> Path:
        return self.root / "configs" / "sources.yaml"

    def use(self, **others: Mapping[str, Any]) -> None:
        """Read tables from elsewhere."""
        sources = {name: {**source} for name, source in self.csv["sources"].items()}
        for name, other in others.items():
            kept = {key: value for key, value in sources[name].items() if key not in {"kind", "path"}}
            sources[name] = {**kept, **other}
        self.sources.write_text(yaml.safe_dump({"format": 1, "sources": sources}), encoding="utf-8")

    def start(self, *command: str, **options: Any) -> subprocess.Popen[str]:
        first, *rest = command
        program = self.project.environment / "bin" / first
        return subprocess.Popen(
            [str(program), *rest],
            cwd=self.root,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **{"env": self.variables, **options},
        )

    def run(self, *command: str, expected: int = 0, **options: Any) -> str:
        """What a command says, which ends with a code, without a traceback and the password."""
        process = self.start(*command, **options)
        out, errors = process.communicate(timeout=600)
        assert process.returncode == expected, out + errors
        said = out + errors
        assert "Traceback" not in said
        assert not [secret for secret in ("DB_PASSWORD", "AWS_SECRET_ACCESS_KEY") if self.variables[secret] in said]
        return said

    def steps(self, last: str) -> None:
        """Run all steps up to one."""
        self.run("python", "-c", STEPS.format(package=self.package), last)

    def digests(self, *files: str) -> list[str]:
        return [sha256((self.root / file).read_bytes()).hexdigest() for file in files]

    def tables(self) -> dict[str, str]:
        """Digests of what was ingested."""
        files = sorted((self.root / "data" / "interim" / "tables").glob("*"))
        return {file.name: sha256(file.read_bytes()).hexdigest() for file in files}

    def interim(self) -> list[str]:
        return sorted(file.name for file in (self.root / "data" / "interim").iterdir())


@pytest.fixture(scope="module")
def shop(environment: Path, database: Server, store: Server, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    project = ready_project(tmp_path_factory.mktemp("sources"), environment, "sources_demo", DATA_SIDE)
    shop = Shop(project, database, store)
    shop.run("python", "-c", PUT, *shop.csv["sources"])
    return shop


def sql(name: str) -> dict[str, str]:
    return {"kind": "sql", "url": POSTGRESQL, "table": name}


def sqlite(name: str) -> dict[str, str]:
    return {"kind": "sql", "url": "sqlite:///data/raw/shop.db", "table": name}


def query(name: str) -> dict[str, str]:
    return {"kind": "sql", "url": POSTGRESQL, "query": f"SELECT * FROM {name}"}  # noqa: S608 - a name of this file


def view(name: str) -> dict[str, str]:
    return {**query(name), "view": f"all_{name}"}


def parquet(name: str) -> dict[str, str]:
    return {"kind": "parquet", "path": f"data/raw/{name}.parquet"}


def stored(name: str) -> dict[str, str]:
    url = f"s3://raw-tables/{name}.parquet"
    return {"kind": "object_storage", "url": url, "format": "parquet", "endpoint_url": ENDPOINT}


def parts(name: str) -> dict[str, str]:
    return {"kind": "object_storage", "url": f"s3://raw-tables/{name}/", "format": "csv", "endpoint_url": ENDPOINT}


LEARNT, MODEL = ("data/processed/train.parquet", "data/processed/holdout.parquet"), "models/model.onnx"
Place = Callable[[str], dict[str, str]]


@pytest.fixture(scope="module")
def expected(shop: Shop) -> list[str]:
    """What comes of the csv files: digests of the rows to learn from and to judge by, and of the model."""
    shop.use()
    shop.run(shop.project.slug, "pipeline")
    return shop.digests(*LEARNT, MODEL)


@pytest.mark.parametrize("places", [(sqlite, parts), (view, parquet)])
def test_every_kind_of_source_gives_the_same_rows(shop: Shop, expected: list[str], places: tuple[Place, Place]) -> None:
    shop.use(**{name: place(name) for name, place in zip(shop.csv["sources"], places, strict=True)})
    shop.steps("split")
    assert shop.digests(*LEARNT) == expected[:2]


def test_the_same_model_comes_from_a_database_and_object_storage(shop: Shop, expected: list[str]) -> None:
    first, second = shop.csv["sources"]
    shop.use(**{first: sql(first), second: stored(second)})
    shop.run(shop.project.slug, "pipeline")
    assert shop.digests(*LEARNT, MODEL) == expected


@pytest.mark.matrix
@pytest.mark.parametrize("place", [sqlite, sql, query, view, parquet, stored, parts])
def test_the_same_model_comes_from_each(shop: Shop, expected: list[str], place: Place) -> None:
    shop.use(**{name: place(name) for name in shop.csv["sources"]})
    shop.run(shop.project.slug, "pipeline")
    assert shop.digests(*LEARNT, MODEL) == expected


@pytest.fixture
def ingested(shop: Shop) -> Iterator[dict[str, str]]:
    """Tables that were ingested before something goes wrong, and that nothing half-written replaces."""
    shop.use()
    shop.steps("ingest")
    before = shop.tables()
    yield before
    assert shop.tables() == before


def broken(shop: Shop, *steps: str, **variables: str) -> str:
    """What is said when the last of some steps fails, where nothing stays behind."""
    *fine, last = steps
    for step in fine:
        shop.run(shop.project.slug, step)
    said = shop.run(shop.project.slug, last, expected=1, env={**shop.variables, **variables})
    assert not [name for name in shop.interim() if name.startswith(".")]
    return said


def test_a_wrong_password(shop: Shop, ingested: dict[str, str]) -> None:
    shop.use(flights=sql("flights"))
    said = broken(shop, "fingerprint", DB_PASSWORD="not it")  # noqa: S106
    assert f"{POSTGRESQL}: " in said
    assert "password authentication failed" in said
    shop.use(flights=stored("flights"))
    said = broken(shop, "fingerprint", AWS_SECRET_ACCESS_KEY="not it")  # noqa: S106
    assert "s3://raw-tables/flights.parquet: PermissionError" in said


def test_a_dead_server(shop: Shop, ingested: dict[str, str]) -> None:
    shop.use(flights=sql("flights"))
    assert "Connection refused" in broken(shop, "fingerprint", DB_PORT="9")
    shop.use(flights=stored("flights"))
    begun = time.monotonic()
    assert "See that the store is up" in broken(shop, "fingerprint", S3_PORT="9")
    assert time.monotonic() - begun < 120
    shop.use(flights={**stored("flights"), "url": "s3://no-such-bucket/x.csv"})
    assert "s3://no-such-bucket/x.csv: FileNotFoundError" in broken(shop, "fingerprint")


#: The first batch comes at once, the second never.
STUCK = (
    "SELECT g AS id, CASE WHEN g > 150000 THEN pg_sleep(600)::text END AS pause FROM generate_series(1, 300000) AS g"
)


def until_half_read(shop: Shop, process: subprocess.Popen[str]) -> None:
    """Wait until a part of a table is on the disk."""
    for _ in range(600):
        assert process.poll() is None, process.communicate()
        if any(file.stat().st_size for file in (shop.root / "data" / "interim").glob(".*/**/*.parquet")):
            return
        time.sleep(0.2)
    pytest.fail("nothing is read")


def test_a_server_that_goes_away_while_it_is_read(shop: Shop, ingested: dict[str, str]) -> None:
    with postgresql() as server:
        shop.use(flights={"kind": "sql", "url": POSTGRESQL, "query": STUCK, "key": [], "columns": {}})
        variables = {"DB_PORT": str(server.port), "DB_PASSWORD": server.password}
        ready_for_ingest(shop)
        process = shop.start(shop.project.slug, "ingest", env={**shop.variables, **variables})
        until_half_read(shop, process)
        server.process.send_signal(signal.SIGQUIT)
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 1, errors
    assert "Traceback" not in errors
    assert f"{POSTGRESQL}: " in errors
    assert not [name for name in shop.interim() if name.startswith(".")]


def ready_for_ingest(shop: Shop) -> None:
    """As if the sources had been asked already, which would take as long as reading them."""
    code = """
from {package} import workflow
from {package}.pipelines import fingerprint
from {package}.steps import Project
fingerprint.load_sources = lambda *_: {{}}
workflow.execute(fingerprint.STEP, Project())
"""
    shop.run("python", "-c", code.format(package=shop.package))


def test_a_step_that_is_killed(shop: Shop, ingested: dict[str, str]) -> None:
    shop.use(flights={"kind": "sql", "url": POSTGRESQL, "query": STUCK, "key": [], "columns": {}})
    ready_for_ingest(shop)
    process = shop.start(shop.project.slug, "ingest")
    until_half_read(shop, process)
    process.kill()
    process.communicate()
    assert shop.tables() == ingested
    shop.use()
    shop.steps("ingest")
    assert not [name for name in shop.interim() if name.startswith(".")], "the next run removes what was begun"


@pytest.mark.parametrize("place", [stored, sql])
def test_a_disk_that_takes_no_more(shop: Shop, ingested: dict[str, str], place: Place) -> None:
    shop.use(flights=place("flights"))
    shop.run(shop.project.slug, "fingerprint")

    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))

    said = shop.run(shop.project.slug, "ingest", expected=1, preexec_fn=small)
    assert "cannot be written" in said
    assert not [name for name in shop.interim() if name.startswith(".")]


def ask(shop: Shop, statement: str) -> None:
    """Run a statement in PostgreSQL."""
    code = """
import os, sys
import psycopg
with psycopg.connect(host="127.0.0.1", port=os.environ["DB_PORT"], user=os.environ["DB_USER"],
                     password=os.environ["DB_PASSWORD"], dbname="postgres") as connection:
    connection.execute(sys.argv[1])
"""
    shop.run("python", "-c", code, statement)


def test_a_schema_that_changes_between_fingerprint_and_reading(shop: Shop, ingested: dict[str, str]) -> None:
    ask(shop, "DROP TABLE IF EXISTS changing; CREATE TABLE changing AS SELECT * FROM flights")
    shop.use(flights={**sql("changing"), "schema": {"arr_delay": "minutes after plan"}})
    shop.run(shop.project.slug, "fingerprint")
    ask(shop, "ALTER TABLE changing ALTER arr_delay TYPE text USING CASE WHEN arr_delay > 60 THEN 'late' END")
    assert "column `arr_delay`: not a number in lines" in broken(shop, "ingest")
    ask(shop, "ALTER TABLE changing DROP COLUMN carrier")
    assert 'column "carrier" does not exist' in broken(shop, "ingest")


def test_a_column_of_the_schema_that_is_gone(shop: Shop) -> None:
    ask(shop, "DROP TABLE IF EXISTS changing; CREATE TABLE changing AS SELECT * FROM flights")
    shop.use(flights={**sql("changing"), "schema": {"arr_delay": "minutes after plan"}, "owner": "Ada"})
    shop.run(shop.project.slug, "fingerprint")
    ask(shop, "ALTER TABLE changing RENAME COLUMN arr_delay TO delay")
    said = broken(shop, "ingest", "validate")
    assert "column `arr_delay`: it is not there, but in the schema of its source (owner: Ada)" in said


#: Loads a source of `configs/sources.yaml` and prints what a person would look at, and how much memory it took.
LOAD = """
import resource, sys
from pathlib import Path
from {package}.data_loaders.sources import load_sources
loader = load_sources(Path("configs/sources.yaml"), Path())["flights"]
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
parts = rows = 0
for part in loader.batches():
    parts, rows = parts + 1, rows + len(part)
print(part.columns[1:], part.tail(1).rows()[0][1:], parts, rows)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def load(shop: Shop, **source: Any) -> list[str]:
    shop.use(flights={"kind": "sql", "url": POSTGRESQL, "key": [], "columns": {}, **source})
    return shop.run("python", "-c", LOAD.format(package=shop.package)).splitlines()


def test_nothing_is_written_but_a_view(shop: Shop, ingested: dict[str, str]) -> None:
    ask(shop, "DROP SEQUENCE IF EXISTS counter; CREATE SEQUENCE counter")
    for query, said in (
        ("DELETE FROM flights RETURNING *", "syntax error"),
        ("SELECT nextval('counter')", "cannot execute nextval() in a read-only transaction"),
    ):
        shop.use(flights={"kind": "sql", "url": POSTGRESQL, "query": query, "key": [], "columns": {}})
        assert said in broken(shop, "fingerprint")
    for columns in ("carrier, flight", "arr_delay"):
        columns_of = load(shop, view="few", query=f"SELECT {columns} FROM flights")[0]  # noqa: S608
        assert columns_of.startswith(str(columns.split(", ")))
    ask(shop, "CREATE VIEW built_on_it AS SELECT * FROM few")
    shop.use(flights={**view("flights"), "view": "few"})
    assert "cannot drop view few because other objects depend on it" in broken(shop, "fingerprint")
    ask(shop, "DROP VIEW built_on_it")


def test_values_of_every_type(shop: Shop) -> None:
    values = {
        "1::smallint": 1,
        "1.50::numeric(10,2)": 1.5,
        "'NaN'::float8": None,
        "true": True,
        "' '::text": None,
        "NULL::int": None,
        "'{\"a\": [1]}'::jsonb": '{"a": [1]}',
        "'{1,2}'::int[]": "[1, 2]",
        "'6f1c39f8-6b4d-4f6b-9d0e-0c4b0c1d2e3f'::uuid": "6f1c39f8-6b4d-4f6b-9d0e-0c4b0c1d2e3f",
        "'10.0.0.1'::inet": "10.0.0.1",
        "'%s :x'::varchar": "%s :x",
    }
    listed = ", ".join(f"{value} AS c{number}" for number, value in enumerate(values))
    assert str(tuple(values.values())) in load(shop, query=f"SELECT {listed};")[0]
    zoned = "SELECT '2024-07-01 12:00+02'::timestamptz AS at, '2024-07-01'::date AS day"
    assert "datetime.datetime(2024, 7, 1, 10, 0, tzinfo=zoneinfo.ZoneInfo(key='UTC'))" in load(shop, query=zoned)[0]


def test_a_large_table_comes_in_parts(shop: Shop) -> None:
    row = "g AS id, g / 7.0 AS x, 'a word that is not short' || g AS word, now() AS at, g % 2 = 0 AS even"
    said, grown = load(shop, query=f"SELECT {row} FROM generate_series(1, 1500000) AS g")  # noqa: S608
    assert said.endswith(" 30 1500000")
    assert int(grown) < 300, "MiB"
