"""Latency: how long each endpoint takes for each operation, and which is much slower than its pair.

| the endpoint             | what happens                                                | then    |
|--------------------------|-------------------------------------------------------------|---------|
| not slow                 | the median of its latest answers is above `slow_factor`     | slow    |
|                          | times that of the other account of its pair, and more than  |         |
|                          | `slow_by` seconds above it                                  |         |
| slow                     | the median of its latest answers is at most half as far     | not slow|
|                          | above, by either measure                                    |         |

Both accounts must have answered lately: five times the one that is judged, three times the other.
The gap between the two bounds keeps an endpoint near the first one from changing to and fro.
An answer for which a connection had to be opened says nothing against its endpoint; it counts for
the other one, which can only be faster than that.
"""

from __future__ import annotations

import math
from statistics import median
from typing import TYPE_CHECKING, Final

from irclient._core.latency_samples import COMPARED_WITH, Samples
from irclient._runtime.forks import fork_safe_lock
from irclient._values.momentary import value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from irclient.settings import Failover
    from irclient.topology import ServiceEndpoint

__all__ = ["Latencies"]

#: How many of the latest answers an endpoint is judged by.
_JUDGED_BY: Final = 5


class Latencies:
    """The latencies of a client's endpoints, by operation.

    Args:
        settings: When an endpoint is slow.
        partners: The other account of the pair, by the endpoint's URL.
    """

    def __init__(self, settings: Failover, *, partners: Mapping[str, ServiceEndpoint]) -> None:
        self._factor = settings.slow_factor
        self._by = settings.slow_by
        self._window = settings.window
        self._partners = partners
        self._lock = fork_safe_lock()
        self._samples: dict[tuple[str, str], Samples] = {}
        #: By operation and URL; empty nearly always.
        self.slow: dict[tuple[str, str], _Slow] = {}

    def learn(
        self,
        operation: str,
        endpoint: ServiceEndpoint,
        latency: float,
        now: float,
        *,
        opened_connection: bool = False,
    ) -> str | None:
        """Learn how long an answer took.

        Returns:
            Why the endpoint has become slow; an empty text if it no longer is; None if nothing
            changed.
        """
        key = (operation, endpoint.url)
        with self._lock:
            samples = self._samples.get(key)
            if samples is None:
                samples = self._samples[key] = Samples()
            slow = self.slow.get(key)
            if slow is not None and now - latency < slow.since:
                return None  # It was sent before: only what comes after can show a change.
            if not samples.add(latency, now, opened_connection=opened_connection):
                return None
            partner = self._partners.get(endpoint.url)
            if partner is None or self._factor is None:
                return None
            if slow is None and latency <= self._by:
                return None  # It cannot have become slow by this one.
            other = self._samples.get((operation, partner.url))
            return self._judge(key, samples, other, partner, now)

    def percentile(self, operation: str, endpoint: ServiceEndpoint) -> float | None:
        """The 95th percentile in seconds, or None before it is learned."""
        samples = self._samples.get((operation, endpoint.url))
        return samples.percentile() if samples else None

    def usual(self, operation: str, endpoint: ServiceEndpoint) -> float | None:
        """The same; where it is not learned, that of the other account of the pair.

        An endpoint that hangs from the first call on never answers often enough to be known.
        """
        own, partner = self.percentile(operation, endpoint), self._partners.get(endpoint.url)
        return self.percentile(operation, partner) if own is None and partner is not None else own

    def has_answered_since(self, instant: float, operation: str, endpoint: ServiceEndpoint) -> bool:
        """Whether an endpoint has answered an operation since an instant."""
        samples = self._samples.get((operation, endpoint.url))
        return samples is not None and samples.answered_at > instant

    def is_slow(self, operation: str, endpoint: ServiceEndpoint) -> bool:
        """Whether calls of an operation should go to the other account of the pair."""
        return (operation, endpoint.url) in self.slow

    def slow_reason(self, endpoint: ServiceEndpoint) -> str | None:
        """Why calls of some operation go to the other account of the pair, or None."""
        with self._lock:
            found = (slow.reason for (_, url), slow in self.slow.items() if url == endpoint.url)
            return next(found, None)

    def wants_comparison(
        self, operation: str, endpoint: ServiceEndpoint, other: ServiceEndpoint, now: float
    ) -> bool:
        """Whether an endpoint may be slow, and the other has not answered lately to tell."""
        samples = self._samples.get((operation, endpoint.url))
        if samples is None or self._factor is None:
            return False
        with self._lock:
            if len(samples.latest) < _JUDGED_BY or median(samples.latest) <= self._by:
                return False
            known = self._samples.get((operation, other.url))
            return known is None or not known.is_known(now, self._window)

    def _judge(
        self,
        key: tuple[str, str],
        samples: Samples,
        other: Samples | None,
        partner: ServiceEndpoint,
        now: float,
    ) -> str | None:
        is_slow = key in self.slow
        needed = COMPARED_WITH if is_slow else _JUDGED_BY
        if len(samples.latest) < needed or other is None or not other.is_known(now, self._window):
            return None
        mine, theirs = median(samples.latest), other.best_known()
        factor = self._factor or math.inf
        if is_slow:
            if mine > theirs * max((factor + 1.0) / 2.0, 1.0) and mine > theirs + self._by / 2.0:
                return None
            del self.slow[key]
            return ""
        if mine <= theirs * factor or mine <= theirs + self._by:
            return None
        samples.latest.clear()
        reason = f"slow: {mine * 1000:.0f} ms, {partner.label} takes {theirs * 1000:.0f} ms"
        self.slow[key] = _Slow(reason, now)
        return reason


@value
class _Slow:
    """Why an endpoint is slow, and since when."""

    reason: str
    since: float
