"""`mlscaffold explain`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import MlscaffoldError
from .console import say, say_lines

if TYPE_CHECKING:
    from ..rules import Rule

__all__ = ["explain"]


def explain(
    code: Annotated[
        str | None,
        typer.Argument(metavar="CODE", help="A rule, such as MLS002 or owned-changed.", show_default=False),
    ] = None,
    list_all: Annotated[bool, typer.Option("--list", help="Name every rule in one line.")] = False,
) -> None:
    """Explain a rule of `check`: what is wrong, why it matters, how to mend it."""
    from ..rules import RULES, rule_of

    if list_all or code is None:
        for each in RULES.values():
            say(f"{each}  {each.severity:<7}  {each.title}")
        return
    rule = rule_of(code)
    if rule is None:
        raise MlscaffoldError(f"There is no rule {code!r}.", hint="`mlscaffold explain --list` names them all.")
    say_lines(_page(rule))


def _page(rule: Rule) -> str:
    import textwrap

    def wrapped(text: str) -> str:
        return textwrap.fill(text, width=100, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)

    facts = [f"{rule.severity}", f"since {rule.since}"]
    facts += [f"`check --fix` {rule.fixer}"] if rule.fixer else []
    facts += [f"judged with {rule.needs}"] if rule.needs else []
    facts += [] if rule.waivable else ["cannot be waived"]
    parts = [
        f"{rule} {rule.name}: {rule.title}",
        f"  {', '.join(facts)}",
        f"\nWhy\n{wrapped(rule.why)}",
        f"\nWhat to do\n{wrapped(rule.how)}",
        f"\nFound\n{textwrap.indent(rule.bad, '    ')}",
        f"\nRight\n{textwrap.indent(rule.good, '    ')}",
    ]
    return "\n".join(parts)
