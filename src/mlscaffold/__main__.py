"""The command `mlscaffold`."""

from __future__ import annotations

import gc
import os
import sys

#: So many new objects pass before cycles are looked for.
_RARELY = 100_000


def main() -> None:
    """Run the command line; `--version` is answered before anything else is imported."""
    if os.name == "posix" and sys.getfilesystemencoding() != "utf-8":
        # Git's names and ours are UTF-8, whatever the language of the machine: a lock is for all of them.
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])  # noqa: S606 - ourselves
    if sys.argv[1:] == ["--version"]:
        from . import __version__

        sys.stdout.write(f"mlscaffold {__version__}\n")
        return
    # What is imported stays: to look through it again and again would take a tenth of a short command's time.
    gc.set_threshold(_RARELY)
    try:
        from .cli import run

        run()
    except KeyboardInterrupt:
        # Before the command line is there to say it, or after.
        sys.stderr.write("\nStopped.\n")
        from .errors import ExitCode

        sys.exit(ExitCode.STOPPED)
    finally:
        # The process ends: looking for cycles among all that was imported would take a tenth of a command's time.
        gc.freeze()


if __name__ == "__main__":
    main()
