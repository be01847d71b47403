"""What of a render depends on the secret answers, found by rendering again with others.

The content of a file may: it is written once and never recorded. What is recorded, printed and committed may not: the
names of files, and the answers file.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..files.entry import Entry
from ..errors import MlscaffoldError, RenderError
from ..redaction import keep_secret, reveals

__all__ = ["SETTING", "LaidOut", "Secrecy", "Vary", "secrecy_of", "secrets_named"]

#: Where a template lists its secret questions, beside those that say so themselves.
SETTING = "_secret_questions"

#: What a secret answer is replaced by.
Vary = Callable[[Any], Any]


@dataclass(frozen=True, kw_only=True)
class LaidOut:
    """One rendering: what lies on the disk, and what came with it."""

    root: Path
    entries: Mapping[str, Entry]
    #: Path -> the template file that made it.
    sources: Mapping[str, str]
    answers_file: str
    #: What the template wants to be said before and after.
    messages: tuple[str, str]
    #: By question: every answer that the template saw, computed ones as well.
    values: Mapping[str, Any]
    #: How the template's files end that are rendered, and not copied.
    suffix: str

    @property
    def answers(self) -> Entry | None:
        """The answers file."""
        return self.entries.get(self.answers_file)


@dataclass(frozen=True, kw_only=True)
class Secrecy:
    """What may not be recorded or printed."""

    #: Paths whose content depends on a secret answer.
    paths: frozenset[str] = frozenset()
    #: Whether what the template says before and after does.
    messages: bool = False


def secrecy_of(
    first: LaidOut, secrets: Collection[str], answered: Collection[str], again: Callable[[Vary], LaidOut]
) -> Secrecy:
    """Find out what depends on the secret answers.

    Args:
        first: The rendering with the answers as they are.
        secrets: The names of the secret questions.
        answered: Those with an answer; a recorded project is rendered without.
        again: Renders once more, each secret answer replaced.

    Raises:
        RenderError: A name or the answers file depends on a secret answer.
    """
    values = [first.values[name] for name in answered if first.values.get(name)]
    other = _succeeding(again, (_other, _other_of_same_length))
    if other is None:
        _refuse_revealed(first, values)
        return Secrecy(paths=_templated(first), messages=bool(values))
    for name, value in first.values.items():
        if answered and name not in secrets and value != other.values.get(name):
            keep_secret(value)
    if values and (leaks := list(_leaks(first, other))):
        _refuse_leaks(first, leaks, values, again)
    changed = {path for path in first.entries if other.entries.get(path) != first.entries[path]}
    return Secrecy(paths=frozenset(changed - {first.answers_file}), messages=first.messages != other.messages)


def _succeeding(again: Callable[[Vary], LaidOut], ways: Collection[Vary]) -> LaidOut | None:
    for vary in ways:
        try:
            return again(vary)
        except Exception:  # noqa: BLE001, S112 - whatever it is, the caller takes the cautious way
            continue
    return None


def _templated(first: LaidOut) -> frozenset[str]:
    """All files that could depend on an answer."""
    made = {path: first.sources.get(path, first.suffix) for path in first.entries}
    return frozenset(path for path, source in made.items() if source.endswith(first.suffix)) - {first.answers_file}


@dataclass(frozen=True, kw_only=True)
class _Leak:
    """A thing that is recorded and depends on a secret answer."""

    #: The template's file; empty for a setting.
    source: str
    #: What is wrong with it, as a sentence without its subject.
    says: str


_NAME = "is rendered under a name that depends on a secret answer"
_ANSWERS = "makes an answers file that depends on a secret answer"
_PLACE = "puts the answers file at a place that depends on a secret answer"


def _leaks(first: LaidOut, other: LaidOut) -> Iterator[_Leak]:
    if first.answers_file != other.answers_file:
        yield _Leak(source="", says=_PLACE)
        return
    if first.answers != other.answers:
        yield _Leak(source=first.sources.get(first.answers_file, ""), says=_ANSWERS)
    before, after = _names(first), _names(other)
    for source, names in before.items():
        # A file that is rendered only with a secret of some kind says no more than that there is one.
        if names - after.get(source, names) and after.get(source):
            yield _Leak(source=source, says=_NAME)


def _names(laid: LaidOut) -> Mapping[str, set[str]]:
    names: dict[str, set[str]] = {}
    for path, source in laid.sources.items():
        if path in laid.entries:
            names.setdefault(source, set()).add(path)
    return names


def _refuse_leaks(first: LaidOut, leaks: list[_Leak], values: list[Any], again: Callable[[Vary], LaidOut]) -> None:
    """Refuse what depends on secrets that there are, unless it is another each time anyway (the date, chance)."""
    filled = _succeeding(again, (_filled(_other), _filled(_other_of_same_length)))
    suspects = leaks if filled is None else list(_leaks(first, filled))
    control = _succeeding(again, (lambda value: value,))
    chance = set() if control is None else {(each.source, each.says) for each in _leaks(first, control)}
    for leak in suspects:
        if (leak.source, leak.says) not in chance:
            raise _refusal(leak)
        if filled is not None and control is not None and _stays_with_the_secret(leak, first, filled, control):
            raise _refusal(leak)
    _refuse_revealed(first, values)


def _stays_with_the_secret(leak: _Leak, first: LaidOut, other: LaidOut, control: LaidOut) -> bool:
    """Whether a part of what chance changes is the same whenever the secret is, and another with another secret."""
    if leak.says == _NAME:
        before, after, again = (_names(laid).get(leak.source, set()) for laid in (first, other, control))
        return bool(after) and not before & again <= after
    if leak.says != _ANSWERS:
        return False
    texts = [_answers_lines(laid) for laid in (first, other, control)]
    if len(texts[0]) != len(texts[2]):
        return False
    return len(texts[0]) != len(texts[1]) or any(
        mine == same != another for mine, another, same in zip(*texts, strict=True)
    )


def _answers_lines(laid: LaidOut) -> list[str]:
    file = laid.root / laid.answers_file
    plain = laid.answers is not None and not file.is_symlink()
    return file.read_text(errors="replace").splitlines() if plain else []


def _refuse_revealed(first: LaidOut, values: list[Any]) -> None:
    """Refuse what holds a secret letter by letter."""
    for path in first.entries:
        if reveals(path, values):
            raise _refusal(_Leak(source=first.sources.get(path, ""), says=_NAME))
    if reveals(first.answers_file, values):
        raise _refusal(_Leak(source="", says=_PLACE))
    file = first.root / first.answers_file
    if first.answers is not None and not file.is_symlink() and reveals(file.read_text(errors="replace"), values):
        raise _refusal(_Leak(source=first.sources.get(first.answers_file, ""), says=_ANSWERS))


def _refusal(leak: _Leak) -> MlscaffoldError:
    subject = f"The template's file {leak.source}" if leak.source else "The template"
    return RenderError(
        f"{subject} {leak.says}. Refused: names and answers are recorded, printed and committed.",
        hint="Tell its authors: what is secret belongs into the content of a file that is not committed, nowhere else.",
    )


def _filled(vary: Vary) -> Vary:
    """Another secret in the place of each that there is; an empty one has nothing to give away."""
    return lambda value: vary(value) if value else value


def _other(value: Any) -> Any:
    """Another answer of the same kind and shape that shares no letter, digit or length."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value * 10 + 1
    if isinstance(value, float):
        return value * 10 + 1
    if isinstance(value, list):
        return [_other(each) for each in value] or ["another"]
    if isinstance(value, dict):
        return {name: _other(each) for name, each in value.items()} or {"another": "secret"}
    text = _shifted(str(value or ""))
    return text + text[-1:] if text else "another secret, to see which files depend on it"


def _other_of_same_length(value: Any) -> Any:
    return _shifted(value) if isinstance(value, str) and value else value + 1 if type(value) is int else _other(value)


def _shifted(text: str) -> str:
    """Each letter and digit replaced by the next one; signs are kept, since they may have a meaning."""
    return "".join(map(_next, text))


def _next(sign: str) -> str:
    for first, last in (("a", "z"), ("A", "Z"), ("0", "9")):
        if first <= sign <= last:
            return first if sign == last else chr(ord(sign) + 1)
    return sign


def secrets_named(template_root: Path) -> Sequence[str]:
    """The secret questions that a template's settings list; a single one may be named without a list.

    Raises:
        RenderError: They are neither a list of names nor a name.
    """
    named: list[str] = []
    settings = [file for file in template_root.glob("copier.*") if file.suffix.lower() in {".yml", ".yaml"}]
    for section in [section for file in settings for section in _sections(file, template_root)]:
        secrets = section.get(SETTING, []) if isinstance(section, dict) else []
        names = [secrets] if isinstance(secrets, str) else secrets
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise RenderError(
                f"copier.yml of the template: `{SETTING}` is {secrets!r}: it must be a list of names of questions.",
                hint="Its authors can write `secret: true` into each question instead.",
            )
        named += names
    return named


def _sections(file: Path, root: Path) -> Sequence[Any]:
    """The documents of a settings file, and of those that it includes."""
    import yaml

    class Loader(yaml.SafeLoader):
        """Knows Copier's own tag."""

    def include(_: yaml.SafeLoader, node: yaml.Node) -> list[Any]:
        return [section for each in sorted(root.glob(str(node.value))) for section in _sections(each, root)]

    Loader.add_constructor("!include", include)
    documents = list(yaml.load_all(file.read_bytes(), Loader=Loader))
    return [section for each in documents for section in (each if isinstance(each, list) else [each])]
