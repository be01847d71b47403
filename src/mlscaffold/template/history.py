"""What happened between two states of a template: files that moved, what its authors say, who changed a file last."""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Mapping, Sequence

from .checkout import Checkout
from .identity import subdirectory_of
from .versions import number_in, releases_in

__all__ = ["changed_last", "changes_between", "moved_sources", "renamed_sources"]

#: How much of a template file must be the same for it to be the same file under another name.
_ALIKE = "80%"
_MOST_SUBJECTS = 20
_CHANGELOG = re.compile(r"(changelog|changes|history)(\.(md|rst|txt))?", re.IGNORECASE)
_HEADING = re.compile(r"^#{1,3}\s+\[?v?(?P<version>\d[\w.]*)", re.MULTILINE)


def moved_sources(
    old: Checkout, new: Checkout, declared: Mapping[str, Sequence[str]], used: Collection[str]
) -> Mapping[str, str]:
    """Which template files have another path since: path before -> now, relative to the template's root.

    Args:
        old: The version before.
        new: The version now; its repository knows both.
        declared: What the template says itself (`moved:`, relative to where its files are), which overrides git's
            rename detection; of several places now, the one that is used counts.
        used: The template files that the new render has.
    """
    return {**renamed_sources(old, new), **(_declared(old, new, declared, used) if declared else {})}


@functools.lru_cache(maxsize=4)
def renamed_sources(old: Checkout, new: Checkout) -> Mapping[str, str]:
    """Which template files have another path since, as git's rename detection says."""
    if not old.commit or not new.commit or old.commit == new.commit:
        return {}
    options = ("-r", "-z", f"-M{_ALIKE}", "-l0", "--diff-filter=R", "--name-status", "--no-rename-empty")
    fields = new.repository.git.records("diff-tree", *options, _tree(old), _tree(new))
    return dict(zip(fields[1::3], fields[2::3], strict=False))


def _declared(
    old: Checkout, new: Checkout, declared: Mapping[str, Sequence[str]], used: Collection[str]
) -> Mapping[str, str]:
    before, after = subdirectory_of(old.root), subdirectory_of(new.root)
    said = {}
    for source, targets in declared.items():
        paths = [after + path.removeprefix(after) for path in targets]
        said[before + source.removeprefix(before)] = next((path for path in paths if path in used), paths[0])
    return said


def _tree(checkout: Checkout) -> str:
    """The tree of a template's folder: what moves elsewhere in its repository is none of its business."""
    return f"{checkout.commit}:{checkout.source.folder}"


@functools.lru_cache(maxsize=4)
def changes_between(old: Checkout, new: Checkout) -> str:
    """What the template's authors say of the versions after `old`: their changelog, or else the subjects of commits."""
    if not old.commit or not new.commit or old.commit == new.commit:
        return ""
    git = new.repository.git
    names = git.text("ls-tree", "--full-tree", "--name-only", _tree(new)).split("\n")
    file = next((name for name in names if _CHANGELOG.fullmatch(name)), "")
    text = git.text("cat-file", "blob", f"{new.commit}:{new.source.below}{file}") if file else ""
    if sections := _sections(text, old, new):
        return sections
    within = ("--", f":(top,literal){new.source.folder}") if new.source.folder else ()
    options = ("--no-merges", "--format=%s", f"-{_MOST_SUBJECTS}")
    subjects = git.text("log", *options, f"{old.commit}..{new.commit}", *within)
    return "\n".join(f"- {subject}" for subject in subjects.split("\n") if subject)


def _sections(changelog: str, old: Checkout, new: Checkout) -> str:
    """The parts of a changelog under the headings of versions after the old one, up to the new one."""
    if old.number is None or new.number is None:
        return ""
    kept = []
    headings = list(_HEADING.finditer(changelog))
    ends = [*(heading.start() for heading in headings), len(changelog)][1:]
    for heading, end in zip(headings, ends, strict=True):
        number = number_in(heading["version"])
        if number is not None and old.number < number <= new.number:
            kept.append(changelog[heading.start() : end].strip())
    return "\n\n".join(kept)


def changed_last(checkout: Checkout, source: str) -> str:
    """The first release that holds the last change of a template file, as of a checkout; empty if there is none."""
    if not checkout.commit:
        return ""
    git = checkout.repository.git
    path = f":(top,literal){checkout.source.below}{source}"
    commit = git.text("log", "-1", "--format=%H", checkout.commit, "--", path)
    if not commit:
        return ""
    holding = dict.fromkeys(git.text("tag", "--contains", commit).split("\n"), "")
    return next((release.tag for release in releases_in(holding, checkout.source.tag_prefix)), "")
