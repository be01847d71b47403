"""A wheel, as the packaging user guide specifies it ("Binary distribution format")."""

from __future__ import annotations

import csv
import hashlib
import io
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from pathlib import Path

from packaging.version import InvalidVersion, Version

from ..errors import SettingsError
from ..packing.archive import write_archive
from ..packing.core import packed, pins
from ..predictor.loading import shown
from ..predictor.predictor import Predictor

_FRONT = '''"""The model {model} {version}: `predict(instances)`, `answer(body)`, and what it says of itself, `model()`."""

from .embedded.api import RefusedError, answer, model, predict

__all__ = ["RefusedError", "answer", "model", "predict"]
__version__ = "{version}"
'''
_METADATA = """\
Metadata-Version: 2.1
Name: {name}
Version: {version}
Summary: The model {model} {version}, ready to predict
Requires-Python: >=3.11
{requires}"""
_WHEEL = """\
Wheel-Version: 1.0
Generator: {name}
Root-Is-Purelib: true
Tag: py3-none-any
"""


def write_wheel(folder: Path, package: str, predictor: Predictor, graph: bytes) -> Path:
    """The wheel of a model, in a folder; its version is the model's.

    Args:
        folder: made if it is not there.
        package: name of the package in it.
        predictor: the model.
        graph: its file's content.

    Raises:
        SettingsError: the model's version is none that a package can have.
    """
    version = predictor.version
    try:
        Version(version)
    except InvalidVersion:
        raise SettingsError(
            f"The model's version, {shown(version)}, is no version of a package.",
            "Export it with this project, whose versions are: the `export` command.",
        ) from None
    files = packed("embedded/api.py", graph, package, _FRONT.format(model=predictor.name, version=version))
    requires = "".join(f"Requires-Dist: {name}{_range(pin)}\n" for name, pin in pins().items())
    said = {"name": package.replace("_", "-"), "version": version, "model": predictor.name, "requires": requires}
    # In names of files `-` stands between the parts.
    base = f"{package}-{version.replace('-', '_')}"
    about = f"{base}.dist-info"
    files |= {f"{about}/METADATA": _METADATA.format(**said).encode(), f"{about}/WHEEL": _WHEEL.format(**said).encode()}
    path = folder / f"{base}-py3-none-any.whl"
    write_archive(path, _recorded(files, f"{about}/RECORD"))
    return path


def _range(pin: str) -> str:
    """From the version with which the model was proved to the next large one."""
    return f">={pin},<{int(pin.partition('.')[0]) + 1}"


def _recorded(files: Mapping[str, bytes], record: str) -> Iterator[tuple[str, bytes]]:
    """The files, and at their end the list of them, each with its hash."""
    lines = io.StringIO()
    rows = csv.writer(lines, lineterminator="\n")
    for name, content in files.items():
        digest = urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        rows.writerow((name, f"sha256={digest}", len(content)))
        yield name, content
    rows.writerow((record, "", ""))
    yield record, lines.getvalue().encode()
