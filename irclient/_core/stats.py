"""Counters: what a client has done since it was made, counted as it happens."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from irclient._runtime.forks import fork_safe_lock
from irclient.stats import Stats

if TYPE_CHECKING:
    from irclient.results import Source

__all__ = ["Counters"]


class Counters:
    """Counts under one short lock."""

    def __init__(self) -> None:
        self._lock = fork_safe_lock()
        self._counts: Counter[str] = Counter()
        self._sources: dict[Source, int] = {"service": 0, "cache": 0, "stale": 0, "fallback": 0}
        self._errors: Counter[str] = Counter()
        # Not of counters: adding to what is there takes them twice as long.
        self._attempts: defaultdict[str, defaultdict[str, int]] = defaultdict(_from_zero)

    def count(self, what: str) -> None:
        """Count one of the things that have a name of their own in `Stats`."""
        with self._lock:
            self._counts[what] += 1

    def count_answer(self, source: Source) -> None:
        """Count a call that was answered."""
        with self._lock:
            self._sources[source] += 1

    def count_error(self, kind: str) -> None:
        """Count a call that was not answered."""
        with self._lock:
            self._errors[kind] += 1

    def count_attempt(self, endpoint: str, outcome: str) -> None:
        """Count a request."""
        with self._lock:
            self._attempts[endpoint][outcome] += 1

    @property
    def answers(self) -> int:
        """How many requests the service has answered with what they asked for."""
        with self._lock:
            return sum(each.get("served", 0) for each in self._attempts.values())

    def snapshot(
        self,
        *,
        retry_budget: int,
        cached: int,
        cached_bytes: int | None = None,
        store_failures: int = 0,
    ) -> Stats:
        """Return the counts as they are now."""
        with self._lock:
            # Copies, each made in one go: a signal handler that counts may come in between, and a
            # dict that grows while it is looped over is an error.
            sources, errors, counts = self._sources.copy(), self._errors.copy(), self._counts.copy()
            attempts = {label: of_it.copy() for label, of_it in self._attempts.copy().items()}
        return Stats(
            calls=sum(sources.values()) + errors.total(),
            by_source={source: count for source, count in sources.items() if count},
            errors=dict(errors),
            attempts={label: dict(of_it) for label, of_it in attempts.items()},
            throttle_waits=counts["throttle_waits"],
            hedges=counts["hedges"],
            joined=counts["joined"],
            cancelled=counts["cancelled"],
            retry_budget=retry_budget,
            cached=cached,
            cached_bytes=cached_bytes,
            store_failures=store_failures,
        )


def _from_zero() -> defaultdict[str, int]:
    return defaultdict(int)
