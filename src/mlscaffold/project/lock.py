"""The lock: what the tool wrote, and from which template. `.mlscaffold.lock`, committed, written by the tool alone.

    mlscaffold-lock 1 sha256:<digest of every byte after this line>
    template: https://example.com/template
    version: 0.1.0
    channel: <what is followed, if that is not the releases: prereleases, or branch:NAME>
    tree: <git tree of the template>
    owned: <version> <git tree>, where only what the template owns has moved there
    renderer: copier 9.19.1, jinja2 3.1.6
    answers: .copier-answers.yml <blob id> sha256:<digest of the answers>
    <policy> TAB <mode> TAB <blob id> TAB <template source> TAB <path> [TAB <key>=<digest>]...

The path lines are sorted. Two branches that each move the template or an answer conflict in the first line, visibly.
A lock is input from a stranger: paths are contained, versions checked, unknown formats refused.
"""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import LockError, TemplateError
from ..files.entry import Entry, FileMode, check_contained, folded
from ..template.channel import RELEASES, Channel, parse_channel
from ..template.policy import Policy

__all__ = [
    "LOCK_FILE",
    "Base",
    "Lock",
    "LockedFile",
    "answers_digest",
    "dump_lock",
    "parse_lock",
    "read_lock",
]

LOCK_FILE = ".mlscaffold.lock"
_FORMAT = "1"
_HEADER = ("template", "version", "channel", "tree", "owned", "renderer", "answers")
#: Lines that most locks do not have: they follow releases, and are of one version.
_OPTIONAL = frozenset({"channel", "owned"})
_LIMIT_BYTES = 16 * 1024 * 1024
#: A seeded path that must exist is written as this policy.
_REQUIRED = "seeded!"
#: No digest: the content depends on a secret answer, or is not the template's business.
_NO_BLOB = "-"


@dataclass(frozen=True, kw_only=True)
class LockedFile:
    """One rendered path, as it was written."""

    policy: Policy
    #: None where the content is nobody's to check: it depends on a secret answer.
    entry: Entry | None
    #: The template file that it was rendered from, relative to the template's root.
    source: str
    required: bool = False
    #: `keyed` files: digest of the value of each dotted key.
    keys: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Base:
    """A version of the template that files of a project come from."""

    version: str
    #: Its git tree.
    tree: str


@dataclass(frozen=True, kw_only=True)
class Lock:
    """Template identity, answers and files of a project."""

    template: str
    version: str
    tree: str
    renderer: str
    answers_file: str
    answers_blob: str
    answers: str
    files: Mapping[str, LockedFile]
    #: What the project follows of its template.
    channel: Channel = RELEASES
    #: What the files come from that the template owns, where they are ahead of all others.
    owned: Base | None = None

    @property
    def said_version(self) -> str:
        """The version, or both, for a person."""
        # Imported here: most who read a lock say nothing of its version.
        from ..template.versions import shown

        return f"{shown(self.version)}, owned files {shown(self.owned.version)}" if self.owned else shown(self.version)

    def is_ahead(self, path: str) -> bool:
        """Whether a file comes from the version of owned files, as its policy tells; the template knows."""
        file = self.files.get(path)
        return self.owned is not None and file is not None and file.policy in {Policy.OWNED, Policy.KEYED}


def answers_digest(answers: Mapping[str, object]) -> str:
    """Digest of an answers file's meaning: order, comments and quoting do not count."""
    # Imported here: those of most projects have not moved.
    import json

    try:
        canonical = json.dumps(answers, sort_keys=True, ensure_ascii=False, default=str)
    except (TypeError, ValueError, RecursionError):
        # YAML knows keys that are no text, and lists that hold themselves.
        canonical = repr(answers)
    return "sha256:" + hashlib.sha256(canonical.encode(errors="surrogatepass")).hexdigest()


def dump_lock(lock: Lock) -> str:
    """The lock as the text of its file."""
    header = {
        "template": lock.template,
        "version": lock.version,
        "channel": lock.channel if lock.channel != RELEASES else None,
        "tree": lock.tree,
        "owned": f"{lock.owned.version} {lock.owned.tree}" if lock.owned else None,
        "renderer": lock.renderer,
        "answers": f"{lock.answers_file} {lock.answers_blob} {lock.answers}",
    }
    lines = [f"{name}: {value}" for name, value in header.items() if value is not None]
    lines += [_dump_file(path, lock.files[path]) for path in sorted(lock.files)]
    body = "\n".join(lines) + "\n"
    return f"mlscaffold-lock {_FORMAT} {_digest(body)}\n{body}"


def _dump_file(path: str, file: LockedFile) -> str:
    policy = _REQUIRED if file.required else file.policy.value
    mode, blob = (file.entry.mode.value, file.entry.blob) if file.entry else (FileMode.FILE.value, _NO_BLOB)
    return "\t".join([policy, mode, blob, file.source, path, *(f"{key}={file.keys[key]}" for key in sorted(file.keys))])


def _digest(body: str) -> str:
    return "sha256:" + hashlib.sha256(body.encode()).hexdigest()


def read_lock(project: Path) -> Lock:
    """The lock of a project.

    Raises:
        LockError: It is missing, damaged, hostile or of an unknown format.
    """
    file = project / LOCK_FILE
    try:
        status = file.lstat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > _LIMIT_BYTES:
            raise LockError(f"{file} is not a plain file of reasonable size. Refused.")
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise LockError(
            f"{project} has no {LOCK_FILE}: it was not made by mlscaffold, or this is not the project's root folder.",
            hint="Run the command in the folder that holds the lock, or name that folder.",
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise LockError(f"Cannot read {file}: {error}.") from error
    return parse_lock(text)


def parse_lock(text: str) -> Lock:
    """The lock in a text.

    Raises:
        LockError: As for `read_lock`; `MLS001` in the message where the digest does not fit.
    """
    first, _, body = text.partition("\n")
    words = first.split(" ")
    if any(line.startswith(("<<<<<<<", "=======", ">>>>>>>")) for line in text.split("\n")):
        raise LockError(f"{LOCK_FILE} holds conflict markers: two branches changed the template or the answers apart.")
    if len(words) != 3 or words[0] != "mlscaffold-lock":
        raise LockError(f"{LOCK_FILE} does not start as a lock does.", hint="Restore it: git checkout -- " + LOCK_FILE)
    if words[1] != _FORMAT:
        raise LockError(
            f"{LOCK_FILE} has format {words[1]!r}; this version of mlscaffold reads format {_FORMAT}.",
            hint="Install the version of mlscaffold that wrote it.",
        )
    if words[2] != _digest(body):
        raise LockError(
            f"MLS001: {LOCK_FILE} was changed by hand or cut short (its digest does not fit).",
            hint=f"Restore it: git checkout -- {LOCK_FILE}",
        )
    return _parse_body(body.removesuffix("\n").split("\n"))


def _parse_body(lines: list[str]) -> Lock:
    header, lines = _parse_header(lines)
    # The name of the answers file may hold spaces, its two digests do not.
    answers = header["answers"].rsplit(" ", 2)
    if len(answers) != 3:
        raise LockError(f"{LOCK_FILE}: the header is incomplete.")
    _check_path(answers[0])
    files = dict(_parse_file(line) for line in lines)
    if len(files) != len(lines):
        raise LockError(f"{LOCK_FILE}: a path is named twice.")
    try:
        channel = parse_channel(header["channel"]) if "channel" in header else RELEASES
    except TemplateError as error:
        raise LockError(f"{LOCK_FILE}: {error.message}", hint=error.hint) from error
    return Lock(
        template=header["template"],
        version=header["version"],
        tree=header["tree"],
        renderer=header["renderer"],
        answers_file=answers[0],
        answers_blob=answers[1],
        answers=answers[2],
        files=files,
        channel=channel,
        owned=_parse_base(header["owned"]) if "owned" in header else None,
    )


def _parse_header(lines: list[str]) -> tuple[Mapping[str, str], list[str]]:
    """The lines of the header, by name, and those that follow."""
    header: dict[str, str] = {}
    for name in _HEADER:
        if len(header) == len(lines):
            raise LockError(f"{LOCK_FILE}: the header is incomplete.")
        key, _, value = lines[len(header)].partition(": ")
        if key == name:
            header[name] = value
        elif name not in _OPTIONAL:
            raise LockError(f"{LOCK_FILE}: expected the line `{name}: …`, found {lines[len(header)]!r}.")
    return header, lines[len(header) :]


def _parse_base(text: str) -> Base:
    version, _, tree = text.rpartition(" ")
    if not version or not tree:
        raise LockError(f"{LOCK_FILE}: expected the line `owned: VERSION TREE`, found {text!r}.")
    return Base(version=version, tree=tree)


def _check_path(path: str) -> None:
    check_contained(path, error=LockError, origin=LOCK_FILE)
    if folded(path).split("/")[0] == LOCK_FILE:
        raise LockError(f"{LOCK_FILE} names the path {path!r}, which is its own place. Refused.")


def _parse_file(line: str) -> tuple[str, LockedFile]:
    fields = line.split("\t")
    if len(fields) < 5:
        raise LockError(f"{LOCK_FILE}: cannot read the line {line!r}.")
    name, mode, blob, source, path, *keys = fields
    required = name == _REQUIRED
    try:
        policy = Policy.SEEDED if required else Policy(name)
        entry = None if blob == _NO_BLOB else Entry(mode=FileMode(mode), blob=blob)
    except ValueError as error:
        raise LockError(f"{LOCK_FILE}: {error} in the line {line!r}.") from error
    _check_path(path)
    digests = dict(pair.rpartition("=")[::2] for pair in keys)
    return path, LockedFile(policy=policy, entry=entry, source=source, required=required, keys=digests)
