"""The in-process store: a queue of entries in which those that are used get a second chance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cachetools import FIFOCache

from irclient._forks import fork_safe_lock

if TYPE_CHECKING:
    from collections.abc import Callable

    from irclient._core.freshness import Entry

__all__ = ["MemoryStore"]

#: So many used entries may stay before one must go, used or not: making room takes no longer among
#: a million used entries than among a hundred.
_MOST_CHANCES: Final = 32


class MemoryStore:
    """Keeps the entries that are used; they carry their own instants and never expire here.

    When there is no room, the oldest entry goes; one that was used begins anew as the youngest
    instead ("second chance", also known as CLOCK). That finds a little more than a cache of what
    was used last, whose look-ups write their order all over memory; here they set one mark.

    Args:
        max_entries: The most entries to keep.
    """

    def __init__(self, *, max_entries: int) -> None:
        self._places = _SecondChance(max_entries)
        self._lock = fork_safe_lock()

    def get(self, key: str, /) -> Entry | None:
        """Return an entry, or None."""
        with self._lock:
            place = self._places[key]
        if place is None:
            return None
        place.was_used = True
        return place.entry

    def set(self, key: str, entry: Entry, /) -> None:
        """Keep an entry, dropping the oldest that was not used if there is no room."""
        place = _Place(entry)
        with self._lock:
            self._places[key] = place

    def discard(self, which: Callable[[Entry], bool], /) -> int:
        """Drop every entry for which the function says True, and return how many."""
        with self._lock:
            places = self._places.items()
            keys = [key for key, place in places if place is not None and which(place.entry)]
            for key in keys:
                del self._places[key]
        return len(keys)

    def __len__(self) -> int:
        return len(self._places)

    def __repr__(self) -> str:
        return f"MemoryStore({len(self._places)} of {self._places.maxsize:.0f} entries)"


class _Place:
    """Where an entry is kept."""

    __slots__ = ("entry", "was_used")

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.was_used = False


class _SecondChance(FIFOCache[str, _Place | None]):
    """First in, first out, but for what was used meanwhile."""

    def __missing__(self, key: str) -> None:
        """Nothing is kept there."""

    def popitem(self) -> tuple[str, _Place | None]:
        """Make room, and return what had to go."""
        chances = _MOST_CHANCES
        while True:
            key, place = super().popitem()
            if place is None or not place.was_used or not chances:
                return key, place
            place.was_used = False
            self[key] = place
            chances -= 1
