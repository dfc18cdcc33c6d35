"""Refreshing: whether an answer that is usable, but no longer fresh, is asked for anew now.

| a refresh begins only                                | because otherwise                        |
|------------------------------------------------------|------------------------------------------|
| while fewer than eight are under way                 | a thousand stale answers would be a      |
|                                                      | thousand requests at once                |
| after a pause, if the last one of this answer failed | one popular answer would ask as often as |
| (one second, doubled each time to a minute)          | it is read, for as long as none answers  |
| if the endpoint that it goes to has a quarter of its | visitors whose answers are not in memory |
| allowance free                                       | would be refused                         |

The last rule is `routing`'s, which gives a refresh its endpoint. A refresh that does not begin
changes nothing for the call that would have begun it.
"""

from __future__ import annotations

from typing import Final

from irclient._runtime.forks import fork_safe_lock

__all__ = ["Refreshes"]

_MOST: Final = 8
_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 60.0
#: Answers whose pause is known; more are forgotten, the oldest first.
_MOST_PAUSES: Final = 4096


class Refreshes:
    """Keeps which answers are being refreshed, and which are not to be for a while."""

    def __init__(self) -> None:
        self._lock = fork_safe_lock()
        #: When each may count as lost, by key: its thread may have stayed behind in a fork.
        self._under_way: dict[str, float] = {}
        #: Until when, and how long the pause was, by key.
        self._pauses: dict[str, tuple[float, float]] = {}

    def begin(self, key: str, now: float, *, lost_at: float) -> bool:
        """Begin the refresh of an answer, which must `end`; False if it may not begin.

        Args:
            key: The key of the answer.
            now: The time.
            lost_at: When it counts as lost.
        """
        with self._lock:
            if self._pauses.get(key, (now, 0.0))[0] > now or key in self._under_way:
                return False
            if len(self._under_way) >= _MOST:
                self._under_way = {k: at for k, at in self._under_way.items() if at > now}
                if len(self._under_way) >= _MOST:
                    return False
            self._under_way[key] = lost_at
            return True

    def cancel(self, key: str) -> None:
        """End a refresh that was never sent."""
        with self._lock:
            self._under_way.pop(key, None)

    def end(self, key: str, now: float, *, failed: bool) -> None:
        """End a refresh."""
        with self._lock:
            self._under_way.pop(key, None)
            last = self._pauses.pop(key, None)
            if not failed:
                return
            pause = _FIRST_PAUSE if last is None else min(2.0 * last[1], _LONGEST_PAUSE)
            self._pauses[key] = now + pause, pause
            if len(self._pauses) > _MOST_PAUSES:
                del self._pauses[next(iter(self._pauses))]

    def __len__(self) -> int:
        return len(self._under_way)
