"""Draws docs/how-to/telemetry/dashboard.png: the dashboard over a real run under faults.

A client asks the emulator for a minute and a half while its accounts fail in one way after the
other. A real Prometheus scrapes its metrics every second, and is then asked what the panels of
`dashboard.json` and the rules of `alerts.yml` ask it, over shorter times. It needs Debian's
package `prometheus`, and matplotlib.

    python scripts/draw_dashboard.py
"""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from urllib.request import urlopen

import matplotlib as mpl
import yaml
from prometheus_client import CollectorRegistry, start_http_server

from irclient import Caching, Failover, Fallback, IRClient, IRError, Settings, Timeouts
from irclient.emulator import Emulator
from irclient.integrations.prometheus import PrometheusObserver

mpl.use("Agg")
from matplotlib import pyplot as plt

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent.parent / "docs" / "how-to" / "telemetry"
TPS = 60
#: Seconds, what the accounts do from then on, calls a second.
SCRIPT = (
    (0, "fair weather", {}, 40),
    (15, "contoso-a answers 503", {"contoso-a": "status:503"}, 40),
    (32, "healed", {}, 40),
    (44, "both accounts are down", {"contoso-a": "down", "contoso-b": "down"}, 40),
    (60, "healed", {}, 40),
    (72, "more calls than one TPS", {}, 110),
    (88, "fair weather", {}, 40),
    (98, "the end", {}, 0),
)
WINDOW = "6s"


def main() -> int:
    if shutil.which("prometheus") is None:
        print("it needs a Prometheus: apt-get install prometheus", file=sys.stderr)
        return 2
    registry = CollectorRegistry()
    server, thread = start_http_server(0, "127.0.0.1", registry)
    try:
        with prometheus(server.server_port) as url:
            began_at = run(PrometheusObserver(registry=registry))
            time.sleep(2)
            draw(url, began_at)
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()
    return 0


@contextmanager
def prometheus(target: int) -> Iterator[str]:
    """A Prometheus that scrapes one port, for the length of a block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        configuration = Path(folder) / "prometheus.yml"
        job = {"job_name": "shop", "static_configs": [{"targets": [f"127.0.0.1:{target}"]}]}
        configuration.write_text(
            json.dumps({"global": {"scrape_interval": "1s"}, "scrape_configs": [job]})
        )
        running = subprocess.Popen(  # noqa: S603  (our own arguments)
            [
                shutil.which("prometheus") or "",
                f"--config.file={configuration}",
                f"--storage.tsdb.path={folder}/data",
                f"--web.listen-address=127.0.0.1:{port}",
                "--log.level=error",
            ]
        )
        try:
            time.sleep(3)
            yield f"http://127.0.0.1:{port}"
        finally:
            running.terminate()
            running.wait(20)


def run(observer: PrometheusObserver) -> float:
    """Let the script happen, and return when it began."""
    settings = Settings(
        timeouts=Timeouts(deadline=1.0, attempt=0.5),
        caching=Caching(fresh_for=1, stale_while_refresh_for=0, stale_if_error_for=0),
        failover=Failover(consecutive_failures=3, eject_for=2.0, max_eject_for=4.0, ramp_for=4.0),
    )
    with (
        Emulator(tps=TPS) as emulator,
        IRClient(
            emulator.home,
            credential=emulator.credential(),
            settings=settings,
            fallback=Fallback(queries=(), items=("64701", "64702", "64703")),
            transport=emulator.transport(),
            observers=[observer],
        ) as ir,
    ):
        items = [item.id for item in ir.popular(count=100)]
        began_at = time.time()
        for (at, _, faults, rate), (ends_at, *_rest) in pairwise(SCRIPT):
            for name in ("contoso-a", "contoso-b"):
                account = emulator.account(name)
                account.heal()
                if name in faults:
                    account.fail(faults[name])
            call_until(ir, items, began_at + at, began_at + ends_at, rate)
        return began_at


def call_until(ir: IRClient, items: list[str], at: float, ends_at: float, rate: int) -> None:
    number, threads = 0, []
    while (due := at + number / rate) < ends_at:
        time.sleep(max(due - time.time(), 0))
        # A part of the items is asked for often, as in a shop.
        item = items[number * 7 % (10 if number % 4 == 0 else len(items))]
        count = 5 + number % 40
        thread = threading.Thread(target=ask, args=(ir, item, count), daemon=True)
        thread.start()
        threads.append(thread)
        number += 1
    for each in threads:
        each.join(5)


def ask(ir: IRClient, item: str, count: int) -> None:
    try:
        ir.similar(item, count=count)
    except IRError:
        return


def asked(url: str, expression: str, began_at: float) -> list[tuple[dict[str, str], Any, Any]]:
    """What Prometheus answers: of each series its labels, seconds, and values."""
    parameters = {
        "query": expression, "start": began_at, "end": began_at + SCRIPT[-1][0], "step": "1s"
    }  # fmt: skip
    with urlopen(f"{url}/api/v1/query_range?{urlencode(parameters)}", timeout=20) as answer:  # noqa: S310  (our own URL)
        found = json.load(answer)
    return [
        (
            series["metric"],
            [at - began_at for at, _ in series["values"]],
            [float(value) for _, value in series["values"]],
        )
        for series in found["data"]["result"]
    ]


def draw(url: str, began_at: float) -> None:
    panels = json.loads((HERE / "dashboard.json").read_text("utf-8"))["panels"]
    rules = yaml.safe_load((HERE / "alerts.yml").read_text("utf-8"))["groups"][0]["rules"]
    figure = plt.figure(figsize=(17, 19), layout="constrained")
    grid = figure.add_gridspec(5, 3)
    for number, panel in enumerate(panels):
        axes = figure.add_subplot(grid[number // 3, number % 3])
        for target in panel["targets"]:
            expression = target["expr"].replace("$__rate_interval", WINDOW)
            for labels, at, values in asked(url, expression, began_at):
                named = re.sub(
                    r"\{\{(\w+)\}\}",
                    lambda found, labels=labels: labels.get(found[1], ""),
                    target["legendFormat"],
                )
                axes.plot(at, values, label=named, linewidth=1.4)
        unit = {"reqps": " (a second)", "s": " (s)"}.get(panel["fieldConfig"]["defaults"]["unit"])
        dress(axes, panel["title"] + (unit or ""))
        axes.set_ylim(bottom=0)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(fontsize=7, loc="best")
    axes = figure.add_subplot(grid[4, :])
    for row, rule in enumerate(rules):
        expression = re.sub(r"\[5m\]", f"[{WINDOW}]", rule["expr"])
        for _, at, _values in asked(url, expression, began_at):
            axes.scatter(at, [row] * len(at), marker="s", s=28, color="tab:red")
    axes.set_yticks(range(len(rules)), [rule["alert"] for rule in rules])
    axes.set_ylim(len(rules) - 0.5, -0.9)
    dress(axes, "When the condition of each alert holds (without the time that it must hold for)")
    for at, what, *_ in SCRIPT[:-1]:
        axes.annotate(what, (at, -0.55), fontsize=8)
    figure.savefig(HERE / "dashboard.png", dpi=80)


def dress(axes: Any, title: str) -> None:  # noqa: ANN401  (matplotlib's)
    axes.set_title(title, fontsize=10, loc="left")
    axes.set_xlim(0, SCRIPT[-1][0])
    axes.tick_params(labelsize=8)
    axes.grid(alpha=0.3)
    for at, *_ in SCRIPT[1:-1]:
        axes.axvline(at, color="grey", linewidth=0.6, linestyle=":")


if __name__ == "__main__":
    sys.exit(main())
