"""The page of `monitor report` in a browser, of a model and a log with a planted shift: on screens, and on paper."""

from __future__ import annotations

import html
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from .conftest import Project, ready_project, require

pytestmark = [
    pytest.mark.product,
    pytest.mark.matrix,
    pytest.mark.slow,
    pytest.mark.xdist_group("monitoring-pages"),
]

ANSWERS = ["preset=workshop", "also=[prediction_log, monitoring, alerts, quality, registry]"]
#: Rows as they were learnt from, and then with a number that is far from there, as a service would have logged them.
LOG = """
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
import polars as pl
from pages_demo.artifacts import MODEL, TRAIN
from pages_demo.features.frame import columns_of
from pages_demo.predictor.predictor import Predictor
from pages_demo.serving.answering import said
model = Predictor.load(Path(MODEL.path))
contract = model.contract
rows = TRAIN.read(Path(TRAIN.path)).sample(1500, with_replacement=True, seed=1)
number = next(name for name, column in contract.columns.items() if column.kind in {"number", "integer"})
later = pl.int_range(1500) >= 900
rows = rows.with_columns(pl.when(later).then(pl.col(number).max()).otherwise(pl.col(number)).alias(number))
predictions = said(contract, model.predict(columns_of(contract, rows)))
start, lines = datetime(2026, 5, 4, tzinfo=UTC), []
for place, (inputs, prediction) in enumerate(zip(rows[list(contract.columns)].iter_rows(named=True), predictions)):
    plain = {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in inputs.items()}
    moment = (start + timedelta(minutes=place)).isoformat(timespec="microseconds")
    record = {"format": 1, "request_id": f"r{place}", "row": 0, "rows": 1, "moment": moment, "model": model.name}
    lines.append(json.dumps({**record, "version": model.version, "inputs": plain, "prediction": prediction}))
folder = Path("logs/predictions")
folder.mkdir(parents=True)
(folder / "20260504T000000.000000Z-1-0000000a.jsonl").write_text("\\n".join(lines) + "\\n", encoding="utf-8")
print(number)
"""
#: What a browser makes of the page, which stands in a frame as wide as a screen.
PROBE = """<!doctype html><title>probe</title><style>iframe { width: WIDTHpx; height: 900px; border: 0 }</style>
<iframe id="f"></iframe><pre id="o"></pre>
<script>
const frame = document.getElementById("f");
const parse = text => (text.match(/[\\d.]+/g) || []).map(Number);
const light = ([r, g, b]) => [r, g, b].map(v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
frame.onload = () => {
  const page = frame.contentDocument, view = frame.contentWindow;
  page.querySelectorAll("details").forEach(each => each.open = true);
  const behind = each => { for (; each; each = each.parentElement) {
    const colour = parse(view.getComputedStyle(each).backgroundColor);
    if (colour.length === 3 || colour[3] === 1) return colour; }
    return [255, 255, 255]; };
  let least = [99, ""];
  for (const each of page.querySelectorAll("body *")) {
    const has = [...each.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    if (!has || !each.getClientRects().length) continue;
    const style = view.getComputedStyle(each), text = each.namespaceURI.endsWith("svg") ? style.fill : style.color;
    const [a, b] = [light(parse(text)), light(behind(each))].sort((x, y) => y - x);
    const contrast = (a + .05) / (b + .05);
    if (contrast < least[0]) least = [contrast, each.textContent.slice(0, 60)];
  }
  const reached = [...page.querySelectorAll("a[href], summary, [tabindex='0']")];
  const scrolls = [...page.querySelectorAll("*")].filter(each => each.scrollWidth > each.clientWidth + 1
    && ["auto", "scroll"].includes(view.getComputedStyle(each).overflowX));
  document.getElementById("o").textContent = "SAID" + JSON.stringify({
    wide: page.documentElement.scrollWidth, contrast: least, paper: view.getComputedStyle(page.body).backgroundColor,
    focused: reached.filter(each => { each.focus(); return page.activeElement === each; }).length,
    reached: reached.length,
    unreachable: scrolls.filter(each => each.tabIndex < 0).length,
    drawings: [...page.querySelectorAll("svg")].map(each => each.getBoundingClientRect().width) }) + "DIAS";
};
frame.srcdoc = PAGE;
</script>"""


@pytest.fixture(scope="module")
def page(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a project in which one column has moved."""
    require("chromium", "Debian's package chromium")
    project = ready_project(tmp_path_factory.mktemp("pages"), environment, "pages_demo", ANSWERS)
    project.run(project.slug, "pipeline")
    assert calm(project), "before anything is served, nothing needs a look"
    number = project.run("python", "-c", LOG).stdout.strip()
    alarm = project.run(project.slug, "monitor", "drift", check=False)
    assert alarm.returncode == 12, alarm.stdout + alarm.stderr
    status = project.run(project.slug, "monitor", "status", check=False)
    assert status.returncode == 12
    assert f"ALARM  {number} has drifted in" in status.stdout
    assert "See docs/runbook/drift-found.md." in status.stdout
    assert "all checks held" in status.stdout
    assert "version 1 holds the alias" in status.stdout
    report = project.run(project.slug, "monitor", "report", check=False)
    assert report.returncode == 12, report.stdout + report.stderr
    found: Path = project.root / "reports" / "monitoring.html"
    text = found.read_text(encoding="utf-8")
    assert f'<span class="name">{number}</span> <span class="tag leak">look</span>' in text
    assert 'href="../docs/runbook/drift-found.md"' in text
    # Nothing of it is an output of the pipeline, so git has nothing to keep.
    changed = project.run("git", "status", "--porcelain", "reports").stdout
    assert "monitoring" not in changed
    return found


def calm(project: Project) -> bool:
    done = project.run(project.slug, "monitor", "report")
    return ": calm" in done.stdout


def browse(scratch: Path, *words: str) -> subprocess.CompletedProcess[str]:
    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-gpu"]
    command = ["chromium", "--headless", "--no-sandbox", *quiet, f"--user-data-dir={scratch / 'user'}", *words]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)


def probe(page: Path, scratch: Path, width: int, *words: str) -> dict[str, Any]:
    """What a browser says of the page on a screen of this width; its ban of scripts is lifted for that of the probe."""
    text = re.sub(r"<meta http-equiv=[^>]*>", "", page.read_text(encoding="utf-8"))
    inside = json.dumps(text).replace("</", "<\\/")
    (scratch / "probe.html").write_text(PROBE.replace("WIDTH", str(width)).replace("PAGE", inside), encoding="utf-8")
    address = (scratch / "probe.html").as_uri()
    words = (f"--window-size={width + 60},1200", "--virtual-time-budget=20000", "--dump-dom", *words)
    done = browse(scratch, *words, address)
    said = re.search("SAID(.*?)DIAS", done.stdout, re.DOTALL)
    assert said, done.stderr
    found: dict[str, Any] = json.loads(html.unescape(said[1]))
    return found


@pytest.mark.parametrize("width", [360, 768, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read_on_every_screen_by_day_and_by_night(
    page: Path, tmp_path: Path, width: int, scheme: str
) -> None:
    words = ["--blink-settings=preferredColorScheme=0"] if scheme == "dark" else []
    found = probe(page, tmp_path, width, *words)
    assert found["paper"] == ("rgb(20, 24, 29)" if scheme == "dark" else "rgb(255, 255, 255)")
    assert found["wide"] <= width, "nothing is wider than the screen"
    assert found["contrast"][0] >= 4.5, found["contrast"]
    assert min(found["drawings"]) >= 180


def test_all_of_it_is_reached_by_the_keyboard(page: Path, tmp_path: Path) -> None:
    found = probe(page, tmp_path, 360)
    assert found["focused"] == found["reached"] > 8
    assert found["unreachable"] == 0


def test_it_loads_nothing_and_is_printed(page: Path, tmp_path: Path) -> None:
    done = browse(tmp_path, "--enable-logging=stderr", "--dump-dom", page.as_uri())
    assert "CONSOLE" not in done.stderr
    browse(tmp_path, f"--print-to-pdf={tmp_path / 'page.pdf'}", page.as_uri())
    assert (tmp_path / "page.pdf").stat().st_size > 10_000
