"""Opening a model file that may come from a stranger: what it is and what it may cost are bounded.

A graph can loop for ever, ask for any amount of memory, or name other files as its weights. So only one regular
file is read, and until the model has proved itself it has a limited time and a limited memory.
"""

from __future__ import annotations

import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple, TypeVar

import onnxruntime as ort

from ..errors import ProjectError

if sys.platform == "linux":
    import resource

# The ONNX format itself cannot hold more: it is one protobuf message.
MAX_MODEL_BYTES = 2**31 - 1
MAX_SECONDS = 30.0
_STOP_SECONDS = 5.0
# What loading and one prediction may take beyond what the process has: trees grow about tenfold when they are loaded.
_SPARE_BYTES = 1024**3
_GROWTH = 16
_MAX_REASON = 300
_FATAL_ONLY = 4

T = TypeVar("T")


class Opened(NamedTuple):
    """A graph, ready to run.

    Args:
        session: runs it.
        said: what it says of itself.
        inputs: by name, the type and how many columns it has.
        outputs: by name, the type.
    """

    session: ort.InferenceSession
    said: Mapping[str, str]
    inputs: Mapping[str, tuple[str, Any]]
    outputs: Mapping[str, str]


class ModelFileError(ProjectError):
    """The model file is missing, unreadable, or not a model that this project understands."""

    exit_code = 2


class UnreachableError(ModelFileError):
    """The model cannot be had from where it is: that may pass."""


def read_graph(path: Path) -> bytes:
    """The content of a model file; raises `ModelFileError` for what is no regular file, without opening it."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise unusable(path, "it is no regular file")
        if status.st_size > MAX_MODEL_BYTES:
            raise unusable(path, f"it has more than {MAX_MODEL_BYTES} bytes")
        with path.open("rb") as file:
            return file.read(MAX_MODEL_BYTES)
    except FileNotFoundError:
        advice = "Train and export one first (the `pipeline` command), or name another with --model or MODEL_PATH."
        raise ModelFileError(f"There is no model at {path}.", advice) from None
    except (OSError, ValueError) as error:
        raise unusable(path, error) from None


def open_graph(graph: bytes, path: Path) -> Opened:
    """The graph that stands, or will stand, at a path; raises `ModelFileError`."""
    options = ort.SessionOptions()
    # One request is tens of microseconds of work: handing it to more threads costs more than it gains.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # What goes wrong is raised below; the runtime's own lines on stderr would only repeat it.
    options.log_severity_level = _FATAL_ONLY
    options.add_session_config_entry("session.load_model_format", "ONNX")
    # Weights in other files are looked for below the model file, which is no folder: there are none.
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", str(path / "none"))
    session = within_bounds(
        # The fallback would load a wrong model twice, and print what is wrong.
        lambda: ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"], enable_fallback=0),
        lambda: options.set_load_cancellation_flag(True),
        path,
        len(graph),
        "the ONNX runtime cannot read it",
    )
    try:
        inputs = {node.name: (node.type, next(reversed(node.shape), None)) for node in session.get_inputs()}
        outputs = {node.name: node.type for node in session.get_outputs()}
        return Opened(session, session.get_modelmeta().custom_metadata_map, inputs, outputs)
    except UnicodeDecodeError as error:
        raise unusable(path, f"what it says about itself is no text: {error}") from None


def within_bounds(work: Callable[[], T], stop: Callable[[], None], path: Path, size: int, failure: str) -> T:
    """What `work` returns; raises `ModelFileError` where it fails, takes too long, or needs too much for a model of its size.

    It runs in another thread, which the runtime can only end between two steps of the graph, when `stop` asks
    it to. A single endless step goes on until the process ends, which it does not hold up.
    """
    result: Future[T] = Future()

    def run() -> None:
        try:
            result.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised where the result is waited for
            result.set_exception(error)

    with _limited_memory(size):
        thread = Thread(target=run, name="prove-model", daemon=True)
        thread.start()
        try:
            return result.result(MAX_SECONDS)
        except Exception as error:  # noqa: BLE001 - the runtime's exceptions share no other base class
            if result.done():
                raise unusable(path, f"{failure}: {str(error) or type(error).__name__}") from None
            stop()
            # A thread that comes back to a Python that is ending would abort the process.
            thread.join(_STOP_SECONDS)
            raise unusable(path, f"{failure}: it is not done after {MAX_SECONDS:g} s") from None


@contextmanager
def _limited_memory(size: int) -> Iterator[None]:
    """Make a too large allocation fail, rather than the machine; where the system has such a limit."""
    if sys.platform != "linux":
        yield
        return
    used = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    wanted = used + _SPARE_BYTES + _GROWTH * size
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    limits = [limit for limit in (wanted, soft, hard) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min(limits), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def unusable(path: Path, reason: object) -> ModelFileError:
    """The error for a model that cannot be used; what the file itself says is cut and made harmless."""
    first = shown(str(reason).partition("\n")[0], _MAX_REASON).rstrip(".")
    message = f"The model {path} cannot be used: {first}."
    return ModelFileError(message, "Export it again (the `export` command), or set MODEL_PATH to another file.")


def shown(text: str, limit: int = 64) -> str:
    """The beginning of a text that a stranger chose, with nothing in it that a terminal or log would obey."""
    printable = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text[:limit])
    return printable if len(text) <= limit else f"{printable}\N{HORIZONTAL ELLIPSIS}"
