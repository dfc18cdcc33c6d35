"""The allowance of one endpoint: when the next request may start.

An exact sliding window: of any `limit + 1` consecutive starts, the last is at least one second
after the first, so no one-second window anywhere holds more than `limit`. A caller is given a
reservation ("your slot starts at t") and sleeps on its own; no waiter has to be woken, so threads
and tasks share one allowance. Within a priority, slots are handed out first come, first served.

| what happens                      | the allowance                                            |
|-----------------------------------|----------------------------------------------------------|
| a slot is free now                | reserved, starts now                                     |
| none is                           | reserved for the first instant that keeps the rule       |
| a batch call wants one            | not sooner than its even part of a second after the last |
|                                   | slot of a batch call                                     |
| none is, and batch calls wait     | an interactive call takes over the first of their slots; |
|                                   | that batch call must reserve again                       |
| a reservation is not used         | given back; the next caller gets it                      |
| a start is a little late          | counts as on time                                        |
| a start is later                  | counts from when it really is, if that keeps the rule;   |
|                                   | else the caller must reserve again                       |
| 429                               | shrinks to 0.7 of itself, at most twice a second         |
| 429 with Retry-After              | and nothing starts before it is over, a minute at most,  |
|                                   | not even in slots reserved before                        |
| no 429                            | grows back by a twentieth of the full limit each second  |

An endpoint that is stricter than its configured TPS is thus settled on from above: mostly a little
below its real limit, with a short excursion over it every few seconds.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right, insort
from typing import TYPE_CHECKING, Final

from irclient._core.priority import BATCH, INTERACTIVE, REFRESH
from irclient._core.reservation import PLAY, BatchQueue, Reservation
from irclient._core.throttled_scale import ThrottledScale
from irclient._runtime.forks import fork_safe_lock
from irclient.health import AllowanceStatus

if TYPE_CHECKING:
    from irclient._core.priority import Priority

__all__ = ["LONGEST_BLOCK", "MARGIN", "Allowance", "Reservation"]

#: Added to the second, for requests that overtake each other on their way: connecting takes
#: longer than sending, and a busy machine delays some. It costs four of a hundred requests.
MARGIN: Final = 0.045
#: The longest `Retry-After` that is believed, in seconds.
LONGEST_BLOCK: Final = 60.0


class Allowance:
    """Paces the requests to one endpoint.

    Args:
        tps: Requests per second, this process's share of the endpoint's TPS. Below one it means
            one request each ``1 / tps`` seconds.
        adaptive: Whether 429 answers shrink it.
    """

    def __init__(self, tps: float, *, adaptive: bool) -> None:
        self._lock = fork_safe_lock()
        self.provision(tps)
        self._adaptive = adaptive
        self._moves = 0
        # Sorted; at most a window of the past, and the future. Not a list, whose thousands of
        # numbers would be as many objects all over memory.
        self._starts = array("d")
        self._given_back: list[float] = []  # Sorted instants in the future.
        self._batch = BatchQueue()
        self._scale = ThrottledScale()
        self._throttled_at = -math.inf
        self._blocked_until = -math.inf

    def provision(self, tps: float) -> None:
        """Allow this many a second from now on; slots that are held are kept."""
        with self._lock:
            # A fraction of a request cannot be sent: 2.5 TPS is two in each second.
            self._full_limit = max(math.floor(tps + 1e-9), 1)
            self._window = max(1.0, 1.0 / tps) + MARGIN
            # What was reserved a window apart may look closer by as much as a sum is rounded.
            self._apart = self._window - 1e-6

    def reserve(
        self, now: float, *, not_after: float, priority: Priority = INTERACTIVE
    ) -> Reservation | None:
        """Reserve the first free slot, unless it starts later than `not_after`."""
        with self._lock:
            self._forget(now)
            starts_at = self._first_slot(now, priority)
            if starts_at > now and self._batch and priority is INTERACTIVE:
                before = min(starts_at, not_after)
                taken = self._batch.take_over(now, not_before=self._blocked_until, before=before)
                if taken is not None:
                    return taken
            if starts_at > not_after:
                return None
            if priority is REFRESH and not self._has_spare(now):
                return None
            if self._starts and starts_at < self._starts[-1]:
                insort(self._starts, starts_at)
            else:
                self._starts.append(starts_at)
            if self._given_back and priority is not BATCH:
                # With those before it, which no longer fit.
                del self._given_back[: bisect_right(self._given_back, starts_at)]
            reservation = Reservation(starts_at, self._moves)
            if priority is BATCH:
                self._batch.add(reservation, now)
            return reservation

    def _has_spare(self, now: float) -> bool:
        used = self._used(now)
        return not used or 4 * (used + 1) <= 3 * self._limit(now)

    def first_slot(self, now: float, priority: Priority = INTERACTIVE) -> float:
        """The instant at which the next caller of a priority could start."""
        with self._lock:
            return self._first_slot(now, priority)

    def give_back(self, reservation: Reservation, now: float) -> None:
        """Return a slot that will not be used; one that was used stays so."""
        if not reservation.is_held:
            return  # It belongs to one call, which has used it or given it back before.
        with self._lock:
            reservation.is_held = False
            self._remove(reservation.starts_at)
            if reservation.starts_at > now:
                insort(self._given_back, reservation.starts_at)

    def start(self, reservation: Reservation, now: float) -> bool:
        """Use a slot; False when it cannot be used any more and the caller must reserve again.

        A request that starts later than its slot counts from when it really starts, and that
        may be too close to the slots that others hold. A 429 may have come since.
        """
        if reservation.was_taken_over:
            return False
        reservation.is_held = False
        # Without the lock: what is read here changes in one direction only, so that a start that
        # passes is one that passed at the instant of the first of these looks.
        is_as_reserved = (
            now <= reservation.starts_at + PLAY
            and now >= self._blocked_until
            and reservation.moves == self._moves
        )
        if is_as_reserved:
            return True
        with self._lock:
            return self._start_anew(reservation, now)

    def arrived(self, reservation: Reservation, at: float) -> None:
        """Note that a request reached the service long after it was started.

        A connection had to be opened for it first, or the process stood still before it was
        written, so the service counts it later than we did.
        """
        with self._lock:
            self._remove(reservation.starts_at)
            insort(self._starts, at)
            reservation.starts_at = at
            # Whoever holds a slot by now may be too close to this one: it finds out at its start.
            self._moves += 1

    def throttled(self, now: float, *, retry_after: float | None) -> None:
        """Shrink, and wait, after a 429."""
        with self._lock:
            self._throttled_at = now
            if retry_after is not None:
                until = now + min(retry_after, LONGEST_BLOCK)
                self._blocked_until = max(self._blocked_until, until)
            if self._adaptive:
                self._scale.shrink(now, least=1.0 / max(self._full_limit, 1))

    def hold_back(self, until: float) -> None:
        """Let nothing start before an instant, as somebody else was told."""
        with self._lock:
            self._blocked_until = max(self._blocked_until, until)

    def resize(self, limit: int) -> None:
        """Let so many start in a window from now on; zero is none.

        Whoever holds a slot that is too close to others by then finds out at its start.
        """
        with self._lock:
            if limit < self._full_limit * self._scale.shrunk:
                self._moves += 1
            self._full_limit = limit
            self._scale.reset()

    def started(self, now: float) -> int:
        """How many starts lie in the window that ends now."""
        with self._lock:
            starts = self._starts
            return bisect_right(starts, now) - bisect_left(starts, now - self._window)

    def status(self, now: float) -> AllowanceStatus:
        """Return how the allowance is doing; a signal handler may ask, so nothing changes by it."""
        with self._lock:
            first = self._first_slot(now, INTERACTIVE)
            return AllowanceStatus(
                limit=self._limit(now),
                full_limit=self._full_limit,
                used=self._used(now),
                next_slot_after=max(first - now, 0.0),
            )

    def is_calm(self, now: float, *, since: float) -> bool:
        """Whether at least half of the allowance is free now, and no 429 came since an instant."""
        with self._lock:
            if max(self._throttled_at, self._blocked_until) >= since:
                return False
            return 2 * self._used(now) <= self._limit(now)

    def __repr__(self) -> str:
        shrunk = self._full_limit * self._scale.shrunk
        return f"<Allowance {shrunk:.0f} of {self._full_limit} a second>"

    def _first_slot(self, now: float, priority: Priority) -> float:
        starts, limit = self._starts, self._limit(now)
        if not limit:
            return math.inf
        # By comparisons: calls of `max` would be most of it.
        tail = now if now > self._blocked_until else self._blocked_until
        if len(starts) >= limit:
            # Whatever starts this long after that one keeps the rule, though others start later:
            # threads come here in another order than they read their clocks.
            after = starts[-limit] + self._window
            tail = after if after > tail else tail
        if priority is BATCH:
            # Evenly, so that a slot is never far for those who cannot wait.
            return max(tail, self._batch.last_at + self._window / limit)
        for slot in self._given_back:
            if slot >= tail:
                break
            if slot >= max(now, self._blocked_until) and self._fits(slot, limit):
                return slot
        return tail

    def _fits(self, slot: float, limit: int) -> bool:
        at = bisect_left(self._starts, slot)
        near = [*self._starts[max(at - limit, 0) : at], slot, *self._starts[at : at + limit]]
        return self._are_apart(near, limit)

    def _are_apart(self, starts: list[float], limit: int) -> bool:
        pairs = zip(starts, starts[limit:], strict=False)
        return all(later - earlier >= self._apart for earlier, later in pairs)

    def _start_anew(self, reservation: Reservation, now: float) -> bool:
        was_at = self._remove(reservation.starts_at)
        if now < self._blocked_until:
            return False
        start = max(now - PLAY, reservation.starts_at)
        # After those of the same instant: of two that are one too many, one must find out.
        at, limit = bisect_right(self._starts, start), self._limit(now)
        if not limit:
            return False
        if at >= limit and start - self._starts[at - limit] < self._apart:
            return False
        # Only those that it let pass by coming late, and itself, are closer to others than before.
        if not self._are_apart(
            [*self._starts[was_at:at], start, *self._starts[at : at + limit]], limit
        ):
            return False
        self._starts.insert(at, start)
        reservation.starts_at = start
        return True

    def _used(self, now: float) -> int:
        return len(self._starts) - bisect_left(self._starts, now - self._window)

    def _forget(self, now: float) -> None:
        # In bulk: cutting a list at its front costs as much as it has entries.
        if len(self._starts) > 2 * self._full_limit and self._starts[0] < now - self._window:
            del self._starts[: bisect_left(self._starts, now - self._window)]
        if self._given_back and self._given_back[0] < now:
            del self._given_back[: bisect_left(self._given_back, now)]

    def _remove(self, start: float) -> int:
        """Forget a start, and return where it was."""
        at = bisect_left(self._starts, start)
        if at < len(self._starts) and self._starts[at] == start:
            del self._starts[at]
        return at

    def _limit(self, now: float) -> int:
        if self._scale.shrunk >= 1.0:
            return self._full_limit
        return max(
            math.floor(self._full_limit * self._scale.at(now) + 1e-9), min(self._full_limit, 1)
        )
