"""Which refused requests are logged: anyone can send them, so not each is a line of the log."""

from __future__ import annotations

import math
from threading import Lock
from typing import Final

__all__ = ["Refusals"]

#: Seconds in which a reason is logged once at most.
_EVERY: Final = 60.0


class Refusals:
    """Counts refused requests by their reason, and tells when to log one."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._told_at: dict[str, float] = {}
        self._untold: dict[str, int] = {}

    def to_tell(self, reason: str, now: float) -> int:
        """Return how many requests a line of the log is to tell now, this one included.

        Args:
            reason: Why this one was refused.
            now: In seconds, of a clock that is never set back.

        Returns:
            0 where the reason was told shortly before.
        """
        with self._lock:
            count = self._untold.pop(reason, 0) + 1
            if now - self._told_at.get(reason, -math.inf) < _EVERY:
                self._untold[reason] = count
                return 0
            self._told_at[reason] = now
            return count
