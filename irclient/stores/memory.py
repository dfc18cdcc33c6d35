"""The in-process store: cachetools' least-recently-used cache under a lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachetools import LRUCache

from irclient._forks import fork_safe_lock

if TYPE_CHECKING:
    from collections.abc import Callable

    from irclient._core.freshness import Entry

__all__ = ["MemoryStore"]


class MemoryStore:
    """Keeps the entries that were used last; they carry their own instants and never expire here.

    Args:
        max_entries: The most entries to keep.
    """

    def __init__(self, *, max_entries: int) -> None:
        self._entries: LRUCache[str, Entry] = LRUCache(max_entries)
        self._lock = fork_safe_lock()

    def get(self, key: str, /) -> Entry | None:
        """Return an entry, or None."""
        with self._lock:
            return self._entries.get(key)

    def set(self, key: str, entry: Entry, /) -> None:
        """Keep an entry, dropping the one that was used longest ago if there is no room."""
        with self._lock:
            self._entries[key] = entry

    def discard(self, which: Callable[[Entry], bool], /) -> int:
        """Drop every entry for which the function says True, and return how many."""
        with self._lock:
            keys = [key for key, entry in self._entries.items() if which(entry)]
            for key in keys:
                del self._entries[key]
        return len(keys)

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"MemoryStore({len(self._entries)} of {self._entries.maxsize:.0f} entries)"
