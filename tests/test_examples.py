"""Every example runs by itself, ends well, prints what it shows, and complains about nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted(
    [
        *(ROOT / "examples").glob("*.py"),
        *(path.parent for path in (ROOT / "examples").glob("*/__main__.py")),
    ]
)

#: How the lines begin that a client logs of an outage, which some examples are about.
OUTAGES = ("Ejected ", "PutAside ", "Returned ")
#: Words that each prints when it has shown what it is for.
SHOWS = {
    "analysis": "overlap of the first ten: 1.00",
    "async_failover": "the primary is down  {'contoso-b'",
    "deadlines": "the deadline was 1 s",
    "errors": "both accounts are down: Unavailable",
    "failover": "black-hole",
    "key_vault": "calls answered, with",
    "observe": "contoso-a/web: failing",
    "paging": "page 3: 20 of",
    "reuse_and_fallback": "fallback, degraded",
    "shopify_app": "both are down        nothing: the section is hidden",
    "split": "blue → green",
    "table": "Similar to",
    "telemetry": "! irclient.failover: 503",
    "testing_your_app": "passed: test_an_outage_leaves_the_bestseller",
    "tps": "80 lists in",
    "web_app": "the primary is down  200",
}


def run(path: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        [sys.executable, path],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=110,
        check=False,
    )


@pytest.fixture(scope="module")
def runs() -> Iterator[dict[str, Future[subprocess.CompletedProcess[str]]]]:
    # Most of an example's time is waiting: two at a time keep two cores busy.
    with ThreadPoolExecutor(2) as pool:
        yield {path.stem: pool.submit(run, path) for path in EXAMPLES}


@pytest.mark.timeout(240)
@pytest.mark.parametrize("name", [path.stem for path in EXAMPLES])
def test_an_example_shows_what_it_is_for(name: str, runs) -> None:
    done = runs[name].result()
    assert done.returncode == 0, done.stderr
    assert [each for each in done.stderr.splitlines() if not each.startswith(OUTAGES)] == []
    assert SHOWS[name] in done.stdout


def test_every_example_is_listed_in_the_documentation() -> None:
    page = (ROOT / "docs" / "how-to" / "index.md").read_text("utf-8")
    for path in EXAMPLES:
        assert f"`{path.name}`" in page
    assert {path.stem for path in EXAMPLES} == set(SHOWS)
