"""The nearest neighbours of every item, chosen block by block on all processors."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it has no types

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy.typing as npt

__all__ = ["NEIGHBOURS", "Neighbours", "for_each_block", "no_neighbours"]

#: How many neighbours of an item are kept: the longest list that a seed can have.
NEIGHBOURS: Final = 200
#: More threads would hold more blocks in memory at once.
_MOST_THREADS: Final = 8
#: The half of a key that holds the item.
_ITEM_BITS: Final = 32
_LAST_ITEM: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Neighbours:
    """For each item its neighbours, best first.

    Attributes:
        items: Shape (items, kept); -1 where an item has fewer.
        scores: Shape (items, kept); 0 where an item has fewer.
    """

    items: npt.NDArray[np.int32]
    scores: npt.NDArray[np.float32]

    def rows(self, wanted: npt.NDArray[np.intp]) -> Neighbours:
        """The neighbours of some items, in that order."""
        return Neighbours(self.items[wanted], self.scores[wanted])

    def keep_best(
        self,
        first: int,
        starts: npt.NDArray[Any],
        others: npt.NDArray[Any],
        scores: npt.NDArray[Any],
    ) -> None:
        """Keep the best of some rows' candidates; equal scores keep the catalogue's order.

        Args:
            first: The item of the first row.
            starts: Where each row's candidates start, and where the last row's end.
            others: The candidates, row by row.
            scores: Their scores, compared in single precision; 0 is left out, none is less.
        """
        kept = self.items.shape[1]
        # The bits of positive floats are in the order of the floats, so one number holds score
        # and item, and numbers are split and sorted much faster than places.
        bits = scores.astype(np.float32).view(np.int32).astype(np.int64)
        keys = (bits << _ITEM_BITS) | (_LAST_ITEM - others)
        best = np.zeros((len(starts) - 1, kept), dtype=np.int64)
        limits = zip(starts[:-1].tolist(), starts[1:].tolist(), best, strict=True)
        for start, stop, row in limits:  # only what needs a row at a time; the rest is below
            if stop - start > kept:
                keys[start:stop].partition(stop - start - kept)
                row[:] = keys[stop - kept : stop]
            else:
                row[: stop - start] = keys[start:stop]
        best.sort(axis=1)
        best = best[:, ::-1]
        own = slice(first, first + len(best))
        some = best > _LAST_ITEM  # positive scores only
        self.items[own] = np.where(some, _LAST_ITEM - (best & _LAST_ITEM), -1)
        self.scores[own] = (best >> _ITEM_BITS).astype(np.int32).view(np.float32)


def no_neighbours(size: int) -> Neighbours:
    """Room for the neighbours of this many items."""
    kept = max(1, min(NEIGHBOURS, size))
    return Neighbours(
        np.full((size, kept), -1, dtype=np.int32), np.zeros((size, kept), dtype=np.float32)
    )


def for_each_block(work: Callable[[int, int], None], blocks: Iterable[tuple[int, int]]) -> None:
    """Do the work of each block, several at a time; numpy and scipy let go of the interpreter.

    Args:
        work: Given the first item of a block and the one after its last; writes only their rows.
        blocks: The blocks.
    """

    def one(block: tuple[int, int]) -> None:
        work(*block)

    threads = min(os.cpu_count() or 1, _MOST_THREADS)
    # Threads of the algebra's own would wait in a busy loop for those that are here.
    own = threadpool_limits(1, user_api="blas")
    with own, ThreadPoolExecutor(threads, thread_name_prefix="irclient-cook") as pool:
        for _ in pool.map(one, blocks):
            pass
