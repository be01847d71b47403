"""Which tags of a template are releases, in what order; what a channel is; what else is never read as a version."""

from __future__ import annotations

import pytest

from mlscaffold.errors import TemplateError
from mlscaffold.template.channel import RELEASES, Channel, Following, parse_channel
from mlscaffold.template.versions import check_name, latest, name_of, named_release, number_in, releases_in, shown

from ..bounded import ends_within


def at(*tags: str) -> dict[str, str]:
    """Tags, each at a commit of its own; `tag=commit` names another."""
    pairs = (tag.partition("=") for tag in tags)
    return {tag: commit or f"commit of {tag}" for tag, _, commit in pairs}


def names(*tags: str, prefix: str = "") -> list[str]:
    return [release.tag for release in releases_in(at(*tags), prefix)]


@pytest.mark.parametrize(
    "tag",
    [
        *("devel-1", "2024-backup", "nightly", "release-1.0", "v", "1.2.x", "v1.0.0-3-gabc1234", "", "latest"),
        *("1.0.0-foreign", "v1..0", "9" * 5000, "v" + "1." * 4000 + "0", "v1.0.0^{}", "refs/tags/v1.0.0"),
    ],
)
def test_what_is_no_version_number_is_no_release(tag: str) -> None:
    assert names("v1.0.0", tag) == ["v1.0.0"]


def test_the_order_is_that_of_the_numbers() -> None:
    tags = ["v1.10.0", "v1.9.0", "2.0.0rc1", "v2.0.0", "v2.0.0.post1", "v2.0.0a1", "v2.0.0.dev3"]
    assert names(*tags) == ["v1.9.0", "v1.10.0", "v2.0.0.dev3", "v2.0.0a1", "2.0.0rc1", "v2.0.0", "v2.0.0.post1"]


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (["v1.0.0=a", "v1=a"], ["v1.0.0"]),
        (["v1.0.0=a", "v1.1.0=b", "v1=b", "v1.1=b"], ["v1.0.0", "v1.1.0"]),
        (["v1.4.2=a", "v1.4=a", "v1=a", "v2=b", "v2.0.0=b"], ["v1.4.2", "v2.0.0"]),
        # These follow nothing.
        (["v1=a", "v1.1=b", "v2=c"], ["v1", "v1.1", "v2"]),
        (["v1=a"], ["v1"]),
        (["v1.0.0rc3=a", "v1.0.0=a"], ["v1.0.0rc3", "v1.0.0"]),
    ],
)
def test_a_tag_that_moves_along_with_releases_is_none(tags: list[str], expected: list[str]) -> None:
    assert names(*tags) == expected


def test_digits_alone_are_no_version_beside_versions_with_dots() -> None:
    assert names("v1.0.0", "20240115", "1234567") == ["v1.0.0"]
    assert names("1", "2", "10") == ["1", "2", "10"]


def test_a_prefix_parts_the_templates_of_a_repository() -> None:
    tags = ("ml-1.0.0", "ml-v2.0.0", "web-3.0.0", "v4.0.0", "ml-nightly", "ml-")
    assert names(*tags, prefix="ml-") == ["ml-1.0.0", "ml-v2.0.0"]
    assert names(*tags) == ["v4.0.0"]


def test_the_newest_of_a_channel() -> None:
    known = releases_in(at("v1.0.0", "v2.0.0", "v3.0.0rc1"))
    before = Channel(following=Following.PRERELEASES)
    assert [getattr(latest(known, channel), "tag", "") for channel in (RELEASES, before)] == ["v2.0.0", "v3.0.0rc1"]
    only = releases_in(at("v1.0.0a1", "v1.0.0a2"))
    assert getattr(latest(only), "tag", "") == "v1.0.0a2"
    assert latest(()) is None


def test_a_release_is_named_by_its_tag_or_its_number() -> None:
    known = releases_in(at("v1.0.0", "ml-2.0.0", "v2.0.0"))
    assert [getattr(named_release(known, text), "tag", "") for text in ("v1.0.0", "1.0.0", "1.0", "ml-2.0.0")] == [
        *("v1.0.0", "v1.0.0", "", ""),
    ]


def test_a_commit_is_called_by_the_newest_release_that_it_is_or_by_its_id() -> None:
    known = releases_in(at("v1.0.0rc1=a", "v1.0.0=a", "v2.0.0=b"))
    assert [name_of(commit, known) for commit in ("a", "b", "c")] == ["v1.0.0", "v2.0.0", "c"]
    assert (shown("a" * 40), shown("v1.0.0"), shown("1234567")) == ("a" * 10, "v1.0.0", "1234567")


def test_ten_thousand_tags_take_no_time() -> None:
    tags = {f"v{number // 100}.{number % 100}.0": f"{number:040x}" for number in range(10_000)}
    tags |= {f"v{number}": f"{number * 100 + 99:040x}" for number in range(100)}
    tags |= {f"nightly-{number}": f"{number:040x}" for number in range(10_000)}
    mixed = sorted(tags.items(), key=lambda tag: tag[1][::-1])
    with ends_within(5):
        known = releases_in(dict(mixed))
    assert (len(known), known[-1].tag) == (10_000, "v99.99.0")


@pytest.mark.parametrize("text", ["releases", "prereleases", "branch:main", "branch:team/next-1.x", "branch:é"])
def test_a_channel_is_read_as_it_is_written(text: str) -> None:
    assert str(parse_channel(text)) == text
    assert (str(RELEASES) == text) == (parse_channel(text) == RELEASES)


@pytest.mark.parametrize(
    "text",
    [
        *("", "main", "branch", "branch:", "branch:-x", "branch:a b", "branch:a..b", "branch:a\nb", "branch:a//b"),
        *("branch:x.lock", "branch:a/", "branch:@{-1}", "branch:*", "branch:" + "a" * 300, "Releases", "branch:a."),
    ],
)
def test_what_is_no_channel(text: str) -> None:
    with pytest.raises(TemplateError, match="is no channel"):
        parse_channel(text)


@pytest.mark.parametrize("text", ["", " ", "-x", "--upload-pack=x", "a\0b", "a\nb", "\ud800", "a" * 200_000])
def test_what_names_no_version_of_any_template(text: str) -> None:
    with pytest.raises(TemplateError, match="is no version of a template"):
        check_name(text)


def test_a_number_is_a_whole_text() -> None:
    assert [str(number_in(text)) for text in ("v1.0", "1.0rc1", "x", "1" * 200)] == ["1.0", "1.0rc1", "None", "None"]
