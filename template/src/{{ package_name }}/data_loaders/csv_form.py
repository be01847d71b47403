"""What configs/sources.yaml says about how csv is written."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from ..contract.cells import shape_of
from ..contract.types import Names, Section, Word
from .base import FileSource

#: What programs write for a value that is not there. "-", "?" and "." are words for it, too, but also categories and grades.
MISSING = ("NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NULL", "null", "None")


def _one_sign(text: str) -> str:
    text = {"tab": "\t", "\\t": "\t"}.get(text, text)
    if len(text) != 1 or not text.isascii() or text.isalnum() or text in "\"'.\r\n\0":
        raise ValueError('one sign is expected: "," or ";" or "|" or tab or a blank')
    return text


def _codec(name: str) -> str:
    try:
        "a".encode(name).decode(name)
    except (LookupError, UnicodeError):
        raise ValueError("no such encoding; utf-8, utf-16, cp1252, latin-1, gb18030 are some") from None
    return name


def _pattern(pattern: str) -> str:
    shape_of(pattern)
    return pattern


class CsvForm(Section):
    """How csv is written, wherever it comes from."""

    separator: Annotated[
        str,
        AfterValidator(_one_sign),
        Field(description="Between values; tab is a word for one, and one blank stands for any number."),
    ] = ","
    decimal: Annotated[Literal[".", ","], Field(description="Between a number and its decimals.")] = "."
    encoding: Annotated[str, AfterValidator(_codec), Field(description="A byte order mark goes before it.")] = "utf-8"
    quote: Annotated[Literal["double", "single", "none"], Field(description="Around values.")] = "double"
    missing: Annotated[tuple[Word, ...], Field(strict=False, description="Words for no value.")] = MISSING
    dates: Annotated[
        tuple[Annotated[str, AfterValidator(_pattern)], ...],
        BeforeValidator(lambda value: [value] if isinstance(value, str) else value),
        Field(
            strict=False,
            description='How dates are written, if not as 2024-01-31: "%d.%m.%Y"; the first pattern that fits is taken.',
            json_schema_extra={"type": ["array", "string"]},
        ),
    ] = ()
    header: Annotated[int, Field(ge=0, description="The line of the names; 0 if there is none.")] = 1
    names: Annotated[Names, Field(description="Names of all columns, instead of those in the file.")] = ()
    comment: Annotated[str, Field(pattern=r"^[!-~]?$", description="Lines that begin with it are no rows.")] = ""
    multiline: Annotated[bool, Field(description="Quoted values over several lines may look like rows.")] = False

    def source(self, file: Path) -> CsvSource:
        """The settings by which a file is read that is written so."""
        form = {name: getattr(self, name) for name in CsvForm.model_fields}
        return CsvSource(kind="csv", path=str(file), **form)


class CsvSource(FileSource, CsvForm):
    """A csv file, packed with gzip or not."""

    kind: Literal["csv"]
