"""The latest latencies of one operation at one endpoint: their percentile and their median."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import deque
from statistics import median
from typing import Final

__all__ = ["COMPARED_WITH", "Samples"]

#: How many of the latest answers must be known before others are compared with them.
COMPARED_WITH: Final = 3
#: How many of the latest answers the median is taken of.
_LATEST: Final = 9
#: After this many answers in a row that needed a new connection, the server keeps none open.
_KEEPS_NO_CONNECTION: Final = 32


class Samples:
    """The latencies of one operation at one endpoint.

    Attributes:
        answered_at: When it answered last.
        latest: The latest latencies for which no connection was opened, in seconds.
    """

    __slots__ = ("_any", "_cold_in_a_row", "_percentile", "answered_at", "latest")

    def __init__(self) -> None:
        self._percentile = _Percentile()
        self._cold_in_a_row = 0
        self.answered_at = -math.inf
        self._any: deque[float] = deque(maxlen=_LATEST)
        self.latest: deque[float] = deque(maxlen=_LATEST)

    def percentile(self) -> float | None:
        """The 95th percentile in seconds, or None before it is learned."""
        return self._percentile.value()

    def add(self, latency: float, now: float, *, opened_connection: bool) -> bool:
        """Learn how long an answer took; False if that says nothing about the endpoint's speed."""
        self.answered_at = now
        self._any.append(latency)
        self._cold_in_a_row = self._cold_in_a_row + 1 if opened_connection else 0
        if 0 < self._cold_in_a_row < _KEEPS_NO_CONNECTION:
            return False
        self.latest.append(latency)
        self._percentile.add(latency)
        return True

    def best_known(self) -> float:
        """The median of the latest answers, without those that opened a connection if possible."""
        return median(self.latest if len(self.latest) >= COMPARED_WITH else self._any)

    def is_known(self, now: float, window: float) -> bool:
        """Whether there are enough answers to compare others with, the last one recent."""
        return len(self._any) >= COMPARED_WITH and now - self.answered_at <= window


_PERCENTILE: Final = 0.95
_KEPT: Final = 256
_LEARNED_FROM: Final = 20


class _Percentile:
    """The percentile of the last answers, which are kept in both orders: of time, and of size."""

    __slots__ = ("_kept", "_ranked")

    def __init__(self) -> None:
        self._kept: deque[float] = deque()
        self._ranked: list[float] = []

    def value(self) -> float | None:
        ranked = self._ranked
        if len(ranked) < _LEARNED_FROM:
            return None
        return ranked[math.ceil(_PERCENTILE * len(ranked)) - 1]

    def add(self, latency: float) -> None:
        kept, ranked = self._kept, self._ranked
        if len(kept) >= _KEPT:
            at = bisect_left(ranked, kept.popleft())
            # A slice: a signal handler that comes in between may have learned another.
            del ranked[at : at + 1]
        kept.append(latency)
        insort(ranked, latency)
