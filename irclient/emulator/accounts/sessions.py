"""The sessions of an account's visitors: what each looked at lately."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from typing import Final

__all__ = ["Sessions"]

_MOST_SESSIONS: Final = 10_000


class Sessions:
    """Remembers what visitors looked at; any thread may use it.

    Args:
        views: How many of a session's latest views are kept.
    """

    def __init__(self, *, views: int) -> None:
        self._most_views = views
        self._sessions: OrderedDict[str, deque[str]] = OrderedDict()
        self._lock = threading.Lock()

    def record(self, session_id: str, item_id: str) -> None:
        """Note that an item was seen."""
        with self._lock:
            views = self._sessions.setdefault(session_id, deque(maxlen=self._most_views))
            if item_id in views:
                views.remove(item_id)
            views.appendleft(item_id)
            self._sessions.move_to_end(session_id)
            if len(self._sessions) > _MOST_SESSIONS:
                self._sessions.popitem(last=False)

    def views(self, session_id: str) -> tuple[str, ...]:
        """The items that were seen, most recent first."""
        with self._lock:
            return tuple(self._sessions.get(session_id, ()))
