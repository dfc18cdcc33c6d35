"""What notebooks show can be read in the light and in the dark, in a real browser."""

from __future__ import annotations

import html
import io
import json
import os
import re
import shutil
import subprocess
import tempfile
from base64 import b64decode
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")
nbconvert = pytest.importorskip("nbconvert")
image = pytest.importorskip("PIL.Image")

NOTEBOOKS = Path(__file__).parents[2] / "docs" / "notebooks"
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
BROWSER = next(filter(None, map(shutil.which, BROWSERS)), None)
#: What WCAG 2.2 asks of text (1.4.3).
LEAST_CONTRAST = 4.5

pytestmark = [
    pytest.mark.timeout(200),
    pytest.mark.filterwarnings("ignore:::nbconvert"),
    pytest.mark.skipif(
        BROWSER is None, reason="no Chromium: apt-get install chromium-headless-shell"
    ),
]

#: The contrast of each text of an output with what is behind it.
MEASURE = """<pre id="found">not done</pre><script>
const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
const behind = (element) => {
  for (let each = element; each; each = each.parentElement) {
    const [r, g, b, a = 1] = channels(getComputedStyle(each).backgroundColor);
    if (a > 0.5) return [r, g, b];
  }
  return [255, 255, 255];
};
const light = (rgb) => {
  const [r, g, b] = rgb.map(each => each / 255)
    .map(each => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const found = [];
for (const each of document.querySelectorAll(".jp-OutputArea-output *")) {
  const text = [...each.childNodes].filter(node => node.nodeType === 3)
    .map(node => node.textContent.trim()).join(" ").trim();
  const box = each.getBoundingClientRect(), style = getComputedStyle(each);
  if (!text || !box.width || each.closest("style, script")) continue;
  const [one, other] = [light(channels(style.color).slice(0, 3)), light(behind(each))];
  const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  found.push([each.tagName, text.slice(0, 40), contrast, parseFloat(style.fontSize)]);
}
document.getElementById("found").textContent = JSON.stringify(found);
</script>"""


def browse(page: Path, folder: Path, *more: str) -> str:
    done = subprocess.run(
        [
            BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
            f"--user-data-dir={tempfile.mkdtemp(dir=folder)}", "--window-size=1000,4000",
            "--virtual-time-budget=3000", *more, page.as_uri(),
        ],
        capture_output=True, text=True, timeout=100, check=True,
        env={**os.environ, "HOME": str(folder)},
    )  # fmt: skip
    return done.stdout


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ["explore", "compare"])
def test_tables_frames_and_words_can_be_read(name: str, theme: str, tmp_path: Path) -> None:
    exporter = nbconvert.HTMLExporter(theme=theme, mathjax_url="", require_js_url="")
    text, _ = exporter.from_filename(str(NOTEBOOKS / f"{name}.ipynb"))
    # Nothing of another machine: what counts is in the page.
    text = re.sub(r'<script[^>]* src="https?://[^"]*"[^>]*>\s*</script>', "", text)
    page = tmp_path / f"{name}.html"
    page.write_text(text.replace("</body>", f"{MEASURE}</body>"), "utf-8")
    dom = browse(page, tmp_path, "--dump-dom")
    found = json.loads(html.unescape(re.search(r'<pre id="found">(.*?)</pre>', dom, re.DOTALL)[1]))
    tags = {tag for tag, *_ in found}
    assert {"TD", "TH", "CAPTION"} & tags >= {"TD", "TH"}, tags
    assert len(found) > 40
    faint = [each for each in found if each[2] < LEAST_CONTRAST or each[3] < 9]
    assert faint == []

    shot = tmp_path / "shot.png"
    browse(page, tmp_path, f"--screenshot={shot}", "--hide-scrollbars")
    with image.open(shot) as picture:
        grey = picture.convert("L")
        darkest, brightest = grey.getextrema()
        corner = grey.getpixel((5, 5))
    assert brightest - darkest > 150
    assert corner > 200 if theme == "light" else corner < 60


@pytest.mark.parametrize("name", ["explore", "compare"])
def test_a_figure_brings_its_own_background(name: str) -> None:
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    figures = [
        output.data["image/png"]
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if "image/png" in output.get("data", ())
    ]
    assert figures
    for figure in figures:
        with image.open(io.BytesIO(b64decode(figure))) as picture:
            least, _ = picture.convert("RGBA").getchannel("A").getextrema()
        assert least == 255
