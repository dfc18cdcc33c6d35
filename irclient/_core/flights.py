"""Flights: one piece of work under way, and everybody who waits for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from irclient._forks import fork_count, fork_safe_lock

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Flight"]


class Flight:
    """Work that one thread or task does and any number of others wait for.

    A waiter leaves a callable that wakes it; landing calls each once. How to sleep and wake is
    the waiter's business, so threads, asyncio tasks and trio tasks can wait for one flight.
    """

    __slots__ = ("_born_after_forks", "_landed", "_lock", "_wake")

    def __init__(self) -> None:
        self._lock = fork_safe_lock()
        self._landed = False
        self._wake: list[Callable[[], None]] = []
        self._born_after_forks = fork_count()

    @property
    def is_lost(self) -> bool:
        """Whether the worker stayed behind in the parent of a fork: nobody will land this."""
        return self._born_after_forks != fork_count()

    def join(self, wake: Callable[[], None]) -> bool:
        """Ask to be woken on landing; False when it has landed already and no call will come."""
        with self._lock:
            if not self._landed:
                self._wake.append(wake)
            return not self._landed

    def leave(self, wake: Callable[[], None]) -> None:
        """Stop waiting; harmless after the landing."""
        with self._lock:
            if wake in self._wake:
                self._wake.remove(wake)

    def land(self) -> None:
        """Wake everybody; only the first call does anything."""
        with self._lock:
            self._landed = True
            waiters, self._wake = self._wake, []
        for wake in waiters:
            wake()

    def __repr__(self) -> str:
        return f"<Flight {'landed' if self._landed else f'{len(self._wake)} waiting'}>"
