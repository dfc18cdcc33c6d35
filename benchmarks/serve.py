"""Measure `irclient cook` and `irclient serve` beside their bars, on a shop of a million rows.

    python -m benchmarks.serve                 every row; about four minutes
    python -m benchmarks.serve lists tps       these rows
    python -m benchmarks.serve --shop FOLDER   on a shop that was written before

The load is wrk's, which must be installed. It shares the processors with the service, so let the
machine do nothing else. Exits with 1 when a figure misses its bar.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from bisect import bisect_left
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.machine import load
from benchmarks.promise.figures import at_least, at_most, exactly, figures_table
from benchmarks.simulation.tables import print_table
from irclient.cooking.cooked_data import CookedData
from irclient.cooking.output import open_output
from irclient.emulator.shop.written_shop import write_shop

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

    from benchmarks.promise.figures import Figure

__all__ = ["main"]

_KEY: Final = "a-key-of-the-benchmark"
_SHOP: Final = {"items": 20_000, "users": 100_000, "interactions": 1_000_000}
#: Requests a second that each list has to reach.
_LISTS: Final = {"similar": 4_000, "popular": 4_000, "picks": 2_000, "cart": 2_000}
_SECONDS: Final = 8
_CONNECTIONS: Final = 16
_TPS: Final = 100
_CONFIGURATION: Final = """
port = 0
workers = {workers}
access_log = "off"
[[accounts]]
name = "contoso-a"
keys_file = "keys.txt"
[[accounts.endpoints]]
name = "web"
tps = {tps}
"""
#: wrk's script: every request another path, and where a rate is wanted a pause before each.
_SCRIPT: Final = """
local paths = {{ {paths} }}
local at = {seed}
request = function()
  at = at % #paths + 1
  return wrk.format("GET", paths[at], {{ Authorization = "Bearer {key}" }})
end
{delay}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where the benchmark works: a shop, its output, and what the service needs."""

    folder: Path
    shop: Path

    @property
    def out(self) -> Path:
        return self.folder / "out"

    def paths(self, name: str, *, most: int = 4_000) -> list[str]:
        """Requests of a list, for many items and users."""
        data = CookedData(open_output(self.out).cooked)
        items, users = data.item_ids[:most], data.user_ids[:most]
        if name == "popular":
            return [f"/reco/v1.0/popular?count=10&skipItems={at % 90}" for at in range(most)]
        if name == "similar":
            return [f"/reco/v1.0/similar/{each}?count=10" for each in items]
        if name == "picks":
            return [f"/reco/v1.0/picks?userId={each}&count=10" for each in users]
        baskets = (items[at : at + 5] for at in range(len(items) - 5))
        return [f"/reco/v1.0/cart/items?seedItemIds={','.join(each)}&count=10" for each in baskets]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Load:
    """What wrk said of one run."""

    rate: float
    p99_ms: float
    failed: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    as_written = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.serve", description=__doc__, formatter_class=as_written
    )
    parser.add_argument("rows", nargs="*", metavar="ROW", help=", ".join(_ROWS))
    parser.add_argument("--shop", type=Path, help="a folder in the data contract")
    given = parser.parse_args(arguments)
    unknown = [name for name in given.rows if name not in _ROWS]
    if unknown:
        parser.error(f"no row is called {', '.join(unknown)}; there are {', '.join(_ROWS)}")
    print(f"a load of {load():.1f} at the beginning", file=sys.stderr)
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        place = _Place(folder=folder, shop=given.shop or folder / "shop")
        (folder / "keys.txt").write_text(_KEY, "utf-8")
        if given.shop is None:
            write_shop(place.shop, **_SHOP)
        for name, row in _ROWS.items():
            if name == "cook" or not given.rows or name in given.rows:  # the others need its output
                began_at = time.monotonic()
                figures += row(place)
                print(f"{name}: {time.monotonic() - began_at:.0f} s", file=sys.stderr)
    print_table(figures_table("A service of one's own", "where", figures))
    return int(not all(each.is_met for each in figures))


def _cook(place: _Place) -> list[Figure]:
    seconds, most = _cooked(place)
    taken = open_output(place.out).manifest["counts"]["interactions"]
    where = f"{taken:,} interactions"
    return [
        at_most("cook, cold", where, seconds, 15.0, "s"),
        at_most("memory of it", where, most, 1_024, "MB"),
    ]


def _cooked(place: _Place) -> tuple[float, float]:
    """Cook; the seconds that it took, and the most of its memory in MB."""
    command = [sys.executable, "-m", "irclient", "cook", str(place.shop)]
    command += ["--to", str(place.out)]
    began_at = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    most = 0.0
    while process.poll() is None:
        most = max(most, sum(_kilobytes(each, "Rss") for each in _family(process.pid)) / 1_024)
        time.sleep(0.1)
    if process.returncode:
        raise SystemExit(f"cooking ended with {process.returncode}")
    return time.monotonic() - began_at, most


def _lists(place: _Place) -> list[Figure]:
    figures: list[Figure] = []
    with _serving(place) as (url, _):
        for name, least in _LISTS.items():
            paths = place.paths(name)
            most = _wrk(place, url, paths)
            half = _wrk(place, url, paths, rate=least / 2)
            figures.append(at_least("requests a second", name, most.rate, least))
            note = f"at {half.rate:,.0f} a second"
            figures.append(at_most("p99 at half", name, half.p99_ms, 20.0, "ms", note=note))
            figures.append(exactly("failed", name, most.failed + half.failed, 0))
    return figures


def _switch(place: _Place) -> list[Figure]:
    """What callers notice of a cooking and of the switch to its output."""
    paths, rate = place.paths("picks"), 500.0
    with _serving(place) as (url, _):
        quiet = _wrk(place, url, paths, rate=rate, seconds=_SECONDS)
        version = (place.out / "current").read_text("utf-8")
        cooking = threading.Thread(target=_cooked, args=(place,))
        cooking.start()
        busy = _wrk(place, url, paths, rate=rate, seconds=4 * _SECONDS)
        cooking.join()
    switched = (place.out / "current").read_text("utf-8") != version
    note = f"quiet: {quiet.p99_ms:.1f} ms"
    most = 3 * quiet.p99_ms
    return [
        exactly("outputs switched to", "while cooking", switched, 1),
        exactly("failed", "while cooking", quiet.failed + busy.failed, 0),
        at_most("p99 at 500 a second", "while cooking", busy.p99_ms, most, "ms", note=note),
    ]


def _memory(place: _Place) -> list[Figure]:
    used: list[float] = []
    for workers in (1, 2):
        with _serving(place, workers=workers) as (url, process):
            for name in _LISTS:
                _wrk(place, url, place.paths(name, most=500), seconds=2)
            family = _family(process)
            used.append(sum(_kilobytes(each, "Private_") for each in family) / 1_024)
    return [at_most("a second worker", "memory of its own", used[1] - used[0], 60.0, "MB")]


def _tps(place: _Place) -> list[Figure]:
    sent, came = list[float](), list[float]()
    with _serving(place, tps=_TPS) as (url, _):
        host, _, port = url.removeprefix("http://").partition(":")
        until = time.monotonic() + 12.0
        arguments = ((host, int(port)), until, sent, came)
        callers = [threading.Thread(target=_flood, args=arguments) for _ in range(12)]
        for each in callers:
            each.start()
        for each in callers:
            each.join()
    first = min(came) + 1.0
    used = sum(first <= each < first + 10.0 for each in came) / (10.0 * _TPS)
    return [
        at_most("busiest second, as sent", "TPS 100, 2 workers", _busiest(sent), _TPS),
        at_most("busiest second, as answered", "TPS 100, 2 workers", _busiest(came), _TPS),
        at_least("TPS used", "TPS 100, 2 workers", 100 * used, 95.0, "%"),
    ]


def _flood(address: tuple[str, int], until: float, sent: list[float], came: list[float]) -> None:
    connection = HTTPConnection(*address, timeout=10)
    while time.monotonic() < until:
        began_at = time.monotonic()
        connection.request(
            "GET", "/reco/v1.0/popular?count=3", headers={"Authorization": f"Bearer {_KEY}"}
        )
        answer = connection.getresponse()
        came_at = time.monotonic()
        answer.read()
        if answer.status == HTTPStatus.OK:
            came.append(came_at)
            sent.append(began_at)
        else:
            time.sleep(0.003)
    connection.close()


def _busiest(instants: list[float]) -> int:
    ordered = sorted(instants)
    return max(bisect_left(ordered, each + 1.0) - at for at, each in enumerate(ordered))


@contextmanager
def _serving(
    place: _Place, *, workers: int = 2, tps: int = 1_000_000
) -> Generator[tuple[str, int]]:
    """`irclient serve`; its URL, and the supervisor's process."""
    config = place.folder / "server.toml"
    config.write_text(_CONFIGURATION.format(workers=workers, tps=tps), "utf-8")
    command = [sys.executable, "-m", "irclient", "serve", str(place.out), "--json"]
    command += ["--config", str(config)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout is not None
            said = ""
            for line in process.stdout:
                said += line
                if line == "}\n":
                    break
            yield json.loads(said)["url"], process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def _wrk(
    place: _Place,
    url: str,
    paths: Sequence[str],
    *,
    rate: float | None = None,
    seconds: int = _SECONDS,
) -> _Load:
    """Load; as much as goes, or about so many requests a second."""
    # A little less than the rate asks for: an answer takes its time too.
    pause = 0.0 if rate is None else 0.9 * 2 * _CONNECTIONS / rate * 1_000
    # Whole milliseconds; a pause at random keeps the connections from going in step.
    delay = f"delay = function() return math.random(0, {round(pause)}) end" if rate else ""
    script = place.folder / "requests.lua"
    quoted = ", ".join(json.dumps(each) for each in paths)
    script.write_text(_SCRIPT.format(paths=quoted, seed=0, key=_KEY, delay=delay), "utf-8")
    done = subprocess.run(
        ["wrk", "-t1", f"-c{_CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", script, url],
        check=True, capture_output=True, text=True, timeout=seconds + 30,
    )  # fmt: skip
    bad = re.findall(r"Non-2xx or 3xx responses: (\d+)", done.stdout)
    bad += re.findall(r"(?:connect|read|write|timeout) (\d+)", done.stdout)
    rated = re.search(r"Requests/sec:\s*([\d.]+)", done.stdout)
    slow = re.search(r"99%\s*([\d.]+)(us|ms|s)\b", done.stdout)
    if rated is None or slow is None:
        raise SystemExit(f"wrk said nothing that is known:\n{done.stdout}")
    unit = {"us": 1e-3, "ms": 1.0, "s": 1e3}[slow[2]]
    return _Load(
        rate=float(rated[1]), p99_ms=float(slow[1]) * unit, failed=sum(int(each) for each in bad)
    )


def _family(process: int) -> list[int]:
    children = Path(f"/proc/{process}/task/{process}/children")
    try:
        found = [int(each) for each in children.read_text("utf-8").split()]
    except OSError:
        return []
    return [process, *(each for child in found for each in _family(child))]


def _kilobytes(process: int, kind: str) -> int:
    try:
        rows = Path(f"/proc/{process}/smaps_rollup").read_text("utf-8").splitlines()
    except OSError:  # it has ended
        return 0
    return sum(int(row.split()[1]) for row in rows if row.startswith(kind))


_ROWS: Final[Mapping[str, Callable[[_Place], list[Figure]]]] = {
    "cook": _cook,
    "lists": _lists,
    "switch": _switch,
    "memory": _memory,
    "tps": _tps,
}

if __name__ == "__main__":
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    sys.exit(main())
