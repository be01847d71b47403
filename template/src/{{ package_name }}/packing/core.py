"""What predicting takes: the model, and of this package's code what a shell reaches; the same names inside another package."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from ..digests import PACKAGE, reached_from

#: The libraries that the code uses, and nothing of training or of a web framework.
LIBRARIES = ("msgspec", "numpy", "onnxruntime", "pydantic", "tzdata")
#: The model in the packed package.
MODEL = "model.onnx"


def code_behind(shell: str) -> dict[Path, bytes]:
    """The files of this package that a shell reaches, and what makes their folders packages.

    Args:
        shell: the module that is asked, such as `embedded/api.py`.
    """
    code = {path.relative_to(PACKAGE): path.read_bytes() for path in reached_from(PACKAGE / shell)}
    # Packages say what they are for, and some what else of them could be imported, which is not here.
    return code | {folder / "__init__.py": b"" for path in code for folder in path.parents}


def packed(shell: str, model: bytes, name: str, front: str) -> dict[str, bytes]:
    """The files of a package, by path.

    Args:
        shell: the module that is asked, such as `embedded/api.py`.
        model: the exported graph.
        name: of the package.
        front: what its `__init__.py` says.
    """
    code = code_behind(shell) | {Path("__init__.py"): front.encode(), Path(MODEL): model, Path("py.typed"): b""}
    return {f"{name}/{path.as_posix()}": content for path, content in sorted(code.items())}


def pins() -> dict[str, str]:
    """The version of each library with which the model was proved."""
    return {name: version(name) for name in LIBRARIES}
