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

from typing import TYPE_CHECKING, Final

from irclient._core.allowance_protocol import Asked
from irclient._core.health import Admission
from irclient._runtime.forks import fork_safe_lock

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from irclient._core.allowance_protocol import EndpointAllowance
    from irclient._core.health import EndpointHealth
    from irclient._core.latency import Latencies
    from irclient._core.reservation import Reservation
    from irclient.settings import Hedging
    from irclient.topology import ServiceEndpoint

__all__ = ["HedgeBudget", "hedge_delay", "hedge_target"]

_CALM_FOR: Final = 10.0
#: A burst of hedges this long may follow a quiet time, and no longer.
_MOST_SAVED: Final = 10.0


class HedgeBudget:
    """What may be spent on hedges: each request earns a part of one, and none is given."""

    def __init__(self) -> None:
        self._lock = fork_safe_lock()
        self._saved = 0.0

    def earn(self, budget: float) -> None:
        """Count a request; hedges may be this part of all requests."""
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
    endpoints: Iterable[ServiceEndpoint],
    health: Mapping[str, EndpointHealth],
    allowances: Mapping[str, EndpointAllowance],
    budget: HedgeBudget,
    *,
    now: float,
) -> tuple[ServiceEndpoint, Reservation] | None:
    """Return where a hedge may go now, its slot reserved and paid for; None if nowhere.

    Args:
        endpoints: Where it may go, in the order of preference.
        health: By the URL of the endpoint.
        allowances: Likewise.
        budget: What pays for it.
        now: The time.
    """
    for endpoint in endpoints:
        allowance = allowances[endpoint.url]
        if not allowance.is_calm(now, since=now - _CALM_FOR):
            continue
        if health[endpoint.url].admit(now, probe_for=0.0) is not Admission.SERVE:
            continue
        if not budget.spend():
            return None
        slot = allowance.reserve(now, not_after=now)
        # A hedge waits for nothing: in a fleet it takes what this process has by then.
        if slot is not None and not isinstance(slot, Asked):
            return endpoint, slot
    return None
