"""The allowance of an endpoint that a whole fleet of processes draws from, as one of them sees it.

Most of the TPS is lent to the members as rights (`lease`), which need no message; the rest is
given by the server slot by slot (`irclient.fleet.window`). Nothing here asks the server: a call
that finds no slot leaves its wish and is told what to wait for (`Asked`); a link fetches the
wishes of all calls as one message, and brings the answer.

| what happens                        | the process                                            |
|-------------------------------------|--------------------------------------------------------|
| its right has a start left          | takes it                                               |
| the server has given it a slot      | takes the first                                        |
| neither                             | asks for as many slots as calls wait, in one message   |
| the server is known to be full      | looks again when it gives the next, or takes the next  |
|                                     | start of its right, whichever comes first              |
| and the fleet wants more than it    | takes the next start of its right, if that is in time: |
| has                                 | a call that waits for others' slots leaves it unused   |
| a slot is not used                  | goes back with the next message                        |
| a start is a little late            | counts as on time                                      |
| a start is later                    | the slot goes back, the caller must reserve again, and |
|                                     | asks at once: only this process knows that it is free  |
| a request was written later         | counts then, and no longer where its slot was          |
| no answer in time, or an error      | is alone: goes on with its right, and asks nothing;    |
|                                     | its calls wait a little longer than they would else    |
| it is alone, and was lent nothing   | its calls wait for the server as long as for a slot    |
| the server answers again            | asks again                                             |
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from irclient._core.allowance import LONGEST_BLOCK
from irclient._core.allowance_protocol import Asked
from irclient._core.fleet_member import FleetMember
from irclient._core.fleet_messages import AHEAD, FleetSlot
from irclient._core.lease import PATIENCE
from irclient._core.priority import Priority
from irclient.health import AllowanceStatus

if TYPE_CHECKING:
    from irclient._core.reservation import Reservation

__all__ = ["SharedAllowance"]

#: The server is asked this many seconds before its next slot: others may be asking for it, too.
_ASK_BEFORE: Final = 0.02
#: Seconds for which a server that was full is taken to be full: others give slots back.
_FULL_FOR: Final = 0.25
#: Calls wait so much longer while the fleet comes together on a server that knows nothing, and
#: while the server is away: what was given slot by slot is missing then.
_GRACE: Final = 0.7
_MOST_WISHES: Final = 1000


class SharedAllowance(FleetMember):
    """When requests may start to an endpoint whose TPS a whole fleet shares."""

    def reserve(
        self, now: float, *, not_after: float, priority: Priority = Priority.INTERACTIVE
    ) -> Reservation | Asked | None:
        """Reserve a slot; or say what to wait for, or None if there is none in time."""
        with self._lock:
            self._settle(now)
            overdue = self._overdue(now)
            wakes = not self._is_used
            # From its first call on a process is a member, whose silence means something.
            self._is_used = True
            found = self._own.reserve(now, not_after=now, priority=priority)
            slot: Reservation | Asked | None = found
            if found is None and priority is not Priority.REFRESH:
                slot = self._reserve_elsewhere(now, not_after, priority)
                wakes = wakes or (isinstance(slot, Asked) and slot.flight is not None)
        for flight in overdue:
            flight.land()
        if wakes:
            self._wake()
        return slot

    def _reserve_elsewhere(
        self, now: float, not_after: float, priority: Priority
    ) -> Reservation | Asked | None:
        # A call that takes no wait asks for `now`; one that has waited for longer asks for less.
        lacks_all = math.isinf(self._own.first_slot(now, priority))
        if not_after != now and (self._is_closed or self.is_alone):
            not_after += _GRACE
        # What is free now is no wait, however long the call has waited.
        latest = max(min(not_after, self._own.first_slot(now, priority)), now)
        if self._blocked_until <= latest:
            slot = self._given.take(now, latest)
            if slot is not None:
                return slot
            if not self.is_alone:
                asked = self._ask(now, latest, priority)
                if asked is not None:
                    return asked
        own = self._own.reserve(now, not_after=not_after, priority=priority)
        if own is None and lacks_all and not_after > now and (self.is_alone or self._is_closed):
            # The server may be back, or open, with the next message.
            return Asked(min(not_after, now + PATIENCE), self._flight)
        return own

    def _ask(self, now: float, latest: float, priority: Priority) -> Asked | None:
        known_full_until = max(self._blocked_until, self._full_until(now))
        if priority is Priority.BATCH:
            # Evenly, and only what is free now, so that a slot is near for those who cannot wait.
            limit = self.full_limit if self._answer is None else self._answer.limit
            ready_at = max(self._batch_at + self.window / limit, known_full_until)
            if ready_at > now:
                return Asked(min(ready_at, latest)) if ready_at < latest else None
            self._batch_at, latest = now, now
        elif known_full_until > latest:
            return None
        elif self._is_closed and known_full_until > now:
            return Asked(known_full_until)
        elif known_full_until > now + AHEAD:
            if self._wants_too_much and latest == self._own.first_slot(now, priority):
                return None
            return Asked(max(known_full_until - _ASK_BEFORE, now))
        self._want = min(self._want + 1, _MOST_WISHES)
        self._want_until = max(self._want_until, latest)
        self._pending_since = min(self._pending_since, now)
        return Asked(now + PATIENCE + 0.001, self._flight)

    @property
    def _wants_too_much(self) -> bool:
        return self._answer is not None and self._answer.demand > self._answer.limit

    @property
    def _is_closed(self) -> bool:
        return self._answer is not None and self._answer.is_closed

    def _full_until(self, now: float) -> float:
        believed_for = math.inf if self._is_closed else _FULL_FOR
        if self._first_at <= now or now >= self._learned_at + believed_for:
            return -math.inf
        if self._given.any_returned and not self._is_closed:
            # It may be had again, and only this process knows.
            return -math.inf
        # Who believes it for no longer than that asks again by then.
        return self._first_at

    def first_slot(self, now: float, priority: Priority = Priority.INTERACTIVE) -> float:
        """The instant at which the next caller could start, as far as is known."""
        with self._lock:
            self._settle(now)
            first = self._own.first_slot(now, priority)
            if not self.is_alone:
                given = self._given.first
                first = min(first, self._full_until(now) if given is None else given)
            elif math.isinf(first):
                # Its right may grow then; nothing is sooner.
                first = self._changes_at if math.isfinite(self._changes_at) else now
            return max(first, now, self._blocked_until)

    def start(self, reservation: Reservation, now: float) -> bool:
        """Use a slot; False when it is too late for it and the caller must reserve again."""
        if not isinstance(reservation, FleetSlot):
            if now >= self._changes_at:
                with self._lock:
                    self._settle(now)
            return self._own.start(reservation, now)
        with self._lock:
            if now >= self._blocked_until and not self._given.is_late(reservation, now):
                self._given.used(reservation)
                return True
        self.give_back(reservation, now)
        return False

    def give_back(self, reservation: Reservation, now: float) -> None:
        """Return a slot that will not be used; one that was used stays so."""
        if not reservation.is_held:
            return
        if not isinstance(reservation, FleetSlot):
            self._own.give_back(reservation, now)
            return
        with self._lock:
            self._given.give_back(reservation)

    def arrived(self, reservation: Reservation, at: float) -> None:
        """Learn that a request reached the service long after it was started."""
        if not isinstance(reservation, FleetSlot):
            self._own.arrived(reservation, at)
        elif self._given.is_late(reservation, at):
            with self._lock:
                self._given.moved(reservation, at)
                self._has_news = True
            self._wake()

    def throttled(self, now: float, *, retry_after: float | None) -> None:
        """Learn of a 429, and tell the others with the next message."""
        with self._lock:
            # At once; the answer to the next message says what is left of it.
            self._own.throttled(now, retry_after=retry_after)
            self._throttled_at, self._has_news, self._shrinks = now, True, self._adaptive
            if retry_after is not None:
                until = now + min(retry_after, LONGEST_BLOCK)
                self._blocked_until = max(self._blocked_until, until)
        self._wake()

    def status(self, now: float) -> AllowanceStatus:
        """Return how the allowance is doing, as this process sees it."""
        first = self.first_slot(now)
        with self._lock:
            answer = self._answer
            is_alone = self.is_alone or answer is None
            return AllowanceStatus(
                limit=self._right if is_alone or answer is None else answer.limit,
                full_limit=self.full_limit,
                used=self._used(now) if is_alone or answer is None else answer.demand,
                next_slot_after=max(first - now, 0.0),
                mode="alone" if self.is_alone else "joining" if answer is None else "shared",
                members=None if answer is None else answer.present,
            )

    def is_calm(self, now: float, *, since: float) -> bool:
        """Whether at least half of the allowance is free, and no 429 came since an instant."""
        with self._lock:
            if max(self._throttled_at, self._blocked_until) >= since:
                return False
            if self.is_alone or self._answer is None:
                return 2 * self._own.started(now) <= self._right
            return 2 * self._answer.demand <= self._answer.limit

    def _used(self, now: float) -> int:
        return self._own.started(now) + self._given.started(now)

    def __repr__(self) -> str:
        mode = "alone" if self.is_alone else "shared"
        return f"<SharedAllowance {mode}, {self._right} of {self.full_limit} a second its own>"
