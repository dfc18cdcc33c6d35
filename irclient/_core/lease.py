"""How much of a fleet's TPS one process may use without asking, and for how long.

| the server                        | the process may start, in any window                        |
|-----------------------------------|-------------------------------------------------------------|
| has lent it a right               | as many as it was told last                                 |
| is new, and misses members of the | the same as if it were not heard: the others may still      |
| server before                     | reach that one, which lends them what it lent this one      |
| has not been heard for 3 s        | its spare besides, which the server does not lend to others |
| has not been heard for 4 s        | the same, and no more than its part: TPS / workers          |
| has not been heard for 7.4 s      | its part                                                    |
| was never reached                 | its part, or one, at once: the one case in which a fleet    |
|                                   | may exceed its TPS, until the server is back                |

A part that is less than one start is no part: such a process keeps what it was lent.

The server counts a right for as long as its member may believe in it, and sets a silent member's
part aside after a second; the others hear of that, or lose the server too. So whatever happens to
whom, and in which order, the rights of all members together never exceed the TPS: nobody takes
more before all the others have come down.
"""

from __future__ import annotations

import math
from typing import Final

from irclient._core.fleet_messages import AHEAD

__all__ = ["BEAT", "LEASE_FOR", "PATIENCE", "Lease"]

#: Seconds between the messages of a member that wants nothing.
BEAT: Final = 0.4
#: Seconds for which a right is valid after the last message that was answered.
LEASE_FOR: Final = 4.0
#: Seconds for which an answer of the server is waited for.
PATIENCE: Final = 0.1
#: Seconds for which an answer counts as recent: a beat, and a little more, since it may be late.
_RECENT_FOR: Final = BEAT + 0.05
#: The server notices silence (`SILENT` and `SWEEP` in the script) at the next beat of any member.
#: The last message that it carried out may have had no answer, if the one before had it recently.
_SILENT_AFTER: Final = 1.0 + 0.1 + _RECENT_FOR + PATIENCE
#: The others learn of it with their next beat; the lease of one that is lost just before that
#: begins then.
_NOTICED_AFTER: Final = _SILENT_AFTER + BEAT + PATIENCE
#: For clocks, which run a little differently, and what is on its way.
_PLAY: Final = 0.2


class Lease:
    """What a member may start on its own, as the time passes.

    Args:
        limit: Starts of the whole fleet in a window.
        workers: How many processes call.
        window: Seconds.
    """

    def __init__(self, limit: int, *, workers: int, window: float) -> None:
        self._limit, self._workers, self._window = limit, workers, window
        self._present = 0
        self._told = 0
        self._lent_at: float | None = None
        #: Starts in a window that it may have besides, once the server is lost for a while.
        self.spare = 0
        #: When the last message was sent that was answered.
        self.heard_at: float | None = None
        self._is_given_up = False

    @property
    def length(self) -> float:
        """Seconds after which the server no longer counts a right of a member it does not hear."""
        return LEASE_FOR + self._window + _PLAY

    @property
    def part(self) -> int:
        """Starts in a window of which it may be sure, as far as it knows."""
        return self._limit // max(self._workers, self._present)

    def hear(
        self, right: int, *, spare: int = 0, sent_at: float, present: int, renews: bool = True
    ) -> None:
        """Learn what is lent; or, if it renews nothing, only that the server is there."""
        if renews or self._lent_at is None:
            self._told, self.spare, self._present, self._lent_at = right, spare, present, sent_at
        self.heard_at, self._is_given_up = sent_at, False

    def has_heard(self, now: float) -> bool:
        """Whether an answer came recently; True before the first one, since silence lends nothing
        to a member that was lent nothing before."""
        return self.heard_at is None or now <= self.heard_at + _RECENT_FOR

    def never_reached(self) -> None:
        """Learn that there was no answer to the first message."""
        self._is_given_up = self.heard_at is None

    def right(self, now: float) -> int:
        """Starts in any window that ends now."""
        if self._lent_at is None:
            return max(self.part, 1) if self._is_given_up else 0
        if not self.part:
            return self._told
        has_spare, falls, rises = (now >= at for at in self._changes_at)
        if rises:
            return self.part
        most = self._told + (self.spare if has_spare else 0)
        return min(most, self.part) if falls else most

    def changes_at(self, now: float) -> float:
        """The next instant at which the right changes by itself."""
        if self._lent_at is None:
            return math.inf
        return next((at for at in self._changes_at if now < at), math.inf)

    @property
    def _changes_at(self) -> tuple[float, float, float]:
        lent_at = -math.inf if self._lent_at is None else self._lent_at
        over = self._window + _PLAY
        return (
            # By then it has given no slot for long that a spare would need.
            lent_at + _SILENT_AFTER + AHEAD + over,
            lent_at + LEASE_FOR,
            lent_at + _NOTICED_AFTER + LEASE_FOR + over,
        )
