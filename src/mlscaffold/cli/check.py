"""`mlscaffold check`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import MlscaffoldError
from .console import note, say_json_text, say_lines
from .options import DestArgument, ProjectOption, TrustOption, project_folder, trusted_by

if TYPE_CHECKING:
    from ..checking.reports import ReportFormat
    from ..checking.reports.targets import ReportTarget
    from ..checking.run import CheckResult
    from ..project.lock import Lock

__all__ = ["check"]


def check(
    dest: DestArgument = None,
    rev: Annotated[
        str | None,
        typer.Option("--rev", metavar="REV", help="Judge a commit, not the work tree.", show_default=False),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Render the recorded version again, and prove lock and answers by it.")
    ] = False,
    require_latest: Annotated[
        bool, typer.Option("--require-latest", help="Exit 5 if the template has a newer version.")
    ] = False,
    fix: Annotated[
        bool, typer.Option("--fix", help="Restore what the template owns, remove what it retired; then check again.")
    ] = False,
    reports: Annotated[
        list[str] | None,
        typer.Option(
            "--report",
            metavar="FORMAT[=PATH]",
            help="text, json, sarif, gitlab, junit or markdown; to a file, or (one) to the output. Can be repeated.",
            show_default=False,
        ),
    ] = None,
    trust: TrustOption = False,
    project: ProjectOption = None,
) -> None:
    """Check that the files which the template owns are still what it rendered.

    Judged by the project's own lock: no network, no render, unless --strict or --require-latest asks for them.
    Exit code 0: no errors. 1: errors. 2: no usable lock. 5: a newer version, where that was asked for.
    """
    from ..checking.reports import ReportFormat, write_report
    from ..checking.run import check as judge
    from ..files.user_folders import cache_folder

    root = project_folder(dest, project).resolve()
    wanted = _parse(root, reports or [])
    if fix and rev is not None:
        raise MlscaffoldError("A commit cannot be mended: --fix works on the work tree.", hint="Leave out --rev.")

    derived = None if rev is not None else _derived_lock(root, trusted=trust)

    def run() -> CheckResult:
        return judge(
            root,
            lock=derived,
            rev=rev,
            strict=strict,
            require_latest=require_latest,
            trusted=strict and trusted_by(trust=trust),
            cache=cache_folder(),
        )

    result = run()
    if fix:
        _fix(root, result, trusted=trust)
        result = run()
    printed = ReportFormat.TEXT
    for form, target in wanted:
        if target is None:
            printed = form
        else:
            target.write(write_report(result, form))
    is_json = printed in {ReportFormat.JSON, ReportFormat.SARIF, ReportFormat.GITLAB}
    (say_json_text if is_json else say_lines)(write_report(result, printed))
    raise typer.Exit(result.exit_code)


def _derived_lock(project: Path, *, trusted: bool) -> Lock | None:
    """The lock of a project that plain Copier made, found by rendering it; None for one that has its own."""
    from ..project.lock import LOCK_FILE

    if (project / LOCK_FILE).exists() or not any(project.glob(".copier-answers*.y*ml")):
        return None
    from ..files.user_folders import cache_folder
    from ..project.pin import pinned
    from ..template.copier.headless import import_copier
    from .changes import note_derived

    import_copier()
    with pinned(project, trusted=trusted_by(trust=trusted), cache=cache_folder()) as pin:
        note_derived(pin.recorded)
        return pin.lock


def _parse(project: Path, reports: list[str]) -> list[tuple[ReportFormat, ReportTarget | None]]:
    """Formats and where they go; None is standard output, however it is spelled.

    Raises:
        MlscaffoldError: A format is unknown, nothing can be written to a place, or two would go to the same.
    """
    from ..checking.reports import ReportFormat

    parsed: list[tuple[ReportFormat, ReportTarget | None]] = []
    for text in reports:
        name, has_path, path = text.partition("=")
        if name not in list(ReportFormat) or (has_path and not path):
            raise MlscaffoldError(
                f"--report {text}: there is no such report.",
                hint=f"Write FORMAT or FORMAT=PATH, with one of: {', '.join(ReportFormat)}.",
            )
        target = _target(project, path) if has_path else None
        target = None if target is not None and target.is_standard_output else target
        if any(_is_same(target, other) for _, other in parsed):
            where = target.named if target else "standard output"
            raise MlscaffoldError(
                f"Two reports would go to {where}.", hint="Give all but one a path of its own: --report FORMAT=PATH."
            )
        parsed.append((ReportFormat(name), target))
    return parsed


def _target(project: Path, path: str) -> ReportTarget:
    from ..checking.reports.targets import report_target

    return report_target(project, Path(path))


def _is_same(one: ReportTarget | None, other: ReportTarget | None) -> bool:
    return one is other if one is None or other is None else one.is_same(other)


def _fix(project: Path, result: CheckResult, *, trusted: bool) -> None:
    from ..checking.fix import repair
    from ..checking.strict import render_recorded

    fixed = repair(project, result, rendered=lambda: render_recorded(project, trusted=trusted_by(trust=trusted)))
    for path in fixed.paths:
        note(f"Mended {path}.")
    for path, why in fixed.unmended.items():
        note(f"Left {path}: {why}.")
