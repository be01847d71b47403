"""`mlscaffold questions`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .console import say, say_json, say_lines
from .options import RefOption, TemplateOption, TrustOption, trusted_by

__all__ = ["questions"]


def questions(
    template: TemplateOption = None,
    ref: RefOption = None,
    trust: TrustOption = False,
    json_schema: Annotated[
        bool, typer.Option("--json-schema", help="Print a JSON Schema of the answers file, for editors.")
    ] = False,
) -> None:
    """Explain the questions that the template asks."""
    from ..files.user_folders import cache_folder
    from ..look.questions import answers_schema, questions_of
    from ..preferences.settings import read_settings
    from ..template.answers import suggest_defaults

    settings = read_settings()
    source = settings.template if template is None else template
    # As `new` takes them.
    suggested = {**suggest_defaults(Path.cwd()), **settings.defaults}
    asked = questions_of(source, ref, suggested=suggested, trusted=trusted_by(trust=trust), cache=cache_folder())
    if json_schema:
        say_json(answers_schema(asked))
        return
    for question in asked:
        kind = (
            "one of " + ", ".join(str(choice.value) for choice in question.choices)
            if question.choices
            else question.type
        )
        default = (
            "no default" if question.required else f"default: {'(hidden)' if question.secret else question.default}"
        )
        say(question.name)
        say_lines(question.help, indent="    ")
        say(f"    {kind}; {default}")
