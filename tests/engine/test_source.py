"""Sources: what is recorded is what anybody, plain Copier included, can read the template from."""

from __future__ import annotations

import pytest

from mlscaffold.template.source import SourceKind, find_source


@pytest.mark.parametrize(
    ("spec", "recorded"),
    [
        ("https://gitlab.com/team/template", "https://gitlab.com/team/template"),
        ("gh:team/template", "https://github.com/team/template"),
        ("gl:team/template", "https://gitlab.com/team/template"),
        ("https://git.example.com/team/template.git", "https://git.example.com/team/template.git"),
        ("https://git.example.com/team/template", "git+https://git.example.com/team/template"),
        ("git+https://user:secret@git.example.com/team/t", "git+https://git.example.com/team/t"),
        ("git@git.example.com:team/template", "git@git.example.com:team/template"),
    ],
)
def test_what_is_recorded_of_an_address(spec: str, recorded: str) -> None:
    source = find_source(spec)
    assert (source.kind, source.url) == (SourceKind.REMOTE, recorded)
    assert find_source(recorded).url == recorded
    assert not source.location.startswith("git+")
