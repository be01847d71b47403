"""JSON Schemas of the configuration files, by which editors explain keys and show mistakes.

They stand in configs/*.schema.json. After a change of the types: `python -c "from PACKAGE.contract.schema import write_schemas;
write_schemas()"`, with the package's name.
"""

from __future__ import annotations

import json
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, create_model

from ..contract.types import Contract, Section
from ..data_loaders.sources import loader_kinds


def contract_schema() -> dict[str, Any]:
    """Of configs/contract.yaml."""
    return Contract.model_json_schema()


def sources_schema() -> dict[str, Any]:
    """Of configs/sources.yaml, with every kind of source that there is."""
    kinds: Any = reduce(or_, (offer.settings for offer in loader_kinds().values()))
    tables = dict[str, Annotated[kinds, Field(description="How a table is read, by its kind.")]]
    fields: dict[str, Any] = {"format": (Literal[1], ...), "sources": (tables, Field(description="Tables by name."))}
    return create_model(
        "Sources", __base__=Section, __doc__="Where the raw tables come from.", **fields
    ).model_json_schema()


def write_schemas() -> None:
    """Write both, in the project's folder."""
    for name, schema in (("contract", contract_schema()), ("sources", sources_schema())):
        text = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        Path(f"configs/{name}.schema.json").write_text(text, encoding="utf-8")
