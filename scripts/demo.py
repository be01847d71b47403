"""The demo: generate a project, install it, run its pipeline, serve the model, ask it over HTTP, check the project.

Everything that it starts it stops, and everything that it claims it checks.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
MARKER = ".mlscaffold-demo"
console = Console(highlight=False, soft_wrap=True)


class DemoError(Exception):
    """Why the demo stopped."""


@dataclass
class Demo:
    """One run of the demo in one folder."""

    project: Path
    steps: list[tuple[str, str, float]] = field(default_factory=list)

    @property
    def bin(self) -> Path:
        """Where the project's own commands are."""
        return self.project / ".venv" / "bin"

    @property
    def command(self) -> str:
        """The project's command, named after it."""
        return self.project.name.replace("_", "-").lower()

    def run(self, title: str, *arguments: str | Path, result: str = "") -> str:
        """Run one step in the project and return what it printed; its last line with that start is its sum."""
        console.print(f"[bold cyan]{title}[/]  [dim]{' '.join(str(a) for a in arguments)}[/]")
        begin = time.perf_counter()
        # The Python that runs the demo is there; no other is downloaded.
        environment = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"} | {"UV_PYTHON_DOWNLOADS": "never"}
        done = subprocess.run(
            list(map(str, arguments)),
            cwd=self.project if self.project.exists() else ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            raise DemoError(f"{title} failed with exit code {done.returncode}:\n{done.stdout}")
        self.steps.append((title, _last_line(done.stdout, result), time.perf_counter() - begin))
        return done.stdout

    def serve_and_ask(self) -> None:
        """Start the service, send it one real row, stop it."""
        console.print("[bold cyan]Serve and predict[/]")
        begin = time.perf_counter()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        log = self.project / "reports" / "demo-service.log"
        with log.open("w") as output:
            server = subprocess.Popen(
                [self.bin / self.command, "serve", "--port", str(port)],
                cwd=self.project,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            try:
                base = f"http://127.0.0.1:{port}"
                _wait_until_ready(f"{base}/health/ready", server, log)
                answer = _post(f"{base}/predict", {"instances": [_example(f"{base}/openapi.json")]})
            finally:
                server.terminate()
                server.wait(timeout=60)
        log.unlink()
        prediction, model = answer["predictions"][0], answer["model"]
        self.steps.append(
            ("Serve and predict", f"{model['name']} {model['version']}: {prediction}", time.perf_counter() - begin)
        )


def _last_line(text: str, start: str) -> str:
    lines = (line.strip() for line in reversed(text.splitlines()))
    return next((line for line in lines if line and line.startswith(start)), "")


def _wait_until_ready(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        if server.poll() is not None:
            raise DemoError(f"The service stopped:\n{log.read_text()}")
        try:
            with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310 - our own loopback address
                if response.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise DemoError(f"The service was not ready after 60 s:\n{log.read_text()}")


def _example(openapi_url: str) -> dict[str, object]:
    """The example row that the model itself carries."""
    with urllib.request.urlopen(openapi_url, timeout=60) as response:  # noqa: S310 - our own loopback address
        schemas = json.load(response)["components"]["schemas"]
    for schema in schemas.values():
        for candidate in (schema.get("example"), *(schema.get("examples") or [])):
            if isinstance(candidate, dict):
                rows = candidate.get("instances")
                return dict(rows[0]) if rows else dict(candidate)
    raise DemoError("The service's OpenAPI document holds no example row.")


def _post(url: str, body: object) -> dict[str, Any]:
    request = urllib.request.Request(  # noqa: S310 - our own loopback address
        url, data=json.dumps(body).encode(), headers={"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
            return json.load(response)  # type: ignore[no-any-return]
    except urllib.error.HTTPError as error:
        raise DemoError(f"The service refused its own example: {error.read().decode()}") from error


def _clear(project: Path) -> None:
    """Remove an earlier demo; anything else that is in the way stays."""
    if not project.exists() or not any(project.iterdir()):
        return
    if not (project / ".git" / MARKER).exists():
        raise DemoError(f"{project} is not empty and is no earlier demo. Choose another folder: nox -s demo -- DIR")
    shutil.rmtree(project)


def _tool(name: str) -> Path:
    return Path(sys.executable).with_name(name)


def run_demo(project: Path) -> Demo:
    """Run the whole demo in a folder."""
    demo = Demo(project)
    _clear(project)
    project.parent.mkdir(parents=True, exist_ok=True)
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    new: list[str | Path] = [_tool("mlscaffold"), "new", project, "--defaults", "--set", f"python_version={python}"]
    demo.run("Generate", *new, result="Made ")
    (project / ".git" / MARKER).touch()
    demo.run("Environment", _tool("uv"), "venv", "-q", "--python", sys.executable, project / ".venv")
    install: list[str | Path] = [_tool("uv"), "pip", "install", "-q", "--python", demo.bin / "python"]
    requirements = project / "requirements"
    files = [requirements / "dev.txt", *sorted((requirements / "components").glob("*.txt"))]
    demo.run("Install locked libraries", *install, *(word for file in files for word in ("-r", file)))
    demo.run("Install the project", *install, "--no-deps", "-e", ".")
    output = demo.run("Pipeline", demo.bin / demo.command, "pipeline")
    console.print(output, markup=False)
    demo.serve_and_ask()
    demo.run("Check against the template", _tool("mlscaffold"), "check", project)
    return demo


def main() -> int:
    """Run the demo in the folder that the command line names, `build/demo` by default."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", default=ROOT / "build" / "demo", type=Path)
    project = parser.parse_args().folder.absolute()
    try:
        demo = run_demo(project)
    except DemoError as error:
        console.print(f"[bold red]The demo stopped.[/] {error}", markup=True)
        return 1
    table = Table(title=f"\nDemo: {project}", title_justify="left")
    for column in ("step", "result", "seconds"):
        table.add_column(column, justify="right" if column == "seconds" else "left", overflow="fold")
    for title, result, seconds in demo.steps:
        table.add_row(title, result, f"{seconds:.1f}")
    console.print(table)
    console.print("All of it is stopped again. Look around: " + os.path.relpath(project))
    return 0


if __name__ == "__main__":
    sys.exit(main())
