"""Hedging: whether and when a slow request is raced against the pair.

| a hedge is sent                                             | because otherwise                |
|-------------------------------------------------------------|----------------------------------|
| only when it is enabled, for calls without side effect      | it would happen twice            |
| after `Hedging.after`, else the 95th percentile of the last | it would double the load, or     |
| requests of this operation at this endpoint, once learned   | come too late to help            |
| only while hedges stay below `budget` of all requests; the  | a brownout would double itself   |
| budget starts empty and has no floor                        |                                  |
| only to a working endpoint with half of its allowance free  | calls of its own would wait      |
| and no 429 in the last ten seconds                          |                                  |

A race that the first endpoint loses counts against its health: winners must not hide that it is
slow.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, Final

from irclient._core.health import Admission
from irclient._forks import fork_safe_lock

if TYPE_CHECKING:
    from collections.abc import Iterable

    from irclient._core.allowance import Reservation
    from irclient._core.state import ClientState
    from irclient.settings import Hedging
    from irclient.topology import ServiceEndpoint

__all__ = ["HedgeBudget", "Latencies", "hedge_delay", "hedge_target"]

_PERCENTILE: Final = 0.95
_KEPT: Final = 256
_LEARNED_FROM: Final = 20
#: The percentile is taken anew after so many requests: sorting each time would cost more.
_ANEW_AFTER: Final = 16
_CALM_FOR: Final = 10.0
#: A burst of hedges this long may follow a quiet time, and no longer.
_MOST_SAVED: Final = 10.0


class Latencies:
    """The latest latencies by operation and endpoint, and their 95th percentile."""

    def __init__(self) -> None:
        self._lock = fork_safe_lock()
        self._samples: dict[tuple[str, ServiceEndpoint], _Samples] = {}

    def learn(self, operation: str, endpoint: ServiceEndpoint, latency: float) -> None:
        """Take note of how long an answer took."""
        with self._lock:
            key = (operation, endpoint)
            samples = self._samples.get(key)
            if samples is None:
                samples = self._samples[key] = _Samples()
            samples.add(latency)

    def percentile(self, operation: str, endpoint: ServiceEndpoint) -> float | None:
        """The 95th percentile, or None before it is learned."""
        samples = self._samples.get((operation, endpoint))
        return samples.percentile if samples else None


class _Samples:
    __slots__ = ("_latest", "_unsorted", "percentile")

    def __init__(self) -> None:
        self._latest: deque[float] = deque(maxlen=_KEPT)
        self._unsorted = 0
        self.percentile: float | None = None

    def add(self, latency: float) -> None:
        self._latest.append(latency)
        self._unsorted += 1
        if len(self._latest) >= _LEARNED_FROM and (
            self.percentile is None or self._unsorted >= _ANEW_AFTER
        ):
            ranked = sorted(self._latest)
            self.percentile = ranked[math.ceil(_PERCENTILE * len(ranked)) - 1]
            self._unsorted = 0


class HedgeBudget:
    """What may be spent on hedges: each request earns a part of one, and none is given."""

    def __init__(self) -> None:
        self._lock = fork_safe_lock()
        self._saved = 0.0

    def earn(self, budget: float) -> None:
        """Take note of a request, of which a hedge may be `budget`."""
        with self._lock:
            self._saved = min(self._saved + budget, _MOST_SAVED)

    def spend(self) -> bool:
        """Pay for a hedge; False when there is not enough for one."""
        with self._lock:
            # A tenth ten times over is a hair less than one.
            if self._saved < 1.0 - 1e-9:
                return False
            self._saved = max(self._saved - 1.0, 0.0)
            return True

    @property
    def saved(self) -> float:
        """How many hedges could be sent at once."""
        return self._saved


def hedge_delay(
    hedging: Hedging, latencies: Latencies, operation: str, endpoint: ServiceEndpoint
) -> float | None:
    """Seconds after which a hedge would be sent, or None while it is not known."""
    if hedging.after is not None:
        return hedging.after
    return latencies.percentile(operation, endpoint)


def hedge_target(
    state: ClientState,
    endpoints: Iterable[ServiceEndpoint],
    *,
    first: ServiceEndpoint,
    now: float,
) -> tuple[ServiceEndpoint, Reservation] | None:
    """Return where a hedge may go now, its slot reserved and paid for; None if nowhere."""
    for endpoint in endpoints:
        if endpoint == first:
            continue
        allowance = state.allowances[endpoint]
        if not allowance.is_calm(now, since=now - _CALM_FOR):
            continue
        if state.health[endpoint].admit(now, probe_for=0.0) is not Admission.SERVE:
            continue
        if not state.hedge_budget.spend():
            return None
        slot = allowance.reserve(now, not_after=now)
        if slot is not None:
            return endpoint, slot
    return None
