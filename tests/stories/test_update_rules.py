"""`update` where both sides changed the same lines and a rule decides: of versions, and of what a bot wrote."""

from __future__ import annotations

import pytest

from .conftest import Machine, begins
from .updating import Followed, follow

BOT = "renovate[bot] <29139614+renovate[bot]@users.noreply.github.com>"


def needs(pandas: str, numpy: str = "numpy>=1") -> str:
    """A file of requirements."""
    return f"{numpy}\n\n# frames\n{pandas}\n"


@begins
def demo(machine: Machine) -> Followed:
    """A project whose owner and whose template raised the same requirement."""
    demo = follow(machine, {"needs.txt": needs("pandas>=1")})
    demo.edit({"needs.txt": needs("pandas>=3"), ".mlscaffold.toml": "[merge]\nhigher-versions = true\n"})
    demo.release(files={"needs.txt": needs("pandas>=2", "numpy>=2")})
    return demo


def by_bot(demo: Followed, author: str = BOT) -> None:
    """The newest commit becomes a bot's."""
    demo.git("commit", "-q", "--amend", "--no-edit", "--no-verify", "--author", author)


def test_the_higher_version_counts_and_the_plan_says_so(demo: Followed) -> None:
    (file,) = demo.planned()["files"]
    assert file["resolutions"] == ["1 hunk: only versions differ, and the higher ones count (yours)"]

    demo.updated()

    assert demo.text("needs.txt") == needs("pandas>=3", "numpy>=2")


@pytest.mark.parametrize("settings", ["", "[merge]\n", "[merge]\nhigher-versions = false\n"])
def test_versions_are_a_persons_to_decide_unless_the_project_says_so(demo: Followed, settings: str) -> None:
    demo.edit({".mlscaffold.toml": settings})

    assert demo.update().code == 3

    assert "<<<<<<< your project\npandas>=3\n" in demo.text("needs.txt")


def test_git_knows_nothing_of_versions(demo: Followed) -> None:
    assert demo.update("--merge", "git").code == 3


def test_what_a_bot_wrote_goes_to_the_template_where_the_project_says_so(machine: Machine) -> None:
    demo = follow(machine, {"ci.txt": "image: a:1\n\nother: 1\n"})
    demo.edit({"ci.txt": "image: a:1\n\nother: mine\n", ".mlscaffold.toml": "[merge]\nupdate-bots = true\n"})
    demo.edit({"ci.txt": "image: a:2\n\nother: mine\n"})
    by_bot(demo)
    demo.release(files={"ci.txt": "image: b:1\n\nother: theirs\n"})

    assert demo.update().code == 3, "one of the hunks is a person's"

    assert demo.text("ci.txt").startswith("image: b:1\n")
    assert "<<<<<<< your project\nother: mine\n" in demo.text("ci.txt")


@pytest.mark.parametrize(
    ("settings", "author", "code"),
    [
        pytest.param("update-bots = true", BOT, 0, id="a bot that we know"),
        pytest.param("update-bots = true", "Ada <ada@example.com>", 3, id="a person"),
        pytest.param("update-bots = ['ada@']", "Ada <ada@example.com>", 0, id="whom the project names"),
        pytest.param("update-bots = ['ada@']", BOT, 3, id="and nobody else"),
        pytest.param("update-bots = false", BOT, 3, id="turned off"),
        pytest.param("", BOT, 3, id="nothing said"),
    ],
)
def test_whose_lines_go_is_the_projects_to_say(machine: Machine, settings: str, author: str, code: int) -> None:
    demo = follow(machine, {"ci.txt": "image: a:1\n"})
    demo.edit({".mlscaffold.toml": f"[merge]\n{settings}\n"})
    demo.edit({"ci.txt": "image: a:2\n"})
    by_bot(demo, author)
    demo.release(files={"ci.txt": "image: b:1\n"})

    assert demo.update().code == code

    assert (demo.text("ci.txt") == "image: b:1\n") is not bool(code)


def test_a_history_that_is_cut_off_says_nothing_of_authors(machine: Machine) -> None:
    demo = follow(machine, {"ci.txt": "image: a:1\n"})
    demo.edit({".mlscaffold.toml": "[merge]\nupdate-bots = true\n"})
    demo.edit({"ci.txt": "image: a:2\n"})
    demo.edit({"other.txt": "x\n"})
    by_bot(demo)
    demo.release(files={"ci.txt": "image: b:1\n"})
    (demo.project / ".git/shallow").write_text(demo.git("rev-parse", "HEAD").strip() + "\n")

    assert demo.update().code == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("merge = 1", "write `merge` as a table"),
        ("[merge]\nversions = true", "unknown key `versions`"),
        ("[merge]\nhigher-versions = 1", "true or false"),
        ("[merge]\nupdate-bots = ['']", "a list of authors"),
        ("[merge]\nupdate-bots = 3", "a list of authors"),
    ],
)
def test_settings_that_are_none(demo: Followed, text: str, said: str) -> None:
    demo.edit({".mlscaffold.toml": f"{text}\n"})

    demo.refuses(said)
