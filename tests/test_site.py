"""The built site in a real browser: nothing is cut off, nothing is missing, nothing fails."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin

import pytest

pytest.importorskip("mkdocs")
pytest.importorskip("material")

ROOT = Path(__file__).parent.parent
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
BROWSER = next(filter(None, map(shutil.which, BROWSERS)), None)
IN_A_BROWSER = pytest.mark.skipif(BROWSER is None, reason="no Chromium: apt-get install chromium")

pytestmark = pytest.mark.timeout(400)

#: Loads each page into a frame of a width, and writes down what is cut off at its right edge.
MEASURE = """<!doctype html><pre id="found">not done</pre><script>
const [pages, width, below] = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const found = {}, frame = document.createElement("iframe");
frame.style = `width: ${width}px; height: 900px; border: 0`;
// Without their scripts pages look the same, and come at once.
frame.sandbox = "allow-same-origin";
document.body.append(frame);
const cut = (view, each) => {
  const box = each.getBoundingClientRect(), style = view.getComputedStyle(each);
  if (!box.width || !box.height || box.top > below || style.position === "fixed") return false;
  if (each.closest(".md-sidebar, .md-header, .md-tabs, .md-search, .headerlink, .md-clipboard"))
    return false;
  const scrolls = style.overflowX !== "visible" && each.scrollWidth > each.clientWidth + 1;
  return scrolls || box.right > width + 1;
};
(async () => {
  for (const page of pages) {
    await new Promise(done => { frame.onload = done; frame.src = page; });
    await new Promise(done => setTimeout(done, 20));
    const view = frame.contentWindow;
    const all = [...view.document.querySelectorAll(".md-content *")];
    const told = all.filter(each => cut(view, each))
      .map(each => each.tagName + ": " + each.textContent.trim().slice(0, 60));
    const images = [...view.document.images].filter(each => !each.naturalWidth && each.src)
      .map(each => "missing " + each.src);
    const why = [...told.slice(0, 3), ...images];
    if (why.length) found[page] = why;
  }
  document.getElementById("found").textContent = JSON.stringify(found);
})();
</script>"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_) -> None:
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    for command in (
        [sys.executable, "scripts/pages.py"],
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder],
    ):
        environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT)}
        subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=200)
    (folder / "measure.html").write_text(MEASURE, "utf-8")
    return folder


@pytest.fixture(scope="module")
def address(site: Path):
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=site)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def pages_of(site: Path) -> list[str]:
    every = sorted(str(page.relative_to(site)) for page in site.rglob("*.html"))
    return [page for page in every if page not in {"404.html", "measure.html"}]


def browse(page: str, folder: Path, *, milliseconds: int, width: int = 1500) -> tuple[str, str]:
    """The page once its scripts have run, and what they wrote to the console."""
    done = subprocess.run(
        [
            BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
            "--disable-background-networking", "--enable-logging=stderr",
            f"--window-size={width},900", f"--user-data-dir={tempfile.mkdtemp(dir=folder)}",
            f"--virtual-time-budget={milliseconds}", "--dump-dom", page,
        ],
        capture_output=True, text=True, timeout=300, check=True,
        env={**os.environ, "HOME": str(folder), "no_proxy": "127.0.0.1"},
    )  # fmt: skip
    console = [line for line in done.stderr.splitlines() if ":CONSOLE" in line]
    return done.stdout, "\n".join(console)


@IN_A_BROWSER
@pytest.mark.parametrize(("width", "below"), [(1400, 1e6), (390, 844)])
def test_nothing_is_cut_off(site: Path, address: str, tmp_path: Path, width: int, below: float):
    pages = pages_of(site)
    given = json.dumps([pages, width, below])
    dom, _ = browse(
        f"{address}measure.html#{given}", tmp_path, milliseconds=1000 + 200 * len(pages)
    )
    found = html.unescape(re.search(r'<pre id="found">(.*?)</pre>', dom, re.DOTALL)[1])
    assert found != "not done"
    assert json.loads(found) == {}


def test_the_landing_page_shows_a_short_program_and_a_picture(site: Path) -> None:
    page = (site / "index.html").read_text("utf-8")
    program = re.search(r"<pre[^>]*><span></span><code>(.*?)</code></pre>", page, re.DOTALL)[1]
    assert 4 < len(re.sub(r"<[^>]+>", "", program).strip().splitlines()) <= 12
    assert 'src="pictures/demo.svg"' in page


@IN_A_BROWSER
@pytest.mark.parametrize(
    "page", ["index.html", "how-to/fail-over.html", "explanation/decisions.html"]
)
def test_a_page_writes_nothing_to_the_console(address: str, tmp_path: Path, page: str) -> None:
    dom, console = browse(f"{address}{page}", tmp_path, milliseconds=1500)
    assert "md-content" in dom
    assert console == ""


def test_every_link_and_picture_leads_somewhere(site: Path) -> None:
    missing = []
    for page in pages_of(site):
        text = (site / page).read_text("utf-8")
        for target in re.findall(r'<(?:a|link|img|script)\b[^<>]* (?:href|src)="([^"]+)"', text):
            address, anchor = urldefrag(html.unescape(target))
            if re.match(r"\w+:", address):
                continue
            file = site / unquote(urljoin(page, address) if address else page)
            if file.is_dir():
                file /= "index.html"
            is_there = file.exists()
            if is_there and anchor and file.suffix == ".html":
                is_there = f'id="{unquote(anchor)}"' in html.unescape(file.read_text("utf-8"))
            if not is_there:
                missing.append((page, target))
    assert missing == []


def test_the_site_has_what_search_engines_and_language_models_read(site: Path) -> None:
    listed = re.findall(r"<loc>(https://[^<]+)</loc>", (site / "sitemap.xml").read_text("utf-8"))
    address = re.search(r"^site_url: (.+)$", (ROOT / "mkdocs.yml").read_text("utf-8"), re.MULTILINE)
    assert set(listed) == {address[1] + page for page in pages_of(site)}
    assert (site / "llms.txt").read_text("utf-8").startswith("# irclient\n")
    assert "md-search__input" in (site / "404.html").read_text("utf-8")
    index = (site / "search" / "search_index.js").read_text("utf-8")
    assert "fail over" in index.lower()


def test_each_page_leads_to_the_one_before_and_the_one_after(site: Path) -> None:
    without = {
        way: [
            page
            for page in pages_of(site)
            if f"md-footer__link--{way}" not in (site / page).read_text("utf-8")
        ]
        for way in ("prev", "next")
    }
    assert without == {"prev": ["index.html"], "next": ["contributing.html"]}


def test_the_reference_names_no_private_module_and_shows_both_clients_side_by_side(site) -> None:
    private = re.compile(r"irclient\._[a-z]\w*|\b(?:Async)?ListMethods\b|\bClientBase\b")
    found = {
        page.name: set(private.findall(re.sub(r"<[^>]+>", "", page.read_text("utf-8"))))
        for page in (site / "reference" / "api").glob("*.html")
    }
    assert len(found) > 15
    assert {name: names for name, names in found.items() if names} == {}
    clients = (site / "reference" / "api" / "clients.html").read_text("utf-8")
    assert re.search(
        r'tabbed-labels"><label[^>]*>IRClient</label><label[^>]*>AsyncIRClient', clients
    )


def test_no_page_fetches_anything_from_elsewhere(site: Path) -> None:
    fetched = re.compile(r'<(?:script|img|link rel="stylesheet")[^>]+(?:src|href)="https?://')
    assert [
        page for page in pages_of(site) if fetched.search((site / page).read_text("utf-8"))
    ] == []
