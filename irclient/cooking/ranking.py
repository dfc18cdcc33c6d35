"""A ranked list of which only the part that is looked at is put in order and spelled out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from irclient.cooking.lazy_texts import LazyTexts

if TYPE_CHECKING:
    from irclient.cooking.strings import Strings

__all__ = ["Order", "Ranking", "Scored", "summed"]

#: Items by their place in the catalogue.
Order: TypeAlias = npt.NDArray[np.int32]
Numbers: TypeAlias = npt.NDArray[np.float64]
Places: TypeAlias = npt.NDArray[np.integer[Any]]
#: Items, best first where there are no scores; otherwise in the catalogue's order.
Scored: TypeAlias = tuple[Order, Numbers | None]

#: Up to this many items a sum is kept for every item, which is quicker than sorting the few.
_FEW_ITEMS = 100_000
_NONE: Order = np.zeros(0, dtype=np.int32)


class Ranking(LazyTexts):
    """Item ids, best first; a slice costs what the slice needs.

    Args:
        ids: The ids of all items.
        top: What comes first, in order.
        scored: What comes after it.
    """

    __slots__ = ("_ids", "_items", "_ordered", "_scores", "_top")

    def __init__(self, ids: Strings, top: Order, scored: Scored) -> None:
        self._ids = ids
        self._top = top
        self._items, self._scores = scored
        self._ordered = self._items[:0] if self._scores is not None else self._items

    def __len__(self) -> int:
        return len(self._top) + len(self._items)

    def _text(self, place: int) -> str:
        return self._ids[self._places(place + 1)[place]]

    def _texts(self, places: range) -> list[str]:
        items = self._places(max(places[0], places[-1]) + 1 if places else 0)
        return self._ids.at([items[each] for each in places])

    def places(self, count: int) -> list[int]:
        """The first `count` items, by their place in the catalogue."""
        return self._places(min(count, len(self)))[:count]

    def _places(self, count: int) -> list[int]:
        """At least the first `count` items."""
        needed = count - len(self._top)
        if self._scores is not None and needed > len(self._ordered):
            self._ordered = _best(self._items, self._scores, needed)
        top: list[int] = self._top[:count].tolist()
        rest: list[int] = self._ordered[: max(needed, 0)].tolist()
        return top + rest


def summed(
    items: Order, scores: Numbers, *, size: int, without: Places = _NONE
) -> tuple[Order, Numbers]:
    """Add up the scores of each item.

    Args:
        items: Items, with repeats; -1 for none.
        scores: A score each.
        size: How many items there are.
        without: Items to leave out.

    Returns:
        The items with a positive sum, in the catalogue's order, and their sums.
    """
    if size <= _FEW_ITEMS:
        # One place more, for -1.
        sums = np.bincount(items + 1, weights=scores, minlength=size + 1)[1:]
        sums[without] = 0.0
        found = np.flatnonzero(sums > 0.0)
        return found.astype(np.int32), sums[found].astype(np.float64)
    distinct, where = np.unique(items, return_inverse=True)
    sums = np.bincount(where, weights=scores)
    kept = (distinct >= 0) & (sums > 0.0) & ~np.isin(distinct, without)
    return distinct[kept], sums[kept].astype(np.float64)


def _best(items: Order, scores: Numbers, count: int) -> Order:
    """The first `count` items by score; equal scores keep the catalogue's order."""
    if count < len(items):
        least = np.partition(scores, len(scores) - count)[len(scores) - count]
        kept = np.flatnonzero(scores >= least)
        items, scores = items[kept], scores[kept]
    return items[np.argsort(-scores, kind="stable")][:count]
