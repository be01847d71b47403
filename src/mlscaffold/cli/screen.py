"""Rich, as this tool uses it: what is said has no markup, and no sign that the reader could not see.

A verb styles what it says with `line` and the methods of `Screen`. One that prints something else is still safe: all
that leaves a screen is made visible on its way.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.segment import Segment
from rich.text import Text

from ..visible import visible, visible_lines

__all__ = ["Screen", "line"]

#: A part of a line, or one with a style.
Part = str | tuple[str, str]
#: What a line that was wrapped goes on after, so that its rest looks like no line of ours.
_HANGING = "    "
_NARROW = 20


def line(*parts: Part, style: str = "") -> Text:
    """One line, for a screen, a table or a tree."""
    seen = [visible(part) if isinstance(part, str) else (visible(part[0]), part[1]) for part in parts]
    return Text.assemble(*seen, style=style)


class Screen(Console):
    """A terminal or a pipe; no colours in a pipe, or when NO_COLOR is set."""

    def __init__(self, *, stderr: bool = False) -> None:
        wraps = (sys.stderr if stderr else sys.stdout).isatty()
        super().__init__(stderr=stderr, markup=False, emoji=False, highlight=False, soft_wrap=not wraps)

    def say(self, *parts: Part, style: str = "") -> None:
        """Print one line."""
        self.print(_Hanging(line(*parts, style=style)))

    def say_lines(self, text: str, *, style: str = "", indent: str = "") -> None:
        """Print a text of several lines; for the indent see `visible_lines`."""
        self.print(_Hanging(Text(visible_lines(text, indent=indent), style=style), indent))

    def say_styled(self, lines: Iterable[tuple[str, str]]) -> None:
        """Print lines, each with its style; their tabs stay."""
        shown = [Text(visible_lines(text).replace("\n", r"\n"), style=style) for text, style in lines]
        if shown:
            self.print(_Hanging(Text("\n").join(shown)))

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """What the terminal is sent; here is the only door to it."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=visible_lines(segment.text))


@dataclass(frozen=True)
class _Hanging:
    """Lines whose wrapped rest is indented."""

    text: Text
    indent: str = ""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if options.no_wrap:
            yield self.text
            return
        # Rich cuts off what is wider than the terminal: where that is narrow, nothing is indented.
        hanging = Text(self.indent + _HANGING if options.max_width >= _NARROW else "")
        width = options.max_width - len(hanging)
        for each in self.text.split("\n", allow_blank=True):
            if len(each) <= options.max_width and each.plain.isascii():
                yield each
                continue
            first, *rest = each.wrap(console, width, overflow="fold")
            yield first
            yield from (hanging + more for more in rest)
