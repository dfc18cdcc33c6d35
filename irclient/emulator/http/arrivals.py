"""How many requests a listener met: counted by outcome, and against a rate in exact windows."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from irclient.contract.rates import rules_of

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["RateWindow", "Requests", "Traffic"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Requests:
    """What arrived so far.

    Attributes:
        total: All requests.
        by_status: Answers by HTTP status; those that got none by the fault's kind.
        last_second: Requests in the second that ends now.
        peak: The most requests that arrived within any one second.
    """

    total: int
    by_status: Mapping[int | str, int]
    last_second: int
    peak: int


class RateWindow:
    """Counts arrivals in sliding windows, and says whether one more fits.

    Args:
        rate: Requests a second; a fraction is kept over as many seconds as make it whole.
    """

    def __init__(self, rate: float) -> None:
        self._rules = rules_of(rate, second=1.0)
        self._accepted: deque[float] = deque(maxlen=max(rule.most for rule in self._rules))

    def accept(self, now: float) -> bool:
        """Take one request if every window that ends now has room for it."""
        for rule in self._rules:
            has_most = len(self._accepted) >= rule.most
            if has_most and self._accepted[-rule.most] > now - rule.within:
                return False
        self._accepted.append(now)
        return True


class Traffic:
    """The running count of one listener."""

    def __init__(self) -> None:
        self._total = 0
        self._outcomes: Counter[int | str] = Counter()
        self._recent: deque[float] = deque()
        self._peak = 0

    def arrived(self, now: float) -> None:
        """Count a request that was read completely."""
        self._total += 1
        _forget(self._recent, until=now - 1.0)
        self._recent.append(now)
        self._peak = max(self._peak, len(self._recent))

    def ended(self, outcome: int | str) -> None:
        """Count how a request ended: its status, or the kind of fault that left none."""
        self._outcomes[outcome] += 1

    def report(self, now: float) -> Requests:
        """The count so far."""
        _forget(self._recent, until=now - 1.0)
        return Requests(
            total=self._total,
            by_status=MappingProxyType(dict(self._outcomes)),
            last_second=len(self._recent),
            peak=self._peak,
        )


def _forget(instants: deque[float], *, until: float) -> None:
    while instants and instants[0] <= until:
        instants.popleft()
