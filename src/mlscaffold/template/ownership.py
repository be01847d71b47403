"""Who owns each rendered path: the template's `ownership.yml`.

A table maps globs over *rendered* paths (with the meaning they have in `.gitignore`) to a policy. The last match
wins, and what no line names is `merged`:

    files:
      "cicd/**": owned
      pyproject.toml: {keyed: [tool.ruff, tool.mypy]}
      "data/raw/**": {seeded: {required: true}}
      old-ci.yml: retired
    moved:
      src/old_name.py.jinja: src/new_name.py.jinja

A moved file may have several places now, of which each render has one. A new file that is seeded may say what it
`replaces`: see docs/ownership.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import OwnershipError
from ..files.glob import GlobError, check_glob, matches
from .policy import Policy

__all__ = ["OWNERSHIP_FILE", "Ownership", "Predecessor", "PathRule", "read_ownership"]

OWNERSHIP_FILE = "ownership.yml"


@dataclass(frozen=True, kw_only=True)
class Predecessor:
    """Files of earlier versions whose part a new file takes over."""

    glob: str
    #: The dotted keys that it takes over; none is all of the file.
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PathRule:
    """The policy of the paths that a glob matches."""

    glob: str
    policy: Policy = Policy.MERGED
    #: `keyed`: the dotted keys that follow the template.
    keys: tuple[str, ...] = ()
    #: `seeded`: `check` fails when the file is gone.
    required: bool = False
    #: `seeded`: `update` brings the file back when it is gone.
    recreate: bool = False
    #: `seeded`: what it takes over from; where an owner edited any of that, `update` does not write it.
    replaces: tuple[Predecessor, ...] = ()
    #: `seeded`: the page that such an owner is sent to.
    page: str = ""
    #: `derived`: the command that makes the file.
    command: str = ""


_EVERYTHING_ELSE = PathRule(glob="**")


@dataclass(frozen=True, kw_only=True)
class Ownership:
    """The whole table of one template version."""

    rules: tuple[PathRule, ...] = ()
    #: Template source path before -> now, where the template's history does not show it; of several, what is rendered.
    moved: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def rule_for(self, path: str) -> PathRule:
        """The last rule whose glob matches a rendered path (POSIX, relative to the project)."""
        for rule in reversed(self.rules):
            if matches(rule.glob, path):
                return rule
        return _EVERYTHING_ELSE

    @property
    def commands(self) -> tuple[str, ...]:
        """The commands that make derived files, in the order of the table."""
        return tuple(dict.fromkeys(rule.command for rule in self.rules if rule.policy is Policy.DERIVED))

    def retired_paths(self) -> tuple[str, ...]:
        """The paths that must be absent, where no later line says otherwise."""
        named = [rule.glob.lstrip("/") for rule in self.rules if rule.policy is Policy.RETIRED]
        return tuple(dict.fromkeys(path for path in named if self.rule_for(path).policy is Policy.RETIRED))


def read_ownership(template_root: Path, *, skip_if_exists: tuple[str, ...] = ()) -> Ownership:
    """The table of a template; without a file all is `merged`, and what Copier skips if it exists is `seeded`.

    Raises:
        OwnershipError: The file is not valid, with the entry to mend.
    """
    file = template_root / OWNERSHIP_FILE
    if not file.is_file():
        for glob in skip_if_exists:
            _require_glob(glob, "`_skip_if_exists` of the template")
        rules = tuple(PathRule(glob=glob, policy=Policy.SEEDED) for glob in skip_if_exists)
        return Ownership(rules=rules)
    import yaml

    try:
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise OwnershipError(f"{OWNERSHIP_FILE} of the template is not valid YAML: {error}") from error
    if not isinstance(data, dict) or set(data) - {"files", "moved"}:
        raise OwnershipError(f"{OWNERSHIP_FILE} of the template must be a mapping with the keys `files` and `moved`.")
    files, moved = data.get("files") or {}, data.get("moved") or {}
    if not isinstance(files, dict) or not isinstance(moved, dict):
        raise OwnershipError(f"{OWNERSHIP_FILE} of the template: `files` and `moved` must be mappings.")
    rules = tuple(_parse_rule(str(glob), entry) for glob, entry in files.items())
    return Ownership(rules=rules, moved={str(old): _parse_places(str(old), new) for old, new in moved.items()})


def _parse_places(old: str, new: Any) -> tuple[str, ...]:
    places = new if isinstance(new, list) else [new]
    if not places or not all(isinstance(place, str) and place for place in places):
        raise OwnershipError(f"{OWNERSHIP_FILE} of the template, `moved`, {old!r}: name the place now, or a list of places.")
    return tuple(places)


def _parse_rule(glob: str, entry: Any) -> PathRule:
    where = f"{OWNERSHIP_FILE} of the template, entry {glob!r}"
    if isinstance(entry, str):
        entry = {entry: None}
    if not isinstance(entry, dict) or len(entry) != 1:
        raise OwnershipError(f"{where}: write one policy, for instance `{glob}: owned`.")
    ((name, detail),) = entry.items()
    _require_glob(glob, where)
    if name not in list(Policy):
        raise OwnershipError(f"{where}: {name!r} is no policy.", hint=f"Policies are: {', '.join(Policy)}.")
    return _PARSERS[Policy(name)](glob, detail, where)


def _require_glob(glob: str, where: str) -> None:
    try:
        check_glob(glob)
    except GlobError as error:
        raise OwnershipError(f"{where}: {glob!r} is no glob of paths: {error}.") from error


def _parse_keyed(glob: str, detail: Any, where: str) -> PathRule:
    if not isinstance(detail, list) or not detail or not all(isinstance(key, str) for key in detail):
        raise OwnershipError(f"{where}: `keyed` needs a list of dotted keys, such as [tool.ruff].")
    return PathRule(glob=glob, policy=Policy.KEYED, keys=tuple(detail))


def _parse_derived(glob: str, detail: Any, where: str) -> PathRule:
    if not isinstance(detail, str) or not detail.strip():
        raise OwnershipError(f"{where}: `derived` needs the command that makes the file.")
    return PathRule(glob=glob, policy=Policy.DERIVED, command=detail)


def _parse_seeded(glob: str, detail: Any, where: str) -> PathRule:
    options = detail or {}
    if not isinstance(options, dict) or set(options) - {"required", "recreate", "replaces", "page"}:
        raise OwnershipError(f"{where}: `seeded` takes `required`, `recreate`, `replaces` and `page`, nothing else.")
    replaces, page = options.get("replaces") or [], options.get("page") or ""
    if not isinstance(replaces, list) or not isinstance(page, str) or bool(replaces) != bool(page):
        raise OwnershipError(f"{where}: `replaces` is a list of globs, and `page` says what an owner does instead.")
    if replaces and options.get("recreate"):
        raise OwnershipError(
            f"{where}: what is not written where it takes over from an edited file cannot be brought back (`recreate`)."
        )
    return PathRule(
        glob=glob,
        policy=Policy.SEEDED,
        required=bool(options.get("required")),
        recreate=bool(options.get("recreate")),
        replaces=tuple(_parse_predecessor(each, where) for each in replaces),
        page=page,
    )


def _parse_predecessor(entry: Any, where: str) -> Predecessor:
    if isinstance(entry, str):
        _require_glob(entry, where)
        return Predecessor(glob=entry)
    if isinstance(entry, dict) and len(entry) == 1:
        ((glob, keys),) = entry.items()
        if isinstance(keys, list) and keys and all(isinstance(key, str) for key in keys):
            _require_glob(str(glob), where)
            return Predecessor(glob=str(glob), keys=tuple(keys))
    raise OwnershipError(f"{where}: `replaces` lists globs, or a file and the keys of it: `params.yaml: [data]`.")


def _parse_retired(glob: str, detail: Any, where: str) -> PathRule:
    if detail is not None or any(sign in glob for sign in "*?["):
        raise OwnershipError(f"{where}: a retired path is named in full, without wildcards or options.")
    return PathRule(glob=glob, policy=Policy.RETIRED)


def _plain(policy: Policy) -> Callable[[str, Any, str], PathRule]:
    def parse(glob: str, detail: Any, where: str) -> PathRule:
        if detail is not None:
            raise OwnershipError(f"{where}: `{policy}` takes no options.")
        return PathRule(glob=glob, policy=policy)

    return parse


_PARSERS: Mapping[Policy, Callable[[str, Any, str], PathRule]] = {
    Policy.OWNED: _plain(Policy.OWNED),
    Policy.MERGED: _plain(Policy.MERGED),
    Policy.KEYED: _parse_keyed,
    Policy.SEEDED: _parse_seeded,
    Policy.DERIVED: _parse_derived,
    Policy.RETIRED: _parse_retired,
}
