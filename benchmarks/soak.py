"""A soak: minutes of mixed traffic and random faults, watched for anything that grows.

    python -m benchmarks.soak                three minutes, a progress line, a table
    python -m benchmarks.soak --minutes 30   longer
    python -m benchmarks.soak --json         the figures for programs

Threads and tasks ask through both clients while three accounts of four, Entra and Key Vault fail
and heal; the local service runs in another process. Exits with 1 when an answer was wrong, or when
something grows: when the regression line through the lowest sample of every ten seconds, the first
quarter of the time left out, rises by more than its bound in a minute. The lowest, because faults
make everything rise for a while, and only a leak keeps it from falling again.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import statistics
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Final

from irclient.settings import Caching, Failover, Settings, Throttling, Timeouts
from tests.chaos.oracle import Oracle
from tests.chaos.schedule import accounts_failing, identity_failing, roll_overs
from tests.chaos.serving import ACCOUNTS, serving, shop_in
from tests.chaos.storm import Storm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.chaos.crowd import Tally

__all__ = ["BOUNDS", "Growth", "growth", "main"]

#: What is watched, and by how much it may rise in a minute.
BOUNDS: Final = {
    "resident memory, MiB": 2.0,
    "file descriptors": 10.0,
    "sockets": 10.0,
    "threads": 2.0,
    "tasks": 2.0,
    "answers in memory": 10.0,
}
_TPS: Final = 120.0
_EVERY: Final = 0.5
_STRETCH: Final = 10.0
_LONGEST: Final = 240.0
_SETTINGS: Final = Settings(
    timeouts=Timeouts(deadline=4.0, attempt=0.8, connect=0.8),
    caching=Caching(fresh_for=2.0, stale_while_refresh_for=2.0, max_entries=200),
    throttling=Throttling(max_wait=3.0, share=0.45),
    failover=Failover(eject_for=0.5, max_eject_for=2.0, ramp_for=1.0),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """How one figure went.

    Attributes:
        first: The first sample after the warm-up.
        last: The last sample.
        least: The lowest.
        most: The highest.
        per_minute: The slope of the regression line.
        bound: What the slope may be.
    """

    first: float
    last: float
    least: float
    most: float
    per_minute: float
    bound: float

    @property
    def is_steady(self) -> bool:
        """Whether it stays within its bound."""
        return self.per_minute <= self.bound


def growth(samples: Sequence[tuple[float, float]], *, bound: float) -> Growth:
    """Say how a figure grew.

    Args:
        samples: Seconds since the beginning, and the figure then; at least two stretches long.
        bound: The slope that it may have, for one minute.
    """
    ends_at = samples[-1][0]
    warm = [(at, value) for at, value in samples if at >= ends_at / 4]
    stretch = min(_STRETCH, (ends_at - warm[0][0]) / 6) or 1.0
    lowest: dict[int, tuple[float, float]] = {}
    for at, value in warm:
        number = int((at - warm[0][0]) / stretch)
        if number not in lowest or value < lowest[number][1]:
            lowest[number] = at, value
    points = list(lowest.values())
    slope = 0.0
    if len(points) > 1:
        slope = statistics.linear_regression(*zip(*points, strict=True)).slope
    values = [value for _, value in warm]
    return Growth(
        first=values[0],
        last=values[-1],
        least=min(values),
        most=max(values),
        per_minute=slope * 60,
        bound=bound,
    )


def _sample(storm: Storm) -> dict[str, float]:
    """Look at this process now."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    targets: list[str] = []
    for each in Path("/proc/self/fd").iterdir():
        try:
            targets.append(str(each.readlink()))
        except OSError:
            continue  # It was closed meanwhile, such as the one that lists the others.
    loop = storm.crowd.loop if storm.crowd else None
    return {
        "resident memory, MiB": pages * os.sysconf("SC_PAGE_SIZE") / 2**20,
        "file descriptors": len(targets),
        "sockets": sum(target.startswith("socket:") for target in targets),
        "threads": threading.active_count(),
        "tasks": len(asyncio.all_tasks(loop)) if loop else 0,
        "answers in memory": sum(client.stats().cached for client in storm.clients),
    }


def _watch(storm: Storm, *, seconds: float) -> tuple[Tally, dict[str, list[tuple[float, float]]]]:
    random = Random(storm.seed)
    events = sorted(
        [
            *accounts_failing(random, ACCOUNTS[1:], seconds=seconds, well_for=6.0),
            *identity_failing(random, seconds=seconds),
            *roll_overs(random, ACCOUNTS, seconds=seconds),
        ]
    )
    tallies: list[Tally] = []
    thread = threading.Thread(target=lambda: tallies.append(storm.rage(events, seconds=seconds)))
    thread.start()
    while thread.is_alive() and not (storm.crowd and storm.crowd.ready.is_set()):
        time.sleep(0.05)
    samples: dict[str, list[tuple[float, float]]] = {what: [] for what in BOUNDS}
    began_at = told_at = time.monotonic()
    while thread.is_alive() and (now := time.monotonic()) < began_at + seconds:
        sample = _sample(storm)
        for what, value in sample.items():
            samples[what].append((now - began_at, value))
        if now >= told_at:
            told_at = now + _STRETCH
            _tell(now - began_at, seconds, storm, sample)
        time.sleep(_EVERY)
    thread.join(60)
    if not tallies:
        raise RuntimeError("the traffic broke off; its error is above")
    return tallies[0], samples


def _tell(elapsed: float, seconds: float, storm: Storm, sample: dict[str, float]) -> None:
    calls = storm.crowd.tally.calls if storm.crowd else 0
    figures = ", ".join(f"{value:.0f} {what}" for what, value in sample.items())
    print(f"{elapsed:4.0f} of {seconds:.0f} s: {calls} calls, {figures}", file=sys.stderr)


def _print_table(tally: Tally, growths: dict[str, Growth]) -> None:
    print(
        f"{tally.calls} calls and {tally.given_up} cancelled: answers {dict(tally.sources)}, "
        f"errors {dict(tally.errors)}, wrong answers {len(tally.wrong)}, longest call "
        f"{tally.longest:.2f} s"
    )
    heads = ("first", "last", "least", "most", "a minute", "bound")
    print(f"{'':22}" + "".join(f"{head:>10}" for head in heads))
    for what, each in growths.items():
        figures = "".join(f"{value:>10.1f}" for value in asdict(each).values())
        print(f"{what:22}{figures}  {'steady' if each.is_steady else 'GROWS'}")
    for wrong in tally.wrong:
        print(f"wrong: {wrong}")


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Watch both clients for leaks.")
    parser.add_argument("--minutes", type=float, default=3.0, help="how long, at most 240")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other faults")
    parser.add_argument("--json", action="store_true", help="print figures for programs")
    arguments = parser.parse_args(given)
    if not 0.2 <= arguments.minutes <= _LONGEST:
        parser.error(f"--minutes must be from 0.2 to {_LONGEST:g}, got {arguments.minutes:g}")
    return arguments


def main(given: Sequence[str] | None = None) -> int:
    """Run from the command line; returns the exit code."""
    arguments = _arguments(given)
    logger = logging.getLogger("irclient")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        oracle = Oracle(folder)
        with serving(shop_in(folder, tps=_TPS, token_lifetime=30.0)) as served:
            storm = Storm(served, oracle, list(served.pairs()), _SETTINGS, arguments.seed)
            tally, samples = _watch(storm, seconds=arguments.minutes * 60)
    growths = {what: growth(samples[what], bound=bound) for what, bound in BOUNDS.items()}
    if arguments.json:
        figures = {what: {**asdict(g), "steady": g.is_steady} for what, g in growths.items()}
        told = {"calls": tally.calls, "cancelled": tally.given_up, "sources": dict(tally.sources),
                "errors": dict(tally.errors), "wrong": tally.wrong, "longest": tally.longest,
                "figures": figures}  # fmt: skip
        print(json.dumps(told, indent=1))
    else:
        _print_table(tally, growths)
    return int(bool(tally.wrong) or not all(each.is_steady for each in growths.values()))


if __name__ == "__main__":
    sys.exit(main())
