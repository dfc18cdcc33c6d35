"""The in-process store: a queue of entries in which those that are used get a second chance."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cachetools import Cache

from irclient._runtime.forks import fork_count, fork_safe_lock
from irclient.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from irclient._core.entry import Entry

__all__ = ["MemoryStore"]

#: At most this many used entries are passed over before one goes, used or not: making room takes no
#: longer among a million used entries than among a hundred.
_MOST_CHANCES: Final = 32
#: Bytes that an entry counts for beside its body: its key, its place, what is known of it.
_OVERHEAD: Final = 1024


class MemoryStore:
    """Keeps the entries that are used; they carry their own instants and never expire here.

    When there is no room, the oldest entry goes, unless it was used: then it is kept as if it
    were new, and the next oldest is looked at ("second chance", also known as CLOCK). That finds
    a little more than a cache of what was used last, whose look-ups write their order all over
    memory; here they set one mark.

    Args:
        max_entries: The most entries to keep, at least 1.
        max_bytes: The most bytes that they may take, counted as the bodies of their answers and
            1,024 bytes for each; None sets no such limit. What is larger by itself is not kept.

    Raises:
        ConfigurationError: `max_entries` or `max_bytes` cannot be used.
    """

    def __init__(self, *, max_entries: int, max_bytes: int | None = None) -> None:
        _check("max_entries", max_entries)
        if max_bytes is not None:
            _check("max_bytes", max_bytes)
        self._places = _SecondChance(max_entries, max_bytes)
        self._lock = fork_safe_lock()

    def get(self, key: str, /) -> Entry | None:
        """Return an entry, or None."""
        # Without the lock: one look-up in a dict, which no other thread comes into.
        place = self._places[key]
        if place is None:
            return None
        place.was_used = True
        return place.entry

    def set(self, key: str, entry: Entry, /) -> None:
        """Keep an entry, dropping another if there is no room."""
        # What is not limited need not be counted.
        size = len(entry.answer.body) + _OVERHEAD
        with self._lock:
            places, forks = self._places, fork_count()
            if places.changed_after_forks == forks:
                return  # A signal handler within a change; an entry may be dropped at any time.
            try:
                places.changed_after_forks = forks
                place = places.get(key)
                if place is None:
                    places.add(_Place(key, entry, size))
                else:
                    places.change(place, entry, size)
            finally:
                places.changed_after_forks = None

    def discard(self, which: Callable[[Entry], bool], /) -> int:
        """Drop every entry for which the function says True, and return how many."""
        with self._lock:
            places, forks = self._places, fork_count()
            if places.changed_after_forks == forks:
                return places.forget(which)  # A signal handler within a change.
            try:
                places.changed_after_forks = forks
                return places.discard(which)
            finally:
                places.changed_after_forks = None

    @property
    def size_in_bytes(self) -> int:
        """What the entries take, counted as for `max_bytes`."""
        return self._places.bytes

    def __len__(self) -> int:
        return len(self._places)

    def __repr__(self) -> str:
        return f"MemoryStore({len(self._places)} of {self._places.maxsize:.0f} entries)"


def _check(name: str, most: object) -> None:
    if not isinstance(most, int) or isinstance(most, bool) or most < 1:
        raise ConfigurationError(f"MemoryStore: {name} must be an int of at least 1, got {most!r}")


@dataclass(slots=True, eq=False)
class _Place:
    """Where an entry is kept."""

    key: str
    entry: Entry
    size: int
    was_used: bool = False


class _SecondChance(Cache[str, _Place | None]):
    """Places by their keys; which of them makes room is said by a queue."""

    def __init__(self, maxsize: int, most_bytes: int | None) -> None:
        super().__init__(maxsize)
        self._queue: deque[_Place] = deque()
        self._most = maxsize
        self.most_bytes = most_bytes
        self.bytes = 0
        #: The count of forks while a change is under way: that of a parent is none of a child's.
        self.changed_after_forks: int | None = None

    def __missing__(self, key: str) -> None:
        """Nothing is kept there."""

    def add(self, place: _Place) -> None:
        """Keep a new place, as the youngest."""
        while len(self._queue) >= self._most:
            self.popitem()
        if self.most_bytes is not None:
            if place.size > self.most_bytes:
                return
            self._make_room(self.most_bytes - place.size)
        # Into the queue first, and out of it last: an interrupt, or a fork, in between
        # leaves a place in the queue that is kept no more, and never one that nothing drops.
        self._queue.append(place)
        self.bytes += place.size
        self[place.key] = place

    def change(self, place: _Place, entry: Entry, size: int) -> None:
        """Keep another entry in a place."""
        if self.most_bytes is not None and size > self.most_bytes:
            before = place.entry
            self.discard(lambda kept: kept is before)
            return
        more = size - place.size
        place.entry, place.size, place.was_used = entry, size, True
        self.bytes += more
        if self.most_bytes is not None:
            self._make_room(self.most_bytes)

    def _make_room(self, most: int) -> None:
        while self._queue and self.bytes > most:
            self.popitem()

    def popitem(self) -> tuple[str, _Place]:
        """Drop the oldest place, but for a few that were used, and return it."""
        queue, chances = self._queue, _MOST_CHANCES
        while queue[0].was_used and chances:
            queue[0].was_used = False
            queue.rotate(-1)
            chances -= 1
        place = queue[0]
        if self[place.key] is place:
            with suppress(KeyError):
                del self[place.key]
        queue.popleft()
        # Nothing counts nothing, whatever an interrupt left uncounted.
        self.bytes = self.bytes - place.size if queue else 0
        return place.key, place

    def discard(self, which: Callable[[Entry], bool]) -> int:
        """Drop every place whose entry the function says True for, and return how many."""
        gone = self.forget(which)
        self._queue = deque(place for place in list(self._queue) if self[place.key] is place)
        self.bytes = sum(place.size for place in self._queue)
        return gone

    def forget(self, which: Callable[[Entry], bool]) -> int:
        """Drop the same, and leave its places in the queue to a change that is under way."""
        # All at once, as no iteration would: a signal handler may forget others meanwhile.
        kept = [place for place in list(self._queue) if self[place.key] is place]
        gone = 0
        for place in kept:
            if which(place.entry):
                with suppress(KeyError):
                    del self[place.key]
                    gone += 1
        return gone
