"""Running a fleet of processes against a service that stamps what arrives."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from bisect import bisect_left
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from benchmarks.fleet.member import Orders
from benchmarks.promise.accounts import accounts, busiest_second
from benchmarks.serving import ROOT
from irclient._core.allowance import MARGIN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.promise.accounts import Arrival

__all__ = ["SATURATED", "WINDOW", "Measured", "rates", "run_fleet"]

SATURATED: Final = float("inf")
#: Seconds after which starts repeat while there is more demand than TPS.
WINDOW: Final = 1.0 + MARGIN
_BEGINS_AFTER: Final = 0.2


@dataclass(frozen=True, slots=True)
class Measured:
    """A run.

    Attributes:
        tps: Of the service.
        began_at: By the monotonic clock.
        seconds: For how long.
        arrivals: What the service saw.
        calls: Each call's beginning in seconds from the start, its seconds, and its error.
        messages: What all processes sent to Redis.
        changes: When a process joined, lost or found its fleet again, and which.
        by_process: How many calls of each were answered.
    """

    tps: float
    began_at: float
    seconds: float
    arrivals: Sequence[Arrival]
    calls: Sequence[tuple[float, float, str | None]]
    messages: int
    changes: Sequence[tuple[float, int, str]]
    by_process: Sequence[int]

    @property
    def worst(self) -> float:
        """The busiest second, as a part of the TPS."""
        return busiest_second(self.arrivals) / self.tps

    @property
    def tightest(self) -> float:
        """The least seconds in which more requests came than the TPS are."""
        return min((took for took, _ in self._passages), default=float("inf"))

    @property
    def tightest_at(self) -> float:
        """When the last of these came, in seconds of the run."""
        return min(self._passages)[1]

    @property
    def _passages(self) -> list[tuple[float, float]]:
        at, more = [each.at - self.began_at for each in self.arrivals], int(self.tps)
        return [(b - a, b) for a, b in zip(at, at[more:], strict=False)]

    @property
    def longest(self) -> float:
        """Seconds that the longest call took, answered or not."""
        return max(took for _, took, _ in self.calls)

    def used(self, since: float, until: float) -> float:
        """The part of the TPS that was used, in the whole windows between seconds of the run.

        A fleet that uses its TPS up starts in bursts, a window apart: of a time that is no
        multiple of it, the edges would count one too many or one too few.
        """
        until = since + WINDOW * int((until - since) / WINDOW)
        at = [each.at - self.began_at for each in self.arrivals]
        count = bisect_left(at, until) - bisect_left(at, since)
        return count / (self.tps * (until - since))

    def took(self, part: float, *, since: float = 0.0, until: float = float("inf")) -> float:
        """Seconds that answered calls took, by percentile."""
        took = sorted(s for at, s, error in self.calls if error is None and since <= at < until)
        return took[min(int(len(took) * part), len(took) - 1)] if took else float("nan")

    def failed(self, since: float = 0.0) -> dict[str, int]:
        """The calls that were not answered, by error."""
        names = [error for at, _, error in self.calls if error is not None and at >= since]
        return {name: names.count(name) for name in set(names)}

    @property
    def messages_per_call(self) -> float:
        """Of calls that were answered."""
        return self.messages / max(sum(self.by_process), 1)


def rates(shape: str, load: float, tps: float, processes: int = 4) -> list[float]:
    """Calls a second of each process: of a load ``uniform``, or with ``one busy`` of them."""
    if shape == "uniform":
        return [load if load == SATURATED else load * tps / processes] * processes
    if load == SATURATED:
        return [SATURATED, *[0.0] * (processes - 1)]
    return [load * tps * 0.97, *[load * tps * 0.01] * (processes - 1)]


def run_fleet(
    redis: str | None,
    *,
    sentinel_port: int | None = None,
    tps: float,
    rates: Sequence[float | list[tuple[float, float]]],
    seconds: float,
    max_wait: float = 0.5,
    workers: int | None = None,
    clocks: Sequence[float] = (),
    happening: Sequence[tuple[float, Callable[[], object]]] = (),
    name: str = "measured",
) -> Measured:
    """Run one process for each rate, and let things happen at their seconds meanwhile."""
    with accounts("a") as service:
        orders = [
            Orders(
                redis=redis,
                sentinel_port=sentinel_port,
                workers=workers or len(rates),
                url=service.url("a"),
                tps=tps,
                seconds=seconds,
                rates=rate if isinstance(rate, list) else [(0.0, rate)],
                max_wait=max_wait,
                clock=clocks[number] if clocks else 0.0,
                seed=number,
                name=name,
            )
            for number, rate in enumerate(rates)
        ]
        members = [_started(each) for each in orders]
        for member in members:
            assert member.stdout is not None
            assert member.stdout.readline() == "ready\n"
        began_at = time.monotonic() + _BEGINS_AFTER
        for member in members:
            assert member.stdin is not None
            member.stdin.write(f"{began_at}\n")
            member.stdin.flush()
        timers = [
            threading.Timer(began_at + after - time.monotonic(), what) for after, what in happening
        ]
        for timer in timers:
            timer.start()
        outcomes = [json.loads(member.communicate(timeout=seconds + 60)[0]) for member in members]
        for timer in timers:
            timer.join()
        arrivals = service.arrivals("a")
    calls = [(at - began_at, s, error) for each in outcomes for at, s, error in each["calls"]]
    return Measured(
        tps=tps,
        began_at=began_at,
        seconds=seconds,
        arrivals=arrivals,
        calls=calls,
        messages=sum(each["messages"] for each in outcomes),
        changes=sorted(
            (at - began_at, number, change)
            for number, each in enumerate(outcomes)
            for at, change in each["changes"]
        ),
        by_process=[sum(e is None for *_, e in each["calls"]) for each in outcomes],
    )


def _started(orders: Orders) -> subprocess.Popen[str]:
    member = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.fleet.member"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert member.stdin is not None
    member.stdin.write(json.dumps(asdict(orders)) + "\n")
    member.stdin.flush()
    return member
