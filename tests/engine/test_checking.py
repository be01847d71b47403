"""What only a lock, an index and a work tree together can tell."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlscaffold import CheckResult, NewProject, check, create, prepare
from mlscaffold.errors import LockError, MlscaffoldError
from mlscaffold.rules import RULES, Needs

#: A machine for tests need not know who works there.
SOMEBODY = ("-c", "user.name=Ada Lovelace", "-c", "user.email=ada@example.com")
ANSWERS_FILE = "{{ _copier_conf.answers_file }}.jinja"


def made(tmp_path: Path, files: dict[str, str], *, ownership: str = "files: {'**': owned}\n") -> Path:
    """A committed project whose files are owned."""
    root = tmp_path / "template"
    (root / "files").mkdir(parents=True)
    (root / "copier.yml").write_text("_subdirectory: files\n")
    (root / "ownership.yml").write_text(ownership)
    for name, text in {ANSWERS_FILE: "{{ _copier_answers | to_nice_yaml }}", **files}.items():
        (root / "files" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "files" / name).write_text(text)
    request = NewProject(destination=tmp_path / "demo", template=str(root), use_defaults=True)
    with prepare(request) as prepared:
        return create(prepared).project


def git(project: Path, *arguments: str) -> None:
    """Run git in the project."""
    subprocess.run(["git", *SOMEBODY, *arguments], cwd=project, check=True, capture_output=True)


def test_a_staged_change_is_drift_though_the_file_is_restored(tmp_path: Path) -> None:
    project = made(tmp_path, {"a.txt": "as rendered\n"})
    (project / "a.txt").write_text("changed\n")
    git(project, "add", "a.txt")
    (project / "a.txt").write_text("as rendered\n")
    (finding,) = check(project).findings
    assert (finding.rule.code, finding.path) == ("MLS002", "a.txt")
    assert "git add a.txt" in finding.fix
    git(project, "add", "a.txt")
    assert check(project).is_clean


def test_a_file_that_is_only_meant_to_be_added_is_no_drift(tmp_path: Path) -> None:
    project = made(tmp_path, {"a.txt": "as rendered\n"})
    git(project, "rm", "-q", "--cached", "a.txt")
    git(project, "add", "--intent-to-add", "a.txt")
    assert check(project).is_clean


@pytest.mark.parametrize("name", ["line\u2028break.txt", "next\u0085line.txt", 'quo"te.txt', "space and ünï.txt"])
def test_any_name_that_can_be_rendered_can_be_checked(tmp_path: Path, name: str) -> None:
    project = made(tmp_path, {name: "x\n"})
    assert check(project).is_clean
    (project / name).write_text("y\n")
    assert [finding.path for finding in check(project).findings] == [name]


@pytest.mark.parametrize("text", ["day: 2026-99-99\n", "a: " + "[" * 5000 + "\n", "- list\n", "a: [\n"])
def test_answers_that_no_parser_reads_are_a_finding(tmp_path: Path, text: str) -> None:
    project = made(tmp_path, {"a.txt": "x\n"})
    (project / ".copier-answers.yml").write_text(text)
    assert [finding.rule.code for finding in check(project).findings] == ["MLS007"]


@pytest.mark.parametrize("where", ["copier.yml", "ownership.yml"])
def test_a_template_with_values_that_yaml_cannot_read_is_refused(tmp_path: Path, where: str) -> None:
    root = tmp_path / "template"
    (root / "files").mkdir(parents=True)
    (root / "copier.yml").write_text("_subdirectory: files\n")
    (root / where).write_text("day: 2026-99-99\n")
    request = NewProject(destination=tmp_path / "demo", template=str(root), use_defaults=True)
    with pytest.raises(MlscaffoldError, match=where), prepare(request):
        pass


def codes(result: CheckResult) -> list[tuple[str, str]]:
    """Code and path of each finding that counts."""
    return [(finding.rule.code, finding.path) for finding in result.active]


CONFLICT = "a\n<<<<<<< HEAD\nmine\n||||||| base\nold\n=======\ntheirs\n>>>>>>> topic\nz\n"
MERGED = "files: {'**': merged, 'owned.txt': owned}\n"


@pytest.mark.parametrize("text", [CONFLICT, CONFLICT.replace("\n", "\r\n")])
def test_markers_are_found_in_every_file_of_the_lock_with_their_line(tmp_path: Path, text: str) -> None:
    project = made(tmp_path, {"a.txt": "x\n", "owned.txt": "x\n"}, ownership=MERGED)
    for name in ("a.txt", "owned.txt", "not-listed.txt"):
        (project / name).write_bytes(text.encode())
    findings = check(project).findings
    assert [(each.rule.code, each.path, each.line) for each in findings] == [
        ("MLS008", "a.txt", 2),
        ("MLS008", "owned.txt", 2),
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"Title\n=======\ntext\n",
        b"<<<<<<< HEAD\nno end\n",
        b">>>>>>> a\n=======\n<<<<<<< b\n",
        b"  <<<<<<< HEAD\n  =======\n  >>>>>>> topic\n",
        b"\0\n" + CONFLICT.encode(),
        b"print(1 << 2 >> 1)\n" * 1000,
    ],
)
def test_what_only_looks_like_markers_is_no_conflict(tmp_path: Path, content: bytes) -> None:
    project = made(tmp_path, {"a.txt": "x\n"}, ownership=MERGED)
    (project / "a.txt").write_bytes(content)
    assert check(project).is_clean


def test_markers_that_the_template_renders_are_its_own(tmp_path: Path) -> None:
    project = made(tmp_path, {"how-to-merge.md": CONFLICT}, ownership=MERGED)
    assert check(project).is_clean


def test_an_unmerged_file_is_found_though_its_markers_are_gone(tmp_path: Path) -> None:
    project = made(tmp_path, {"a.txt": "x\n"}, ownership=MERGED)
    git(project, "checkout", "-qb", "topic")
    (project / "a.txt").write_text("topic\n")
    git(project, "commit", "-qam", "topic")
    git(project, "checkout", "-q", "-")
    (project / "a.txt").write_text("mine\n")
    git(project, "commit", "-qam", "mine")
    merge = ["git", *SOMEBODY, "merge", "-q", "topic"]
    assert subprocess.run(merge, cwd=project, capture_output=True, check=False).returncode == 1
    assert codes(check(project)) == [("MLS008", "a.txt")]
    (project / "a.txt").write_text("both\n")
    assert codes(check(project)) == [("MLS008", "a.txt")]
    git(project, "add", "a.txt")
    assert check(project).is_clean


def test_two_branches_that_moved_the_lock_are_told_what_to_run(tmp_path: Path) -> None:
    project = made(tmp_path, {"a.txt": "x\n"})
    lock = project / ".mlscaffold.lock"
    text = lock.read_text()
    lock.write_text(f"<<<<<<< HEAD\n{text}=======\n{text}>>>>>>> topic\n")
    result = check(project)
    assert result.lock is None
    (finding,) = result.findings
    assert (finding.rule.code, finding.line, result.exit_code) == ("MLS001", 1, 1)
    assert "lock --resolve" in finding.fix


def test_a_lock_of_a_later_format_is_nobody_to_judge_by(tmp_path: Path) -> None:
    project = made(tmp_path, {"a.txt": "x\n"})
    lock = project / ".mlscaffold.lock"
    lock.write_text(lock.read_text().replace("mlscaffold-lock 1 ", "mlscaffold-lock 7 "))
    with pytest.raises(LockError, match="format '7'"):
        check(project)


@pytest.mark.parametrize("inside", ["", "services/demo/"])
def test_an_unfinished_update_is_found_where_its_journal_is(tmp_path: Path, inside: str) -> None:
    project = made(tmp_path, {"a.txt": "x\n"})
    name = hashlib.sha256(inside.encode()).hexdigest()[:12] if inside else "project"
    if inside:
        shutil.rmtree(project / ".git")
        (tmp_path / "outer" / "services").mkdir(parents=True)
        git(tmp_path, "init", "-q", "outer")
        project = project.rename(tmp_path / "outer" / "services" / "demo")
    top = tmp_path / "outer" if inside else project
    folder = top / ".git" / "mlscaffold" / name
    folder.mkdir(parents=True)
    assert check(project).is_clean
    (folder / "journal.json").write_text("{}")
    assert codes(check(project)) == [("MLS009", ".mlscaffold.lock")]


def test_a_work_tree_of_its_own_has_a_journal_of_its_own(tmp_path: Path) -> None:
    project = made(tmp_path, {"a.txt": "x\n"})
    git(project, "worktree", "add", "-q", str(tmp_path / "second"))
    folder = project / ".git" / "worktrees" / "second" / "mlscaffold" / "project"
    folder.mkdir(parents=True)
    (folder / "journal.json").write_text("{}")
    assert check(project).is_clean
    assert codes(check(tmp_path / "second")) == [("MLS009", ".mlscaffold.lock")]


def test_a_file_behind_a_link_is_missing(tmp_path: Path) -> None:
    project = made(tmp_path, {"ci/a.txt": "x\n"})
    (project / "ci").rename(project / "elsewhere")
    (project / "ci").symlink_to("elsewhere")
    assert codes(check(project)) == [("MLS003", "ci/a.txt")]
    shutil.rmtree(project / ".git")
    assert codes(check(project)) == [("MLS003", "ci/a.txt")]


def test_a_file_inside_a_submodule_is_another_repositorys(tmp_path: Path) -> None:
    project = made(tmp_path, {"ci/a.txt": "x\n"})
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=project, check=True, capture_output=True, text=True).stdout
    git(project, "rm", "-rq", "--cached", "ci")
    git(project, "update-index", "--add", "--cacheinfo", f"160000,{head.strip()},ci")
    assert (project / "ci" / "a.txt").is_file()
    assert codes(check(project)) == [("MLS003", "ci/a.txt")]


def test_what_a_sparse_checkout_leaves_out_is_judged_by_the_index(tmp_path: Path) -> None:
    project = made(tmp_path, {"ci/a.txt": "x\n", "docs/b.txt": "x\n"})
    git(project, "sparse-checkout", "set", "docs")
    assert not (project / "ci").exists()
    assert check(project).is_clean
    git(project, "sparse-checkout", "disable")
    (project / "ci" / "a.txt").write_text("mine\n")
    git(project, "commit", "-qam", "drift")
    git(project, "sparse-checkout", "set", "docs")
    assert codes(check(project)) == [("MLS002", "ci/a.txt")]


def test_an_unborn_head_and_a_detached_one_are_judged(tmp_path: Path) -> None:
    project = made(tmp_path, {"a.txt": "x\n"})
    git(project, "checkout", "-q", "--detach")
    assert check(project).is_clean
    git(project, "checkout", "-q", "--orphan", "fresh")
    assert check(project).is_clean
    (project / "a.txt").write_text("y\n")
    assert codes(check(project)) == [("MLS002", "a.txt")]


def test_a_bare_name_of_a_repository_that_git_does_not_know_is_hashed(tmp_path: Path) -> None:
    project = made(tmp_path, {"a.txt": "x\n"})
    shutil.rmtree(project / ".git")
    (project / ".git").mkdir()
    assert check(project).is_clean
    (project / "a.txt").write_text("y\n")
    assert codes(check(project)) == [("MLS002", "a.txt")]


LFS = {"model.bin": "weights\n", ".gitattributes": "*.bin filter=nowhere\n"}


def test_what_an_absent_filter_hides_is_not_called_clean(tmp_path: Path) -> None:
    project = made(tmp_path, LFS)
    result = check(project)
    assert codes(result) == [("MLS015", "model.bin")]
    assert (result.is_clean, result.exit_code) == (False, 0)
    (project / "model.bin").write_text("what the filter would give\n")
    assert codes(check(project)) == [("MLS015", "model.bin")]


def test_an_absent_filter_hides_no_change_that_was_committed(tmp_path: Path) -> None:
    project = made(tmp_path, {"ci.sh": "x\n"})
    (project / ".git" / "info").mkdir(exist_ok=True)
    (project / ".git" / "info" / "attributes").write_text("* filter=nowhere\n")
    (project / "ci.sh").write_text("mine\n")
    git(project, "commit", "-qam", "hidden")
    assert ("MLS002", "ci.sh") in codes(check(project))


def test_an_installed_filter_is_trusted(tmp_path: Path) -> None:
    project = made(tmp_path, LFS)
    git(project, "config", "filter.nowhere.clean", "cat")
    assert check(project).is_clean


def test_a_lock_with_ids_of_another_kind_is_not_comparable(tmp_path: Path) -> None:
    project = made(tmp_path, {"a.txt": "x\n"})
    shutil.rmtree(project / ".git")
    git(project, "init", "-q", "--object-format=sha256")
    git(project, "add", "-A")
    git(project, "commit", "-qm", "all")
    result = check(project)
    assert ("MLS015", "a.txt") in codes(result)
    assert not result.is_clean


def test_answers_with_conflict_markers_lead_to_the_lock(tmp_path: Path) -> None:
    project = made(tmp_path, {"a.txt": "x\n"})
    (project / ".copier-answers.yml").write_text(CONFLICT)
    (finding,) = check(project).findings
    assert (finding.rule.code, finding.path) == ("MLS008", ".copier-answers.yml")
    assert "lock --resolve" in finding.fix


@pytest.mark.parametrize("content", [b"", b"\xff\xfe"])
def test_answers_that_are_no_mapping_or_no_text(tmp_path: Path, content: bytes) -> None:
    project = made(tmp_path, {"a.txt": "x\n"})
    (project / ".copier-answers.yml").write_bytes(content)
    assert codes(check(project)) == [("MLS007", ".copier-answers.yml")]


def test_answers_that_are_a_link_are_not_followed(tmp_path: Path) -> None:
    project = made(tmp_path, {"a.txt": "x\n"})
    (project / ".copier-answers.yml").rename(tmp_path / "answers.yml")
    (project / ".copier-answers.yml").symlink_to(tmp_path / "answers.yml")
    assert codes(check(project)) == [("MLS007", ".copier-answers.yml")]


def test_an_owned_file_that_git_ignores_is_right_here_and_in_no_clone(tmp_path: Path) -> None:
    project = made(tmp_path, {"ci/a.txt": "x\n", ".gitignore": "ci/\n"})
    result = check(project)
    assert codes(result) == [("MLS020", "ci/a.txt")]
    assert (result.is_clean, result.exit_code) == (True, 0)
    git(project, "add", "--force", "ci/a.txt")
    assert check(project).findings == ()


KEYED = "files: {'**': merged, 's.toml': {keyed: [tool.x.a, tool.x.b, gone]}}\n"


def test_each_key_is_a_finding_with_its_line(tmp_path: Path) -> None:
    project = made(tmp_path, {"s.toml": "[tool.x]\na = 1\nb = 2\n"}, ownership=KEYED)
    (project / "s.toml").write_text("# mine\n[tool.x]\nc = 3\na = 9\n")
    findings = check(project).findings
    assert [(each.rule.code, each.key, each.line) for each in findings] == [
        ("MLS004", "tool.x.a", 4),
        ("MLS004", "tool.x.b", None),
    ]
    assert len({each.fingerprint for each in findings}) == 2


@pytest.mark.parametrize(
    ("name", "before", "after", "line"),
    [
        ("s.yml", "a:\n  b: 1\n", "c: 1\na:\n  b: 2\n", 3),
        ("s.json", '{"a": {"b": 1}}', '{\n  "a": {"x": 0,\n    "b": 2}}', 3),
        ("s.toml", "a.b = 1\n", "# a\na.b = 2\n", 2),
    ],
)
def test_the_line_of_a_key(tmp_path: Path, name: str, before: str, after: str, line: int) -> None:
    project = made(tmp_path, {name: before}, ownership=f"files: {{'{name}': {{keyed: [a.b]}}}}\n")
    (project / name).write_text(after)
    (finding,) = check(project).findings
    assert (finding.key, finding.line) == ("a.b", line)


def test_a_fingerprint_outlives_lines_and_names_the_place_in_the_repository(tmp_path: Path) -> None:
    project = made(tmp_path, {"s.toml": "[tool.x]\na = 1\nb = 2\n"}, ownership=KEYED)
    seen = set()
    for text in ("[tool.x]\na = 9\nb = 2\n", "# moved\n[tool.x]\nb = 2\na = 8\n"):
        (project / "s.toml").write_text(text)
        seen.add(check(project).findings[0].fingerprint)
    assert len(seen) == 1
    (tmp_path / "outer").mkdir()
    git(tmp_path / "outer", "init", "-q")
    shutil.copytree(project, tmp_path / "outer" / "demo", ignore=shutil.ignore_patterns(".git"))
    result = check(tmp_path / "outer" / "demo")
    assert result.prefix == "demo/"
    assert result.findings[0].fingerprint not in seen


TODAY = dt.date(2026, 11, 21)


def waived(path: str = "a.txt", until: str = "2027-05-01", rule: str = "MLS002") -> str:
    """A block that excuses a path."""
    return f'[[waive]]\nrule = "{rule}"\npath = "{path}"\nreason = "r"\nowner = "o"\nuntil = {until}\n'


@pytest.mark.parametrize(
    ("settings", "found", "code"),
    [
        (waived(), [], 0),
        (waived("*.txt"), [], 0),
        (waived(until="2026-11-21"), ["MLS013"], 0),
        (waived(until="2026-12-21"), ["MLS013"], 0),
        (waived(until="2026-12-22"), [], 0),
        (waived(until="2027-11-23"), ["MLS021"], 0),
        (waived(until="2026-11-20"), ["MLS011", "MLS002"], 1),
        (waived("b.txt"), ["MLS012", "MLS002"], 1),
        (waived(rule="MLS003"), ["MLS012", "MLS002"], 1),
        (waived() + waived("other"), ["MLS012"], 0),
        (waived() + waived(until="2026-11-20"), ["MLS011"], 1),
        (waived() + waived("x", rule="MLS016"), [], 0),
        ("[[waive]]\n", ["MLS014"], 1),
        ('[[eject]]\npath = "a.txt"\nreason = "r"\nowner = "o"\n', [], 0),
        ('[[eject]]\npath = "z.txt"\nreason = "r"\nowner = "o"\n', ["MLS012", "MLS002"], 1),
    ],
)
def test_waivers_by_the_day(tmp_path: Path, settings: str, found: list[str], code: int) -> None:
    project = made(tmp_path, {"a.txt": "x\n"})
    (project / "a.txt").write_text("mine\n")
    (project / ".mlscaffold.toml").write_text(settings)
    for rev in (None, "HEAD"):
        result = check(project, rev=rev, today=TODAY)
        assert [finding.rule.code for finding in result.active] == found
        assert result.exit_code == code
        git(project, "add", "-A")
        git(project, "commit", "-q", "--allow-empty", "-m", "all")


def test_a_waived_finding_stays_in_the_result(tmp_path: Path) -> None:
    project = made(tmp_path, {"a.txt": "x\n"})
    (project / "a.txt").write_text("mine\n")
    before = check(project).findings[0]
    (project / ".mlscaffold.toml").write_text(waived())
    (finding,) = check(project, today=TODAY).waived
    assert finding.waiver is not None
    assert (finding.waiver.reason, finding.fingerprint) == ("r", before.fingerprint)


def test_an_ejected_file_is_not_even_searched_for_markers(tmp_path: Path) -> None:
    project = made(tmp_path, {"a.txt": "x\n"})
    (project / "a.txt").write_text(CONFLICT)
    (project / ".mlscaffold.toml").write_text('[[eject]]\npath = "a.txt"\nreason = "r"\nowner = "o"\n')
    assert check(project).is_clean


def test_rules_that_need_the_template_are_named_as_not_judged(tmp_path: Path) -> None:
    result = check(made(tmp_path, {"a.txt": "x\n"}))
    assert {rule.code for rule in result.skipped} == {
        rule.code for rule in RULES.values() if rule.needs is not Needs.NOTHING
    }


@pytest.mark.parametrize("name", ["", " ", "--help", "nowhere", "HEAD:a.txt"])
def test_what_names_no_commit(tmp_path: Path, name: str) -> None:
    project = made(tmp_path, {"a.txt": "x\n"})
    with pytest.raises(MlscaffoldError):
        check(project, rev=name)


def test_a_commit_without_a_lock_cannot_be_judged(tmp_path: Path) -> None:
    project = made(tmp_path, {"a.txt": "x\n"})
    git(project, "rm", "-q", "--cached", ".mlscaffold.lock")
    git(project, "commit", "-qm", "no lock")
    assert codes(check(project)) == [("MLS022", ".mlscaffold.lock")]
    with pytest.raises(LockError, match=r"HEAD has no \.mlscaffold\.lock"):
        check(project, rev="HEAD")
    assert check(project, rev="HEAD~1").is_clean


def test_a_commit_is_judged_from_its_trees_and_the_lock_alone(tmp_path: Path) -> None:
    """In a clone that has no other blobs: that is how a fleet looks at hundreds of repositories."""
    project = made(tmp_path, {"a.txt": "x\n", "s.toml": "[tool.x]\na = 1\nb = 2\n", "b.txt": "b\n"}, ownership=KEYED)
    for name in ("a.txt", "b.txt"):
        blob = subprocess.run(
            ["git", "rev-parse", f"HEAD:{name}"], cwd=project, check=True, capture_output=True, text=True
        ).stdout.strip()
        os.remove(project / ".git" / "objects" / blob[:2] / blob[2:])  # noqa: PTH107 - objects are read-only
    assert check(project, rev="HEAD").is_clean


def test_a_clean_project_costs_two_processes_of_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = made(tmp_path, {f"{number}.txt": "x\n" for number in range(20)})
    log = tmp_path / "trace"
    monkeypatch.setenv("GIT_TRACE2_EVENT", str(log))
    for rev in (None, "HEAD"):
        log.write_text("")
        assert check(project, rev=rev).is_clean
        assert log.read_text().count('"event":"start"') <= 2


def edit(file: Path, how: str) -> None:
    """Do one of the things that people do to files."""
    match how:
        case "change":
            file.write_text("mine\n")
        case "empty":
            file.write_text("")
        case "delete":
            file.unlink()
        case "make executable":
            file.chmod(0o755)
        case "link":
            file.unlink()
            file.symlink_to("elsewhere")
        case "folder":
            file.unlink()
            file.mkdir()
            (file / "inside.txt").write_text("x\n")


EDITS = st.sampled_from(["", "change", "empty", "delete", "make executable", "link", "folder"])
ALL_POLICIES = """\
files:
  'owned*': owned
  'seeded.txt': {seeded: {required: true}}
  's.toml': {keyed: [tool.x]}
  'merged.txt': merged
"""
FILES = {
    "owned-a.txt": "a\n",
    "owned-b.txt": "b\n",
    "seeded.txt": "s\n",
    "s.toml": "[tool]\nx = 1\n",
    "merged.txt": "m\n",
}


@settings(max_examples=25)
@given(edits=st.fixed_dictionaries(dict.fromkeys(FILES, EDITS)))
def test_work_tree_and_commit_agree_and_nothing_escapes(
    tmp_path_factory: pytest.TempPathFactory, edits: dict[str, str]
) -> None:
    project = made(tmp_path_factory.mktemp("case"), FILES, ownership=ALL_POLICIES)
    for path, how in edits.items():
        edit(project / path, how)
    before = check(project)
    git(project, "add", "-A")
    git(project, "commit", "-q", "--allow-empty", "-m", "edits")
    assert codes(check(project)) == codes(check(project, rev="HEAD")) == codes(before)
    found = {path for _, path in codes(before)}
    assert {path for path in ("owned-a.txt", "owned-b.txt") if edits[path]} == found & {"owned-a.txt", "owned-b.txt"}
    assert ("seeded.txt" in found) is (edits["seeded.txt"] in {"delete", "folder"})
    assert "merged.txt" not in found
    assert ("s.toml" in found) is (edits["s.toml"] not in {"", "make executable"})
