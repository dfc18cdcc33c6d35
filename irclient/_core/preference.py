"""Preference: in which order a call looks along the endpoints.

Regions stay in their order: the home region first, then DR. Within a pair:

| the pair       | situation                                       | first is                    |
|----------------|-------------------------------------------------|-----------------------------|
| active-passive | usual                                           | the primary                 |
|                | the primary is slow for this operation          | the secondary               |
|                | it is slow, a second and twenty calls after the | the primary: its answer     |
|                | last such call                                  | tells whether it still is   |
|                | the primary may be slow, and the secondary has  | the secondary, for one call |
|                | not answered lately                             | in four: its answers tell   |
|                | `trickle_every` seconds and twenty calls after  | the secondary: its          |
|                | the last call that went there                   | connection stays proven     |
| active-active  | always                                          | each in proportion to one   |
|                |                                                 | over its cost               |

The cost of an account is its expected latency times the calls it has in flight, this one
included. The expected latency is a peak EWMA, as in Finagle's balancer: it follows a slower answer
at once and a faster one in ten seconds. Of two accounts always taking the cheaper would let one
idle for a tenth of a millisecond, so each gets its part, evenly and without chance.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from irclient._runtime.forks import fork_safe_lock
from irclient.topology import Pair, ServiceEndpoint

if TYPE_CHECKING:
    from irclient._core.latency import Latencies
    from irclient.settings import Failover
    from irclient.topology import RegionOrRegions

__all__ = ["ASK_SLOW_EVERY", "Load", "Preference"]

#: Seconds in which an expected latency forgets a slow answer (to 1/e).
_FORGETS_IN: Final = 10.0
#: What is expected of an account that has not answered yet, in seconds.
_FIRST_GUESS: Final = 0.001
_ONE_CALL_IN: Final = 20
_COMPARE_ONE_CALL_IN: Final = 4
#: Seconds between two calls to an endpoint that is slow.
ASK_SLOW_EVERY: Final = 1.0


class Load:
    """What an account of an active-active pair has in flight, and how long it takes."""

    __slots__ = ("_at", "_expected", "_lock", "in_flight")

    def __init__(self) -> None:
        self._lock = fork_safe_lock()
        self._expected = _FIRST_GUESS
        self._at = -math.inf
        self.in_flight = 0

    def begin(self) -> None:
        """Count a request that is sent."""
        with self._lock:
            self.in_flight += 1

    def end(self, now: float, latency: float | None) -> None:
        """Count a request that has ended; None says nothing about how long an answer takes."""
        with self._lock:
            self.in_flight = max(self.in_flight - 1, 0)
            if latency is None:
                return
            if latency >= self._expected or self._at == -math.inf:
                self._expected = latency
            else:
                weight = math.exp(-max(now - self._at, 0.0) / _FORGETS_IN)
                # A tenth of each answer, so that many in an instant are heard as well.
                weight = min(weight, 0.9)
                self._expected = self._expected * weight + latency * (1.0 - weight)
            self._at = now

    def cost(self) -> float:
        """The expected latency times the calls in flight, one more included."""
        return max(self._expected, 1e-6) * (self.in_flight + 1)


class Preference:
    """The order of the endpoints of one variant.

    Args:
        regions: As the user gave them.
        settings: When to go elsewhere.
        latencies: Which endpoints are slow.
    """

    def __init__(
        self, regions: RegionOrRegions, *, settings: Failover, latencies: Latencies
    ) -> None:
        listed = (regions,) if isinstance(regions, ServiceEndpoint | Pair) else regions
        home = listed[0]
        #: Where calls go as long as all is well.
        self.first: tuple[ServiceEndpoint, ...]
        if isinstance(home, ServiceEndpoint):
            self.first = (home,)
        elif home.mode == "active-active":
            self.first = (home.primary, home.secondary)
        else:
            self.first = (home.primary,)
        self._regions: list[_Region] = []
        self.loads: dict[ServiceEndpoint, Load] = {}
        for region in listed:
            if not isinstance(region, Pair):
                self._regions.append(_Alone(region))
            elif region.mode == "active-active":
                balanced = _ActiveActive(region)
                self.loads |= balanced.loads
                self._regions.append(balanced)
            else:
                self._regions.append(_ActivePassive(region, settings, latencies))

    def order(self, operation: str, now: float) -> tuple[ServiceEndpoint, ...]:
        """Return the endpoints in the order in which a call that begins now looks along them."""
        if len(self._regions) == 1:
            return self._regions[0].order(operation, now)
        return tuple(each for region in self._regions for each in region.order(operation, now))


class _Alone:
    """A region of one account."""

    def __init__(self, endpoint: ServiceEndpoint) -> None:
        self._order = (endpoint,)

    def order(self, operation: str, now: float) -> tuple[ServiceEndpoint, ...]:  # noqa: ARG002
        return self._order


class _ActivePassive:
    """A pair whose secondary stands by."""

    def __init__(self, pair: Pair, settings: Failover, latencies: Latencies) -> None:
        self._primary = pair.primary
        self._usual = (pair.primary, pair.secondary)
        self._swapped = (pair.secondary, pair.primary)
        self._trickle_every = settings.trickle_every
        self._latencies = latencies
        self._lock = fork_safe_lock()
        self._calls = 0
        self._trickled_at: float | None = None
        self._look_again_at = -math.inf if settings.trickle_every is not None else math.inf

    def order(self, operation: str, now: float) -> tuple[ServiceEndpoint, ...]:
        self._calls = calls = self._calls + 1
        if self._latencies.slow and self._latencies.is_slow(operation, self._primary):
            is_due = self._is_due(now, ASK_SLOW_EVERY)
            return self._usual if is_due else self._swapped
        if not calls % _COMPARE_ONE_CALL_IN and self._latencies.wants_comparison(
            operation, *self._usual, now
        ):
            return self._swapped
        if calls >= _ONE_CALL_IN and now >= self._look_again_at:
            is_due = self._is_due(now, self._trickle_every or math.inf)
            return self._swapped if is_due else self._usual
        return self._usual

    def _is_due(self, now: float, every: float) -> bool:
        if self._calls < _ONE_CALL_IN:
            return False
        last = self._trickled_at
        if last is not None and now - last < every:
            return False
        with self._lock:
            if self._trickled_at is not last:
                return False  # Another thread has just gone.
            self._trickled_at, self._calls = now, 0
            if self._trickle_every is not None:
                self._look_again_at = now + self._trickle_every
        # The first twenty calls may come in an instant: they only begin the time.
        return last is not None


class _ActiveActive:
    """A pair whose accounts share the calls: a smooth weighted round robin of two."""

    def __init__(self, pair: Pair) -> None:
        self._orders = (
            (pair.primary, pair.secondary),
            (pair.secondary, pair.primary),
        )
        first, second = Load(), Load()
        self.loads = {pair.primary: first, pair.secondary: second}
        self._first, self._second = first, second
        self._lock = fork_safe_lock()
        #: How much of a call the first account is owed; negative when it has had too much.
        self._owed = 0.5

    def order(self, operation: str, now: float) -> tuple[ServiceEndpoint, ...]:  # noqa: ARG002
        ours, theirs = 1.0 / self._first.cost(), 1.0 / self._second.cost()
        with self._lock:
            self._owed += ours / (ours + theirs)
            if self._owed < 1.0:
                return self._orders[1]
            self._owed -= 1.0
            return self._orders[0]


_Region = _Alone | _ActivePassive | _ActiveActive
