"""The exact window of a TPS: never more than so many requests in any second.

The instants of the latest requests stand in a ring, as long as the most that a window holds. One
more fits when the request that many before it has left the window. The rings of all endpoints lie
in memory that the workers of a machine share, each under a lock that the system takes away from a
process that dies.
"""

from __future__ import annotations

import math
import mmap
import struct
import time
from typing import TYPE_CHECKING, Final

from irclient.contract.rates import rules_of
from irclient.server.locks import ProcessLocks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["SECOND", "SharedWindows"]

#: A second as the window counts it. Callers count when they send and when an answer arrives, and on
#: a busy machine that is some hundredths off from us.
SECOND: Final = 1.03
_INSTANT: Final = struct.Struct("d")
_COUNT: Final = struct.Struct("q")


class SharedWindows:
    """The windows of all endpoints, for this process and all that are forked from it.

    Args:
        tps: The TPS of each endpoint.
        clock: An instant in seconds, on a clock that all processes of the machine share.
    """

    def __init__(
        self, tps: Sequence[float], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._rules = tuple(rules_of(each, second=SECOND) for each in tps)
        # One more than is read: what a process wrote that was killed meanwhile counts for nothing.
        self._sizes = tuple(1 + max(rule.most for rule in rules) for rules in self._rules)
        self._starts: list[int] = []
        length = 0
        for size in self._sizes:
            self._starts.append(length)
            length += _COUNT.size + size * _INSTANT.size
        self._memory = mmap.mmap(-1, max(length, 1))
        for start, size in zip(self._starts, self._sizes, strict=True):
            for place in range(size):
                at = start + _COUNT.size + place * _INSTANT.size
                _INSTANT.pack_into(self._memory, at, -math.inf)
        self._locks = ProcessLocks()

    def take(self, endpoint: int) -> float:
        """Take one request if it fits.

        Args:
            endpoint: Which endpoint, by its place.

        Returns:
            0 if it was taken, else the seconds until one will fit.
        """
        start, size = self._starts[endpoint], self._sizes[endpoint]
        with self._locks.holding(endpoint):
            # Read under the lock: who waited for it must not enter an instant of the past.
            now = self._clock()
            (count,) = _COUNT.unpack_from(self._memory, start)
            wait = 0.0
            for rule in self._rules[endpoint]:
                place = start + _COUNT.size + (count - rule.most) % size * _INSTANT.size
                (instant,) = _INSTANT.unpack_from(self._memory, place)
                wait = max(wait, instant + rule.within - now)
            if wait <= 0.0:
                place = start + _COUNT.size + count % size * _INSTANT.size
                _INSTANT.pack_into(self._memory, place, now)
                _COUNT.pack_into(self._memory, start, count + 1)
            return max(wait, 0.0)
