"""The slots that the server of a fleet has given this process, and those that go back."""

from __future__ import annotations

from bisect import insort
from collections import deque
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from irclient._core.reservation import PLAY

if TYPE_CHECKING:
    from irclient._core.fleet_messages import FleetSlot

__all__ = ["GivenSlots"]

#: Seconds by which a start may be late in a slot of the server; the margin covers more.
_LATE: Final = 0.025
#: Seconds after which a slot that no call has taken goes back.
_UNCLAIMED_FOR: Final = 0.03


class GivenSlots:
    """Slots that no call has taken yet, and what became of the others.

    Args:
        window: Seconds for which a start counts.
    """

    def __init__(self, window: float) -> None:
        self._window = window
        self._free: list[FleetSlot] = []
        self._starts: deque[float] = deque()
        self._returned: list[int] = []
        self._moved: list[tuple[int, float]] = []

    def add(self, slot: FleetSlot) -> None:
        """Keep a slot that was given."""
        insort(self._free, slot, key=attrgetter("starts_at"))

    def take(self, now: float, not_after: float) -> FleetSlot | None:
        """Hand out the first slot that starts in time; what is too late goes back."""
        while self._free and self._free[0].starts_at < now - PLAY:
            self.give_back(self._free.pop(0))
        if self._free and self._free[0].starts_at <= not_after:
            return self._free.pop(0)
        return None

    @staticmethod
    def is_late(slot: FleetSlot, at: float) -> bool:
        """Whether a request that starts at an instant is too late for its slot."""
        return at - slot.starts_at > _LATE

    def used(self, slot: FleetSlot) -> None:
        """Note that a request was started in a slot."""
        slot.is_held = False
        self._starts.append(slot.starts_at)

    def give_back(self, slot: FleetSlot) -> None:
        """Keep the number of a slot that will not be used, for the next message."""
        slot.is_held = False
        self._returned.append(slot.number)

    def sort_out(self, now: float, *, keeps: bool) -> None:
        """Give back what is too late, and what no call took, unless calls wait for slots."""
        for slot in list(self._free):
            is_late = slot.starts_at < now - PLAY
            if is_late or not (keeps or slot.came_at >= now - _UNCLAIMED_FOR):
                self._free.remove(slot)
                self.give_back(slot)

    def moved(self, slot: FleetSlot, at: float) -> None:
        """Note that the service counts a request at another instant than its slot's."""
        self._moved.append((slot.number, at))

    @property
    def any_returned(self) -> bool:
        """Whether the server has a slot to give again that it does not know of."""
        return bool(self._returned)

    def news(self, now: float) -> tuple[tuple[int, ...], tuple[float, ...]]:
        """What the server is to count no longer, and what instead, in seconds from now; once."""
        returned = (*self._returned, *(number for number, _ in self._moved))
        added = tuple(at - now for _, at in self._moved if at > now - self._window)
        self._returned.clear()
        self._moved.clear()
        return returned, added

    def started(self, now: float) -> int:
        """How many requests were started in slots in the window that ends now."""
        while self._starts and self._starts[0] < now - self._window:
            self._starts.popleft()
        return len(self._starts)

    @property
    def first(self) -> float | None:
        """The start of the first free slot, or None."""
        return self._free[0].starts_at if self._free else None

    @property
    def unused(self) -> list[int]:
        """The numbers of all that is not used, for the end of the process."""
        return [*self._returned, *(slot.number for slot in self._free)]
