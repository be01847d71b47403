"""What strangers wrote, and what fingers slip into: odd locks, settings, journals, tables and arguments, never our bug.

Real files are changed at random, from a seed: what a value may be is replaced by what it may not. Each command has to
end with a documented exit code, and say what is wrong in words.
"""

from __future__ import annotations

import hashlib
import json
import random
import shutil
from typing import Any

import pytest

from .conftest import SMALL, Machine, Outcome, begins
from .updating import LINES, Followed, follow, with_line

CODES = {0, 1, 2, 3, 4, 5}
ROUNDS = 8

LONG = "x" * 5000
#: No text that a file system, a parser or a terminal expects.
TEXTS = (
    *(
        "",
        " ",
        ".",
        "..",
        "/",
        "//",
        "~",
        "-",
        "--",
        "a/../b",
        "../x",
        "/etc/passwd",
        ".git/config",
        ".mlscaffold.lock",
    ),
    *("a\\b", "C:\\x", "nul", "\0", "a\0b", "\n", "a\nb", "\t", "\r", "\x1b[31m", "\u202e", "é", "\ud800", "\udcff"),
    *(
        LONG,
        "d/" * 2500 + "x",
        f"{'n' * 300}/x",
        "[",
        "[z-a]",
        "\\",
        "*" * 500,
        "**/" * 300,
        "{{ x }}",
        "{% for",
        "%s",
        "&a",
    ),
    *("2027-13-45", "9999999999999999999999", "1e999", "nan", "null", "true", "[]", "{}", "!!python/name:os.system"),
    *("https://", "https://[", "https://a:b@[::1", "ssh://-oProxyCommand=x/y", "git@:x", "ext::sh -c x", "file:///\0"),
)
VALUES: tuple[Any, ...] = (*TEXTS, None, True, -1, 0, 2**70, 1.5, [], [[]], {}, {"": None}, ["a", 3], {"a": {"b": []}})


def fine(done: Outcome, case: object) -> None:
    """It ended as documented."""
    assert done.code in CODES, (case, done)
    assert "Traceback" not in done.out + done.err, (case, done)


@begins
def demo(machine: Machine) -> Followed:
    """A project with each policy, settings, and a conflict that waits to happen."""
    ownership = (
        "files: {'ci/*': owned, set.toml: {keyed: [a.b]}, seed.txt: {seeded: {required: true}}, old.txt: retired}\n"
    )
    files = {
        "ownership.yml": ownership,
        "ci/run.sh": "x\n",
        "set.toml": "[a]\nb = 1\n",
        "seed.txt": "s\n",
        "a.txt": LINES,
    }
    demo = follow(machine, files)
    settings = '[[waive]]\nrule = "MLS002"\npath = "ci/*"\nreason = "r"\nowner = "o"\nuntil = 2099-01-31\n\n'
    settings += '[[eject]]\npath = "seed.txt"\nreason = "r"\nowner = "o"\nsince = 2026-01-31\n'
    demo.edit({"a.txt": with_line(9, "mine"), ".mlscaffold.toml": settings})
    return demo


def odd_line(line: str, chance: random.Random) -> str:
    """A line with one of its words replaced, doubled or gone."""
    words = line.split("\t") if "\t" in line else line.split(" ")
    at = chance.randrange(len(words))
    words[at : at + 1] = chance.choice(
        [[chance.choice(TEXTS)], [], [words[at]] * 2, [words[at][: len(words[at]) // 2]]]
    )
    return ("\t" if "\t" in line else " ").join(words)


def odd_text(text: str, chance: random.Random) -> str:
    """A text with some of its lines made odd."""
    lines = text.split("\n")
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(lines)) if lines else 0
        lines[at : at + 1] = chance.choice(
            [[odd_line(lines[at], chance)] if lines else [], [], lines[at : at + 1] * 2, [chance.choice(TEXTS)]]
        )
    return "\n".join(lines)


def odd_data(data: Any, chance: random.Random) -> Any:
    """Data with one value, somewhere in it, replaced."""
    if not data or not isinstance(data, dict | list) or chance.random() < 0.1:
        return chance.choice(VALUES)
    if isinstance(data, list):
        at = chance.randrange(len(data))
        return [odd_data(each, chance) if number == at else each for number, each in enumerate(data)]
    name = chance.choice(sorted(data))
    if chance.random() < 0.2:
        return {(str(chance.choice(TEXTS)) if key == name else key): each for key, each in data.items()}
    return {key: odd_data(each, chance) if key == name else each for key, each in data.items()}


def sealed(body: str) -> str:
    """A lock whose digest fits."""
    digest = hashlib.sha256(encoded(body)).hexdigest()
    return f"mlscaffold-lock 1 sha256:{digest}\n{body}"


def encoded(text: str) -> bytes:
    """Bytes for any text, such as no editor would save."""
    return text.encode("utf-8", "surrogatepass")


VERBS: tuple[tuple[str, ...], ...] = (
    *(("check",), ("check", "--fix"), ("check", "--strict"), ("diff",), ("why", "ci/run.sh"), ("doctor",), ("lock",)),
    *(("update", "--dry-run"), ("update", "--status"), ("update", "--abort"), ("update", "--continue")),
    *(("lock", "--resolve", "--dry-run"), ("set", "name=x", "--dry-run"), ("eject", "a.txt", "--reason", "r")),
    ("waive", "MLS002", "--reason", "r", "--until", "2027-01-01"),
)


@pytest.mark.parametrize("seed", range(3))
def test_an_odd_lock(demo: Followed, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same in every run
    file = demo.project / ".mlscaffold.lock"
    body = file.read_text().partition("\n")[2]
    for _ in range(ROUNDS):
        odd = odd_text(body, chance)
        file.write_bytes(
            encoded(sealed(odd) if chance.random() < 0.9 else odd_text(file.read_text(errors="replace"), chance))
        )
        verb = chance.choice(VERBS)
        fine(demo.machine.run(*verb, "--project", demo.project), (verb, odd))


@pytest.mark.parametrize("seed", range(2))
def test_odd_settings_of_a_project(demo: Followed, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same in every run
    file = demo.project / ".mlscaffold.toml"
    text = file.read_text()
    for _ in range(ROUNDS):
        odd = odd_text(text, chance)
        file.write_bytes(encoded(odd))
        verb = chance.choice(VERBS)
        fine(demo.machine.run(*verb, "--project", demo.project), (verb, odd))


@pytest.mark.parametrize("seed", range(2))
def test_odd_settings_of_a_person(demo: Followed, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same in every run
    file = demo.machine.home / ".config" / "mlscaffold" / "settings.yml"
    file.parent.mkdir(parents=True)
    known = {
        "template": str(demo.template),
        "trust": ["https://example.com/x", "tree:" + "a" * 40],
        "defaults": {"name": "x"},
    }
    for _ in range(ROUNDS):
        odd = json.dumps(odd_data(known, chance))
        file.write_bytes(encoded(odd_text(odd, chance) if chance.random() < 0.3 else odd))
        verb = chance.choice([*VERBS, ("versions",), ("questions",)])
        place = () if verb[0] in {"versions", "questions"} else ("--project", str(demo.project))
        fine(demo.machine.run(*verb, *place), (verb, odd))


@pytest.mark.parametrize("seed", range(3))
def test_an_odd_journal(demo: Followed, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same in every run
    demo.release(files={"ci/run.sh": "y\n", "a.txt": with_line(9, "theirs")})
    assert demo.update("--defaults").code == 3
    kept = demo.machine.home / "kept"
    shutil.copytree(demo.project, kept, symlinks=True)
    (journal,) = (kept / ".git" / "mlscaffold").rglob("journal.json")
    known = json.loads(journal.read_text())
    for _ in range(ROUNDS):
        shutil.rmtree(demo.project)
        shutil.copytree(kept, demo.project, symlinks=True)
        odd = odd_data(known, chance)
        if chance.random() < 0.5 and isinstance(odd, dict):
            odd["phase"] = chance.choice(["applying", "tasks", "conflicts"])
        (demo.project / journal.relative_to(kept)).write_text(json.dumps(odd))
        verb = chance.choice(VERBS)
        fine(demo.machine.run(*verb, "--project", demo.project), (verb, odd))


@pytest.mark.parametrize("seed", range(2))
def test_an_odd_table_of_ownership(machine: Machine, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same in every run
    keyed, seeded = (
        {"keyed": ["a.b"]},
        {"seeded": {"required": True, "replaces": ["old/*", {"x.yml": ["a"]}], "page": "p"}},
    )
    known = {
        "files": {"ci/**": "owned", "s.toml": keyed, "n.txt": seeded, "l": {"derived": "make"}, "o": "retired"},
        "moved": {"a": "b"},
    }
    template = machine.template({**SMALL, "template/ci/run.sh": "x\n", "template/s.toml": "[a]\nb = 1\n"}, tag="")
    for number in range(ROUNDS // 2):
        odd = json.dumps(odd_data(known, chance))
        (template / "ownership.yml").write_text(odd)
        fine(machine.run("new", f"p{number}", "--template", template, "--defaults", "--dry-run"), odd)


#: Each place of the command line where a word of a person goes (@); HERE is a project, THERE its template.
PLACES = (
    *(f"{verb} @" for verb in ("check", "update", "lock", "doctor", "diff", "why", "set", "explain", "nonsense")),
    *(f"{verb} --project @" for verb in ("check", "update", "lock", "doctor", "diff")),
    *(
        "check HERE --rev @",
        "check HERE --report @",
        "check HERE --report json=@",
        "check HERE --@",
        "update HERE --to @",
    ),
    *("update HERE --template @", "update HERE --answers @ --dry-run"),
    *("diff @ --project HERE", "why @ --project HERE"),
    *("set @=x --dry-run --project HERE", "set name=@ --dry-run --project HERE", "set HERE name=@ --dry-run"),
    *("eject @ --reason r --project HERE", "eject a.txt --reason @ --owner @ --project HERE"),
    *("waive @ --reason r --until 2027-01-01 --project HERE", "waive MLS002 @ --reason r --until @ --project HERE"),
    *("versions --template @", "questions --template THERE --ref @", "new x --template @ --defaults --dry-run"),
    *("new @ --template THERE --defaults --dry-run", "new x --template THERE --set name=@ --defaults --dry-run"),
)


@pytest.mark.parametrize("seed", range(3))
def test_odd_arguments(demo: Followed, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same in every run
    # A program's argument holds no NUL, and no half of a character.
    texts = [text for text in TEXTS if "\0" not in text and "\ud800" not in text]
    work = demo.machine.work / "elsewhere"
    work.mkdir()
    (work / "loop").symlink_to("loop")
    monkeypatch.chdir(work)
    known = {"HERE": str(demo.project), "THERE": str(demo.template)}
    for _ in range(ROUNDS):
        text = chance.choice([*texts, "loop", "loop/x"])
        words = [known.get(word, word.replace("@", text)) for word in chance.choice(PLACES).split(" ")]
        fine(demo.machine.run(*words), words)


def test_a_loop_of_links_wherever_a_file_is_read(demo: Followed) -> None:
    for name in (".mlscaffold.lock", ".mlscaffold.toml", ".copier-answers.yml", "ci/run.sh", "set.toml", "a.txt"):
        file = demo.project / name
        content = file.read_bytes()
        file.unlink()
        file.symlink_to(file.name)
        for verb in VERBS:
            fine(demo.machine.run(*verb, "--project", demo.project), (verb, name))
        if file.is_symlink():
            file.unlink()
        file.write_bytes(content)
        demo.git("checkout", "-q", "-f", "HEAD", "--", ".")
