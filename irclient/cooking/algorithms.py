"""The algebra of the lists: factors of who took what, and nearest neighbours, in blocks.

Microsoft never published how its lists are computed. What is documented is what each list is
about (contract sections 6, 7 and 11: D); every formula here is our own choice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array, diags_array
from scipy.sparse.linalg import svds

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["NEIGHBOURS", "Neighbours", "factors", "in_another_category", "nearest"]

_Block: TypeAlias = npt.NDArray[np.float32]
_Numbers: TypeAlias = npt.NDArray[np.float64]

#: How many neighbours of an item are kept: the longest list that a seed can have.
NEIGHBOURS: Final = 200
#: Scores handled at once, which bounds the memory of a large catalogue.
_BLOCK_SCORES: Final = 6_000_000
_FACTORS: Final = 32
#: Popular items would fill every list that is made of factors; this evens them out.
_EVENING: Final = 0.3
#: What is smaller counts as nothing: a length, a score.
_TINY: Final = 1e-6
#: One column in so many is looked at to guess how good the best of a row are.
_SAMPLED: Final = 8


@dataclass(frozen=True, slots=True)
class Neighbours:
    """For each item its neighbours, best first.

    Attributes:
        items: Shape (items, kept); -1 where an item has fewer.
        scores: Shape (items, kept); 0 where an item has fewer.
    """

    items: npt.NDArray[np.int32]
    scores: npt.NDArray[np.float32]


def factors(users: csr_array[np.float64]) -> tuple[npt.NDArray[np.float32], _Numbers]:
    """Matrix factorization of users and items by a truncated singular value decomposition.

    Args:
        users: Shape (users, items): how much each took.

    Returns:
        The items' factors, shape (items, factors), and how strong each factor is. A user's
        factors are the sum of those of the items in their history.
    """
    size = users.shape[1]
    kept = min(_FACTORS, *(length - 1 for length in users.shape))
    if kept < 1 or not users.nnz:
        return np.zeros((size, 1), dtype=np.float32), np.zeros(1)
    counts = np.bincount(users.indices, minlength=size).astype(np.float64)
    evened = csr_array(users.log1p() @ diags_array(np.maximum(counts, 1.0) ** -_EVENING))
    start = np.ones(min(users.shape))  # without it the solver starts at random
    _, strengths, items = svds(evened, k=kept, v0=start)
    return np.ascontiguousarray(items.T, dtype=np.float32), np.asarray(strengths, np.float64)


def nearest(vectors: csr_array[np.float64] | npt.NDArray[np.floating]) -> Neighbours:
    """Neighbours by the cosine of the items' vectors."""
    return _top(_cosines(vectors), vectors.shape[0])


def in_another_category(
    vectors: csr_array[np.float64], categories: npt.NDArray[np.int64]
) -> Neighbours:
    """Neighbours that look alike but are another kind of thing; category -1 is like no other."""

    def blocks() -> Iterator[tuple[int, _Block]]:
        for start, scores in _cosines(vectors):
            own = categories[start : start + scores.shape[0], None]
            scores[(own == categories[None, :]) & (own >= 0)] = 0.0
            yield start, scores

    return _top(blocks(), vectors.shape[0])


def _cosines(
    vectors: csr_array[np.float64] | npt.NDArray[np.floating],
) -> Iterator[tuple[int, _Block]]:
    """The cosines of every item with every other, in blocks of rows; single precision is ample."""
    height = max(1, _BLOCK_SCORES // max(vectors.shape[0], 1))
    if isinstance(vectors, np.ndarray):
        lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), _TINY)
        dense = (vectors / lengths).astype(np.float32)
        for start in range(0, dense.shape[0], height):
            yield start, dense[start : start + height] @ dense.T
        return
    squares = np.asarray(vectors.multiply(vectors).sum(axis=1), dtype=np.float64).ravel()
    scale = diags_array(1.0 / np.maximum(np.sqrt(squares), _TINY))
    unit = csr_array(scale @ vectors).astype(np.float32)
    turned = csr_array(unit.T)
    for start in range(0, unit.shape[0], height):
        yield start, csr_array(unit[start : start + height] @ turned).toarray()


def _top(blocks: Iterator[tuple[int, _Block]], size: int) -> Neighbours:
    """The best columns of each row but the row's own, of a matrix that comes in blocks."""
    kept = max(1, min(NEIGHBOURS, size))
    items = np.full((size, kept), -1, dtype=np.int32)
    best = np.zeros((size, kept), dtype=np.float32)
    for start, scores in blocks:
        height = len(scores)
        own = np.arange(height)
        scores[own, own + start] = 0.0
        columns, values = _candidates(scores, kept)
        # Equal scores keep the catalogue's order, so that a seed always gives the same list.
        order = np.argsort(-values, axis=1, kind="stable")[:, :kept]
        values = np.take_along_axis(values, order, axis=1)
        found = np.take_along_axis(columns, order, axis=1)
        at = (slice(start, start + height), slice(0, order.shape[1]))
        items[at], best[at] = np.where(values > 0.0, found, -1), values
    return Neighbours(items, best)


def _candidates(scores: _Block, kept: int) -> tuple[npt.NDArray[np.int32], _Block]:
    """Columns and values of each row that are sure to hold its best, and few others; 0 for none.

    Sorting whole rows, or even splitting them, takes most of the time of a large catalogue. A
    sample of its columns says from where on a row's values may be among the best.
    """
    sample = scores[:, ::_SAMPLED]
    # Deeper into the sample than the share would be, so that rows seldom come out short.
    depth = min(3 * kept // (2 * _SAMPLED) + 8, sample.shape[1])
    least = np.partition(sample, sample.shape[1] - depth, axis=1)[:, sample.shape[1] - depth]
    chosen = scores >= np.maximum(least, _TINY)[:, None]
    short = (chosen.sum(axis=1) < kept) & (least > _TINY)
    chosen[short] = scores[short] > _TINY
    rows, columns = np.nonzero(chosen)
    counts = np.bincount(rows, minlength=len(scores))
    place = np.arange(rows.size) - np.repeat(np.cumsum(counts) - counts, counts)
    shape = (len(scores), int(counts.max(initial=1)))
    found, values = np.zeros(shape, dtype=np.int32), np.zeros(shape, dtype=np.float32)
    found[rows, place] = columns
    values[rows, place] = scores[rows, columns]
    return found, values
