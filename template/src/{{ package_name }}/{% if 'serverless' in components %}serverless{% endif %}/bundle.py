"""One zip file for the cloud: the entry point, the model with the code that predicts, and the libraries of this environment."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

from ..errors import SettingsError
from ..packing.archive import write_archive
from ..packing.core import LIBRARIES, packed
from ..predictor.predictor import Predictor

#: What the cloud takes: bytes of the zip file, and of what is in it.
MOST_ZIPPED, MOST_UNZIPPED = 50 * 10**6, 250 * 10**6
_ENTRY = '''"""What the cloud calls: `function.handle`."""

from {package}.serverless.function import load

handle = load()
'''
#: Not run by predicting: tests, types for editors, and tools of onnxruntime that train, convert or measure.
_LEFT_OUT = re.compile(
    r"(^|/)(tests?|__pycache__|testing|f2py|distutils)/|\.(pyi|pyc|pxd|h|lib|a)$|^\.\.|(^|/)bin/"
    r"|^onnxruntime/(transformers|quantization|tools|datasets|backend)/"
)


@dataclass(frozen=True)
class Sizes:
    """Bytes of a bundle: of the file, and of what is in it."""

    zipped: int
    unzipped: int


def require_target() -> str:
    """For which machine a bundle of this environment is; raises `SettingsError` where functions do not run."""
    if sys.platform != "linux":
        raise SettingsError(
            f"The libraries here are for {sys.platform}, and functions run on Linux.",
            "Build it in CI, or in a container of the release image.",
        )
    return f"Python {sys.version_info.major}.{sys.version_info.minor} on {platform.machine()}"


def write_bundle(path: Path, package: str, predictor: Predictor, graph: bytes) -> Sizes:
    """Replace the zip file of a function; returns its sizes.

    Args:
        path: of the file.
        package: name of the package in it.
        predictor: the model.
        graph: its file's content.

    Raises:
        SettingsError: it would be larger than the cloud takes; it stays, so that one can see why.
    """
    front = f'"""The model {predictor.name} {predictor.version}."""\n'
    files = packed("serverless/function.py", graph, package, front)
    files |= {"function.py": _ENTRY.format(package=package).encode()}
    for name, source in sorted(_libraries()):
        files[name] = source.read_bytes()
    write_archive(path, files.items())
    sizes = Sizes(path.stat().st_size, sum(map(len, files.values())))
    if sizes.zipped > MOST_ZIPPED or sizes.unzipped > MOST_UNZIPPED:
        raise SettingsError(
            f"{path} has {sizes.zipped / 1e6:.0f} MB, unpacked {sizes.unzipped / 1e6:.0f} MB; a function has at most "
            f"{MOST_ZIPPED / 1e6:.0f} and {MOST_UNZIPPED / 1e6:.0f}.",
            "Make the model smaller, or run the service's image as a function.",
        )
    return sizes


def _libraries() -> Iterator[tuple[str, Path]]:
    """The files of the libraries and of what they need, by path below the folder of libraries."""
    waiting, seen = list(LIBRARIES), set[str]()
    while waiting:
        library = distribution(waiting.pop())
        if library.name in seen:
            continue
        seen.add(library.name)
        waiting += _needed(library)
        for file in library.files or ():
            if not _LEFT_OUT.search(file.as_posix()):
                yield file.as_posix(), Path(str(library.locate_file(file)))


def _needed(library: Distribution) -> Iterator[str]:
    for line in library.requires or ():
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield requirement.name
