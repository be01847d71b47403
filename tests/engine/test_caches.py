"""What is kept between runs may be lost, cut or poisoned: the next run renders what it would have rendered."""

from __future__ import annotations

import marshal
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from mlscaffold.template import render_cache
from mlscaffold.template.answers import Answers
from mlscaffold.template.checkout import check_out
from mlscaffold.template.copier import compiled as compiling
from mlscaffold.template.render import Render
from mlscaffold.template.render_cache import cached_render
from mlscaffold.template.source import find_source

FILES = {
    "copier.yml": "_subdirectory: t\nname:\n  type: str\n  default: World\n",
    "t/a.txt.jinja": "Hello {{ name }}\n",
    "t/run.sh": "#!/bin/sh\n",
    "t/{{ _copier_conf.answers_file }}.jinja": "{{ _copier_answers | to_nice_yaml -}}\n",
}


def released(root: Path, files: Mapping[str, str] = FILES) -> Path:
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (root / "t" / "run.sh").chmod(0o755)
    (root / "t" / "link").symlink_to("run.sh")
    who = ["-c", "user.name=T", "-c", "user.email=t@localhost"]
    for command in (["init", "-q"], ["add", "-A"], [*who, "commit", "-qm", "x"], ["tag", "v1"]):
        subprocess.run(["git", *command], cwd=root, check=True)
    return root


def rendered(
    template: Path, scratch: Path, cache: Path | None, name: str = "World", *, folder_name: str = "demo"
) -> Render:
    scratch.mkdir()
    checkout = check_out(find_source(str(template)), "v1", into=scratch)
    answers = Answers(values={"name": name}, questions=())
    return cached_render(checkout, answers, into=scratch / "r", folder_name=folder_name, cache=cache)


def test_the_second_render_comes_from_the_cache_and_is_the_same(tmp_path: Path) -> None:
    template, cache = released(tmp_path / "template"), tmp_path / "cache"
    first = rendered(template, tmp_path / "1", cache)
    second = rendered(template, tmp_path / "2", cache)
    plain = rendered(template, tmp_path / "3", None)
    assert second.root.is_relative_to(cache)
    assert first.entries == second.entries == plain.entries
    assert first.sources == second.sources == plain.sources
    assert (second.root / "a.txt").read_text() == "Hello World\n"
    assert (rendered(template, tmp_path / "4", cache, "Moon").root / "a.txt").read_text() == "Hello Moon\n"


def test_of_two_runs_at_once_the_first_to_finish_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    template, cache = released(tmp_path / "template"), tmp_path / "cache"
    first = rendered(template, tmp_path / "1", cache)
    kept = (first.root / "a.txt").stat().st_ino
    # The second looked before the first was done, and finishes after it.
    found = iter([None])
    real = render_cache._read
    monkeypatch.setattr(render_cache, "_read", lambda *known: next(found, real(*known)))
    second = rendered(template, tmp_path / "2", cache)
    assert second.root == first.root
    assert (first.root / "a.txt").stat().st_ino == kept
    assert [entry.name for entry in (cache / "renders").iterdir()] == [first.root.parent.parent.name]


@pytest.mark.parametrize("damage", ["content", "manifest", "path", "gone"])
def test_a_damaged_entry_is_rendered_again(tmp_path: Path, damage: str) -> None:
    template, cache = released(tmp_path / "template"), tmp_path / "cache"
    rendered(template, tmp_path / "1", cache)
    (entry,) = (cache / "renders").iterdir()
    manifest = entry / "manifest.json"
    match damage:
        case "content":
            (entry / "files" / "demo" / "a.txt").write_text("poison\n")
        case "manifest":
            manifest.write_text("{")
        case "path":
            manifest.write_text(manifest.read_text().replace('"a.txt"', '"../a.txt"'))
        case "gone":
            (entry / "files" / "demo" / "a.txt").unlink()
    again = rendered(template, tmp_path / "2", cache)
    assert (again.root / "a.txt").read_text() == "Hello World\n"
    assert rendered(template, tmp_path / "3", cache).root.is_relative_to(cache)


@pytest.mark.parametrize(
    "text",
    [
        "{{ now() }}",
        "{{ [9] | random }}",
        "{{ [9] | map('ans_random') | list }}",
        "{{ '%Y' | strftime }}",
        "{{ ('2020-01-01' | from_yaml).today() }}",
        "{{ ('2020-01-01 00:00:00' | to_datetime).astimezone() }}",
        "{{ lipsum() }}",
        "{{ make_secret() }}",
        "{{ _copier_conf['dst_path'] }}",
        "{% set c = _copier_conf %}{{ c.src_path }}",
        "{{ _copier_conf | dictsort | length }}",
        "{{ _external_data.k }}",
    ],
)
def test_what_differs_from_time_to_time_is_not_kept(tmp_path: Path, text: str) -> None:
    files = {**FILES, "copier.yml": FILES["copier.yml"] + "_external_data: {k: data.yml}\n", "t/b.txt.jinja": text}
    made = rendered(released(tmp_path / "template", files), tmp_path / "1", tmp_path / "cache")
    assert made.volatile
    assert (made.root / "a.txt").read_text() == "Hello World\n"
    assert made.root.is_relative_to(tmp_path / "1")
    assert list((tmp_path / "cache" / "renders").iterdir()) == []


@pytest.mark.parametrize(
    "settings",
    [
        "name:\n  type: str\n  secret: true\n  default: a\n",
        "_secret_questions: [name]\nname:\n  type: str\n  default: a\n",
        "!include more.yml\n",
    ],
)
def test_no_secret_is_kept(tmp_path: Path, settings: str) -> None:
    files = FILES | {
        "copier.yml": f"_subdirectory: t\n{settings}" if "include" not in settings else f"---\n{settings}",
        "more.yml": "_subdirectory: t\nname:\n  type: str\n  secret: true\n  default: a\n",
    }
    rendered(released(tmp_path / "template", files), tmp_path / "1", tmp_path / "cache", "hunter2")
    kept = [file.read_bytes() for file in (tmp_path / "cache").rglob("*") if file.is_file()]
    assert not [content for content in kept if b"hunter2" in content]


@pytest.mark.parametrize("text", ["now {'random': 1} {{ name }}\n", "{{ 'a' | to_uuid }}", "{{ 'now' | hash }}"])
def test_words_that_are_not_used_do_not_count(tmp_path: Path, text: str) -> None:
    made = rendered(
        released(tmp_path / "template", {**FILES, "t/b.py.jinja": text}), tmp_path / "1", tmp_path / "cache"
    )
    assert made.root.is_relative_to(tmp_path / "cache")


def test_old_renders_make_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlscaffold.template.render_cache._MOST", 2)
    template, cache = released(tmp_path / "template"), tmp_path / "cache"
    for number in range(4):
        rendered(template, tmp_path / str(number), cache, f"name {number}")
    assert len(list((cache / "renders").iterdir())) == 2


def test_large_renders_make_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    template, cache = released(tmp_path / "template"), tmp_path / "cache"
    large = sum(entry.stat().st_size for entry in rendered(template, tmp_path / "0", None).root.iterdir())
    monkeypatch.setattr("mlscaffold.template.render_cache._MOST_BYTES", 2 * large + 50)
    for number in range(1, 4):
        rendered(template, tmp_path / str(number), cache, f"name {number}")
    assert len(list((cache / "renders").iterdir())) == 2
    too_large = rendered(template, tmp_path / "5", cache, "x" * 3 * large)
    assert too_large.root.is_relative_to(tmp_path / "5")
    assert len(list((cache / "renders").iterdir())) == 2


@pytest.mark.parametrize(("text", "depends"), [("{{ _folder_name }}", True), ("{{ name }}", False)])
def test_the_folder_s_name_counts_only_where_it_is_used(tmp_path: Path, text: str, depends: bool) -> None:
    template = released(tmp_path / "template", {**FILES, "t/b.txt.jinja": text})
    cache = tmp_path / "cache"
    first = rendered(template, tmp_path / "1", cache, folder_name="one")
    second = rendered(template, tmp_path / "2", cache, folder_name="two")
    assert (second.root == first.root) is not depends
    assert (second.root / "b.txt").read_text() == ("two" if depends else "World")
    assert len(list((cache / "renders").iterdir())) == (2 if depends else 1)


@pytest.fixture
def fresh_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "_CODES", {})
    monkeypatch.setattr(compiling, "_LOADED", set())


@pytest.mark.usefixtures("fresh_codes")
@pytest.mark.parametrize("damage", ["none", "cut", "other", "open"])
def test_compiled_templates_are_read_only_if_they_are_ours_and_whole(
    tmp_path: Path, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    template, cache = released(tmp_path / "template"), tmp_path / "cache"
    rendered(template, tmp_path / "1", cache)
    (stored,) = (cache / "compiled").iterdir()
    content = stored.read_bytes()
    if damage == "cut":
        stored.write_bytes(content[:-9])
    elif damage == "other":
        stored.write_bytes(content[:32] + marshal.dumps({}))
    elif damage == "open":
        stored.chmod(0o666)
    codes: dict[str, object] = {}
    monkeypatch.setattr(compiling, "_CODES", codes)
    monkeypatch.setattr(compiling, "_LOADED", set())
    loaded = []
    load = compiling.Compiled._load

    def watched(self: compiling.Compiled, file: Path) -> object:
        loaded.append(load(self, file))
        return loaded[-1]

    monkeypatch.setattr(compiling.Compiled, "_load", watched)
    (cache / "renders").rename(tmp_path / "away")
    assert (rendered(template, tmp_path / "2", cache).root / "a.txt").read_text() == "Hello World\n"
    assert [bool(codes) for codes in loaded] == [damage == "none"]
    assert codes


def test_copier_is_imported_without_its_prompts_and_they_work_afterwards() -> None:
    script = """
import sys
from mlscaffold.template.copier.headless import import_copier
import_copier()
import_copier()
assert "copier._main" in sys.modules
assert "prompt_toolkit" not in sys.modules and "questionary" not in sys.modules
import questionary
assert questionary.text
"""
    subprocess.run([sys.executable, "-c", script], check=True, env={**os.environ, "PYTHONWARNINGS": "ignore"})
