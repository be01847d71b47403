"""The raw-columns contract: what a model file says about its own inputs and output.

The contract travels inside the ONNX file, so one service serves any model of this project and can
never disagree with the model about names, order, units or the meaning of a label.
"""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Value = float | str | None

# Far above what anybody needs: they keep a file from a stranger from filling the memory and the screen.
MAX_CONTRACT = 1024 * 1024
MAX_COLUMNS = 2000
MAX_NAME = 200
Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, allow_inf_nan=False)


class NumericColumn(_Part):
    """A number; missing is ``null`` in a request and NaN in the graph."""

    kind: Literal["numeric"]
    name: Name
    nullable: bool
    dtype: Literal["float32"] = "float32"
    minimum: float | None = None
    maximum: float | None = None
    description: str = ""
    unit: str | None = None


class CategoricalColumn(_Part):
    """A text; missing is ``null`` in a request and the empty text in the graph."""

    kind: Literal["categorical"]
    name: Name
    nullable: bool
    description: str = ""


Column = Annotated[NumericColumn | CategoricalColumn, Field(discriminator="kind")]


class Output(_Part):
    """What is predicted: a number in ``unit``, or one of two ``labels`` (the second is positive)."""

    name: Name
    unit: str | None = None
    labels: tuple[Name, Name] | None = None
    threshold: float | None = None


class Contract(_Part):
    """Everything a client has to know about a model; ``inputs`` are in the order of the graph."""

    format: Literal[1]
    task: Literal["classification", "regression"]
    inputs: Annotated[tuple[Column, ...], Field(min_length=1, max_length=MAX_COLUMNS, fail_fast=True)]
    output: Output
    example: dict[str, Value]

    @property
    def numeric(self) -> tuple[NumericColumn, ...]:
        """Columns of the graph's ``numeric`` input, in order."""
        return tuple(column for column in self.inputs if isinstance(column, NumericColumn))

    @property
    def categorical(self) -> tuple[CategoricalColumn, ...]:
        """Columns of the graph's ``categorical`` input, in order."""
        return tuple(column for column in self.inputs if isinstance(column, CategoricalColumn))

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [column.name for column in self.inputs]
        if len(set(names)) < len(names):
            message = "two input columns have the same name"
            raise ValueError(message)
        if self.task == "classification" and self.output.labels is None:
            message = "a classification model must name its two labels"
            raise ValueError(message)
        return self
