"""The bars: what each figure has to reach, and whether it did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from benchmarks.rivals import OURS
from benchmarks.suites.answers import BY_HAND
from benchmarks.suites.decisions import CASE
from benchmarks.suites.starting import CLIENT, FRONT_DOOR
from benchmarks.suites.tasks import BUSY, MOST_POSSIBLE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.measuring import Result, Spread

__all__ = ["BARS", "Bar", "Judged", "judge"]

_Look: TypeAlias = "Callable[[Sequence[Result]], Spread]"


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar.

    Attributes:
        figure: What is measured.
        limit: What it has to reach.
        unit: What the limit is counted in: ``×`` for a ratio, else ``µs``, ``ms`` or ``MiB``.
        look: Finds the figure among the results, in that unit.
        is_floor: Whether more is better.
    """

    figure: str
    limit: float
    unit: str
    look: _Look
    is_floor: bool = False

    @property
    def words(self) -> str:
        """The bar as it is written down."""
        return f"{'≥' if self.is_floor else '≤'} {self.limit:g} {self.unit}"


@dataclass(frozen=True, slots=True)
class Judged:
    """A bar and its figure; None where it was not measured."""

    bar: Bar
    figure: Spread | None

    @property
    def is_met(self) -> bool | None:
        """Whether the median reaches the bar."""
        if self.figure is None:
            return None
        median = self.figure.median
        return median >= self.bar.limit if self.bar.is_floor else median <= self.bar.limit


def judge(results: Sequence[Result]) -> list[Judged]:
    """Hold the results against every bar."""
    return [Judged(bar, _look(bar, results)) for bar in BARS]


def _look(bar: Bar, results: Sequence[Result]) -> Spread | None:
    try:
        return bar.look(results)
    except LookupError:
        return None


def _find(results: Sequence[Result], suite: str, case: str, who: str) -> Result:
    for result in results:
        if (result.suite, result.case, result.who) == (suite, case, who) and result.samples:
            return result
    raise LookupError(f"{who} was not measured in {suite}, {case}")


def _ratio(suite: str, case: str, measure: str, who: str, other: str) -> _Look:
    return lambda results: _find(results, suite, case, who).ratio(
        _find(results, suite, case, other), measure
    )


def _plain(suite: str, case: str, measure: str, unit: float) -> _Look:
    return lambda results: _find(results, suite, case, OURS).spread(measure).times(unit)


def _of_plain(kind: str) -> _Look:
    return lambda results: _find(results, "memory", f"cached, sync{kind}", OURS).ratio(
        _find(results, "memory", "cached, sync", OURS), "cpu"
    )


def _grown(results: Sequence[Result]) -> Spread:
    large = _find(results, "growth", "1,000,000 entries", OURS)
    return large.ratio(_find(results, "growth", "100 entries", OURS), "cpu")


def _possible(results: Sequence[Result]) -> Spread:
    return _find(results, "throughput", BUSY, OURS).spread("rate").times(1 / MOST_POSSIBLE)


_CALLERS: Final = ("1 caller", "16 callers", "64 callers", "256 callers")
_ASYNC: Final = (("aiohttp", 0.8, _CALLERS[:3]), ("elastic-transport", 0.6, _CALLERS))
_US: Final = 1e6
_MIB: Final = 1 / 2**20

BARS: Final = (
    *(
        Bar(f"async full call, {case}: CPU ÷ {rival}", most, "×",
            _ratio("tasks", case, "cpu", OURS, rival))
        for rival, most, cases in _ASYNC
        for case in cases
    ),
    Bar("200 callers, 100 ms service: throughput ÷ all that is possible", 0.95, "×",
        _possible, is_floor=True),
    Bar("blocking full call, 1 thread: CPU ÷ httpx", 0.3, "×",
        _ratio("threads", "1 thread", "cpu", OURS, "httpx")),
    Bar("blocking full call, 16 threads: CPU ÷ httpx", 0.4, "×",
        _ratio("threads", "16 threads", "cpu", OURS, "httpx")),
    Bar("blocking full call, 1 thread: CPU ÷ urllib3", 0.7, "×",
        _ratio("threads", "1 thread", "cpu", OURS, "urllib3")),
    Bar("kept TLS connection, 1 thread: CPU ÷ urllib3", 0.8, "×",
        _ratio("connections", "a kept TLS connection, 1 thread", "cpu", OURS, "urllib3")),
    Bar("kept TLS connection, 16 callers: CPU ÷ aiohttp", 0.8, "×",
        _ratio("connections", "a kept TLS connection, 16 callers", "cpu", OURS, "aiohttp")),
    Bar("cached answer, sync ÷ cachetools under a lock", 3.0, "×",
        _ratio("memory", "cached, sync", "cpu", OURS, BY_HAND)),
    Bar("cached answer, sync", 10.0, "µs", _plain("memory", "cached, sync", "cpu", _US)),
    # 3 µs where a plain one takes 1.8.
    Bar("cached answer, sync, with filters ÷ plain", 1.67, "×", _of_plain(", with filters")),
    Bar("cached answer, sync, observed ÷ plain", 1.67, "×", _of_plain(", observed")),
    Bar("cached answer, async", 12.0, "µs", _plain("memory", "cached, async", "cpu", _US)),
    Bar("cached answer with a million entries ÷ with a hundred", 1.5, "×", _grown),
    Bar("decisions of an uncached call", 25.0, "µs", _plain("decisions", CASE, "cpu", _US)),
    Bar("another client", 1.0, "ms", _plain("starting", "another client", "wall", 1e3)),
    Bar("another client", 0.05, "MiB", _plain("starting", "another client", "bytes", _MIB)),
    Bar("import irclient ÷ import httpx", 1.3, "×",
        _ratio("starting", "import", "cpu", OURS, "httpx")),
    Bar("from irclient import IRClient ÷ import httpx", 1.3, "×",
        _ratio("starting", "import", "cpu", CLIENT, "httpx")),
    Bar("importing the whole front door ÷ import httpx", 1.3, "×",
        _ratio("starting", "import", "cpu", FRONT_DOOR, "httpx")),
)  # fmt: skip
