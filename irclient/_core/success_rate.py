"""The success rate of one endpoint: what its attempts of late have come to."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

__all__ = ["SuccessRate"]

#: The window is kept in this many slots.
_SLOTS: Final = 10


@dataclass(slots=True)
class _Slot:
    begins_at: float
    successes: int = 0
    failures: int = 0


class SuccessRate:
    """Counts successes and failures of a window that ends now.

    Args:
        window: Seconds that it looks back.
    """

    def __init__(self, window: float) -> None:
        self._window = window
        self._slots: deque[_Slot] = deque()
        self._slot_length = window / _SLOTS

    def slot(self, now: float) -> _Slot:
        """Where what comes now is counted."""
        if not self._slots or now - self._slots[-1].begins_at >= self._slot_length:
            self._drop_old(now)
            self._slots.append(_Slot(now))
        return self._slots[-1]

    def counts(self, now: float) -> tuple[int, int]:
        """The successes, and the attempts."""
        self._drop_old(now)
        successes = sum(slot.successes for slot in self._slots)
        return successes, successes + sum(slot.failures for slot in self._slots)

    def begin_with_a_success(self, now: float) -> None:
        """Count anew: what failed before the probe says nothing about the time after."""
        self._slots.clear()
        self.slot(now).successes = 1

    def __len__(self) -> int:
        return len(self._slots)

    def _drop_old(self, now: float) -> None:
        while self._slots and now - self._slots[0].begins_at > self._window:
            self._slots.popleft()
