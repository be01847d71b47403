"""Transformers of numbers inside the model: chains of them by column and for all that models see, set in params.yaml.

All are learnt from training rows alone, within each fold, and become a part of the exported graph. A missing number stays
missing for those that do not say otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ValidationError
from sklearn.pipeline import Pipeline

from ..configuration import load, refused
from ..contract.types import Contract, Section
from ..discovery import discover
from ..predictor.encoding import Layout
from ..problems import listed
from ..settings import Chain, Features
from ..tasks.base import Task

#: Stands for every number and integer column of the contract that is not named.
EVERY = "*"
Where = Literal["columns", "all"]
Makes = Literal["number", "scaled", "indicators", "beside"]


@dataclass(frozen=True, kw_only=True)
class Transformer:
    """What a file below features/ offers: a step of a chain.

    Args:
        name: what stands in params.yaml.
        settings: what can stand behind the name.
        build: from its settings to an untrained scikit-learn transformer of float32 [N, n], which export can convert.
        exact: it computes the same in float32 wherever it runs, so that trees, which compare, may have it; a chain ends
            for them before the first that is not. Linear models have all.
        where: a step of `features.columns`, or of `features.all`.
        makes: `number`: one for each; `scaled`: the same, and they need no other scale; `indicators`: 0 and 1 instead of
            each, so it is the last; `beside`: indicators that stand beside the number, which goes on unchanged.
    """

    name: str
    settings: type[Section]
    build: Callable[[Any, Task], Any]
    exact: bool
    where: Where = "columns"
    makes: Makes = "number"


@dataclass(frozen=True)
class Link:
    """A transformer and its settings."""

    transformer: Transformer
    options: Section

    def step(self, task: Task) -> tuple[str, Any]:
        """A step of a scikit-learn Pipeline, untrained."""
        return f"set_{self.transformer.name}", self.transformer.build(self.options, task)


#: Chains, each with the places of the columns that have it.
Chains = Sequence[tuple[tuple[Link, ...], list[int]]]


def chain(said: Sequence[Any], where: Where) -> tuple[Link, ...]:
    """The steps that a list in params.yaml says.

    Raises:
        ValueError: one is not known, wrongly set, there twice, or behind what makes indicators.
    """
    links = tuple(_link(item, where) for item in said)
    names = [link.transformer.name for link in links]
    if twice := [name for place, name in enumerate(names) if name in names[:place]]:
        raise ValueError(f"`{twice[0]}` is there twice")
    if early := [link.transformer.name for link in links[:-1] if link.transformer.makes == "indicators"]:
        raise ValueError(f"`{early[0]}` makes indicators of a number, so nothing can stand behind it")
    return links


def _link(said: Any, where: Where) -> Link:
    offers = {name: item for name, item in discover("features", Transformer).items() if item.where == where}
    name, options = next(iter(said.items())) if isinstance(said, dict) and len(said) == 1 else (str(said), {})
    if name not in offers:
        there = (
            f"there are {', '.join(sorted(offers))}" if offers else "there are none without the component `wrangling`"
        )
        raise ValueError(f"there is no transformer `{name}` for features.{where}; {there}")
    try:
        return Link(offers[name], offers[name].settings.model_validate({} if options is None else options))
    except ValidationError as error:
        wrong = [".".join(map(str, (name, *item["loc"]))) + f": {item['msg']}" for item in error.errors()]
        raise ValueError("; ".join(wrong).replace("Value error, ", "").replace("Extra inputs are", "it is")) from None


def _checked(where: Where) -> AfterValidator:
    """A list that is a chain, as it is said."""
    return AfterValidator(lambda said: (chain(said, where), said)[1])


class _Chains(Features):
    columns: dict[str, Annotated[Chain, _checked("columns")]] = {}  # noqa: RUF012
    all: Annotated[Chain, _checked("all")] = ()


def load_features(params: Path, contract: Contract, layout: Layout) -> Features:
    """The section `features` with every chain under the names of its columns, so that `*` is none of them.

    Raises:
        SettingsError: a transformer is unknown or wrongly set, or a column is no number; names the line.
    """
    features = load(params, _Chains, at=("features",))
    for name in features.columns.keys() - {EVERY, *layout.numbers}:
        said = f"the contract has no number of that name; it has {listed(layout.numbers)}"
        raise refused(params, ("features", "columns", name), said)
    numbers = [name for name, column in contract.columns.items() if column.kind in {"number", "integer"}]
    every = dict.fromkeys(numbers, features.columns.get(EVERY, ()))
    return features.model_copy(update={"columns": every | features.columns})


def chained(layout: Layout, features: Features) -> Chains:
    """Each chain with the places of the numbers that have it, those of one chain together; without those that have none."""
    groups: dict[str, tuple[Sequence[Any], list[int]]] = {}
    for place, name in enumerate(layout.numbers):
        if said := features.columns.get(name):
            groups.setdefault(repr(said), (said, []))[1].append(place)
    return [(chain(said, "columns"), places) for said, places in groups.values()]


def exact(links: Sequence[Link]) -> tuple[Link, ...]:
    """The part of a chain that trees may have."""
    return tuple(takewhile(lambda link: link.transformer.exact, links))


def parts_of(
    chains: Chains, task: Task, behind: Callable[[Makes], list[tuple[str, Any]]] = lambda _: []
) -> Iterator[tuple[str, Any, list[int]]]:
    """Chains as parts of a ColumnTransformer, untrained: what a number becomes, and indicators beside it.

    Args:
        chains: each with the places of its columns.
        task: what is predicted.
        behind: the steps behind a chain, by what its last transformer makes.
    """
    for number, (links, places) in enumerate(chains):
        through = [link for link in links if link.transformer.makes != "beside"]
        steps = [link.step(task) for link in through]
        steps += behind(through[-1].transformer.makes if through else "number")
        yield f"numbers{number}", Pipeline(steps) if steps else "passthrough", places
        for place, link in enumerate(links):
            if link.transformer.makes == "beside":
                before = [earlier.step(task) for earlier in links[:place] if earlier in through]
                yield f"{link.transformer.name}{number}", Pipeline([*before, link.step(task)]), places


def followed(encoders: Any, links: Sequence[Link], task: Task) -> Any:
    """Encoders with the chain of `features.all` behind them."""
    return Pipeline([("encode", encoders), *(link.step(task) for link in links)]) if links else encoders
