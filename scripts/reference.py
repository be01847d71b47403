"""Write the reference pages: commands, the template's questions, the rules of `check`. `nox -s docs`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from mlscaffold.cli.command_line import command_line
from mlscaffold.look.questions import answers_schema, questions_of
from mlscaffold.rules import RULES, Rule
from mlscaffold.template.questions import Question

ROOT = Path(__file__).resolve().parent.parent
#: What Typer's documentation generator looks for.
app = command_line()
NOTE = "<!-- Written by scripts/reference.py; run `nox -s docs`. -->\n\n"


def cli_reference() -> str:
    """The page of Typer's own documentation generator."""
    generator = [sys.executable, "-m", "typer", str(Path(__file__)), "utils", "docs", "--name", "mlscaffold"]
    page = subprocess.run(generator, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return NOTE + page.rstrip() + "\n"


def questions_reference() -> str:
    """Each question of the built-in template, as the work tree has it."""
    questions = questions_of(str(ROOT), None)
    parts = [
        NOTE + "# Questions of the built-in template\n",
        "Answer them in the wizard, with `--set NAME=VALUE`, or in a file given to `--answers`.\n",
        "Defaults that depend on other answers are shown for a project in the folder `my-project`.\n",
        *map(_question, questions),
        "## Schema of the answers file\n\nFor editors; `mlscaffold questions --json-schema` prints it.\n",
        f"```json\n{json.dumps(answers_schema(questions), indent=2, ensure_ascii=False)}\n```\n",
    ]
    return "\n".join(parts)


def _question(question: Question) -> str:
    lines = [f"## `{question.name}`\n", question.help, ""]
    if question.choices:
        lines += [
            f"- `{choice.value}`" + (f": {choice.label}" if choice.label != choice.value else "")
            for choice in question.choices
        ]
    else:
        lines.append(f"Type: {question.type}.")
    lines += ["", "No default." if question.required else f"Default: `{question.default}`", ""]
    return "\n".join(lines)


def rules_reference() -> str:
    """Each rule of `check`, as `mlscaffold explain` tells it."""
    listing = [
        f"| [`{rule}`](#{rule.code.lower()}) | {rule.name} | {rule.severity} | {rule.title} |"
        for rule in RULES.values()
    ]
    parts = [
        NOTE + "# Rules of `check`\n",
        "`mlscaffold explain CODE` prints the same. [How a check works](check.md).\n",
        "| code | name | severity | what is wrong |\n|---|---|---|---|\n" + "\n".join(listing) + "\n",
        *map(_rule, RULES.values()),
    ]
    return "\n".join(parts)


def _rule(rule: Rule) -> str:
    facts = [f"{rule.name}, {rule.severity}, since {rule.since}."]
    facts += [f"`mlscaffold check --fix` {rule.fixer}."] if rule.fixer else []
    facts += [f"Judged with `{rule.needs}` alone."] if rule.needs else []
    facts += [] if rule.waivable else ["Cannot be waived."]
    return f"""## {rule}

**{rule.title}.** {" ".join(facts)}

{rule.why}

What to do: {rule.how}

Found:

```
{rule.bad}
```

Right:

```
{rule.good}
```
"""


def main() -> int:
    """Write the pages, or with `--check` fail if one is not up to date."""
    docs = ROOT / "docs"
    pages = {
        docs / "cli.md": cli_reference(),
        docs / "questions.md": questions_reference(),
        docs / "rules.md": rules_reference(),
    }
    stale = [file for file, text in pages.items() if not file.exists() or file.read_text(encoding="utf-8") != text]
    if "--check" in sys.argv:
        for file in stale:
            print(f"{file.relative_to(ROOT)} is not up to date: run `nox -s docs`.", file=sys.stderr)
        return int(bool(stale))
    for file in stale:
        file.write_text(pages[file], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
