"""Write a release of the template into the bundle that the package carries: `nox -s release -- VERSION`.

One commit and one tag a release, each holding `copier.yml`, `ownership.yml` and `template/` and nothing else. The
bundle is committed, so that new, check and update work between any two releases with no network. A release that is part
of HEAD's bundle is final; one that only the work tree has can be made again.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from packaging.version import InvalidVersion, Version

ROOT = Path(__file__).resolve().parent.parent
BUNDLE = ROOT / "src" / "mlscaffold" / "embedded" / "template.bundle"
CONTENT = ("copier.yml", "ownership.yml", "template")


class ReleaseError(Exception):
    """Why a release cannot be made."""


def git(*arguments: str, cwd: Path, stdin: str | None = None, **environment: str) -> str:
    """Standard output of a git command."""
    import os

    done = subprocess.run(
        ["git", *arguments],
        cwd=cwd,
        input=stdin,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ReleaseError(f"git {' '.join(arguments[:2])}: {done.stderr.strip()}")
    return done.stdout.strip()


def release_date(version: str) -> str:
    """The day of a release, from its heading in the changelog."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    found = re.search(rf"^## {re.escape(version)} \((\d{{4}}-\d\d-\d\d)\)$", changelog, re.MULTILINE)
    if not found:
        raise ReleaseError(f"CHANGELOG.md has no heading `## {version} (YYYY-MM-DD)`. Write what changed first.")
    return found[1]


def check_versions(version: str) -> None:
    """The package and the template's CI must name the version that is released."""
    if str(Version(version)) != version:
        raise ReleaseError(f"Write the version as {Version(version)}.")
    package = (ROOT / "src" / "mlscaffold" / "__init__.py").read_text(encoding="utf-8")
    if f'__version__ = "{version}"' not in package:
        raise ReleaseError(f"src/mlscaffold/__init__.py does not say __version__ = {version!r}.")
    pipeline = next((ROOT / "template").glob(".gitlab-ci.yml*")).read_text(encoding="utf-8")
    if f"@{version}" not in pipeline:
        raise ReleaseError(f"The template's .gitlab-ci.yml does not install the tool at @{version}.")


def refuse_final(version: str) -> None:
    """A release that is committed is what projects out there were made from."""
    path = BUNDLE.relative_to(ROOT).as_posix()
    with tempfile.TemporaryDirectory() as scratch:
        committed = Path(scratch) / "committed.bundle"
        shown = subprocess.run(["git", "show", f"HEAD:{path}"], cwd=ROOT, capture_output=True, check=False)
        if shown.returncode:
            return
        committed.write_bytes(shown.stdout)
        tags = git("ls-remote", "--tags", "--refs", str(committed), cwd=ROOT)
    if any(line.endswith(f"refs/tags/{version}") for line in tags.splitlines()):
        raise ReleaseError(f"{version} is released already, and projects were made from it. Choose a new version.")


def write(version: str) -> str:
    """Write the bundle with one more release and return the release's tree id."""
    day = release_date(version)
    with tempfile.TemporaryDirectory() as scratch:
        repository = Path(scratch) / "template.git"
        git("init", "-q", "--bare", "--template=", "-b", "main", str(repository), cwd=ROOT)
        if BUNDLE.exists():
            git("fetch", "-q", str(BUNDLE), "+refs/tags/*:refs/tags/*", cwd=repository)
            if version in git("tag", cwd=repository).split():
                git("tag", "-d", version, cwd=repository)
        listing = git("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *CONTENT, cwd=ROOT)
        files = "\0".join(name for name in sorted(set(listing.split("\0"))) if name and (ROOT / name).is_file())
        index = {"GIT_DIR": str(repository), "GIT_WORK_TREE": str(ROOT), "GIT_INDEX_FILE": str(Path(scratch) / "index")}
        git("update-index", "--add", "-z", "--stdin", cwd=ROOT, stdin=files, **index)
        tree = git("write-tree", cwd=ROOT, **index)
        earlier = sorted(map(Version, git("tag", cwd=repository).split()))
        parents = ["-p", f"refs/tags/{earlier[-1]}"] if earlier else []
        who = {
            f"GIT_{role}_{part}": value
            for role in ("AUTHOR", "COMMITTER")
            for part, value in (("NAME", "mlscaffold"), ("EMAIL", "release@mlscaffold"), ("DATE", f"{day}T00:00:00Z"))
        }
        commit = git("commit-tree", tree, *parents, "-m", f"Release {version}", cwd=repository, **who)
        git("tag", version, commit, cwd=repository)
        BUNDLE.parent.mkdir(exist_ok=True)
        git("bundle", "create", "-q", str(BUNDLE), "--tags", cwd=repository)
    return tree


def main() -> int:
    """Make the release that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("version")
    version = parser.parse_args().version
    try:
        check_versions(version)
        refuse_final(version)
        tree = write(version)
    except (ReleaseError, InvalidVersion) as error:
        print(f"No release: {error}", file=sys.stderr)
        return 1
    print(f"Release {version}: tree {tree}, {BUNDLE.stat().st_size / 1024:.0f} KiB in {BUNDLE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
