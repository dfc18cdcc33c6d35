"""What one process says to its fleet's server about an endpoint, and what it learns from it.

| the process                          | its next message                                        |
|--------------------------------------|---------------------------------------------------------|
| has calls that wait                  | at once, for all of them                                |
| has news: a 429, a late arrival      | at once                                                 |
| wants nothing                        | after 0.4 s: its silence would mean something           |
| was told of a much smaller right     | after 0.1 s, so that the others may have the rest       |
| is answered, and was not of late     | at once: the server does not know that it was heard     |
| is alone: no answer came in time     | each 0.1 s                                              |
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from irclient._core.allowance import MARGIN, Allowance
from irclient._core.fleet_messages import AHEAD, FleetSlot, Message
from irclient._core.flights import Flight
from irclient._core.given_slots import GivenSlots
from irclient._core.lease import BEAT, PATIENCE, Lease
from irclient._runtime.forks import fork_count, fork_safe_lock
from irclient.observe import FleetJoined, FleetLost, FleetReturned

if TYPE_CHECKING:
    from collections.abc import Callable

    from irclient._core.fleet_messages import Answer
    from irclient.observe import Record

__all__ = ["FleetMember"]

_TRY_AGAIN_AFTER: Final = 0.1
#: A right that shrank by more than this part of the limit is confirmed at once, for the others.
_CONFIRM: Final = 0.05
#: What was wanted is forgotten by so much with each beat.
_FADE: Final = 0.7


class FleetMember:
    """What one process knows of an endpoint that a fleet shares.

    Args:
        tps: Requests per second of the endpoint.
        workers: How many processes draw from it.
        adaptive: Whether 429 answers shrink it.
        wake: Called when there is something to send; must not wait.
        label: The endpoint's, in records.
        tell: Called with what changes between the process and its fleet.
    """

    def __init__(
        self,
        tps: float,
        *,
        workers: int,
        adaptive: bool,
        wake: Callable[[], None],
        label: str = "",
        tell: Callable[[Record], None] = lambda _: None,
    ) -> None:
        self.full_limit = max(math.floor(tps + 1e-9), 1)
        self.window = max(1.0, 1.0 / tps) + MARGIN
        self.workers = workers
        self._tps, self._adaptive, self._wake = tps, adaptive, wake
        self._label, self._tell = label, tell
        self._lock = fork_safe_lock()
        self._begin()

    def _begin(self) -> None:
        self._forks = fork_count()
        self._own = Allowance(self._tps, adaptive=self._adaptive)
        self._own.resize(0)
        self.lease = Lease(self.full_limit, workers=self.workers, window=self.window)
        self._right, self._changes_at = 0, math.inf
        self._given = GivenSlots(self.window)
        self._is_used = self.is_alone = self._has_news = self._shrinks = False
        self._want, self._want_until = 0, -math.inf
        self._flight, self._pending_since = Flight(), math.inf
        self._message: Message | None = None
        self._message_flight, self._message_since = Flight(), math.inf
        self._sequence, self._next_at = 0, -math.inf
        self._demand, self._lost_at = 0.0, -math.inf
        self._answer: Answer | None = None
        self._first_at = self._learned_at = -math.inf
        self._throttled_at = self._blocked_until = self._batch_at = -math.inf

    @property
    def tps(self) -> float:
        """Requests per second of the endpoint."""
        return self._tps

    def next_message_at(self, now: float) -> float:
        """The instant at which there is something to send, should nothing happen before."""
        if not self._is_used:
            return math.inf
        if not self.is_alone and (self._want or self._has_news):
            return now
        return self._next_at

    def next_message(self, now: float) -> Message | None:
        """The message to send now, if there is one; it must be `answered` or `lost`."""
        with self._lock:
            self._settle(now)
            if now < self.next_message_at(now):
                return None
            self._given.sort_out(now, keeps=self._want > 0)
            used, wanted = self._own.started(now), self._want
            self._demand = max(
                float(used + self._given.started(now) + wanted),
                self._demand * (_FADE if now >= self._next_at else 1.0),
            )
            self._sequence += 1
            returned, added = self._given.news(now)
            self._message = Message(
                sequence=self._sequence,
                right=self._right,
                part=self.lease.part,
                spare=self.lease.spare,
                has_heard=self.lease.has_heard(now),
                used=used,
                demand=round(self._demand),
                met=0 if self._answer is None else self._answer.met,
                epoch="" if self._answer is None else self._answer.epoch,
                want=wanted,
                within=min(max(self._want_until - now, 0.0), AHEAD),
                blocked_for=max(self._blocked_until - now, 0.0),
                shrinks=self._shrinks,
                added=added,
                returned=returned,
            )
            self._want, self._want_until = 0, -math.inf
            self._has_news = self._shrinks = False
            self._next_at = now + BEAT
            self._message_flight, self._flight = self._flight, Flight()
            self._message_since, self._pending_since = self._pending_since, math.inf
            return self._message

    def answered(self, answer: Answer, sent_at: float, now: float) -> None:
        """Learn what the server said."""
        with self._lock:
            flight = self._message_flight
            self._note_answer(answer, now)
            if self._message is not None and not self._message.has_heard:
                self._has_news = True
            self._message, self._message_since, self.is_alone = None, math.inf, False
            self._answer = answer
            if self._right - answer.right > _CONFIRM * self.full_limit:
                self._next_at = min(self._next_at, now + _TRY_AGAIN_AFTER)
            self.lease.hear(
                answer.right,
                spare=answer.spare,
                sent_at=sent_at,
                present=answer.present,
                renews=answer.renews,
            )
            self._right = -1  # What 429s left of it is said with it.
            self._settle(now)
            self._first_at, self._learned_at = answer.first_at, now
            if answer.blocked_until > self._blocked_until:
                self._blocked_until = answer.blocked_until
                self._own.hold_back(answer.blocked_until)
            for starts_at, number in answer.slots:
                self._given.add(FleetSlot(starts_at, 0, number=number, came_at=now))
        flight.land()

    def _note_answer(self, answer: Answer, now: float) -> None:
        label, members = self._label, answer.present
        if self.is_alone:
            after = now - self._lost_at
            self._tell(FleetReturned(at=now, endpoint=label, after=after, members=members))
        elif self._answer is None:
            self._tell(FleetJoined(at=now, endpoint=label, members=members))

    def lost(self, now: float, reason: str = "no answer came in time") -> None:
        """Learn that no answer came to the message."""
        with self._lock:
            flights = self._go_alone(now, reason)
        for flight in flights:
            flight.land()

    def unused(self) -> list[int]:
        """The slots that are not used, for the end of the process."""
        with self._lock:
            return self._given.unused

    def _overdue(self, now: float) -> list[Flight]:
        since = min(self._pending_since, self._message_since)
        return self._go_alone(now) if now - since > PATIENCE else []

    def _go_alone(self, now: float, reason: str = "no answer came in time") -> list[Flight]:
        """Do without the server; returns the flights to land, outside of the lock."""
        was_alone, self.is_alone = self.is_alone, True
        self.lease.never_reached()
        self._settle(now, anew=True)
        if not was_alone:
            self._lost_at = now
            lost = FleetLost(at=now, endpoint=self._label, reason=reason, limit=self._right)
            self._tell(lost)
        self._want, self._want_until = 0, -math.inf
        self._next_at = now + _TRY_AGAIN_AFTER
        self._message_since = self._pending_since = math.inf
        flights = [self._message_flight, self._flight]
        self._flight = Flight()
        return flights

    def _settle(self, now: float, *, anew: bool = False) -> None:
        """Take in what the time has changed: a fork, and a right that is over."""
        if self._forks != fork_count():
            self._begin()
        if now < self._changes_at and self._right >= 0 and not anew:
            return
        right = self.lease.right(now)
        self._changes_at = self.lease.changes_at(now)
        if right != self._right:
            self._right = right
            self._own.resize(right)
