"""Freshness: how far an answer in memory may still be used.

| situation   | its age is at most                      | the call                             |
|-------------|-----------------------------------------|--------------------------------------|
| fresh       | `fresh_for`                             | answers from memory                  |
| usable      | + `stale_while_refresh_for`             | answers, and refreshes once          |
| last resort | `fresh_for` + `stale_if_error_for`      | asks; answers from it if all fails   |
| expired     | more                                    | asks                                 |

A fresh answer becomes usable at once when its own account shows a newer data set.

An answer from the future is a mistake of some clock: one that was stepped, or another host's. It
counts as old as it lies ahead, and never as fresh.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

from irclient._values.enum_members import found_quickly

if TYPE_CHECKING:
    from irclient._core.entry import Entry
    from irclient.settings import Caching

__all__ = ["EARLIEST", "Freshness", "freshness"]

#: The age that may still be fresh: threads come here in another order than they
#: were told the time, and hosts that keep their clocks by NTP differ by less.
EARLIEST: Final = -0.1


class Freshness(Enum):
    """The situation of an answer in memory."""

    FRESH = "fresh"
    USABLE = "usable"
    LAST_RESORT = "last resort"
    EXPIRED = "expired"


found_quickly(Freshness)


def freshness(entry: Entry, caching: Caching, now: float, *, newest: str | None) -> Freshness:
    """Say how far an entry may be used.

    Args:
        entry: The answer in memory.
        caching: The settings of the call.
        now: The time.
        newest: The newest version of the entry's own data set, if it was seen since, or None.
    """
    age = now - entry.stored_at
    outdated = newest is not None and entry.version is not None and entry.version < newest
    if EARLIEST <= age <= caching.fresh_for and not outdated:
        return Freshness.FRESH
    age = abs(age)
    if age <= caching.fresh_for + caching.stale_while_refresh_for:
        return Freshness.USABLE
    if age <= caching.fresh_for + caching.stale_if_error_for:
        return Freshness.LAST_RESORT
    return Freshness.EXPIRED
