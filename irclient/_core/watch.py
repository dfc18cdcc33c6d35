"""The watch over a client's readiness: whether it is asked for, looked after, or forgotten."""

from __future__ import annotations

import math
from typing import Final

__all__ = ["Watch"]

#: Seconds without an answer of the service after which one is asked for.
_QUIET_FOR: Final = 2.0
#: Seconds that the background goes on for after readiness was last asked for.
_ASKED_FOR: Final = 60.0
#: Seconds after which a watch that shows no sign of life stayed behind in a fork, or with a loop.
_LOST_AFTER: Final = 30.0


class Watch:
    """What is known of a client's readiness, and whether the background looks after it.

    Each attribute is one value, replaced as a whole, so nothing here needs a lock.
    """

    def __init__(self) -> None:
        self._asked_at = -math.inf
        self._under_way_until = -math.inf
        #: How many answers there were when it was last asked for, and since when that holds.
        self._answers, self._quiet_since = -1, 0.0
        #: The URLs of those that did not answer when they were last asked from here.
        self.silent: frozenset[str] = frozenset()

    def is_quiet(self, answers: int, now: float) -> bool:
        """Whether the service has not answered for a while, by the count of its answers."""
        if answers != self._answers:
            self._answers, self._quiet_since = answers, now
        return now - self._quiet_since >= _QUIET_FOR

    def begin(self, now: float) -> bool:
        """Note that readiness is asked for; True if the caller is to start a watch."""
        self._asked_at = now
        if now < self._under_way_until:
            return False
        self._under_way_until = now + _LOST_AFTER
        return True

    def go_on(self, now: float) -> bool:
        """Note a sign of life; False if readiness has not been asked for in a while."""
        self._under_way_until = now + _LOST_AFTER
        return now - self._asked_at < _ASKED_FOR

    def end(self) -> None:
        """Let the next one who asks begin anew."""
        self._under_way_until = -math.inf
