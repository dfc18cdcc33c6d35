"""The algebra of the lists: factors of who took what, and nearest neighbours, in blocks.

Microsoft never published how its lists are computed. What is documented is what each list is
about (contract sections 6, 7 and 11: D); every formula here is our own choice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias, cast

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array, diags_array
from scipy.sparse.linalg import LinearOperator, eigsh
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it has no types

from irclient.cooking.neighbours import for_each_block, no_neighbours

if TYPE_CHECKING:
    from collections.abc import Iterator

    from irclient.cooking.neighbours import Neighbours

__all__ = ["factors", "nearest", "nearest_by_category"]

#: One row an item.
Vectors: TypeAlias = "csr_array[np.float64] | npt.NDArray[np.floating]"

_Block: TypeAlias = npt.NDArray[np.float32]
_Numbers: TypeAlias = npt.NDArray[np.float64]

#: Scores that a thread handles at once, which bounds the memory of a large catalogue.
_BLOCK_SCORES: Final = 2_000_000
#: The share of the items that makes a word common.
_COMMON: Final = 1 / 24
#: In how many steps cosines are compared: fewer than single precision tells apart.
_STEPS: Final = np.float32(2**20)
_FACTORS: Final = 32
#: With no more people or items than this a dense matrix is quick.
_FEW: Final = 500
#: Popular items would fill every list that is made of factors; this evens them out.
_EVENING: Final = 0.3
#: What is smaller counts as nothing: a length, a score.
_TINY: Final = 1e-6
#: One column in so many is looked at to guess how good the best of a row are.
_SAMPLED: Final = 16


def factors(users: csr_array[np.float64]) -> tuple[npt.NDArray[np.float32], _Numbers]:
    """Matrix factorization of users and items by a truncated singular value decomposition.

    Args:
        users: Shape (users, items): how much each took.

    Returns:
        The items' factors, shape (items, factors), and how strong each factor is. A user's
        factors are the sum of those of the items in their history.
    """
    size = users.shape[1]
    counts = np.bincount(users.indices, minlength=size).astype(np.float64)
    taken, takers = np.flatnonzero(counts), np.flatnonzero(np.diff(users.indptr))
    kept = min(_FACTORS, taken.size - 1, takers.size - 1)
    if kept < 1:
        return np.zeros((size, 1), dtype=np.float32), np.zeros(1)
    evened = users.log1p() @ diags_array(np.maximum(counts, 1.0) ** -_EVENING)
    own, strengths = _singular_vectors(csr_array(csr_array(evened)[takers][:, taken]), kept)
    items = np.zeros((size, kept), dtype=np.float32)
    items[taken] = own
    return items, strengths


def _singular_vectors(matrix: csr_array[np.float64], kept: int) -> tuple[_Numbers, _Numbers]:
    """The strongest right singular vectors, shape (columns, kept), and their singular values.

    They are the eigenvectors of the smaller of the two products of the matrix with itself. Left
    vectors are not needed, and there are as many rows as people.
    """
    turned = csr_array(matrix.T)
    wide = matrix.shape[0] < matrix.shape[1]
    inner, outer = (turned, matrix) if wide else (matrix, turned)
    side = outer.shape[0]
    with threadpool_limits(1, user_api="blas"):
        if side <= _FEW:  # the iteration would fill up a small space, and go on by chance
            values, vectors = np.linalg.eigh((outer @ inner).toarray())
            values, vectors = values[-kept:], vectors[:, -kept:]
        else:

            def product(vector: _Numbers) -> _Numbers:
                return np.asarray(outer @ (inner @ vector), dtype=np.float64)

            operator = LinearOperator((side, side), matvec=product, dtype=np.float64)
            # Without a start the solver starts at random.
            values, vectors = eigsh(operator, k=kept, v0=np.ones(side))
    strengths = np.sqrt(np.maximum(values, 0.0))
    strengths[strengths < _TINY * strengths.max()] = 0.0
    if wide:
        vectors = turned @ vectors / np.where(strengths > 0.0, strengths, 1.0)
    return np.where(strengths > 0.0, vectors, 0.0), strengths


def nearest(vectors: Vectors) -> Neighbours:
    """Neighbours by the cosine of the items' vectors."""
    found, cosines = no_neighbours(vectors.shape[0]), _Cosines(vectors)

    def work(start: int, stop: int) -> None:
        _keep_best(found, start, cosines.of(start, stop))

    for_each_block(work, _blocks(vectors.shape[0]))
    return found


def nearest_by_category(
    vectors: Vectors, categories: npt.NDArray[np.int64]
) -> tuple[Neighbours, Neighbours]:
    """Neighbours of any category, and of another one; category -1 is like no other."""
    size = vectors.shape[0]
    # In the order of their categories, so that an item's own is one slice.
    order = np.argsort(categories, kind="stable")
    cosines, ordered = _Cosines(vectors[order]), categories[order]
    kinds, firsts = np.unique(ordered, return_index=True)
    slices = list(zip(kinds.tolist(), firsts.tolist(), [*firsts[1:].tolist(), size], strict=True))
    of_any, of_another = no_neighbours(size), no_neighbours(size)

    def work(start: int, stop: int) -> None:
        scores = cosines.of(start, stop)
        _keep_best(of_any, start, scores, order)
        for kind, first, end in slices:
            own = slice(max(first, start) - start, max(min(end, stop) - start, 0))
            if kind != -1:
                scores[own, first:end] = 0.0
        _keep_best(of_another, start, scores, order)

    for_each_block(work, _blocks(size))
    place = np.argsort(order)
    return of_any.rows(place), of_another.rows(place)


class _Cosines:
    """The cosines of every item with every other; single precision is ample.

    A word that many items share is multiplied faster in a dense matrix, a rare one in a sparse.
    """

    def __init__(self, vectors: Vectors) -> None:
        if isinstance(vectors, np.ndarray):
            lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), _TINY)
            self._dense = (vectors / lengths).astype(np.float32)
            self._sparse = csr_array((vectors.shape[0], 0), dtype=np.float32)
        else:
            squares = np.asarray(vectors.multiply(vectors).sum(axis=1), dtype=np.float64).ravel()
            scale = diags_array(1.0 / np.maximum(np.sqrt(squares), _TINY))
            unit = csr_array(scale @ vectors).astype(np.float32)
            found = np.bincount(unit.indices, minlength=unit.shape[1])
            common = found > _COMMON * unit.shape[0]
            self._dense = np.ascontiguousarray(unit[:, common].toarray())
            self._sparse = csr_array(unit[:, ~common])
        self._turned = csr_array(self._sparse.T)

    def of(self, start: int, stop: int) -> _Block:
        """The cosines of a block of items with all."""
        scores: _Block = self._dense[start:stop] @ self._dense.T
        if self._sparse.nnz:
            scores += csr_array(self._sparse[start:stop] @ self._turned).toarray()
        return scores


def _blocks(size: int) -> Iterator[tuple[int, int]]:
    height = max(1, _BLOCK_SCORES // max(size, 1))
    for start in range(0, size, height):
        yield start, min(start + height, size)


def _keep_best(
    found: Neighbours, start: int, scores: _Block, order: npt.NDArray[np.intp] | None = None
) -> None:
    """Keep the best columns of some rows but each row's own.

    Args:
        found: Where to.
        start: The first row's number.
        scores: Of each row with every column.
        order: Which item each column is; None where it is the item of the same number.
    """
    height, size = len(scores), int(scores.shape[1])
    own = np.arange(height)
    scores[own, own + start] = 0.0
    flat, starts = _candidates(scores, found.items.shape[1])
    # In steps, so that the last bit of a product does not put equal items in an order of its own.
    values = np.rint(scores.ravel()[flat] * _STEPS) / _STEPS
    others = flat % size
    found.keep_best(start, starts, others if order is None else order[others], values)


def _candidates(scores: _Block, kept: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Where each row's best are sure to be, and few others; and where each row's start in that.

    Sorting whole rows, or even splitting them, takes most of the time of a large catalogue. A
    sample of its columns says from where on a row's values may be among the best.
    """
    sample = scores[:, ::_SAMPLED].copy()
    # Deeper into the sample than the share would be, so that rows seldom come out short.
    place = sample.shape[1] - min(3 * kept // (2 * _SAMPLED) + 8, sample.shape[1])
    sample.partition(place, axis=1)
    least = np.maximum(sample[:, place] - 1.0 / _STEPS, _TINY)
    bounds = np.arange(len(scores) + 1) * scores.shape[1]
    chosen = scores > least[:, None]
    flat = np.flatnonzero(chosen)
    starts = cast("npt.NDArray[np.intp]", np.searchsorted(flat, bounds))
    short = (np.diff(starts) < kept) & (least > _TINY)
    if short.any():
        chosen[short] = scores[short] > _TINY
        flat = np.flatnonzero(chosen)
        starts = cast("npt.NDArray[np.intp]", np.searchsorted(flat, bounds))
    return flat, starts
