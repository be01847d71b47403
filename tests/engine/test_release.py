"""A release is refused if it would break what earlier ones made, and says what breaks."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from mlscaffold.template.checkout import check_out
from mlscaffold.template.history import changes_between
from mlscaffold.template.source import find_source
from scripts import release
from scripts.release import ReleaseError, broken_promises, changes_of, starts

ANSWERS_FILE = "template/{{ _copier_conf.answers_file }}.jinja"
QUESTIONS = "_subdirectory: template\n_templates_suffix: .jinja\n"
COLOUR = "colour:\n  type: str\n  default: red\n"
CHOICES = "  choices: [red, blue]\n"
FIRST: Mapping[str, str] = {
    "copier.yml": QUESTIONS + COLOUR,
    "ownership.yml": "files:\n  seeded.txt: seeded\n",
    "template/hello.txt.jinja": "Hello {{ colour }}\n",
    "template/seeded.txt": "one\n",
    "template/setup.toml": "a = 1\nb = 1\n",
    ANSWERS_FILE: "{{ _copier_answers | to_nice_yaml -}}\n",
}
#: Adds a release on top of the ones before: files by path, None where one goes.
Releases = Callable[[Mapping[str, str | None]], None]


def write(root: Path, files: Mapping[str, str | None]) -> None:
    for name, content in files.items():
        path = root / name
        if content is None:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


@pytest.fixture
def template(tmp_path: Path) -> Path:
    root = tmp_path / "template"
    root.mkdir()
    release.git("init", "-q", "-b", "main", cwd=root)
    return root


@pytest.fixture
def add(template: Path) -> Releases:
    """Releases 1.0.0, 2.0.0 and so on."""
    made: list[str] = []

    def releases(files: Mapping[str, str | None]) -> None:
        made.append(f"{len(made) + 1}.0.0")
        write(template, files)
        release.git("add", "-A", ".", cwd=template)
        release.git("-c", "user.name=T", "-c", "user.email=t@example.com", "commit", "-qm", made[-1], cwd=template)
        release.git("tag", made[-1], cwd=template)

    releases(FIRST)
    return releases


def test_releases_that_only_add_and_change_keep_the_promise(template: Path, add: Releases) -> None:
    add({"template/hello.txt.jinja": "Good day {{ colour }}\n", "template/new.txt": "new\n"})
    size = "size:\n  type: int\n  default: 3\n"
    add(
        {
            "copier.yml": QUESTIONS + COLOUR + size,
            "template/setup.toml": None,
            "template/size.txt.jinja": "{{ size }}\n",
        }
    )
    assert broken_promises(template, "3.0.0", "") == []


def test_the_first_release_has_nobody_to_break(template: Path, add: Releases) -> None:
    add({"copier.yml": QUESTIONS + "colour:\n  type: str\n"})
    assert broken_promises(template, "1.0.0", "") == []


def test_a_question_without_a_default_is_refused(template: Path, add: Releases) -> None:
    add({"copier.yml": QUESTIONS + COLOUR + CHOICES})
    add({"copier.yml": QUESTIONS + COLOUR + CHOICES + "size:\n  type: int\n"})
    found = broken_promises(template, "3.0.0", "")
    assert [each.partition(":")[0] for each in found] == [
        "a project of 1.0.0",
        "a project of 2.0.0",
        "a project of 2.0.0 with colour=blue",
    ]
    assert "size" in found[0]


def test_an_answer_that_is_none_any_more_is_refused(template: Path, add: Releases) -> None:
    add({"copier.yml": QUESTIONS + COLOUR + CHOICES})
    add({"copier.yml": QUESTIONS + COLOUR + CHOICES.replace("blue", "green")})
    (found,) = broken_promises(template, "3.0.0", "")
    assert found.startswith("a project of 2.0.0 with colour=blue: colour: 'blue' is not a valid answer")


#: `colour` is asked no more, and projects that chose blue stay blue.
KEPT = "colour:\n  type: str\n  choices: [red, blue]\n  when: \"{{ colour is defined and colour == 'blue' }}\"\n"
STILL = {"copier.yml": QUESTIONS + KEPT, "template/hello.txt.jinja": "Hello {{ colour | default('red') }}\n"}


def test_a_question_that_is_asked_no_more_keeps_the_answers_it_got(template: Path, add: Releases) -> None:
    add({"copier.yml": QUESTIONS + COLOUR + CHOICES})
    add({**STILL, "template/{% if colour == 'blue' %}blue.txt{% endif %}": "blue\n"})
    add({"template/hello.txt.jinja": "Good day {{ colour | default('red') }}\n"})
    assert broken_promises(template, "3.0.0", "") == []
    assert broken_promises(template, "4.0.0", "") == []


def test_an_answer_that_is_kept_explains_only_what_it_decides(template: Path, add: Releases) -> None:
    """`how.txt` is left out by updates, and no colour is the reason."""
    add({"copier.yml": QUESTIONS + COLOUR + CHOICES})
    left_out = """_exclude: ["{% if _copier_operation == 'update' %}how.txt{% endif %}"]\n"""
    add({**STILL, "copier.yml": left_out + STILL["copier.yml"], "template/how.txt": "once\n"})
    found = broken_promises(template, "3.0.0", "")
    assert "a project of 2.0.0 with colour=blue: updated to 3.0.0 it is not what a new project is: how.txt" in found


def test_yes_and_no_are_both_tried(template: Path, add: Releases) -> None:
    add({"copier.yml": QUESTIONS + "small:\n  type: bool\n  default: true\n"})
    assert [start.chosen for start in starts(str(template), "2.0.0")] == [{}, {"small": False}]


def test_a_render_that_conflicts_with_itself_is_refused(template: Path, add: Releases) -> None:
    """An update leaves the file out, so that a new project has what no update knows of."""
    left_out = """_exclude: ["{% if _copier_operation == 'update' %}how.txt{% endif %}"]\n"""
    add({"copier.yml": QUESTIONS + left_out + COLOUR, "template/how.txt": "once\n"})
    add({"copier.yml": QUESTIONS + COLOUR, "template/how.txt": "twice\n"})
    found = broken_promises(template, "3.0.0", "")
    assert "a project of 2.0.0: the update to 3.0.0 conflicts in how.txt" in found


def test_a_conflict_on_the_way_is_refused(template: Path, add: Releases) -> None:
    add({"template/seeded.txt": "two\n"})
    add({"template/seeded.txt": "three\n", "ownership.yml": "files: {}\n"})
    found = broken_promises(template, "3.0.0", "")
    assert "a project of 1.0.0: step by step, the update to 3.0.0 conflicts in seeded.txt" in found


def test_two_ways_to_different_ends_are_refused(template: Path, add: Releases) -> None:
    add({"template/seeded.txt": "two\n"})
    add({"ownership.yml": "files: {}\n"})
    found = broken_promises(template, "3.0.0", "")
    assert "a project of 1.0.0: 3.0.0 in one jump and step by step differ in seeded.txt" in found


def test_what_is_seeded_stays_as_it_came_on_the_way(template: Path, add: Releases) -> None:
    add({"ownership.yml": "files:\n  seeded.txt: seeded\n  later.txt: seeded\n", "template/later.txt": "two\n"})
    add({"template/later.txt": "three\n"})
    assert broken_promises(template, "3.0.0", "") == []


def test_an_end_that_is_not_a_new_projects_beginning_is_refused(template: Path, add: Releases) -> None:
    add({"template/seeded.txt": None})
    found = broken_promises(template, "2.0.0", "")
    assert "a project of 1.0.0: updated to 2.0.0 it is not what a new project is: seeded.txt" in found


@pytest.mark.parametrize(
    ("table", "path", "named"),
    [
        ("files:\n  hello.txt: owned\n  seeded.txt: seeded\n", "hello.txt", "`*.txt` are the template's now"),
        ("files:\n  setup.toml: {keyed: [a]}\n  seeded.txt: seeded\n", "setup.toml", "Keys of `setup.toml`"),
        ("files:\n  setup.toml: retired\n  seeded.txt: seeded\n", "setup.toml", "`setup.toml` is gone"),
    ],
)
def test_a_path_that_the_template_takes_over_is_named(
    table: str, path: str, named: str, template: Path, add: Releases
) -> None:
    add({"ownership.yml": table})
    taken = f"{path}: the template takes it over in 2.0.0, and CHANGELOG.md does not name it"
    assert broken_promises(template, "2.0.0", f"Something about {path}.") == [taken]
    assert broken_promises(template, "2.0.0", named) == []


def test_one_key_more_is_named_too(template: Path, add: Releases) -> None:
    rule = "files:\n  setup.toml: {{keyed: [{}]}}\n  seeded.txt: seeded\n"
    add({"ownership.yml": rule.format("a")})
    add({"ownership.yml": rule.format("a, b")})
    (found,) = broken_promises(template, "3.0.0", "")
    assert found.startswith("setup.toml: the template takes it over")


def test_what_an_earlier_release_took_over_is_not_named_again(template: Path, add: Releases) -> None:
    table = "files:\n  hello.txt: owned\n  seeded.txt: seeded\n"
    add({"ownership.yml": table})
    add({"ownership.yml": f"# Reworded.\n{table}"})
    assert broken_promises(template, "3.0.0", "") == []


CHANGES = "# Changelog\n\n## 0.2.0 (2026-02-03)\n\n- `hello.txt`\n\n## 0.1.0 (2026-01-02)\n\n- First.\n"


def test_the_changelog_gives_the_day_and_the_changes() -> None:
    assert changes_of(CHANGES, "0.2.0") == ("2026-02-03", "\n\n- `hello.txt`\n\n")
    assert changes_of(CHANGES, "0.1.0") == ("2026-01-02", "\n\n- First.\n")
    with pytest.raises(ReleaseError, match=r"no heading `## 0\.3\.0"):
        changes_of(CHANGES, "0.3.0")


@pytest.fixture
def product(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository like this one, ready to release 0.1.0."""
    root = tmp_path / "product"
    root.mkdir()
    release.git("init", "-q", "-b", "main", cwd=root)
    write(root, {**FIRST, "CHANGELOG.md": CHANGES})
    monkeypatch.setattr(release, "ROOT", root)
    monkeypatch.setattr(release, "BUNDLE", root / "src" / "mlscaffold" / "embedded" / "template.bundle")
    say_version(root, "0.1.0")
    return root


def say_version(root: Path, version: str) -> None:
    pins = dict.fromkeys((f"template/{name}" for name in release.PINNED), f"tool@{version}\n")
    write(root, {"src/mlscaffold/__init__.py": f'__version__ = "{version}"\n', **pins})


def test_a_release_is_written_with_its_changelog(product: Path, tmp_path: Path) -> None:
    release.release("0.1.0")
    say_version(product, "0.2.0")
    tree = release.release("0.2.0")
    source = find_source(str(release.BUNDLE))
    sides = {}
    for version in ("0.1.0", "0.2.0"):
        (tmp_path / version).mkdir()
        sides[version] = check_out(source, version, into=tmp_path / version)
    assert sides["0.2.0"].tree == tree
    assert changes_between(sides["0.1.0"], sides["0.2.0"]) == "## 0.2.0 (2026-02-03)\n\n- `hello.txt`"


def test_the_changelog_is_no_part_of_what_identifies_a_release(product: Path) -> None:
    tree = release.release("0.1.0")
    write(product, {"CHANGELOG.md": CHANGES.replace("First", "The first")})
    assert release.release("0.1.0") == tree


def test_a_refused_release_writes_nothing(product: Path) -> None:
    release.release("0.1.0")
    before = release.BUNDLE.read_bytes()
    say_version(product, "0.2.0")
    write(product, {"copier.yml": QUESTIONS + COLOUR + "size:\n  type: int\n"})
    with pytest.raises(ReleaseError, match=r"0\.2\.0 would break projects that exist:\n- a project of 0\.1\.0: "):
        release.release("0.2.0")
    assert release.BUNDLE.read_bytes() == before


def test_a_release_without_the_address_of_the_tool_is_refused(product: Path) -> None:
    write(product, {"template/README.md.jinja": "tool@0.0.9\n"})
    with pytest.raises(ReleaseError, match=r"README\.md\.jinja does not install the tool at @0\.1\.0"):
        release.release("0.1.0")
    assert not release.BUNDLE.exists()


def test_every_file_of_the_template_that_has_the_address_is_held_to_it() -> None:
    template = release.ROOT / "template"
    files = [file for file in template.rglob("*") if file.is_file()]
    having = {str(file.relative_to(template)) for file in files if b"mlscaffold/mlscaffold@" in file.read_bytes()}
    assert having == {*release.PINNED}


def test_a_committed_release_is_final(product: Path) -> None:
    release.release("0.1.0")
    identity = ("-c", "user.name=T", "-c", "user.email=t@example.com")
    subprocess.run(["git", "add", "-A", "."], cwd=product, check=True)
    subprocess.run(["git", *identity, "commit", "-qm", "Release"], cwd=product, check=True)
    with pytest.raises(ReleaseError, match="is released already"):
        release.release("0.1.0")
