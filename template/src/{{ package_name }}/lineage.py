"""Which file was made of what. A step records the digests of all that it read and wrote; no step builds on what differs.

The record of a step is reports/lineage/STEP.json. It holds no time and no path of the machine, so that equal runs leave
equal records.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel

from .artifacts import whole, write_json
from .configuration import flatten
from .digests import code_digest, digest_of, digest_path, library_versions
from .errors import BlockedError, GateError, LineageError, ProjectError

if TYPE_CHECKING:
    from .steps import Project, Step

FOLDER = Path("reports/lineage")


class MadeFrom(BaseModel):
    """What the artifacts of a step are made of: digests, and versions of libraries."""

    inputs: dict[str, str]
    settings: str
    contract: str
    code: str
    libraries: dict[str, str]


class Record(BaseModel):
    """What a step says of its last run: `ok` or why it failed, whether a gate did that, and the digest of each artifact.

    Of `writes`, all that it makes, a run that failed has not made everything.
    """

    step: str
    status: str
    blocked: bool = False
    made_from: MadeFrom
    made: dict[str, str]
    writes: tuple[str, ...] = ()


class Lineage:
    """The records of all steps of a project, and what they would say now."""

    def __init__(self, project: Project, steps: Sequence[Step]) -> None:
        self._project = project
        self._makers = {artifact.path: step for step in steps for artifact in step.writes}
        self._digests: dict[str, str] = {}

    @cached_property
    def _libraries(self) -> dict[str, str]:
        # Asked once: Python looks through the folder of all libraries for each.
        return library_versions()

    def require_current(self, step: Step) -> None:
        """Refuse inputs that do not belong together.

        Raises:
            LineageError: an input is missing, failed, or was made from something else than what is there now.
        """
        self._require_current(step, set())

    def _require_current(self, step: Step, seen: set[str]) -> None:
        """The same without artifacts that have been seen: there are far more ways to an early one than artifacts."""
        for artifact in step.reads:
            if artifact.path in seen:
                continue
            seen.add(artifact.path)
            maker = self._makers[artifact.path]
            self._require_current(maker, seen)
            record = self._record(maker)
            if record is not None and record.status != "ok":
                kind = BlockedError if record.blocked else LineageError
                raise kind(
                    f"`{maker.name}` failed, so nothing is built on it: {record.status}",
                    f"Mend what it says, then run `{maker.name}` again, or `pipeline` for all steps.",
                )
            if record is None or not (self._project.root / artifact.path).exists():
                raise LineageError(f"{artifact.path} is not there, or `{maker.name}` did not finish.", _again(maker))
            if changed := self._changed(maker, record):
                raise LineageError(
                    f"{artifact.path} was made by `{maker.name}` from something else: {', '.join(changed)} changed since.",
                    _again(maker),
                )

    def is_current(self, step: Step) -> bool:
        """Whether a step has succeeded, and would make the same of what is there now."""
        record = self._record(step)
        return record is not None and record.status == "ok" and not self._changed(step, record)

    @contextmanager
    def recording(self, step: Step) -> Iterator[None]:
        """Record what the block makes; if it is refused, or something changes under its hands, record that.

        Raises:
            LineageError: what the step reads is not what it was at the beginning.
        """
        before, old = self.digests(step).inputs, self._stamps(step)
        try:
            yield
            self._digests.clear()
            now = self.digests(step).inputs
            if changed := [name for name in {**before, **now} if before.get(name) != now.get(name)]:
                raise LineageError(f"{', '.join(changed)} changed while `{step.name}` was at work.", _again(step))
        except ProjectError as error:
            self._digests.clear()
            blocked = isinstance(error, GateError | BlockedError)
            # What was there before is of another run.
            new = {path for path, stamp in self._stamps(step).items() if stamp != old.get(path)}
            self._write(step, str(error).partition("\n")[0], new, blocked=blocked)
            raise
        self._write(step, "ok", set(self._stamps(step)), blocked=False)

    def digests(self, step: Step) -> MadeFrom:
        """What the artifacts of a step are made of, now."""
        project = self._project
        names = flatten(project.settings.model_dump(mode="json"))
        settings = {name: value for name, value in names.items() if _covers(step.params, name)}
        unused = set() if step.judges else {"acceptance"}
        inputs = (*(artifact.path for artifact in step.reads), *step.configs)
        files = [*(project.root / name for name in inputs), *step.sources(project)]
        return MadeFrom(
            inputs={self._name(path): self._digest(path) for path in files},
            settings=digest_of(settings),
            contract=digest_of(project.contract.model_dump(mode="json", exclude=unused)),
            code=code_digest(step.name),
            libraries=self._libraries,
        )

    def _changed(self, maker: Step, record: Record) -> list[str]:
        """Names of what is not as it was when the step ran; its own artifacts included."""
        now, then = self.digests(maker), record.made_from
        outputs = {artifact.path: self._digest(self._project.root / artifact.path) for artifact in maker.writes}
        inputs = then.inputs | record.made
        changed = [name for name, digest in {**now.inputs, **outputs}.items() if inputs.get(name) != digest]
        if now.contract != then.contract:
            changed.append("the contract")
        if now.settings != then.settings:
            changed.append("settings in params.yaml")
        if now.code != then.code:
            changed.append("the code")
        return changed + [name for name, found in now.libraries.items() if then.libraries.get(name) != found]

    def _record(self, step: Step) -> Record | None:
        return _read_record(self._project.root / FOLDER / f"{step.name}.json")

    def _stamps(self, step: Step) -> dict[str, tuple[int, int]]:
        """What of its artifacts is there; one that is written anew, even with the same bytes, has another stamp."""
        places = {artifact.path: self._project.root / artifact.path for artifact in step.writes}
        found = {name: place.stat() for name, place in places.items() if place.exists()}
        return {name: (stat.st_ino, stat.st_mtime_ns) for name, stat in found.items()}

    def _write(self, step: Step, status: str, made_now: Collection[str], *, blocked: bool) -> None:
        made = {
            artifact.path: self._digest(self._project.root / artifact.path)
            for artifact in step.writes
            if artifact.path in made_now
        }
        record = Record(
            step=step.name,
            status=status,
            blocked=blocked,
            made_from=self.digests(step),
            made=made,
            writes=tuple(item.path for item in step.writes),
        )
        with whole(self._project.root / FOLDER / f"{step.name}.json") as place:
            write_json(place, record.model_dump())

    def _name(self, path: Path) -> str:
        inside = path.is_relative_to(self._project.root)
        return (path.relative_to(self._project.root) if inside else Path(path.name)).as_posix()

    def _digest(self, path: Path) -> str:
        name = str(path)
        if name not in self._digests:
            self._digests[name] = digest_path(path)
        return self._digests[name]


def records_in(root: Path) -> dict[str, Record]:
    """What each step says of its last run, by the step's name."""
    records = filter(None, map(_read_record, sorted((root / FOLDER).glob("*.json"))))
    return {record.step: record for record in records}


def _read_record(path: Path) -> Record | None:
    try:
        return Record.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _again(maker: Step) -> str:
    return f"Run `{maker.name}` again and what follows it, or `pipeline` for all steps."


def _covers(prefixes: Sequence[str], name: str) -> bool:
    return any(name == prefix or name.startswith(f"{prefix}.") for prefix in prefixes)
