"""Whatever is written in the three documents: nothing is lost, doubled or made up."""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from mlscaffold.documents.formats import Format, format_of
from mlscaffold.merge import merge_contents
from mlscaffold.merge.sides import FileSides
from mlscaffold.merge.structured import documents_of
from mlscaffold.merge.weave import weave


def format_named(name: str) -> Format:
    form = format_of(f"a.{name}")
    assert form is not None
    return form


FORMS = st.sampled_from(["json", "toml", "yaml"])
KEYS = st.sampled_from(["a", "b", "c", "d-e", "f_g", "image", "rules"])
WORDS = st.sampled_from(
    ["x", "two words", "# no comment", "key: value", '[table]"', "it's", "1", "true", "é", "a, b", ""]
)
SCALARS = WORDS | st.integers(0, 9) | st.booleans()
LISTS = st.lists(st.integers(0, 9).map("item-{}".format), max_size=4, unique=True)
TREES: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    KEYS,
    st.recursive(SCALARS | LISTS, lambda inner: st.dictionaries(KEYS, inner, max_size=3), max_leaves=6),
    min_size=1,
)


def written_as(form: str, tree: dict[str, Any], *, flow: bool = False) -> str:
    """A document with a comment above each key of the top, where the format has comments."""
    if form == "json":
        return json.dumps(tree, indent=None if flow else 2, ensure_ascii=False) + "\n"
    if form == "toml":
        return toml(tree, flow=flow)
    return "".join(f"# of {key}\n{yaml_item(key, value, flow=flow)}" for key, value in tree.items())


def yaml_item(key: str, value: Any, *, flow: bool) -> str:
    if flow:
        return f"{key}: {json.dumps(value, ensure_ascii=False)}\n"
    return yaml.safe_dump({key: value}, sort_keys=False, allow_unicode=True, default_flow_style=False)


def toml(tree: dict[str, Any], *, flow: bool) -> str:
    tables = {key: value for key, value in tree.items() if isinstance(value, dict) and not flow}
    items = [f"# of {key}\n{key} = {toml_value(value)}\n" for key, value in tree.items() if key not in tables]
    return "".join(items) + "".join(
        f"\n# of {key}\n[{key}]\n" + "".join(f"{name} = {toml_value(value)}\n" for name, value in table.items())
        for key, table in tables.items()
    )


def toml_value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml_value(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[\n" + "".join(f"  {toml_value(item)},  # {item}\n" for item in value) + "]" if value else "[]"
    return json.dumps(value, ensure_ascii=False)


def read(form: str, text: str) -> Any:
    readers: dict[str, Callable[[str], Any]] = {"json": json.loads, "toml": tomllib.loads, "yaml": yaml.safe_load}
    return readers[form](text)


def merged(form: str, base: str, mine: str, theirs: str) -> str | None:
    documents = documents_of(f"a.{form}", FileSides(base=base.encode(), mine=mine.encode(), theirs=theirs.encode()))
    found = documents and documents.merged()
    return found.mine.decode() if found and found.is_complete else None


def opened(form: str, *sides: str) -> list[str] | None:
    base, mine, theirs = (side.encode() for side in sides)
    documents = documents_of(f"a.{form}", FileSides(base=base, mine=mine, theirs=theirs))
    found = documents and documents.merged()
    return [side.decode() for side in (found.base, found.mine, found.theirs)] if found else None


def comments(text: str) -> Counter[str]:
    return Counter(line.strip() for line in text.splitlines() if line.startswith("# of "))


@given(FORMS, TREES, st.booleans())
def test_every_byte_of_a_document_is_in_its_tree(form: str, tree: dict[str, Any], flow: bool) -> None:
    text = written_as(form, tree, flow=flow)
    assume(read(form, text) == tree)
    assert format_named(form).tree(text).text == text


@given(FORMS, TREES, TREES)
def test_one_side_alone_decides(form: str, base: dict[str, Any], other: dict[str, Any]) -> None:
    before, after = written_as(form, base), written_as(form, other)
    assert merged(form, before, after, before) == after
    assert merged(form, before, before, after) == after
    assert merged(form, before, after, after) == after


@given(FORMS, TREES, st.data(), st.booleans())
def test_values_of_different_keys(form: str, base: dict[str, Any], data: st.DataObject, flow: bool) -> None:
    here = data.draw(st.sets(st.sampled_from(sorted(base))))
    mine, theirs = dict(base), dict(base)
    for key, value in base.items():
        side = mine if key in here else theirs
        side[key] = data.draw(LISTS if isinstance(value, list) else SCALARS)
        assume(not isinstance(value, dict) or form != "toml")
    found = merged(form, written_as(form, base, flow=flow), written_as(form, mine), written_as(form, theirs, flow=flow))
    assert found is not None
    assert read(form, found) == theirs | {key: mine[key] for key in here}
    if form != "json":
        assert comments(found) == comments(written_as(form, base))


@given(FORMS, TREES, TREES)
def test_what_both_sides_add_is_there(form: str, base: dict[str, Any], more: dict[str, Any]) -> None:
    mine = base | {f"mine-{key}": value for key, value in more.items()}
    theirs = base | {f"theirs-{key}": value for key, value in more.items()}
    texts = [written_as(form, side) for side in (base, mine, theirs)]
    found, swapped = merged(form, *texts), merged(form, texts[0], texts[2], texts[1])
    assert found is not None
    assert swapped is not None
    assert read(form, found) == read(form, swapped) == mine | theirs
    if form != "json":
        assert comments(found) == comments(texts[1]) | comments(texts[2])


@given(FORMS, TREES, TREES, TREES)
def test_nothing_is_made_up(form: str, base: dict[str, Any], mine: dict[str, Any], theirs: dict[str, Any]) -> None:
    found = merged(form, *(written_as(form, side) for side in (base, mine, theirs)))
    if found is None:
        return
    result = read(form, found)
    for key in {*base, *mine, *theirs, *result}:
        was, here, there, now = (side.get(key, "absent") for side in (base, mine, theirs, result))
        if here == was:
            assert now == there
        elif there in (was, here) or here == "absent":
            assert now == here
        else:
            assert isinstance(now, dict | list)


@pytest.mark.parametrize("inline", [True, False])
@given(LISTS, LISTS, LISTS)
def test_items_of_lists(inline: bool, base: list[str], mine: list[str], theirs: list[str]) -> None:
    def document(items: list[str]) -> str:
        return f"a = {json.dumps(items)}\n" if inline else f"a = {toml_value(items)}\n"

    found = merged("toml", document(base), document(mine), document(theirs))
    if found is None:
        return
    result = tomllib.loads(found)["a"]
    wanted = (set(mine) & set(theirs)) | (set(mine) - set(base)) | (set(theirs) - set(base))
    assert len(result) == len(set(result))
    assert set(result) == wanted
    assert inline or all(f'  "{item}",  # {item}\n' in found for item in result)


@given(
    st.lists(st.integers(0, 3), max_size=6),
    st.lists(st.integers(0, 3), max_size=6),
    st.lists(st.integers(0, 3), max_size=6),
)
def test_commands_stay_in_order(base: list[int], mine: list[int], theirs: list[int]) -> None:
    def document(commands: list[int]) -> str:
        return f"script: {json.dumps([f'run {number}' for number in commands])}\nstage: x\n"

    found = merged("yaml", document(base), document(mine), document(theirs))
    if found is None:
        return
    result = [int(command.split()[1]) for command in yaml.safe_load(found)["script"]]
    came = Counter(mine) - Counter(base) | Counter(theirs) - Counter(base)
    went = (Counter(base) - Counter(mine)) + (Counter(base) - Counter(theirs))
    assert not Counter(result) - Counter(base) - came
    assert not Counter(base) - Counter(result) - went


@given(st.text(st.sampled_from("ab:-#[]{},= \n\"'|>&*!%"), max_size=60), FORMS)
def test_any_text_is_refused_or_read(text: str, form: str) -> None:
    found = weave(format_named(form), *[text.encode()] * 3)
    assert found is None or found.mine == text.encode()


ABSENT = "absent"


def assert_merged_or_open(sides: list[Any], results: list[Any]) -> None:
    """Every change is in all three results, or each has what its side had."""
    base, mine, theirs = sides
    if results == sides:
        return
    if all(isinstance(side, dict) for side in (mine, theirs, *results)):
        tree = base if isinstance(base, dict) else {}
        for key in {*tree, *mine, *theirs}.union(*results):
            assert_merged_or_open(
                [side.get(key, ABSENT) for side in (tree, mine, theirs)], [side.get(key, ABSENT) for side in results]
            )
        return
    # Types matter: `1` is not `true`.
    was, here, there, *now = map(json.dumps, (base, mine, theirs, *results))
    assert len(set(now)) == 1
    if here == was:
        assert now[0] == there
    elif there in (was, here) or mine == ABSENT:
        assert now[0] == here
    else:
        before = base if isinstance(base, list) else []
        assert set(results[0]) == (set(mine) & set(theirs)) | (set(mine) - set(before)) | (set(theirs) - set(before))


@given(FORMS, TREES, TREES, TREES)
def test_what_nobody_decided_is_as_each_side_has_it(
    form: str, base: dict[str, Any], mine: dict[str, Any], theirs: dict[str, Any]
) -> None:
    sides = [base, mine, theirs]
    found = opened(form, *(written_as(form, side) for side in sides))
    if found is not None:
        assert_merged_or_open(sides, [read(form, side) for side in found])


@given(FORMS, TREES, TREES, TREES)
def test_no_line_of_mine_is_lost(form: str, base: dict[str, Any], mine: dict[str, Any], theirs: dict[str, Any]) -> None:
    before, ours, others = (written_as(form, side) for side in (base, mine, theirs))
    found = merge_contents(f"a.{form}", base=before.encode(), mine=ours.encode(), theirs=others.encode())
    result = Counter(line.rstrip(",") for line in found.content.decode().splitlines())
    edits = Counter(line.rstrip(",") for line in ours.splitlines()) - Counter(
        line.rstrip(",") for line in before.splitlines()
    )
    # What is empty may be filled by the template.
    assert (
        not {line for line in edits if re.search(r"[a-z0-9]", line) and not re.search(r"\{\s*\}|\[\]", line)}
        - result.keys()
    )
