"""The mathematics of the lists: from interactions and words to orders and neighbours.

Microsoft never published how its lists are computed. What is documented is what each list is
about (contract sections 6, 7 and 11: D); every formula here is the emulator's own choice.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array, csr_array, diags_array
from scipy.sparse.linalg import svds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from irclient.cooking.data.cells import Milliseconds, Numbers

__all__ = [
    "Neighbours",
    "Order",
    "bought_together",
    "counted",
    "factors",
    "in_another_category",
    "nearest",
    "newest",
    "people_also",
    "popular",
    "trending",
    "word_vectors",
    "words_of",
]

#: Items by index, best first.
Order: TypeAlias = npt.NDArray[np.int32]
_Block: TypeAlias = npt.NDArray[np.float32]

DAY: Final = 86_400_000
#: How many neighbours of an item are kept: the longest list that a seed can have.
NEIGHBOURS: Final = 200
#: Rows handled at once, which bounds the memory of a large catalogue.
_BLOCK: Final = 512
#: An interaction counts half as much in Trending after this long.
_HALF_LIFE_DAYS: Final = 7.0
#: Two people who happen to share two rare items prove little: this many are added as doubt.
_DOUBT: Final = 4.0
_FACTORS: Final = 32
#: Popular items would fill every list that is made of factors; this evens them out.
_EVENING: Final = 0.3
#: A word that more than this share of a large catalogue has says nothing.
_COMMON_WORD: Final = 0.25
_FEW_ITEMS: Final = 50
#: What is smaller counts as nothing: a length, a score.
_TINY: Final = 1e-6
_WORD: Final = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Neighbours:
    """For each item its neighbours, best first.

    Attributes:
        items: Shape (items, kept); -1 where an item has fewer.
        scores: Shape (items, kept); 0 where an item has fewer.
    """

    items: npt.NDArray[np.int32]
    scores: npt.NDArray[np.float32]


def newest(released_at: Milliseconds) -> Order:
    """All items by release date, newest first (D)."""
    return np.argsort(-released_at, kind="stable").astype(np.int32)


def popular(items: Order, at: Milliseconds, *, size: int, look_back_days: int) -> Order:
    """Items by their number of interactions in the look-back (D), which ends at the newest one.

    That end is our choice: data at rest would otherwise run out of its look-back.
    """
    recent = at >= _reference(at) - look_back_days * DAY
    counts = np.bincount(items[recent], minlength=size).astype(np.float64)
    return _descending(counts)


def trending(
    items: Order,
    at: Milliseconds,
    released_at: Milliseconds,
    *,
    look_back_days: int,
    max_age_days: int,
) -> Order:
    """Items by interactions that weigh less the older they are; old items are no candidates (D).

    The weight halves every week (our choice).
    """
    reference = _reference(at)
    recent = at >= reference - look_back_days * DAY
    weights = np.exp2((at[recent] - reference) / (_HALF_LIFE_DAYS * DAY))
    scores = np.bincount(items[recent], weights=weights, minlength=released_at.size)
    young = released_at >= reference - max_age_days * DAY
    return _descending(np.where(young, scores, 0.0))


def counted(
    rows: npt.NDArray[np.int64], items: Order, weights: Numbers, *, size: int
) -> csr_array[np.float64]:
    """A matrix of rows (users or baskets) and items that holds the summed weights."""
    height = int(rows.max()) + 1 if rows.size else 1
    return coo_array((weights, (rows, items)), shape=(height, size)).tocsr()


def people_also(users: csr_array[np.float64]) -> Neighbours:
    """Neighbours by the people who took both: the cosine of who took what, less some doubt."""
    taken = _ones(users)
    together = csr_array(taken.T @ taken)
    counts = together.diagonal()
    pairs = together.tocoo()
    doubtful = np.sqrt(counts[pairs.row] * counts[pairs.col]) + _DOUBT
    return _best(csr_array((pairs.data / doubtful, (pairs.row, pairs.col)), shape=pairs.shape))


def bought_together(baskets: csr_array[np.float64]) -> Neighbours:
    """Neighbours by shared baskets: Dunning's log-likelihood ratio of what chance would give."""
    taken = _ones(baskets)
    pairs = csr_array(taken.T @ taken).tocoo()
    counts = np.asarray(taken.sum(axis=0), dtype=np.float64).ravel()
    total = float(taken.shape[0])
    both, one, other = pairs.data, counts[pairs.row], counts[pairs.col]
    neither = total - one - other + both
    ratio = 2.0 * (
        _surprise(both, one * other / total)
        + _surprise(one - both, one * (total - other) / total)
        + _surprise(other - both, (total - one) * other / total)
        + _surprise(neither, (total - one) * (total - other) / total)
    )
    attracted = np.where(both * total > one * other, ratio, 0.0)
    # A shop of a handful of baskets holds no surprise at all; then any shared basket counts.
    scores = np.where(total < _FEW_ITEMS, both, attracted)
    return _best(csr_array((scores, (pairs.row, pairs.col)), shape=pairs.shape))


def factors(users: csr_array[np.float64]) -> tuple[npt.NDArray[np.float32], Numbers]:
    """Matrix factorization of users and items by a truncated singular value decomposition.

    Returns:
        The items' factors, shape (items, factors), and how strong each factor is. A user's
        factors are the sum of those of the items in their history.
    """
    size = users.shape[1]
    kept = min(_FACTORS, *(length - 1 for length in users.shape))
    if kept < 1 or not users.nnz:
        return np.zeros((size, 1), dtype=np.float32), np.zeros(1)
    damped = csr_array(users.log1p())
    counts = np.asarray(_ones(users).sum(axis=0), dtype=np.float64).ravel()
    evened = csr_array(damped @ diags_array(np.maximum(counts, 1.0) ** -_EVENING))
    start = np.ones(min(users.shape))  # without it the solver starts at random
    _, strengths, items = svds(evened, k=kept, v0=start)
    return np.ascontiguousarray(items.T, dtype=np.float32), np.asarray(strengths, np.float64)


def words_of(text: str) -> list[str]:
    """The words of a text, folded, as the text and image vectors count them."""
    return _WORD.findall(text.casefold())


def word_vectors(documents: Sequence[Sequence[str]]) -> csr_array[np.float64]:
    """TF-IDF vectors of length 1, one row a document; a document without words is all zero."""
    vocabulary: dict[str, int] = {}
    rows, columns, values = list[int](), list[int](), list[float]()
    for row, words in enumerate(documents):
        for word, times in Counter(words).items():
            rows.append(row)
            columns.append(vocabulary.setdefault(word, len(vocabulary)))
            values.append(1.0 + np.log(times))
    shape = (len(documents), max(len(vocabulary), 1))
    found = np.bincount(columns, minlength=shape[1]) if columns else np.zeros(shape[1])
    rarity = np.log((1.0 + shape[0]) / (1.0 + found)) + 1.0
    if shape[0] > _FEW_ITEMS:
        rarity[found > _COMMON_WORD * shape[0]] = 0.0
    weighed = np.asarray(values) * rarity[columns] if columns else np.zeros(0)
    vectors = csr_array((weighed, (rows, columns)), shape=shape)
    vectors.eliminate_zeros()
    return vectors


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


def _reference(at: Milliseconds) -> int:
    return int(at.max()) if at.size else 0


def _descending(scores: Numbers) -> Order:
    order = np.argsort(-scores, kind="stable")
    return order[: int((scores > 0).sum())].astype(np.int32)


def _ones(counts: csr_array[np.float64]) -> csr_array[np.float64]:
    taken = counts.copy()
    taken.data = np.ones_like(taken.data)
    return taken


def _surprise(seen: Numbers, expected: Numbers) -> Numbers:
    """x·ln(x/e), which is 0 where nothing was seen."""
    ratio = np.divide(seen, expected, out=np.ones_like(seen), where=(seen > 0) & (expected > 0))
    return seen * np.log(ratio)


def _cosines(
    vectors: csr_array[np.float64] | npt.NDArray[np.floating],
) -> Iterator[tuple[int, _Block]]:
    """The cosines of every item with every other, in blocks of rows; single precision is ample."""
    if isinstance(vectors, np.ndarray):
        lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), _TINY)
        dense = (vectors / lengths).astype(np.float32)
        for start in range(0, dense.shape[0], _BLOCK):
            yield start, dense[start : start + _BLOCK] @ dense.T
        return
    squares = np.asarray(vectors.multiply(vectors).sum(axis=1), dtype=np.float64).ravel()
    scale = diags_array(1.0 / np.maximum(np.sqrt(squares), _TINY))
    unit = csr_array(scale @ vectors).astype(np.float32)
    turned = csr_array(unit.T)
    for start in range(0, unit.shape[0], _BLOCK):
        yield start, csr_array(unit[start : start + _BLOCK] @ turned).toarray()


def _best(scores: csr_array[np.float64]) -> Neighbours:
    blocks = (
        (start, csr_array(scores[start : start + _BLOCK]).astype(np.float32).toarray())
        for start in range(0, scores.shape[0], _BLOCK)
    )
    return _top(blocks, scores.shape[0])


def _top(blocks: Iterator[tuple[int, _Block]], size: int) -> Neighbours:
    """The best columns of each row but the row's own, of a matrix that comes in blocks."""
    kept = max(1, min(NEIGHBOURS, size))
    items = np.full((size, kept), -1, dtype=np.int32)
    best = np.zeros((size, kept), dtype=np.float32)
    for start, scores in blocks:
        own: Order = np.arange(scores.shape[0], dtype=np.int32)
        scores[own, own + start] = 0.0
        # Equal scores keep the catalogue's order, so that a seed always gives the same list.
        part = np.sort(np.argpartition(-scores, kept - 1, axis=1)[:, :kept], axis=1)
        values = np.take_along_axis(scores, part, axis=1)
        order = np.argsort(-values, axis=1, kind="stable")
        values = np.take_along_axis(values, order, axis=1)
        found = np.take_along_axis(part, order, axis=1)
        stop = start + scores.shape[0]
        items[start:stop] = np.where(values > _TINY, found, -1)
        best[start:stop] = np.where(values > _TINY, values, 0.0)
    return Neighbours(items, best)
