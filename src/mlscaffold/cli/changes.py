"""What `update`, `set` and `diff` print: the plan by file and action, diffs, the summary."""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..plan.actions import Action
from ..template.versions import shown
from .console import out, stderr

if TYPE_CHECKING:
    from ..plan.actions import FileAction
    from ..project.record import Recorded
    from ..update.apply import Updated
    from ..update.prepare import PreparedUpdate

__all__ = [
    "note_derived",
    "plan_as_data",
    "print_details",
    "print_diff",
    "print_done",
    "print_dry_run",
    "print_plan",
]

_STYLES = {
    Action.CREATE: "green",
    Action.RESTORE: "green",
    Action.REMOVE: "red",
    Action.REPLACE: "yellow",
    Action.CONFLICT: "bold red",
    Action.KEEP: "dim",
}
_SIDE_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def print_plan(prepared: PreparedUpdate) -> None:
    """Where from and where to, how much changes, every file with its action, and what is new in the template."""
    console = out()
    before, after = map(shown, prepared.versions)
    scope = " (owned files only)" if prepared.ends.ahead is not None else ""
    console.say(f"{prepared.template} {before}" + (f" -> {after}" if before != after else "") + scope, style="bold")
    if prepared.is_empty:
        console.say("Nothing to do: the project is as the template renders it, with your edits.", style="green")
    else:
        console.say(f"{_summary(prepared)}.", style="bold")
    for name, (old, new) in prepared.changed_answers.items():
        console.say(f"  answer  {name}: {_shown(old)} -> {_shown(new)}")
    for action in prepared.plan.actions:
        console.say(_described(action), style=_STYLES.get(action.action, ""))
        for resolution in action.resolutions:
            console.say(f"            {resolution}", style="dim")
    for task in prepared.ends.tasks:
        console.say(f"will run  {task}", style="yellow")
    _print_news("What changed in the template:", _news(prepared.changelog)[0])


def print_details(prepared: PreparedUpdate) -> None:
    """What a plan leaves out: every file's diff, and the news of the tool that is released with its template."""
    _print_news("News of the tool:", _news(prepared.changelog)[1])
    contents = prepared.contents()
    for action in prepared.plan.actions:
        if action.path in contents:
            print_diff(action.origin or action.path, action.path, *contents[action.path])


def print_dry_run(hint: str = "") -> None:
    """How a dry run ends."""
    out().say(f"Dry run: nothing was written.{hint}")


def _print_news(title: str, news: str) -> None:
    if news:
        out().say(title, style="bold")
        out().say_lines(news, indent="  ")


_HEADING = re.compile(r"(#+)\s+(.*)")


def _news(changelog: str) -> tuple[str, str]:
    """A changelog parted: what it says of the template, and what of the tool, where that has a heading of its own."""
    template, tool = [], []
    for section in _parts(changelog.split("\n")):
        head, *others = _parts(section[1:], deeper=True) if section else [[]]
        named = [part for part in others if "template" in part[0].casefold()]
        if not named:
            template.append(section)
            continue
        template.append([*section[:1], *head, *(line for part in named for line in part)])
        tool.append([*section[:1], *(line for part in others if part not in named for line in part)])
    return _joined(template), _joined([section for section in tool if len(section) > 1])


def _parts(lines: list[str], *, deeper: bool = False) -> list[list[str]]:
    """Lines, parted before each heading of the level that is met first; `deeper`: with what stands before it."""
    parts: list[list[str]] = [[]] if deeper else []
    level = 0
    for line in lines:
        heading = _HEADING.match(line)
        level = level or (len(heading[1]) if heading else 0)
        if not parts or (heading and len(heading[1]) == level):
            parts.append([])
        parts[-1].append(line)
    return parts


def _joined(sections: list[list[str]]) -> str:
    return "\n\n".join("\n".join(section).strip() for section in sections)


def _summary(prepared: PreparedUpdate) -> str:
    changes, conflicts = len(prepared.plan.changes), len(prepared.plan.conflicts)
    files = "1 file changes" if changes == 1 else f"{changes} files change"
    parts = [(conflicts, "in conflict"), (len(prepared.plan.left), "left to you")]
    return ", ".join([files, *(f"{count} {what}" for count, what in parts if count)])


def _shown(answer: Any) -> str:
    return "(none)" if answer is None else str(answer)


def _described(action: FileAction) -> str:
    where = f"{action.origin} -> {action.path}" if action.origin else action.path
    said = f"{action.action.value:<9} {action.policy.value:<7} {where}"
    if action.action is Action.REPLACE:
        lines = "1 edited line" if action.edited_lines == 1 else f"{action.edited_lines} edited lines"
        said += f"  ({lines}; to keep them: mlscaffold eject {shlex.quote(action.path)} --reason …)"
    elif action.reason:
        said += f"  ({action.reason})"
    return said


def note_derived(recorded: Recorded) -> None:
    """Say that a project has no lock of its own."""
    if recorded.lock is None:
        said = f"Note: there is no lock; it is derived from {recorded.answers_file}"
        stderr().say(f"{said} ({recorded.template} {recorded.version}).", style="yellow")


def print_diff(before_name: str, after_name: str, before: bytes, after: bytes) -> None:
    """A unified diff, coloured."""
    console = out()
    if b"\0" in before + after:
        console.say(f"  {after_name}: binary content differs")
        return
    lines = _unified(before_name, after_name, before, after)
    console.say_styled((line, _SIDE_STYLES.get(line[:1], "")) for line in lines)


def _unified(before_name: str, after_name: str, before: bytes, after: bytes) -> Iterator[str]:
    old, new = (_lines(content.decode(errors="backslashreplace")) for content in (before, after))
    names = (f"a/{before_name}" if before else "/dev/null", f"b/{after_name}" if after else "/dev/null")
    return difflib.unified_diff(old, new, *names, lineterm="")


def _lines(text: str) -> list[str]:
    """Lines as git counts them, whatever else Python takes for the end of one."""
    return re.split(r"\r?\n", text.removesuffix("\n")) if text else []


def plan_as_data(prepared: PreparedUpdate) -> dict[str, Any]:
    """The plan for programs."""
    return {
        "format": 1,
        "template": prepared.template,
        "from": prepared.versions[0],
        "to": prepared.versions[1],
        "owned_only": prepared.ends.ahead is not None,
        "answers": {name: {"from": old, "to": new} for name, (old, new) in prepared.changed_answers.items()},
        "files": [_as_data(action, prepared) for action in prepared.plan.actions],
        "conflicts": [action.path for action in prepared.plan.conflicts],
        "left": dict(prepared.plan.left),
        "tasks": list(prepared.ends.tasks),
        "notes": list(prepared.notes),
    }


def _as_data(action: FileAction, prepared: PreparedUpdate) -> dict[str, Any]:
    data: dict[str, Any] = {"path": action.path, "action": action.action.value, "policy": action.policy.value}
    if action.origin:
        data["moved_from"] = action.origin
    if action.reason:
        data["reason"] = action.reason
    if action.resolutions:
        data["resolutions"] = list(action.resolutions)
    if action.action is Action.REPLACE:
        data["edited_lines"] = action.edited_lines
    if action.action is Action.CONFLICT:
        data["hunks"] = action.hunks
    # The id of a content is a digest: whoever guesses a secret could prove the guess by it.
    hidden = prepared.is_secret(action)
    data["before"], data["after"] = (
        {"mode": entry.mode.value, "blob": None if hidden else entry.blob} if entry else None
        for entry in (action.mine, action.result)
    )
    return data


def print_done(done: Updated) -> None:
    """How it ended, and what to do next."""
    console = out()
    for kept in done.saved:
        console.say(f"Your edits since are kept: {kept}", style="yellow")
    if done.conflicts:
        count = "1 file needs" if len(done.conflicts) == 1 else f"{len(done.conflicts)} files need"
        console.print()
        console.say(f"{count} you:", style="bold red")
        for path in done.conflicts:
            console.say(f"  {path}")
        console.say(
            "Resolve and `git add` each, then: mlscaffold update --continue. To undo: mlscaffold update --abort."
        )
        return
    console.print()
    console.say(f"Done: {done.title}. Review it (git status, git diff), then commit it.", style="green")
    if done.left:
        count = "1 file is" if len(done.left) == 1 else f"{len(done.left)} files are"
        console.print()
        console.say(f"{count} left to you:", style="bold red")
        for path, reason in done.left.items():
            console.say(f"  {path}  ({reason})")
    if done.message:
        console.say_lines(done.message)
