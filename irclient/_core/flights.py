"""Flights: one piece of work under way, and all calls that wait for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from irclient._core.priority import Priority
from irclient._runtime.forks import fork_count, fork_safe_lock
from irclient._values.momentary import value

if TYPE_CHECKING:
    from collections.abc import Callable

    from irclient.errors import IRError
    from irclient.results import Answer
    from irclient.topology import ServiceEndpoint

__all__ = ["Answered", "CallFlight", "Flight", "Flights"]

#: One for all flights: it is held for a few instructions, and a flight lives as long as a call.
_lock = fork_safe_lock()


@value
class Answered:
    """An answer of the service, and the endpoint that gave it."""

    answer: Answer
    endpoint: ServiceEndpoint


class Flight:
    """Work that one thread or task does and any number of others wait for.

    A waiter leaves a callable that wakes it; landing calls each once. How to sleep and wake is
    the waiter's business, so threads, asyncio tasks and trio tasks can wait for one flight.
    """

    __slots__ = ("_born_after_forks", "_landed", "_wake")

    def __init__(self) -> None:
        self._landed = False
        #: Keys, in the order of their coming: one of a thousand leaves as fast as one of two.
        self._wake: dict[Callable[[], None], None] = {}
        self._born_after_forks = fork_count()

    @property
    def has_landed(self) -> bool:
        """Whether there is nothing to wait for any more."""
        return self._landed

    @property
    def is_lost(self) -> bool:
        """Whether the worker stayed behind in the parent of a fork, so that it never lands."""
        return self._born_after_forks != fork_count()

    def join(self, wake: Callable[[], None]) -> bool:
        """Ask to be woken on landing; False when it has landed already and no call will come."""
        with _lock:
            if not self._landed:
                self._wake[wake] = None
            return not self._landed

    def leave(self, wake: Callable[[], None]) -> None:
        """Stop waiting; harmless after the landing."""
        with _lock:
            self._wake.pop(wake, None)

    def land(self) -> None:
        """Wake all that wait; only the first call of this does anything."""
        with _lock:
            waiters = self.end()
        for wake in waiters:
            wake()

    def end(self) -> list[Callable[[], None]]:
        """Note the landing, under the lock of all flights; returns those to wake outside of it."""
        self._landed = True
        if not self._wake:
            return []  # Nearly always.
        waiters, self._wake = self._wake, {}
        return list(waiters)

    def __repr__(self) -> str:
        return f"<Flight {'landed' if self._landed else f'{len(self._wake)} waiting'}>"


class CallFlight(Flight):
    """A call under way, for calls that ask the same.

    Attributes:
        lost_at: When it counts as lost, whatever became of its leader.
        answered: What came of it, once it has landed well.
        error: What came of it, once it has landed badly; both are None if the leader was
            cancelled.
        led_with: The settings of the leader: with others, a call might fare better.
        led_by: The leader's `call_id`.
        is_hurried: Whether the leader must end by an instant that is not of its settings.
        priority: The leader's.
    """

    __slots__ = ("answered", "error", "is_hurried", "led_by", "led_with", "lost_at", "priority")

    def __init__(self, lost_at: float, priority: Priority) -> None:
        Flight.__init__(self)  # Not by `super`, which takes as long as all the rest.
        self.lost_at = lost_at
        self.priority = priority
        self.answered: Answered | None = None
        self.error: IRError | None = None
        self.led_with: object = None
        self.led_by: str | None = None
        self.is_hurried = False


class Flights:
    """The calls under way, by what they ask."""

    def __init__(self) -> None:
        self._under_way: dict[str, CallFlight] = {}

    def board(
        self,
        key: str,
        now: float,
        *,
        lost_at: float,
        priority: Priority = Priority.INTERACTIVE,
    ) -> tuple[CallFlight, bool]:
        """Return the flight of a key, and whether the caller leads it and must `end` it.

        Args:
            key: What is asked.
            now: The time.
            lost_at: When a flight that the caller leads counts as lost.
            priority: The caller's; one does not wait for a call that others go before.
        """
        mine = CallFlight(lost_at, priority)
        if self._under_way.setdefault(key, mine) is mine:
            return mine, True
        with _lock:
            # It may have ended meanwhile, and another may have begun, without the lock as above.
            flight = self._under_way.setdefault(key, mine)
            is_under_way = flight is not mine and not flight.is_lost and now < flight.lost_at
            if is_under_way and flight.priority <= priority:
                return flight, False
            self._under_way[key] = mine
            return mine, True

    def part(self) -> None:
        """Let no more calls join what is under way; those that have joined are answered by it."""
        with _lock:
            self._under_way.clear()

    def end(self, key: str, flight: CallFlight) -> None:
        """Land a flight; its waiters read what came of it."""
        with _lock:
            if self._under_way.get(key) is flight:
                # Not `del`: a signal handler may have ended it in between.
                self._under_way.pop(key, None)
            waiters = flight.end()
        for wake in waiters:
            wake()

    def __len__(self) -> int:
        return len(self._under_way)
