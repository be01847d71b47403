"""Names of the built-in template: the default is always usable, and a bad one is refused with the reason."""

from __future__ import annotations

import functools
import keyword
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlscaffold.errors import AnswersError
from mlscaffold.template.answers import resolve_answers
from mlscaffold.template.checkout import Checkout
from mlscaffold.template.source import SourceKind, TemplateSource

from .conftest import ROOT

TAKEN = [
    "class",
    "match",
    "none",
    "true",
    "json",
    "sys",
    "test",
    "distutils",
    "numpy",
    "polars",
    "sklearn",
    "mlflow",
    "onnxruntime",
    "fastapi",
    "pydantic",
    "dvc",
    "con",
    "nul",
    "aux",
    "com1",
    "lpt9",
    "tests",
    "src",
    "data",
    "pip",
]


@functools.cache
def checkout() -> Checkout:
    """The template of the repository, where it stands."""
    source = TemplateSource(kind=SourceKind.FOLDER, url=str(ROOT), location=str(ROOT))
    return Checkout(source=source, lay_out=lambda: ROOT, version="dev", tree="", commit="", notes=())


def answers(folder: str = "demo", **chosen: str) -> Mapping[str, object]:
    """All answers, given some."""
    return resolve_answers(checkout(), folder, given=chosen, suggested={}, ask=None, use_defaults=True).values


def attempt(folder: str = "demo", **chosen: str) -> tuple[Mapping[str, object], str]:
    """All answers, or none and the reason of the refusal."""
    try:
        return answers(folder, **chosen), ""
    except AnswersError as error:
        return {}, error.message


def is_usable(name: str) -> bool:
    """Can be imported, installed and be a file anywhere, and hides nothing."""
    return (
        re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name) is not None
        and not keyword.iskeyword(name)
        and not keyword.issoftkeyword(name)
        and name not in sys.stdlib_module_names
        and name not in TAKEN
    )


@pytest.mark.parametrize("name", TAKEN)
def test_a_taken_name_is_refused_as_an_answer_and_avoided_as_a_default(name: str) -> None:
    with pytest.raises(AnswersError, match=f'"{name}" is taken'):
        answers(package_name=name)
    assert answers(project_name=name)["package_name"] == f"{name}_project"


@pytest.mark.slow
def test_every_library_that_the_project_locks_is_taken() -> None:
    locked = "".join(file.read_text() for file in (ROOT / "template" / "requirements").glob("*.txt"))
    names = {name.lower().replace("-", "_") for name in re.findall(r"^([A-Za-z0-9_-]+)==", locked, re.MULTILINE)}
    assert len(names) > 50
    for name in sorted(names)[:: max(1, len(names) // 40)]:
        with pytest.raises(AnswersError, match="is taken"):
            answers(package_name=name)


@pytest.mark.parametrize("name", sorted(name for name in sys.stdlib_module_names if not name.startswith("_"))[::10])
def test_no_module_of_the_standard_library_is_a_package(name: str) -> None:
    with pytest.raises(AnswersError):
        answers(package_name=name)


@pytest.mark.slow
@settings(max_examples=60)
@given(name=st.text(min_size=1, max_size=60))
def test_whatever_the_project_is_called_its_package_is_usable_or_the_name_refused(name: str) -> None:
    found, refusal = attempt(project_name=name)
    if refusal:
        assert not name.strip() or len(name) > 40 or not name.isprintable(), (name, refusal)
        return
    assert found["project_name"] == name
    assert is_usable(str(found["package_name"])), found


@pytest.mark.slow
@settings(max_examples=40)
@given(name=st.from_regex(r"[a-z][a-z0-9_]{0,45}", fullmatch=True) | st.text(max_size=45))
def test_a_package_name_is_taken_as_it_is_or_refused(name: str) -> None:
    found, refusal = attempt(package_name=name)
    if refusal:
        assert "package_name" in refusal
        return
    assert found["package_name"] == name
    assert is_usable(name)


@pytest.mark.slow
@settings(max_examples=40)
@given(
    folder=st.text(st.characters(exclude_characters="/\0", exclude_categories=("Cs", "Cc")), min_size=1, max_size=60)
)
def test_any_folder_name_gives_a_usable_package_or_a_clear_refusal(folder: str) -> None:
    found, refusal = attempt(Path(folder).name or "demo")
    if refusal:
        assert "project_name" in refusal or "package_name" in refusal
        return
    assert is_usable(str(found["package_name"])), found
