"""The environment that git runs in, and whatever else we start: a template's tasks, migrations and derived commands.

A caller may be a hook or a pipeline, whose variables lead git to another repository, index or object store, or change
what it prints. Those are taken out, for all that we start alike: a task that commits does so where it stands.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Mapping, Sequence

__all__ = ["CLEARED", "KEPT", "cleaned_environment", "git_environment"]

#: Variables of git's that do not reach it: why -> names; `*` ends a family. A caller may be a hook, or a pipeline.
CLEARED: Mapping[str, Sequence[str]] = {
    "lead to another repository, index or object store than the one that is named": (
        *("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES"),
        *("GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_PREFIX", "GIT_IMPLICIT_WORK_TREE", "GIT_QUARANTINE_PATH"),
        *("GIT_INTERNAL_SUPER_PREFIX", "GIT_CONFIG", "GIT_TEMPLATE_DIR", "GIT_SHALLOW_FILE"),
    ),
    "change what a commit is, or which attributes its files have": (
        *("GIT_GRAFT_FILE", "GIT_REPLACE_REF_BASE", "GIT_NO_REPLACE_OBJECTS", "GIT_ATTR_SOURCE", "GIT_REF_PARANOIA"),
        *("GIT_DEFAULT_REF_FORMAT", "GIT_REF_URI"),
    ),
    "change what a path means": (
        *("GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS"),
    ),
    "run a program that we have no use for": (
        *("GIT_EXTERNAL_DIFF", "GIT_PAGER", "GIT_PAGER_IN_USE", "GIT_SEQUENCE_EDITOR", "GIT_MAN_VIEWER"),
        *("GIT_DIFF_TOOL", "GIT_DIFFTOOL_*", "GIT_MERGETOOL_GUI", "GIT_EXT_SERVICE*", "GIT_CHERRY_PICK_HELP"),
    ),
    "change what is printed, and so what we read": (
        *("GIT_TRACE*", "GIT_CURL_VERBOSE", "GIT_TRANSPORT_HELPER_DEBUG", "GIT_TRANSLOOP_DEBUG", "GIT_DIFF_OPTS"),
        *("GIT_PRINT_SHA1_ELLIPSIS", "GIT_NOTES_*", "GIT_DIFF_PATH_*", "GIT_MERGE_VERBOSITY", "GIT_ADVICE"),
        *("GIT_PROGRESS_DELAY", "GIT_FLUSH", "GIT_TEXTDOMAINDIR", "GIT_REFLOG_ACTION", "GIT_MERGE_AUTOEDIT"),
        "GIT_REDIRECT_*",
    ),
    "are for git's own tests, or for servers": (
        *("GIT_TEST_*", "GIT_PUSH_*", "GIT_SMART_HTTP", "GIT_OVERRIDE_VIRTUAL_HOST", "GIT_ALLOW_NULL_SHA1"),
        *("GIT_ALLOC_LIMIT", "GIT_MMAP_LIMIT", "GIT_INDEX_VERSION", "GIT_FORCE_*", "GIT_DISABLE_UNTRACKED_CACHE"),
    ),
}

#: Those that reach it, as they are a person's own: a repository cannot set them. So does every name that git does not
#: know: a person's helper may read its password from one.
KEPT: Mapping[str, Sequence[str]] = {
    "where a person's configuration is, and `git -c` around us": (
        *("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_COUNT", "GIT_CONFIG_KEY_*"),
        *("GIT_CONFIG_VALUE_*", "GIT_CONFIG_PARAMETERS", "GIT_ATTR_NOSYSTEM", "GIT_ATTR_GLOBAL", "GIT_ATTR_SYSTEM"),
    ),
    "how remotes are reached": (
        *("GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSH_VARIANT", "GIT_ASKPASS", "GIT_PROXY_*", "GIT_SSL_*", "GIT_HTTP_*"),
        *("GIT_ALLOW_PROTOCOL", "GIT_PROTOCOL", "GIT_PROTOCOL_FROM_USER", "GIT_CURL_FTP_NO_EPSV", "GIT_USER_AGENT"),
        "GIT_NO_LAZY_FETCH",
    ),
    "who commits": ("GIT_AUTHOR_*", "GIT_COMMITTER_*"),
    "where git is, how far it looks for a repository, and how it makes one": (
        *("GIT_EXEC_PATH", "GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM"),
        *("GIT_DEFAULT_HASH", "GIT_DEFAULT_BRANCH"),
    ),
}

_FIXED: Mapping[str, str] = {
    # Nobody sits there to answer, or to edit.
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_EDITOR": ":",
    # To look is no reason to lock, or to write.
    "GIT_OPTIONAL_LOCKS": "0",
}


@functools.cache
def _cleared() -> re.Pattern[str]:
    names = (name for group in CLEARED.values() for name in group)
    return re.compile("|".join(re.escape(name).replace(r"\*", ".*") for name in names))


def _is_cleared(name: str) -> bool:
    # Most callers set none of git's, and the pattern of all names takes a while to be made.
    return name.startswith("GIT_") and _cleared().fullmatch(name) is not None


def cleaned_environment() -> dict[str, str]:
    """Our own environment without what would lead git elsewhere: for every process that we start."""
    return {name: value for name, value in os.environ.items() if not _is_cleared(name)}


def git_environment() -> dict[str, str]:
    """The environment of git itself: nobody to answer, and messages that can be compared."""
    return {**_with_plain_messages(cleaned_environment()), **_FIXED}


def _with_plain_messages(environment: dict[str, str]) -> dict[str, str]:
    """Untranslated messages; of a person's locale all else stays, as a filter of theirs may sort or fold by it."""
    if everything := environment.pop("LC_ALL", ""):
        environment = {name: value for name, value in environment.items() if not name.startswith("LC_")}
        environment["LANG"] = everything
    environment.pop("LANGUAGE", None)
    return {**environment, "LC_MESSAGES": "C"}
