"""Pages of a generated project, as their readers follow them: every `bash` and `python` block, in its order."""

from __future__ import annotations

import re
import socket
import subprocess

import pytest

from .conftest import Project, project_environment

BLOCK = re.compile(r"^```(bash|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)
PORTS = (8000, 8001, 8002, 8003)


def follow(project: Project, page: str, python: str = ".venv/bin/python") -> str:
    """What the commands of a page say, in a shell that ends with the first that fails.

    Args:
        project: whose page it is; its environment stands in for `.venv`.
        page: the file below docs/.
        python: the program that its `python` blocks are for.
    """
    for port in PORTS:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                pytest.skip(f"something listens on port {port} already: stop it to run this test")
    blocks = BLOCK.findall((project.root / "docs" / page).read_text(encoding="utf-8"))
    assert any(kind == "bash" for kind, _ in blocks)
    lines = [code if kind == "bash" else f"{python} - <<'END OF FILE'\n{code}END OF FILE" for kind, code in blocks]
    script = "\n".join(["trap 'kill $(jobs -p) 2>/dev/null || true' EXIT", *lines])
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script.replace(".venv/bin/", f"{project.environment}/bin/")],
        cwd=project.root,
        env=project_environment(project.environment),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
