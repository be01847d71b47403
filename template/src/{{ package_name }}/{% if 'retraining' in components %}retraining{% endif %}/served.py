"""Served rows whose outcome is known, as rows of the contract: the prediction log joined with the outcomes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from ..contract.cells import CANONICAL, Form, kinds_of
from ..contract.types import Contract
from ..data_loaders.base import typed
from ..errors import DataError
from ..outcomes.joining import Joining
from ..serving.feedback.labels import Label

#: When a row was served, in UTC. A name with no-break spaces cannot be a column of the contract.
MOMENT = "moment\u00a0of\u00a0prediction"


def unfit(contract: Contract) -> str:
    """Why served rows cannot be learnt from, in words; nothing if they can."""
    if masked := [name for name, column in contract.columns.items() if column.pii]:
        return (
            f"served rows cannot be learnt from: the log masks {_listed(masked)}, since it is personal; "
            "set `rows: sources` in configs/retraining.yaml"
        )
    needed = [name for name in (contract.weight, *contract.protected) if name and name not in contract.columns]
    if needed:
        return (
            f"served rows cannot be learnt from: no request holds {_listed(needed)}, by which rows count or models are "
            "fair; set `rows: sources` in configs/retraining.yaml"
        )
    return ""


def contract_of_served(contract: Contract) -> tuple[Contract, str]:
    """The contract as served rows can keep it, and what is different, in words.

    What no request holds cannot be their key, their group or a slice; their time is the moment of the prediction.
    """
    known = contract.columns.keys()
    key = contract.key if set(contract.key) <= known else ()
    group = contract.group if contract.group in known else None
    slices = tuple(name for name in contract.slices if name in known)
    lost = [
        name for name in dict.fromkeys((*contract.key, contract.group, *contract.slices)) if name and name not in known
    ]
    changed = contract.model_copy(update={"key": key, "group": group, "slices": slices})
    return changed, f"no request holds {_listed(lost)}, so rows are told apart by all that they hold" if lost else ""


def served_rows(contract: Contract, records: Iterable[Mapping[str, Any]], labels: Iterable[Label]) -> pl.DataFrame:
    """Rows with the columns of `contract_of_served`, target and `MOMENT`, in the order in which they were served.

    Of rows with one key the last stays.

    Raises:
        DataError: a value of the log is not of its column's kind.
    """
    served, _ = contract_of_served(contract)
    kinds = kinds_of(served)
    joining = Joining(contract=contract)
    joining.learn(labels)
    found = sorted(joining.matched(records), key=lambda item: str(item[0]["moment"]))
    schema: dict[str, Any] = {name: _as_logged(kind) for name, kind in kinds.items() if name in contract.columns}
    table = pl.DataFrame(
        {name: [record["inputs"].get(name) for record, *_ in found] for name in schema}, schema=schema, strict=False
    )
    target: Any = pl.String if contract.labels else pl.Float64
    moments = pl.Series([str(record["moment"]) for record, *_ in found], dtype=pl.String)
    moment = moments.str.to_datetime(time_unit="us", time_zone="UTC")
    table = table.with_columns(
        pl.Series(served.target.column, [outcome for _, outcome, _ in found], dtype=target, strict=False),
        moment.alias(MOMENT),
    )
    if served.time and served.time not in contract.columns:
        here = moment.dt.convert_time_zone(str(ZoneInfo(contract.time_zone))).dt.replace_time_zone(None)
        table = table.with_columns(here.alias(served.time))
    rows, problems = typed(table, kinds, Form(zone=contract.time_zone))
    if problems:
        said = "\n".join(f"rows of the prediction log: {problem}" for problem in problems)
        raise DataError(said, "They were written under another contract: set `rows: sources`, or move old files away.")
    rows = rows.filter(pl.all_horizontal(pl.col(served.target.column).is_not_null()))
    return rows.unique(list(served.key), keep="last", maintain_order=True) if served.key else rows


def _as_logged(kind: str) -> Any:
    """As JSON has it: moments are texts."""
    return pl.String if kind == "datetime" else CANONICAL[kind]  # type: ignore[index]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
