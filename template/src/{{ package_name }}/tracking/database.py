"""The local database of runs, an sqlite file: made whole, moved with its folder, and explained when it cannot be used.

MLflow makes a database in place, statement by statement: of two first runs at once one breaks it, and so does a run that is
stopped. It keeps whole paths: a project that is moved loses its models. Both is mended here, under a lock.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from ..errors import TrackingError

#: Seconds to wait until another run has recorded itself, and until another program ends its transaction.
LOCK_SECONDS = 120.0
BUSY_SECONDS = 15.0
#: Marks the runs that are recorded under the lock: one that is still running when it is free was stopped.
MARK = "recorded_by"
#: Where MLflow keeps places of files.
_PLACES = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
    ("logged_models", "artifact_location"),
)


@contextmanager
def opened(database: Path, mark: str) -> Iterator[str]:
    """MLflow's address of a database that is ready to use; nobody else records in it meanwhile.

    Raises:
        TrackingError: it is of another MLflow, or another run has kept it for too long.
        OSError, sqlite3.Error: it cannot be read or written; `cause_of` explains it.
    """
    from filelock import FileLock, Timeout

    database.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(f"{database}.lock", timeout=LOCK_SECONDS)
    try:
        lock.acquire()
    except Timeout:
        raise TrackingError(
            f"Another run has been recording in {database} for more than {LOCK_SECONDS:g} seconds.",
            "Wait until it ends, or end it, then run the step again.",
        ) from None
    try:
        if not database.exists() or not database.stat().st_size:
            _make(database)
        _prepare(database, mark)
        with _address(database) as uri:
            yield uri
    finally:
        lock.release()


@contextmanager
def _address(database: Path) -> Iterator[str]:
    """SQLAlchemy takes `?` and `%` in a path for something else, and MLflow does not know how to quote them: a link has none."""
    if not {"?", "%"} & set(str(database)):
        yield f"sqlite:///{database}"
        return
    with tempfile.TemporaryDirectory() as folder:
        link = Path(folder) / "mlflow.db"
        link.symlink_to(database)
        yield f"sqlite:///{link}"


def _make(database: Path) -> None:
    """Make the tables beside, and rename: there is never half a database."""
    from mlflow.store.db.utils import _initialize_tables, create_sqlalchemy_engine

    scratch = database.with_name(f"{database.name}.new")
    for left in (scratch, scratch.with_name(f"{scratch.name}-journal")):
        left.unlink(missing_ok=True)
    try:
        with _address(scratch) as uri:
            engine = create_sqlalchemy_engine(uri)  # type: ignore[no-untyped-call]
            try:
                _initialize_tables(engine)  # type: ignore[no-untyped-call]
            finally:
                engine.dispose()
        scratch.replace(database)
    finally:
        scratch.unlink(missing_ok=True)


def _prepare(database: Path, mark: str) -> None:
    """Refuse another schema, follow a move, and close what a stopped run left open: one transaction."""
    with closing(sqlite3.connect(database, timeout=BUSY_SECONDS, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        _require_schema(connection, database)
        _follow_move(connection, database.parent / "mlruns")
        connection.execute(
            "UPDATE runs SET status = 'FAILED', end_time = start_time WHERE status = 'RUNNING'"
            " AND run_uuid IN (SELECT run_uuid FROM tags WHERE key = ? AND value = ?)",
            (MARK, mark),
        )
        connection.execute("COMMIT")


def _require_schema(connection: sqlite3.Connection, database: Path) -> None:
    """Refuse a database that another MLflow wrote, or of which there is only a half."""
    import mlflow
    from alembic.script import ScriptDirectory

    script = ScriptDirectory(str(Path(mlflow.__file__).parent / "store" / "db_migrations"))
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    version = None
    if "alembic_version" in tables:
        version = next((row[0] for row in connection.execute("SELECT version_num FROM alembic_version")), None)
    if version == script.get_current_head():
        return
    kept = [name for name in ("runs", "registered_models") if name in tables]
    if not any(connection.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchone() for name in kept):  # noqa: S608
        raise TrackingError(
            f"{database} has no schema that MLflow {mlflow.__version__} knows, and no run in it.",
            f"Move it away: the next step makes a new one. Or name another file: {SETTING}.",
        )
    if version in {revision.revision for revision in script.walk_revisions()}:
        raise TrackingError(
            f"{database} was written by an older MLflow than {mlflow.__version__} (schema {version}).",
            f"Copy it to a safe place, then run in {database.parent}: mlflow db upgrade sqlite:///{database.name}",
        )
    raise TrackingError(
        f"{database} was written by a newer MLflow than {mlflow.__version__} (schema {version}).",
        f"Install the MLflow that wrote it, or name another file: {SETTING}.",
    )


def _follow_move(connection: sqlite3.Connection, artifacts: Path) -> None:
    """In a moved or copied project new files go to its present place, and old ones are looked for where they are now."""
    here = artifacts.as_uri()
    found = connection.execute(
        "SELECT DISTINCT artifact_location FROM experiments"
        " WHERE artifact_location LIKE 'file:%/mlruns' AND artifact_location <> ?",
        (here,),
    )
    for (old,) in found.fetchall():
        size = len(old)

        def moved(place: str, old: str = old) -> bool:
            return place == old or _is_there(here + place[len(old) :]) or not _is_there(place)

        connection.create_function("moved", 1, moved)
        for table, column in _PLACES:
            connection.execute(
                f"UPDATE {table} SET {column} = ? || substr({column}, ?)"  # noqa: S608
                f" WHERE substr({column} || '/', 1, ?) = ? AND moved({column})",
                (here, size + 1, size + 1, f"{old}/"),
            )


def _is_there(uri: str) -> bool:
    """Whether there is such a file; False where this user may not look."""
    return os.path.exists(path_of(uri))  # noqa: PTH110 - a Path would raise


def path_of(uri: str) -> str:
    """The path of a `file:` address."""
    return url2pathname(urlsplit(uri).path)


SETTING = "MLFLOW_TRACKING_URI in the environment, or tracking.uri in params.yaml"
_FULL = ("the disk is full", "Make room, then run the step again.")
_LOCKED = (
    "another program has it open and is writing",
    "Close it (`mlflow ui`, a notebook, a database browser), then run the step again.",
)
_NO_DATABASE = (
    "the file is no database, or is damaged",
    f"Move it away or bring back a copy of it; or name another file: {SETTING}.",
)
_CLOSED = ("the file or its folder cannot be written", f"Make them writable, or name another place: {SETTING}.")
_BY_NUMBER = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR), _CLOSED),
}
_BY_WORDS = {
    "database or disk is full": _FULL,
    "disk I/O error": (
        "the disk refuses to be read or written",
        "Look at its room, quota and health, then run the step again.",
    ),
    "database is locked": _LOCKED,
    "file is not a database": _NO_DATABASE,
    "disk image is malformed": _NO_DATABASE,
    "readonly database": _CLOSED,
    "unable to open database file": _CLOSED,
}


def cause_of(error: BaseException) -> tuple[str, str] | None:
    """What is wrong with the local database, and what to do; None if the error is about something else."""
    chain: BaseException | None = error
    # SQLAlchemy and MLflow put what the database says behind sentences of their own.
    while chain:
        if isinstance(chain, OSError) and chain.errno in _BY_NUMBER:
            return _BY_NUMBER[chain.errno]
        first = str(chain).partition("\n")[0]
        if found := next((cause for words, cause in _BY_WORDS.items() if words in first), None):
            return found
        chain = chain.__cause__ or chain.__context__
    return None
