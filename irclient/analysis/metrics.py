"""How alike two rankings are, and what many lists show of a catalogue."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = [
    "distinct", "diversity_of", "gini_of", "jaccard", "kendall_tau", "novelty_of", "overlap",
    "rank_biased_overlap",
]  # fmt: skip


def distinct(ids: Iterable[str]) -> list[str]:
    """Return the ids in their order, each where it comes first."""
    return list(dict.fromkeys(ids))


def overlap(a: Sequence[str], b: Sequence[str], k: int) -> float:
    """Return the share of the first `k` that both rankings hold.

    Of the longer ranking where both are shorter than `k`; 0 where both are empty.
    """
    most = min(k, max(len(a), len(b)))
    return len(set(a[:k]) & set(b[:k])) / most if most else 0.0


def jaccard(a: Sequence[str], b: Sequence[str]) -> float:
    """Return how many items both hold, of those that either holds; 1 where both are empty."""
    either = set(a) | set(b)
    return len(set(a) & set(b)) / len(either) if either else 1.0


def rank_biased_overlap(a: Sequence[str], b: Sequence[str], p: float) -> float:
    """Return the rank-biased overlap, extrapolated from lists that may differ in length.

    Source: Webber, Moffat and Zobel, "A similarity measure for indefinite rankings" (2010),
    equation 32.

    Args:
        a: A ranking without doubles.
        b: Another.
        p: How much the next rank weighs of the one before it, above 0 and below 1.
    """
    short, long = sorted((a, b), key=len)
    if not long:
        return 1.0
    if not short:
        return 0.0
    s, n = len(short), len(long)
    common = _common_by_depth(short, long)
    depths = np.arange(1, n + 1)
    agreement = common / depths
    agreement[s:] += common[s - 1] * (depths[s:] - s) / (s * depths[s:])
    at_the_end = (common[-1] - common[s - 1]) / n + common[s - 1] / s
    weights = p**depths
    return _exact((1 - p) / p * np.sum(agreement * weights) + at_the_end * p**n)


def _common_by_depth(
    short: Sequence[str], long: Sequence[str]
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    place = {item: depth for depth, item in enumerate(short)}
    # An item is common from the depth on at which the second of the two lists shows it.
    since = [max(depth, place[item]) for depth, item in enumerate(long) if item in place]
    return np.cumsum(np.bincount(np.array(since, dtype=np.intp), minlength=len(long))).astype(
        np.float64
    )


def kendall_tau(a: Sequence[str], b: Sequence[str]) -> float:
    """Return how far the items that both hold are in the same order, from -1 to 1.

    NaN where they hold fewer than two in common.
    """
    place = {item: rank for rank, item in enumerate(b)}
    ranks = [(rank, place[item]) for rank, item in enumerate(a) if item in place]
    if len(ranks) < 2:
        return math.nan
    of_a, of_b = zip(*ranks, strict=True)
    return _exact(stats.kendalltau(of_a, of_b).statistic)


def _exact(measure: float) -> float:
    # Two equal rankings are 1, and not what is left of it by the last digit of a sum.
    return round(float(measure), 12)


def gini_of(shown: Mapping[str, int], catalogue: Iterable[str]) -> float:
    """Return how unequally the catalogue's items are shown: 0 equally, near 1 one item only.

    NaN where none is shown.

    Args:
        shown: How often each item is shown.
        catalogue: The ids of all that could be.
    """
    counts = np.sort(np.array([shown.get(item, 0) for item in catalogue], dtype=np.float64))
    n, total = len(counts), float(counts.sum())
    if not total:
        return math.nan
    return float(np.sum((2 * np.arange(1, n + 1) - n - 1) * counts) / (n * total))


def novelty_of(ids: Iterable[str], shares: Mapping[str, float]) -> float:
    """Return the mean inverse user frequency of a list: the mean of ``-log2(share of users)``.

    An item without a known user counts as one of the rarest. NaN for an empty list.

    Source: ``MeanInvUserFreq`` of RecTools, by which the measure is known.
    """
    rarest = min((share for share in shares.values() if share > 0), default=math.nan)
    surprise = [-math.log2(shares.get(item) or rarest) for item in ids]
    return sum(surprise) / len(surprise) if surprise else math.nan


def diversity_of(columns: Sequence[Sequence[object]]) -> float:
    """Return how much of their attributes two items of a list differ in, on average of all pairs.

    NaN for fewer than two items.

    Args:
        columns: For each attribute, its value for each item of the list.
    """
    n = len(columns[0]) if columns else 0
    if n < 2:
        return math.nan
    pairs = n * (n - 1) / 2
    alike = [sum(c * (c - 1) / 2 for c in Counter(column).values()) for column in columns]
    return 1 - sum(alike) / (pairs * len(columns))
