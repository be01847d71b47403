"""Which addresses are one, which are trusted, and that nothing Copier or Jinja bring is let through unseen."""

from __future__ import annotations

import ast
from pathlib import Path

import copier
import pytest
from copier._jinja_ext import SandboxedEnvironment
from copier._main import Worker
from copier._types import Phase
from hypothesis import given
from hypothesis import strategies as st

from mlscaffold.preferences.settings import SettingsError, read_settings
from mlscaffold.preferences.trust import Trust, canonical, problem_of
from mlscaffold.template.copier.sandbox import Reads, confine, reads
from mlscaffold.template.copier.worker import LIFTED_BY_UNSAFE
from mlscaffold.template.reach import NeedsTrust

TREE = "0123456789abcdef0123456789abcdef01234567"
ONE = [
    ["https://git.example.com/team/x", "git+https://git.example.com/team/x", "https://git.example.com/team/x.git"],
    ["https://git.example.com/team/x", "HTTPS://GIT.Example.COM:443/team/x", "https://ada:p@ss@git.example.com/team/x"],
    ["https://github.com/team/x", "gh:team/x", "gh:team/x.git", "https://github.com/team/x/"],
    ["https://gitlab.com/team/x", "gl:team/x"],
    ["git@host.example.com:team/x", "ssh://git@host.example.com/team/x", "ssh://git:pw@host.example.com:22/team/x.git"],
    ["/srv/templates/x", "file:///srv/templates/x", "/srv/templates/y/../x", "file://localhost/srv/templates/x"],
]
APART = [
    ("https://git.example.com/team/x", "http://git.example.com/team/x"),
    ("https://git.example.com/team/x", "https://git.example.com:8443/team/x"),
    ("https://git.example.com/team/x", "https://git.example.com/team/X"),
    ("https://git.example.com/team/x", "https://git.example.com/team/x-evil"),
    ("https://git.example.com/team/x", "https://git.example.com.evil.org/team/x"),
    ("https://git.example.com/team/x", "https://git.example.com@evil.org/team/x"),
    ("https://git.example.com/team/x", "ssh://git.example.com/team/x"),
    ("git@host:team/x", "mallory@host:team/x"),
    ("/srv/x", "/srv/x.git"),
]
BELOW = [
    ("https://git.example.com/platform/", "https://git.example.com/platform/x", True),
    ("https://git.example.com/platform/", "https://git.example.com/platform/deep/er/x.git", True),
    ("https://git.example.com/platform/", "git+https://git.example.com/platform/x", True),
    ("https://git.example.com/", "https://git.example.com/x", True),
    ("gh:team/", "https://github.com/team/x", True),
    ("git@host:team/", "git@host:team/x", True),
    ("/srv/", "/srv/x", True),
    ("https://git.example.com/platform/", "https://git.example.com/platform", False),
    ("https://git.example.com/platform/", "https://git.example.com/platform-evil/x", False),
    ("https://git.example.com/platform/", "https://git.example.com/platform/../evil/x", False),
    ("https://git.example.com/platform/", "https://git.example.com/platform/%2e%2e/evil/x", False),
    ("https://git.example.com/platform/", "https://git.example.com/platform/..%2fevil/x", False),
    ("https://git.example.com/platform/", "https://git.example.com/platform//x", False),
    ("https://git.example.com/platform/", "https://git.example.com/platform/x?/y", False),
    ("https://git.example.com/platform/", "https://git.example.com/platform/x#y", False),
    ("https://git.example.com/platform/", "https://git.example.com/platform\\..\\evil", False),
    ("https://git.example.com/", "https://git.example.com.evil.org/x", False),
    ("https://git.example.com/", "https://evil.org?@git.example.com/x", False),
    ("https://git.example.com/", "https://evil.org#@git.example.com/x", False),
    ("https://git.example.com/", "https://evil.org\\@git.example.com/x", False),
    ("https://git.example.com/", "https://git.exa\nmple.com/x", False),
    ("https://git.example.com/", "ext::sh -c evil https://git.example.com/x", False),
    ("https://git.example.com/", "git+git+https://git.example.com/x", False),
    ("git@host:team/", "git@host:../team/x", False),
    ("/srv/good/", "/srv/good/../evil", False),
    ("/srv/good/", "file:///srv/good/%2e%2e/evil", False),
]


@pytest.mark.parametrize("group", ONE)
def test_one_address_is_one_however_it_is_written(group: list[str]) -> None:
    for entry in group:
        for source in group:
            assert entry.endswith("/") or Trust((entry,)).covers(source), (entry, source)


@pytest.mark.parametrize(("entry", "source"), APART)
def test_addresses_that_another_may_answer_are_not_one(entry: str, source: str) -> None:
    assert not Trust((entry,)).covers(source)
    assert not Trust((source,)).covers(entry)


@pytest.mark.parametrize(("entry", "source", "covered"), BELOW)
def test_a_folder_covers_what_lies_below_it_and_nothing_beside(entry: str, source: str, covered: bool) -> None:
    assert Trust((entry,)).covers(source) is covered


def test_a_link_is_judged_by_where_it_leads(tmp_path: Path) -> None:
    (tmp_path / "good").mkdir()
    (tmp_path / "evil").mkdir()
    (tmp_path / "good" / "link").symlink_to(tmp_path / "evil")
    assert not Trust((f"{tmp_path}/good/",)).covers(str(tmp_path / "good" / "link"))
    assert Trust((f"{tmp_path}/good/link",)).covers(str(tmp_path / "evil"))


@given(st.text(st.sampled_from("ab./%\\@:?#-~ \n"), max_size=30))
def test_no_spelling_leaves_the_host_or_the_folder(rest: str) -> None:
    source = f"https://git.example.com/platform/{rest}"
    if Trust(("https://git.example.com/platform/",)).covers(source):
        assert ".." not in source.split("/")
        assert not set(rest) & set("%\\@:?# \n")
    assert not Trust(("https://git.example.com/platform/",)).covers(f"https://git.example.com{rest}/platform/x") or (
        rest.strip("/") == "" or rest.startswith("/platform/")
    )


@given(st.text(max_size=40))
def test_any_text_has_one_form_or_none(text: str) -> None:
    found = canonical(text)
    assert found is None or canonical(found) == found


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("https://git.example.com", "write https://git.example.com/"),
        ("https://git.example.com/a%2fb", "no plain address"),
        ("https://git.example.com/a/../b", "no plain address"),
        ("templates/x", "a path starts with"),
        ("", "no text"),
        (7, "no text"),
        ("tree:abc", "40 hexadecimal digits"),
        (f"tree:{TREE.upper()}", "40 hexadecimal digits"),
        ("*", "a path starts with"),
    ],
)
def test_an_entry_that_cannot_be_judged_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: object, said: str
) -> None:
    assert said in problem_of(entry)
    settings = tmp_path / "settings.yml"
    settings.write_text(f"trust: [{entry!r}]\n")
    monkeypatch.setenv("MLSCAFFOLD_SETTINGS", str(settings))
    with pytest.raises(SettingsError, match="cannot be judged"):
        read_settings()


def test_a_tree_is_trusted_wherever_it_comes_from_and_no_other() -> None:
    trust = Trust((f"tree:{TREE}",))
    assert trust.covers_tree(TREE)
    assert not trust.covers_tree(TREE[::-1])
    assert not trust.covers_tree("")
    assert not trust.covers(f"tree:{TREE}")


#: What the switch is called where Copier passes it on, or asks it.
SWITCH = {"unsafe", "_check_unsafe", "is_trusted_repository", "is_trusted"}


def test_every_protection_that_copier_s_switch_lifts_is_known() -> None:
    """A failure: a new Copier asks for the switch in another place. Read what it lifts there, see that it stands
    without trust (and add it to `features.require_trust` if it can be told before), then to `LIFTED_BY_UNSAFE`."""
    found, features = set[str](), set[str]()
    for file in Path(copier.__file__).parent.glob("*.py"):
        if file.name == "_cli.py":
            continue
        for owner in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(owner, ast.ClassDef):
                continue
            for function in owner.body:
                uses = {node.attr for node in ast.walk(function) if isinstance(node, ast.Attribute)}
                if isinstance(function, ast.FunctionDef) and "unsafe" in uses:
                    found.add(f"{owner.name}.{function.name}")
                if isinstance(function, ast.FunctionDef) and function.name == "_check_unsafe":
                    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
                    adds = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "add"]
                    features |= {ast.literal_eval(call.args[0]) for call in adds}
    assert found == set(LIFTED_BY_UNSAFE)
    assert features == {"jinja_extensions", "tasks", "migrations"}


@pytest.fixture
def worker(tmp_path: Path) -> Worker:
    (tmp_path / "copier.yml").touch()
    return Worker(src_path=str(tmp_path), dst_path=tmp_path / "demo")


def test_everything_that_an_expression_can_reach_is_classified(worker: Worker) -> None:
    """A failure: Copier, Jinja or the filters brought something new, or took something away. Read what it does, and put
    it into (or out of) the table of `sandbox`: pure, of time or chance, or reading the machine."""
    environment: SandboxedEnvironment = worker.jinja_env
    with Phase.use(Phase.RENDER):
        worker._ask()
        context = worker._render_context()
    reached = {
        "filters": set(environment.filters),
        "tests": set(environment.tests),
        "globals": set(environment.globals),
        "configuration": set(context["_copier_conf"]),
        "variables": set(context) | {"_copier_operation", "_commit"},
    }
    unknown = {(kind, name) for kind, names in reached.items() for name in names if reads(kind, name) is None}
    assert unknown == set()


@pytest.mark.parametrize("name", ["expandvars", "expanduser", "fileglob", "realpath", "relpath"])
def test_filters_that_read_the_machine_are_known_as_such(name: str) -> None:
    assert reads("filters", name) is Reads.MACHINE


def test_what_is_not_classified_is_not_given_without_trust(worker: Worker) -> None:
    environment = worker.jinja_env
    environment.filters["brand_new"] = str.upper
    environment.tests["brand_new"] = callable
    environment.globals["brand_new"] = print
    confine(environment, trusted=False, note=lambda _: None)
    for text in ("{{ 'a' | brand_new }}", "{{ 'a' is brand_new }}", "{{ brand_new() }}"):
        with pytest.raises(NeedsTrust, match="brand_new"):
            environment.from_string(text).render()
