"""The retry budget: how much all calls of a client may ask again.

| a request                                              | paid from the budget              |
|--------------------------------------------------------|-----------------------------------|
| the first of a call                                    | no                                |
| the first try at another endpoint that was not known   | no                                |
| to be failing, refusing or not ready as the call began |                                   |
| the same endpoint once more                            | yes                               |
| an endpoint that is known to be failing, because what  | yes                               |
| works is full                                          |                                   |
| another endpoint that is known to be failing           | yes; where all are, without the   |
|                                                        | floor                             |
| a query of the fallback                                | yes                               |

Over the last ten seconds, what was paid stays below `Retries.budget` of the calls that the service
answered, plus `Retries.budget_floor` for each second (a tenth of the client's TPS at most). The
ratio keeps a partial outage from multiplying the load. In a total outage that is known no call is
answered and the floor does not count, so a call sends one request. Requests that are under way are
not counted: a budget that did would bound how many calls can fail over at once.

The shape is that of Finagle's retry budget.
"""

from __future__ import annotations

from typing import Final

from irclient._runtime.forks import fork_safe_lock

__all__ = ["RetryBudget"]

#: Seconds that are looked back on, in slots of one second each.
_WINDOW: Final = 10


class RetryBudget:
    """Counts answered calls and paid requests, second by second.

    Args:
        ratio: Paid requests for each answered call.
        floor: Paid requests for each second, whatever was answered.
    """

    def __init__(self, ratio: float, *, floor: float) -> None:
        self._ratio = ratio
        self._floor = floor * _WINDOW
        self._lock = fork_safe_lock()
        self._answered = [0] * _WINDOW
        self._paid = [0] * _WINDOW
        self._second = 0

    def answered(self, now: float) -> None:
        """Count a call that the service answered."""
        second = int(now)
        with self._lock:
            if second != self._second:
                self._move_on(second)
            self._answered[self._second % _WINDOW] += 1

    def pay(self, now: float) -> bool:
        """Pay for one request; False when the budget is spent."""
        return self._pay(now, self._floor)

    def pay_in_outage(self, now: float) -> bool:
        """Pay for one request while every endpoint is known to fail."""
        return self._pay(now, 0.0)

    def left(self, now: float) -> int:
        """How many requests could be paid for now."""
        return self._left_at(now, self._floor)

    def left_in_outage(self, now: float) -> int:
        """How many could be paid for while every endpoint is known to fail."""
        return self._left_at(now, 0.0)

    def _left_at(self, now: float, floor: float) -> int:
        with self._lock:
            self._move_on(int(now))
            return max(int(self._left(floor)), 0)

    def _pay(self, now: float, floor: float) -> bool:
        second = int(now)
        with self._lock:
            if second != self._second:
                self._move_on(second)
            if self._left(floor) < 1.0:
                return False
            self._paid[self._second % _WINDOW] += 1
            return True

    def _left(self, floor: float) -> float:
        # A fifth five times over is a hair less than one.
        return floor + self._ratio * sum(self._answered) - sum(self._paid) + 1e-9

    def _move_on(self, second: int) -> None:
        # A thread that was told the time earlier than others counts for their second.
        for passed in range(self._second + 1, min(second, self._second + _WINDOW) + 1):
            self._answered[passed % _WINDOW] = self._paid[passed % _WINDOW] = 0
        self._second = max(second, self._second)

    def __repr__(self) -> str:
        return f"<RetryBudget {max(self._left(self._floor), 0):.0f} requests left>"
