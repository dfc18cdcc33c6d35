"""A clock that only moves when it is told to."""

from __future__ import annotations

from datetime import timedelta

__all__ = ["ManualClock"]


class ManualClock:
    """A clock that a test moves, for everything that takes a `clock`.

    >>> clock = ManualClock()
    >>> clock()
    0.0
    >>> clock.advance(minutes=30)
    >>> clock()
    1800.0

    Args:
        now: The time at first, in seconds.
    """

    def __init__(self, now: float = 0.0) -> None:
        self._now = float(now)

    def __call__(self) -> float:
        """Return the time."""
        return self._now

    def advance(self, seconds: float = 0.0, *, minutes: float = 0.0, hours: float = 0.0) -> None:
        """Let time pass.

        Raises:
            ValueError: Time would go back.
        """
        passed = timedelta(seconds=seconds, minutes=minutes, hours=hours).total_seconds()
        if passed < 0:
            raise ValueError(f"time does not go back: {passed:g} s")
        self._now += passed

    def __repr__(self) -> str:
        return f"ManualClock({self._now!r})"
