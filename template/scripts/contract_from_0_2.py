"""Write configs/contract.yaml and configs/sources.yaml from what a project of release 0.1 or 0.2 said in code and settings.

Run it once, after the update to 0.3, if that left one of them to you. The old files are taken from git and parsed, never
run. What cannot be read is named by file and line, and nothing is written then. A file that is there stays as it is.

Example: `.venv/bin/python scripts/contract_from_0_2.py`
"""

from __future__ import annotations

import argparse
import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

PAGE = "https://gitlab.com/mlscaffold/mlscaffold/-/blob/0.3.0/docs/update-to-0.3.md"
OUTPUTS = (Path("configs/contract.yaml"), Path("configs/sources.yaml"))
#: Kinds of raw columns by the first letters of their polars type; text is what a csv file holds anyway.
KINDS = {"Float": "number", "Int": "integer", "UInt": "integer", "Date": "datetime", "Boolean": "boolean"}
#: What was demanded of a model, by task: minimum, too good, gain; and the metric of the first two.
BOUNDS = {
    "classification": ("roc_auc", "minimum_roc_auc", "too_good_roc_auc", "minimum_log_loss_gain"),
    "regression": ("r2", "minimum_r2", "too_good_r2", "minimum_rmse_gain"),
}


class UnclearError(Exception):
    """Something that cannot be read: where, and what."""


@dataclass(frozen=True)
class Type:
    """A polars type as it is written."""

    name: str
    zone: str | None = None


@dataclass(frozen=True)
class Module:
    """A Python file, of which constants are worked out without running it."""

    path: str
    tree: ast.Module

    def named(self, name: str) -> Any:
        """What a name at the top of the file stands for."""
        for statement in reversed(self.tree.body):
            targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
            value = getattr(statement, "value", None)
            if value is not None and any(isinstance(each, ast.Name) and each.id == name for each in targets):
                return self.value(value)
        raise UnclearError(f"{self.path}: there is no `{name}`")

    def tables(self) -> dict[str, dict[str, Type]]:
        """The constants at the top of the file that are a `TableSchema`: column -> type."""
        assigned = [each for each in self.tree.body if isinstance(each, ast.Assign)]
        found = [each for each in assigned if ast.unparse(each.value).startswith("TableSchema(")]
        return {ast.unparse(each.targets[0]): self.value(each.value) for each in found}

    def keys(self) -> dict[str, tuple[str, ...]]:
        """The constants at the top of the file that end in `_KEY`."""
        assigned = [ast.unparse(each.targets[0]) for each in self.tree.body if isinstance(each, ast.Assign)]
        return {name: self.named(name) for name in assigned if name.endswith("_KEY")}

    def value(self, node: ast.expr, known: Mapping[str, Any] | None = None) -> Any:
        """What an expression of literals, names, sums and simple calls stands for.

        Raises:
            UnclearError: it is of another form.
        """
        known = known or {}
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name):
                return known[name] if name in known else self.named(name)
            case ast.Tuple(elts=items) | ast.List(elts=items):
                return tuple(part for item in items for part in self._parts(item, known))
            case ast.Dict(keys=names, values=values) if None not in names:
                pairs = zip(names, values, strict=True)
                return {self.value(name, known): self.value(value, known) for name, value in pairs if name}
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return self.value(left, known) + self.value(right, known)
            case ast.Attribute() | ast.Call():
                return self._called(node, known)
        raise UnclearError(f"{self.path}:{node.lineno}: cannot be read: {ast.unparse(node)[:80]}")

    def _parts(self, item: ast.expr, known: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(self.value(item.value, known)) if isinstance(item, ast.Starred) else (self.value(item, known),)

    def _called(self, node: ast.Attribute | ast.Call, known: Mapping[str, Any]) -> Any:
        """A type, a column, a table, or a function of this file that returns one of them."""
        if isinstance(node, ast.Attribute):
            return Type(node.attr)
        given = [self.value(each, known) for each in node.args]
        named = {each.arg: self.value(each.value, known) for each in node.keywords if each.arg}
        match node.func:
            case ast.Name(id="Column"):
                return named
            case ast.Name(id="TableSchema"):
                return given[0] if given else named["columns"]
            case ast.Attribute(attr=name):
                return Type(name, zone=named.get("time_zone", given[1] if len(given) > 1 else None))
        functions = [each for each in self.tree.body if isinstance(each, ast.FunctionDef)]
        for function in functions:
            last = function.body[-1]
            if function.name == ast.unparse(node.func) and isinstance(last, ast.Return) and last.value is not None:
                return self.value(last.value, {**self._defaults(function.args, given), **named})
        raise UnclearError(f"{self.path}:{node.lineno}: cannot be read: {ast.unparse(node)[:80]}")

    def _defaults(self, places: ast.arguments, given: list[Any]) -> dict[str, Any]:
        """What the parameters of a function stand for, those included that a call gives by their order."""
        found = dict(zip((each.arg for each in places.args), given, strict=False))
        optional = zip(places.args[len(places.args) - len(places.defaults) :], places.defaults, strict=True)
        keywords = zip(places.kwonlyargs, places.kw_defaults, strict=True)
        return {each.arg: self.value(value) for each, value in [*optional, *keywords] if value} | found


@dataclass(frozen=True)
class Old:
    """The project at a commit, before the update."""

    commit: str
    package: str

    def module(self, name: str) -> Module:
        """A file of the package."""
        path = f"src/{self.package}/{name}"
        try:
            return Module(path, ast.parse(git("show", f"{self.commit}:./{path}")))
        except SyntaxError as error:
            raise UnclearError(f"{path}:{error.lineno}: {error.msg}") from None

    def settings(self) -> dict[str, Any]:
        """Its params.yaml."""
        try:
            found = yaml.safe_load(git("show", f"{self.commit}:./params.yaml"))
        except yaml.YAMLError as error:
            raise UnclearError(f"params.yaml: {error}") from None
        if not isinstance(found, dict):
            raise UnclearError("params.yaml: it holds no settings")
        return found


def git(*words: str) -> str:
    """What a git command prints; raises `UnclearError` if it fails."""
    done = subprocess.run(["git", *words], capture_output=True, encoding="utf-8", check=False)  # noqa: S603, S607
    if done.returncode:
        raise UnclearError(f"git {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


def last_before_update() -> str:
    """The last commit of the project that its lock calls 0.1 or 0.2."""
    later = ""
    for commit in git("log", "--format=%H", "--", ".mlscaffold.lock").split():
        lock = git("show", f"{commit}:./.mlscaffold.lock")
        version = next((line.split()[1] for line in lock.splitlines() if line.startswith("version: ")), "")
        if version.removeprefix("v").startswith(("0.1.", "0.2.")):
            return git("rev-parse", f"{later}^" if later else "HEAD").strip()
        later = commit
    raise UnclearError("no commit here has a lock of release 0.1 or 0.2: name one with --rev")


def contract_of(old: Old) -> Iterator[str]:
    """The lines of configs/contract.yaml."""
    settings, told, built = old.settings(), old.module("features/contract.py"), old.module("features/build.py")
    task = settings["task"]
    tables, keys = tables_of(old)
    outcome = old.module("data_loaders/tables.py").named("OUTCOME")
    main = next((name for name, columns in tables.items() if outcome in columns), "")
    zones = {kind.zone for columns in tables.values() for kind in columns.values() if kind.zone}
    yield "# yaml-language-server: $schema=contract.schema.json"
    yield f"# What one row means. Written from commit {old.commit[:12]}, which said it in code; docs/data/contract.md explains the keys."
    yield "format: 1\n"
    yield f"task: {'regression' if task == 'regression' else 'binary'}"
    yield f"target: {flow(target_of(old, task, settings))}\n"
    if main in keys:
        yield f"key: {flow(list(keys[main]))}"
    yield f"time: {flow(built.named('DEPARTURE'))}"
    yield f"time_zone: {flow(min(zones) if zones else 'UTC')}"
    yield f"known_later: {flow(list(told.named('KNOWN_LATER')))}\n"
    yield "columns:"
    ranges = settings["validation"]["ranges"]
    for column in told.named("COLUMNS"):
        yield f"  {flow(column['name'])}: {flow(dict(column_of(column, ranges.get(column['name'], {}))))}"
    metric, least, most, gain = BOUNDS[task]
    bounds = settings["acceptance"][task]
    yield "\nacceptance:"
    yield f"  required: {flow({metric: bounds[least]})}"
    yield f"  gain: {max(bounds[gain], 0)}"
    single = settings["acceptance"]["too_good_single_feature"]
    yield f"  too_good: {flow({'metrics': {metric: bounds[most]}, 'single_column': single})}"


def target_of(old: Old, task: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Name and unit, or labels, as the exported model called them."""
    graph = old.module("models/common/onnx_graph.py")
    for node in [each for each in ast.walk(graph.tree) if isinstance(each, ast.Dict)]:
        said = {ast.unparse(key).strip("'"): value for key, value in zip(node.keys, node.values, strict=True) if key}
        if not {"name", "unit"} <= said.keys() or ("labels" in said) is (task == "regression"):
            continue
        found = {"column": graph.value(said["name"])}
        if task == "regression":
            unit = graph.value(said["unit"])
            return found | ({"unit": unit} if unit else {})
        labels = list(graph.value(said["labels"]))
        return found | {"labels": labels, "positive": labels[-1], "threshold": settings["export"]["decision_threshold"]}
    raise UnclearError(f"{graph.path}: what the {task} predicts is not said as it was")


def column_of(column: Mapping[str, Any], allowed: Mapping[str, float]) -> Iterator[tuple[str, Any]]:
    """The keys of a feature."""
    yield "kind", "number" if column["kind"] == "numeric" else "category"
    yield from ((name, allowed[name]) for name in ("minimum", "maximum") if name in allowed)
    yield from ((name, column[name]) for name in ("unit", "description") if column.get(name))
    if column.get("nullable"):
        yield "missing", True


def tables_of(old: Old) -> tuple[dict[str, dict[str, Type]], dict[str, tuple[str, ...]]]:
    """Columns and key of each raw table, by the name of its constant."""
    module = old.module("data_loaders/tables.py")
    named, keys = module.tables(), {}
    for name, key in module.keys().items():
        stem = name.removesuffix("_KEY")
        having = [table for table, columns in named.items() if columns.keys() >= set(key)]
        near = [table for table in having if table.startswith(stem)] or having
        if len(near) != 1:
            raise UnclearError(f"{module.path}: which table has the key `{name}` cannot be told")
        keys[near[0]] = key
    return named, keys


def sources_of(old: Old) -> Iterator[str]:
    """The lines of configs/sources.yaml."""
    (tables, keys), files = tables_of(old), old.settings()["data"]
    features = {column["name"] for column in old.module("features/contract.py").named("COLUMNS")}
    read = old.module("pipelines/ingest.py")
    calls = [each for each in ast.walk(read.tree) if isinstance(each, ast.Call)]
    found = {}
    for load in [each for each in calls if ast.unparse(each.func).endswith(".load")]:
        named = [each.attr for each in ast.walk(load.func) if isinstance(each, ast.Attribute)]
        setting = next((name for name in named if name in files), "")
        table = next((each.id for each in load.args if isinstance(each, ast.Name) and each.id in tables), "")
        if not setting or not table:
            raise UnclearError(f"{read.path}:{load.lineno}: which file has which table cannot be told")
        found[setting] = table
    if not found:
        raise UnclearError(f"{read.path}: no table is loaded")
    yield "# yaml-language-server: $schema=sources.schema.json"
    yield "# Where the raw tables come from. A column has the kind that the contract gives it; what only dataset.py uses is named here."
    yield "format: 1"
    yield "sources:"
    for setting, table in found.items():
        yield f"  {setting}:\n    kind: csv\n    path: {flow(files[setting])}"
        if table in keys:
            yield f"    key: {flow(list(keys[table]))}"
        kinds = {name: kind_of(type_) for name, type_ in tables[table].items() if name not in features}
        if kinds := {name: kind for name, kind in kinds.items() if kind}:
            yield f"    columns: {flow(kinds)}"


def kind_of(type_: Type) -> str:
    """The kind of a raw column; empty for text."""
    return next((kind for start, kind in KINDS.items() if type_.name.startswith(start)), "")


def flow(value: Any) -> str:
    """A value as YAML in one line."""
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10**6)
    return text.removesuffix("...\n").strip()


def main() -> int:
    """Write both files, or say why not."""
    parser = argparse.ArgumentParser(description="Write the contract from what a project of release 0.1 or 0.2 said.")
    parser.add_argument("--rev", help="the commit to read; by itself the last one before the update")
    try:
        commit = git("rev-parse", "--verify", parser.parse_args().rev or last_before_update()).strip()
        package = yaml.safe_load(git("show", f"{commit}:./.copier-answers.yml"))["package_name"]
        old = Old(commit, package)
        written = ["\n".join(lines(old)) + "\n" for lines in (contract_of, sources_of)]
    except (UnclearError, KeyError, TypeError, AttributeError) as error:
        what = f"{error} is missing in its settings" if isinstance(error, KeyError) else str(error)
        sys.stderr.write(f"Nothing was written. {what}\nWrite the two files by hand, or in part: {PAGE}\n")
        return 1
    wanted = [(path, text) for path, text in zip(OUTPUTS, written, strict=True) if not path.exists()]
    if not wanted:
        sys.stderr.write("Nothing was written: both files are there. Remove what shall be written anew.\n")
        return 1
    for path, text in wanted:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{path}: written from commit {commit[:12]}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
