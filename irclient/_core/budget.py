"""The retry budget: what all calls of a client may spend on asking again.

| what                                   | tokens                      |
|----------------------------------------|-----------------------------|
| at first                               | full (`Retries.budget`)     |
| another attempt after transient trouble| -14                         |
| another attempt after a throttle       | -5                          |
| the call succeeds with its first attempt| +1                         |
| the call succeeds with another attempt | what the last one had cost  |

The figures are those of botocore's standard retry mode. A first attempt is never refused; in a
total outage the budget runs dry after some 35 further attempts, and calls then cost one attempt
each until answers come again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from irclient._core.verdict import Meaning
from irclient._forks import fork_safe_lock

if TYPE_CHECKING:
    from irclient._core.verdict import Verdict

__all__ = ["RetryBudget"]

_TRANSIENT: Final = 14
_THROTTLE: Final = 5
_REFILL: Final = 1


class RetryBudget:
    """Counts tokens; never negative, never above its capacity.

    Args:
        capacity: The most tokens, and how many there are at first.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = self._tokens = capacity
        self._lock = fork_safe_lock()

    @property
    def tokens(self) -> int:
        """How many tokens are left."""
        return self._tokens

    def take(self, verdict: Verdict) -> int | None:
        """Pay for another attempt after this verdict; None when the budget is dry."""
        cost = _THROTTLE if verdict.meaning is Meaning.THROTTLED else _TRANSIENT
        with self._lock:
            if self._tokens < cost:
                return None
            self._tokens -= cost
            return cost

    def succeeded(self, paid: int) -> None:
        """Take note of a call that was answered, its last attempt having cost so much."""
        if self._tokens < self._capacity:
            with self._lock:
                self._tokens = min(self._tokens + (paid or _REFILL), self._capacity)

    def __repr__(self) -> str:
        return f"<RetryBudget {self._tokens} of {self._capacity}>"
