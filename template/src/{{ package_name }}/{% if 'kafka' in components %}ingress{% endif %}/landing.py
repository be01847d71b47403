"""Messages as files: one parquet file a partition and micro-batch, and what is no JSON object beside them, as it came."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from ..artifacts import whole, write_table

#: Columns that say which message a row was: no other has the same partition and offset.
PARTITION, OFFSET, WRITTEN = "kafka_partition", "kafka_offset", "kafka_timestamp"
DEAD = "dead_letters"


@dataclass(frozen=True)
class Message:
    """A message of a topic.

    Args:
        timestamp: milliseconds since 1970, as its writer or the broker says.
        value: its content; None for one that says that something is gone.
    """

    partition: int
    offset: int
    timestamp: int
    value: bytes | None


@dataclass(frozen=True)
class DeadLetter:
    """A message that is no row: its content is text, or base64 if it is none."""

    partition: int
    offset: int
    timestamp: int
    why: str
    text: str | None
    base64: str | None


def land(folder: Path, messages: Sequence[Message], fields: Iterable[str]) -> int:
    """Write the messages of one partition, in their order; returns how many were no rows.

    Files are called by partition and first offset, so that the same messages replace what was written of them before.

    Raises:
        DataError: a file cannot be written.
    """
    columns, rows, dead = tuple(fields), [], []
    for message in messages:
        try:
            rows.append(_row(message, columns))
        except (ValueError, RecursionError) as error:
            dead.append(_dead_letter(message, error))
    _hide(folder)
    if dead:
        with whole(folder / DEAD / f"{_name(dead[0].partition, dead[0].offset)}.jsonl") as place:
            lines = [json.dumps(asdict(letter), ensure_ascii=False) for letter in dead]
            place.write_text("\n".join([*lines, ""]), encoding="utf-8")
    if rows:
        own = {PARTITION: pl.Int32(), OFFSET: pl.Int64(), WRITTEN: pl.Datetime("ms")}
        table = pl.DataFrame(rows, schema=own | dict.fromkeys(columns, pl.String()), orient="row")
        with whole(folder / f"{_name(rows[0][0], rows[0][1])}.parquet") as place:
            write_table(place, table)
    return len(dead)


def _hide(folder: Path) -> None:
    """Keep out of git what other systems keep, and what may be personal."""
    if not (ignored := folder / ".gitignore").exists():
        with whole(ignored) as place:
            place.write_text("*\n", encoding="utf-8")


def _name(partition: int, offset: int) -> str:
    return f"{partition:05}-{offset:020}"


def _row(message: Message, fields: Iterable[str]) -> tuple[Any, ...]:
    """A row [columns]; raises `ValueError` or `RecursionError` if the message is none."""
    if message.value is None:
        raise ValueError("it has no content")
    record = json.loads(message.value.decode("utf-8"), parse_float=Decimal, parse_constant=lambda _: None)
    if not isinstance(record, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004 - its content is wrong
    texts = [_text(_at(record, name)) for name in fields]
    for text in texts:
        # JSON can name halves of signs, which are no text.
        (text or "").encode("utf-8")
    return (message.partition, message.offset, message.timestamp, *texts)


def _at(record: dict[str, Any], name: str) -> Any:
    if name in record:
        return record[name]
    first, _, rest = name.partition(".")
    inner = record.get(first)
    return _at(inner, rest) if rest and isinstance(inner, dict) else None


def _text(value: Any) -> str | None:
    """A value as it is written; what is in others stays JSON."""
    match value:
        case None | str():
            return value
        case Decimal():
            return str(value)
    return json.dumps(value, ensure_ascii=False, default=float)


def _dead_letter(message: Message, error: Exception) -> DeadLetter:
    why = "it is no JSON" if isinstance(error, json.JSONDecodeError | RecursionError) else str(error)
    text, packed = None, None
    try:
        text = None if message.value is None else message.value.decode("utf-8")
    except UnicodeDecodeError:
        why, packed = "it is no text", base64.b64encode(message.value or b"").decode()
    if isinstance(error, UnicodeEncodeError):
        why = "it names halves of signs"
    return DeadLetter(message.partition, message.offset, message.timestamp, why, text, packed)
