"""Freshness: how far an answer in memory may still be used.

| situation   | its age is at most                      | the call                             |
|-------------|-----------------------------------------|--------------------------------------|
| fresh       | `fresh_for`                             | answers from memory                  |
| usable      | + `stale_while_refresh_for`             | answers, and refreshes once          |
| last resort | `fresh_for` + `stale_if_error_for`      | asks; answers from it if all fails   |
| expired     | more                                    | asks                                 |

A fresh answer becomes usable at once when its own account shows a newer data set.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from irclient.results import Answer
    from irclient.settings import Caching

__all__ = ["Entry", "Freshness", "freshness"]


class Freshness(Enum):
    """The situation of an answer in memory."""

    FRESH = "fresh"
    USABLE = "usable"
    LAST_RESORT = "last resort"
    EXPIRED = "expired"


class Entry(NamedTuple):
    """An answer in memory.

    Attributes:
        answer: As the service gave it.
        stored_at: When, on the driver's clock.
        data_set: The account and modeling that it was cooked from.
        version: The `interactionsVersion` of the answer, or None.
        user_id: The user that it was ranked for, or None.
        seeds: The items that it was asked for.
    """

    answer: Answer
    stored_at: float
    data_set: tuple[str, str | None]
    version: str | None
    user_id: str | None
    seeds: tuple[str, ...]


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
    if age <= caching.fresh_for and not outdated:
        return Freshness.FRESH
    if age <= caching.fresh_for + caching.stale_while_refresh_for:
        return Freshness.USABLE
    if age <= caching.fresh_for + caching.stale_if_error_for:
        return Freshness.LAST_RESORT
    return Freshness.EXPIRED
