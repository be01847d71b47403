"""From a plan of entries to a plan of contents: what both sides changed is merged, what is keyed is spliced.

The dry run and the real one share the result: every file's entry afterwards, and the content of those that are new.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..documents.keys import KeyedFileError
from ..documents.set_keys import set_keys
from ..files.entry import Entry, FileMode
from ..merge import HunkRule, Labels, Merged, fuller_of, merge_contents
from ..merge.diff3 import count_changed
from ..template.policy import Policy
from .actions import Action, FileAction, Plan

__all__ = ["Contents", "Resolved", "contents_needed"]

#: The content of a blob, by its id.
Read = Callable[[str], bytes]
#: What decides the hunks of a file, by its path in the project.
RulesFor = Callable[[str], Sequence[HunkRule]]


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """A plan in which every content is known."""

    plan: Plan
    #: Contents that no blob holds yet, by path: merges, and conflicts with their markers.
    contents: Mapping[str, bytes] = field(default_factory=dict)

    def filled(self, ids: Mapping[str, str]) -> Plan:
        """The plan, with the ids that these contents have by now."""
        actions = (
            replace(each, result=replace(each.result, blob=ids[each.path]))
            if each.path in ids and each.result is not None
            else each
            for each in self.plan.actions
        )
        return Plan(actions=tuple(actions))


def contents_needed(plan: Plan) -> tuple[FileAction, ...]:
    """The files whose contents are read to decide them."""
    return (
        *plan.having(Action.MERGE, Action.KEYS, Action.REPLACE, Action.CONFLICT),
        *filter(_is_dropped, plan.actions),
    )


def _is_dropped(draft: FileAction) -> bool:
    """Kept since the user changed it, and the template has it no longer."""
    return (
        draft.action is Action.KEEP
        and draft.policy is Policy.MERGED
        and None not in {draft.old, draft.mine}
        and not draft.new
    )


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What the contents of a plan are decided by."""

    read: Read
    #: Names of the sides in conflict markers.
    labels: Labels = field(default_factory=Labels)
    #: Merge as git would, nothing beyond.
    lines_only: bool = False
    #: Gives what decides the hunks of a path of the project that nothing else does.
    rules_for: RulesFor = lambda _: ()
    #: Paths whose git filter is missing on this machine: their contents are not what they seem.
    unverifiable: Collection[str] = ()
    #: Paths whose lines mean nothing by themselves: one side or the other.
    unmergeable: Collection[str] = ()
    #: A private folder from which git reads what it merges; None is one for each merge.
    scratch: Path | None = None

    def resolve(self, plan: Plan) -> Resolved:
        """Decide every content.

        Raises:
            MachineError: git failed.
        """
        # Git merges in processes of its own: while it does one, another is decided here.
        with ThreadPoolExecutor(max_workers=2) as threads:
            resolved = list(threads.map(self._resolve, plan.actions))
        pairs = zip(plan.actions, resolved, strict=True)
        return Resolved(
            plan=Plan(actions=tuple(action for action, _ in resolved if action is not None)),
            contents={draft.path: content for draft, (_, content) in pairs if content is not None},
        )

    def _resolve(self, draft: FileAction) -> tuple[FileAction | None, bytes | None]:
        """The action with all that is known after reading, and its content if no blob holds it."""
        if draft.action in {Action.MERGE, Action.KEYS, Action.CONFLICT} and draft.path in self.unverifiable:
            reason = "its git filter is not installed here, so it cannot be compared"
            return replace(draft.becomes(Action.KEEP, draft.mine), reason=reason), None
        match draft.action:
            case Action.MERGE:
                return self._merge(draft)
            case Action.KEYS:
                return self._keys(draft)
            case Action.CONFLICT:
                return self._mark(draft)
            case Action.KEEP if _is_dropped(draft) and not self.lines_only:
                return self._dropped(draft), None
            case Action.REPLACE:
                draft = replace(draft, edited_lines=self._edited(draft))
        return draft, None

    def _content(self, entry: Entry | None) -> bytes:
        return b"" if entry is None else self.read(entry.blob)

    def _merge(self, draft: FileAction) -> tuple[FileAction | None, bytes | None]:
        merged = self._merge_contents(draft, base=self._content(draft.old), lines_only=self.lines_only)
        if merged.conflicted:
            return self._conflict(draft, merged, "you and the template changed the same lines")
        return self._settled(draft, merged.content, merged.reasons)

    def _merge_contents(self, draft: FileAction, *, base: bytes | None, lines_only: bool) -> Merged:
        mine = self._content(draft.mine)
        if draft.path in self.unmergeable:
            return Merged(content=mine, conflicted=True)
        theirs = self._content(draft.new)
        return merge_contents(
            draft.path,
            base=base,
            mine=mine,
            theirs=theirs,
            labels=self.labels,
            lines_only=lines_only,
            rules=self.rules_for(draft.origin or draft.path),
            scratch=self.scratch,
        )

    def _keys(self, draft: FileAction) -> tuple[FileAction | None, bytes | None]:
        mine, template = self._content(draft.mine), self._content(draft.new)
        try:
            content = set_keys(draft.path, mine=mine, template=template, keys=draft.rule.keys)
        except KeyedFileError as error:
            return replace(draft.conflicts(error.message), result=draft.mine), None
        if content == mine and not draft.origin:
            return None, None
        return self._settled(draft, content, ())

    def _settled(
        self, draft: FileAction, content: bytes, reasons: tuple[str, ...]
    ) -> tuple[FileAction | None, bytes | None]:
        """A content that nobody has to look at; no action where it is what the project has."""
        if content == self._content(draft.mine) and draft.mine is not None and not draft.origin:
            return draft.stays("; ".join(reasons)) if reasons else None, None
        return replace(draft, result=Entry(mode=_mode(draft), blob=""), resolutions=reasons), content

    def _mark(self, draft: FileAction) -> tuple[FileAction | None, bytes | None]:
        """A conflict that the planner saw: where both are files, mark where they differ."""
        if draft.mine is None or draft.new is None or FileMode.SYMLINK in {draft.mine.mode, draft.new.mode}:
            return replace(draft, result=draft.mine), None
        if draft.old is None and draft.policy is Policy.MERGED and not self.lines_only:
            sides = self._content(draft.mine), self._content(draft.new)
            if draft.path not in self.unmergeable and (fuller := fuller_of(draft.path, *sides)) is not None:
                return self._settled(replace(draft, action=Action.MERGE, reason=""), *fuller)
        merged = self._merge_contents(draft, base=None, lines_only=True)
        return self._conflict(draft, merged, draft.reason)

    def _conflict(self, draft: FileAction, merged: Merged, reason: str) -> tuple[FileAction, bytes | None]:
        if not merged.hunks:
            why = f"{reason}, and it is no text" if merged.conflicted else reason
            return replace(draft.conflicts(why), result=draft.mine), None
        marked = Entry(mode=_mode(draft), blob="")
        conflict = draft.conflicts(reason)
        return replace(conflict, result=marked, hunks=merged.hunks, resolutions=merged.reasons), merged.content

    def _dropped(self, draft: FileAction) -> FileAction:
        """Spaces and line breaks are no reason to keep what the template removed."""
        if self._content(draft.old).split() != self._content(draft.mine).split():
            return draft
        reason = "the template has it no longer, and you had changed nothing but spaces"
        return replace(draft.becomes(Action.REMOVE, None), reason=reason)

    def _edited(self, draft: FileAction) -> int:
        """How many lines of the user's are not the old render's."""
        return count_changed(self._content(draft.old).splitlines(), self._content(draft.mine).splitlines())


def _mode(draft: FileAction) -> FileMode:
    """The mode that one side changed it to; the user's where nobody did."""
    old, mine, new = (entry.mode if entry else None for entry in (draft.old, draft.mine, draft.new))
    return (new if mine == old else mine) or FileMode.FILE
