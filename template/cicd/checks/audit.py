"""Ask which flaws are known of the locked libraries. Ends with 0: none. 1: some, listed. 3: nobody could be asked.

Needs pip-audit, of requirements/checks.txt, which asks the package index, or an OSV service that AUDIT_OSV_URL names.
What a person has decided about stands in requirements/audit-ignored.txt: an id a line, and after it why.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

IGNORED = Path("requirements/audit-ignored.txt")
REPORT = Path(os.environ.get("CHECKS", "reports/ci")) / "audit.json"
FOUND, NOT_ASKED = 1, 3


def locked() -> list[Path]:
    """Every locked list, each with the hashes of what it names."""
    return sorted(file for file in Path("requirements").rglob("*.txt") if file != IGNORED)


def ignored() -> list[str]:
    """Ids that a person has decided about."""
    lines = IGNORED.read_text(encoding="utf-8").splitlines() if IGNORED.is_file() else []
    return [line.split()[0] for line in lines if line.strip() and not line.startswith("#")]


def asked() -> list[dict[str, object]] | None:
    """What is known of each library; nothing if nobody could be asked."""
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "--progress-spinner", "off"]
    if url := os.environ.get("AUDIT_OSV_URL"):
        command += ["--vulnerability-service", "osv", "--osv-url", url]
    command += [word for file in locked() for word in ("--requirement", str(file))]
    command += [word for name in ignored() for word in ("--ignore-vuln", name)]
    done = subprocess.run(
        [*command, "--format", "json", "--output", str(REPORT)], capture_output=True, text=True, check=False
    )
    if not REPORT.is_file():
        sys.stderr.write("".join(done.stderr.splitlines(keepends=True)[-3:]))
        return None
    dependencies: list[dict[str, object]] = json.loads(REPORT.read_text(encoding="utf-8"))["dependencies"]
    return dependencies


def main() -> int:
    """Print what is known, and say it by the exit code, too."""
    dependencies = asked()
    if dependencies is None or all("skip_reason" in each for each in dependencies):
        sys.stderr.write("Nobody could be asked about known flaws. Is the package index reachable from here?\n")
        return NOT_ASKED
    flaws = [(each, flaw) for each in dependencies for flaw in each.get("vulns", [])]  # type: ignore[attr-defined]
    for each, flaw in flaws:
        mended = ", ".join(flaw["fix_versions"]) or "no version yet"
        sys.stdout.write(f"{each['name']} {each['version']}: {flaw['id']}, mended in {mended}\n")
    unknown = sorted(str(each["name"]) for each in dependencies if "skip_reason" in each)
    if unknown:
        sys.stdout.write(f"Not known to whom was asked: {', '.join(unknown)}\n")
    if flaws:
        sys.stderr.write(
            f"Lock what mends them: nox -s lock -- --upgrade. If it does not concern you: {IGNORED}, and why.\n"
        )
        return FOUND
    sys.stdout.write(f"Nothing is known of {len(dependencies) - len(unknown)} libraries.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
