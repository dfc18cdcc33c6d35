"""Measuring: rivals in turn, several rounds, medians with their spread, ratios within a round.

A machine that others use as well is fast in one second and slow in the next. So every round
measures everybody, one right after the other and in another order each time; a ratio is taken
between two measurements of the same round, and the median of these is what is reported.
"""

from __future__ import annotations

import gc
import statistics
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import FrameType

__all__ = [
    "Extent", "Result", "Sample", "Spread", "Stopwatch", "calls_made", "gather", "rounds_of",
    "timed", "together",
]  # fmt: skip

Sample: TypeAlias = "Mapping[str, float]"
"""What one measurement found, by the name of the measure: `cpu` and `wall` in seconds per call,
`rate` in calls a second, `p50` and `p99` in seconds; the others are numbers or parts of one."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured.

    Attributes:
        rounds: How often everybody is measured.
        block_for: Seconds that one measurement takes, about.
        is_quick: Whether the largest cases are left out: a run to see that everything works.
    """

    rounds: int
    block_for: float
    is_quick: bool = False


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle of several measurements: the median, and the quartiles around it."""

    low: float
    median: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """The spread of at least one value."""
        if len(values) == 1:
            return cls(values[0], values[0], values[0])
        low, median, high = statistics.quantiles(values, n=4, method="inclusive")
        return cls(low, median, high)

    def times(self, factor: float) -> Spread:
        """The same in another unit."""
        return Spread(self.low * factor, self.median * factor, self.high * factor)


@dataclass(slots=True)
class Result:
    """What was measured of one contestant in one case.

    Attributes:
        suite: The group of cases that were measured together.
        case: What was done.
        who: Who did it.
        samples: One for each round.
        reason: Why there are no samples, or None.
    """

    suite: str
    case: str
    who: str
    samples: list[Sample] = field(default_factory=list["Sample"])
    reason: str | None = None

    @property
    def measures(self) -> tuple[str, ...]:
        """The names of what was measured."""
        return tuple(self.samples[0]) if self.samples else ()

    def spread(self, measure: str) -> Spread:
        """The spread of a measure."""
        return Spread.of([sample[measure] for sample in self.samples])

    def ratio(self, other: Result, measure: str) -> Spread:
        """How many times the other's, round by round."""
        pairs = zip(self.samples, other.samples, strict=True)
        return Spread.of([mine[measure] / its[measure] for mine, its in pairs])


class Stopwatch:
    """Wall and CPU time of this process between entering and leaving."""

    def __enter__(self) -> Self:
        # What earlier measurements left behind is not this one's to clean up, now or later.
        gc.collect()
        gc.freeze()
        self._cpu, self._wall = time.process_time(), time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall = time.perf_counter() - self._wall
        self.cpu = time.process_time() - self._cpu

    def per(self, calls: int) -> dict[str, float]:
        """The time for each of so many calls."""
        return {"cpu": self.cpu / calls, "wall": self.wall / calls}


def rounds_of(names: Sequence[str], extent: Extent) -> Iterator[str]:
    """Everybody's name once in each round, each round beginning with another."""
    for number in range(extent.rounds):
        start = number % len(names) if names else 0
        yield from (*names[start:], *names[:start])


def gather(
    suite: str, case: str, contestants: Mapping[str, Callable[[], Sample]], extent: Extent
) -> list[Result]:
    """Measure contestants in turn."""
    results = {who: Result(suite, case, who) for who in contestants}
    for who in rounds_of(list(contestants), extent):
        results[who].samples.append(contestants[who]())
    return list(results.values())


def together(parts: Sequence[Sequence[Result]]) -> list[Result]:
    """The results of several runs of one suite as one: the samples of each, in turn."""
    joined: dict[tuple[str, str], Result] = {}
    for result in (each for part in parts for each in part):
        first = joined.setdefault((result.case, result.who), result)
        if first is not result:
            first.samples += result.samples
    return list(joined.values())


def calls_made(function: Callable[[], object]) -> int:
    """How many functions are called, of Python and of C, while a function runs."""
    seen = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal seen
        seen += event in {"call", "c_call"}

    sys.setprofile(count)
    try:
        function()
    finally:
        sys.setprofile(None)
    return seen


def timed(function: Callable[[], object], extent: Extent) -> Callable[[], Sample]:
    """A measurement of a function that takes microseconds, called in a bare loop."""
    function()  # The first time may do what the others find done.
    calls = 1
    while True:
        began_at = time.perf_counter()
        _repeat(function, calls)
        took = time.perf_counter() - began_at
        if took > extent.block_for / 20:
            break
        calls *= 4
    calls = max(int(calls * extent.block_for / took), 1)

    def measure() -> Sample:
        with Stopwatch() as watch:
            _repeat(function, calls)
        return watch.per(calls)

    return measure


def _repeat(function: Callable[[], object], times: int) -> None:
    for _ in range(times):
        function()
