"""`compare`: how alike the lists of two modelings, or of two accounts, are."""

from __future__ import annotations

import logging
import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from scipy import stats

from irclient.analysis.arguments import as_number, at_least_one
from irclient.analysis.frames import frame_of
from irclient.analysis.lists import QUERY_KINDS, SERVED_KINDS, of_query, of_served
from irclient.analysis.metrics import (
    distinct,
    jaccard,
    kendall_tau,
    overlap,
    rank_biased_overlap,
)
from irclient.analysis.mixtures import left_out, side_of
from irclient.analysis.query_names import name_of, seed_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from matplotlib.figure import Figure

    from irclient.analysis.catalogues import ByItem
    from irclient.analysis.frames import Kinds
    from irclient.analysis.lists import Lists
    from irclient.analysis.mixtures import Side
    from irclient.analysis.query_names import AnyListQuery

__all__ = ["Comparison", "compare"]

_METRICS: Final = ("overlap", "jaccard", "rbo", "tau")
_PAIR_KINDS: Final[Kinds] = {
    "operation": str, "seed": str, "user_id": str,
    "overlap": float, "jaccard": float, "rbo": float, "tau": float,
    "only_a": int, "only_b": int, "n_a": int, "n_b": int, "query": str,
}  # fmt: skip
_ITEM_KINDS: Final[Kinds] = {
    "operation": str, "seed": str, "user_id": str,
    "item_id": str, "rank_a": float, "rank_b": float, "query": str,
}  # fmt: skip
_MIXED_KINDS: Final[Kinds] = {
    "side": str, **QUERY_KINDS, "reason": str, "left_out": bool, **SERVED_KINDS, "query": str,
}  # fmt: skip

_LOGGER: Final = logging.getLogger("irclient.analysis")
_CONFIDENCE: Final = 0.95
_RESAMPLES: Final = 2000
#: Values that are drawn at a time: 8 MiB of them.
_DRAWN_AT_A_TIME: Final = 1 << 20
_NOTHING_COMPARED: Final = "nothing could be compared"
#: The same lists always give the same intervals.
_SEED: Final = 0


@dataclass(frozen=True, eq=False, kw_only=True)
class Comparison:
    """How alike two `Lists` are.

    Attributes:
        k: How many first items the overlap is of.
        p: How much the next rank weighs of the one before it, in the rank-biased overlap.
        per_query: One row for each query that both sides answered as they were meant to:
            ``operation``, ``seed``, ``user_id``; ``overlap``, the share of the first `k` that both
            hold (of the longer list where both are shorter; 0 where both are empty); of the whole
            lists ``jaccard``, ``rbo`` (rank-biased overlap, extrapolated), ``tau`` (Kendall's, of
            the items that both hold; NaN for fewer than two), ``only_a`` and ``only_b`` (how many
            items the other one lacks), ``n_a`` and ``n_b`` (how many there are); ``query``. Of an
            item that a list holds twice the first counts.
        items: One row for each item of those lists: ``operation``, ``seed``, ``user_id``,
            ``item_id``, ``rank_a`` and ``rank_b`` (NaN where a side lacks it), ``query``.
        summary: For each of the four measures its ``mean``, the 95 % bootstrap interval of the
            mean from ``low`` to ``high``, of how many ``queries``, and how many were ``left_out``.
        left_out: How many queries are not in the summary, by the reason; one reason for each.
            Those that are ``both empty`` are in `per_query`.
        mixed: One row for each answer that is not plainly what was meant: ``side``, the query, the
            ``reason`` (``other account``, ``stale``, ``fallback``, ``degraded``, ``other data``:
            cooked otherwise than the rest of its side; ``other data than a``: an account cooked
            between the two sides), whether it was ``left_out``, and how it was served.
    """

    k: int
    p: float
    per_query: pd.DataFrame
    items: pd.DataFrame
    summary: pd.DataFrame
    left_out: pd.Series[int]
    mixed: pd.DataFrame

    def plot(self, popularity: ByItem | None = None) -> Figure:
        """Return a figure of three: overlap per query, shift of ranks, popularity of what differs.

        Args:
            popularity: How popular each item is, as for `Lists.novelty`; when left out, in how
                many of the compared lists it is.

        Raises:
            ConfigurationError: matplotlib is not installed.
        """
        from irclient.analysis.plot import figure_of  # noqa: PLC0415  (matplotlib is optional)

        mean = float(self.summary["mean"]["overlap"])
        return figure_of(self.per_query, self.items, popularity, k=self.k, mean_overlap=mean)

    def __repr__(self) -> str:
        return f"<Comparison of {self._told()}>\n{self.summary.round(3)}"

    def _repr_html_(self) -> str:
        return f"{self.summary.round(3).to_html(border=0)}<p>{self._told()}</p>"

    def _told(self) -> str:
        nothing = "" if self.summary["queries"].any() else f"; {_NOTHING_COMPARED}"
        return (
            f"{len(self.per_query)} queries, k={self.k}, p={self.p}; "
            f"left out: {_counted(self.left_out) or 'none'}{nothing}"
        )


def _counted(reasons: Mapping[Any, int] | pd.Series[int]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in reasons.items())


def compare(a: Lists, b: Lists, *, k: int = 10, p: float = 0.9) -> Comparison:
    """Compare the lists of two sides over the same queries, whichever modeling they name.

    What an account other than the one that was meant answered is left out, and so is what is
    stale, degraded, or from other cooked data than the rest of its side: `Comparison.mixed` lists
    it. For two accounts of a pair collect with one client for each endpoint, which cannot fail
    over to the other.

    Args:
        a: One side.
        b: The other.
        k: How many first items the overlap is of.
        p: How much the next rank weighs of the one before it, in the rank-biased overlap: above 0
            and below 1. The first 10 ranks have 86 % of the weight with 0.9.

    Raises:
        TypeError: A side is no `Lists`, or `p` is no number.
        ValueError: `k` or `p` is out of its range, or a side holds two modelings of one query.

    A warning is logged where nothing could be compared: no query was answered by both sides as it
    was meant to be, or none with an item.
    """
    k = at_least_one("k", k)
    p = as_number("p", p)
    if not 0 < p < 1:
        raise ValueError(f"p must be above 0 and below 1, got {p!r}")
    side_a, side_b = side_of("a", a), side_of("b", b)
    out = left_out(side_a, side_b)
    pairs = [
        _Pair(key, distinct(answer.ids), distinct(side_b.answers[key].ids))
        for key, answer in side_a.answers.items()
        if key in side_b.answers and key not in out
    ]
    reasons = Counter(out.values())
    reasons["both empty"] = sum(not pair.a and not pair.b for pair in pairs)
    if reasons["both empty"] == len(pairs):
        _LOGGER.warning(
            "%s (%s): collect the same queries for both sides",
            _NOTHING_COMPARED,
            _counted(+reasons) or "neither side holds a query",
        )
    per_query = frame_of((_measured(pair, k, p) for pair in pairs), _PAIR_KINDS)
    return Comparison(
        k=k,
        p=p,
        per_query=per_query,
        items=frame_of(_item_rows(pairs), _ITEM_KINDS),
        summary=_summary(per_query, len(out) + len(pairs)),
        left_out=pd.Series(
            {reason: count for reason, count in reasons.items() if count},
            dtype="int64",
            name="queries",
        ),
        mixed=frame_of(_mixed_rows(side_a, side_b), _MIXED_KINDS),
    )


@dataclass(frozen=True, slots=True)
class _Pair:
    key: AnyListQuery
    a: list[str]
    b: list[str]

    @property
    def of_key(self) -> tuple[str | None, ...]:
        return self.key.operation, seed_of(self.key), self.key.user_id


def _measured(pair: _Pair, k: int, p: float) -> tuple[Any, ...]:
    a, b = pair.a, pair.b
    return (
        *pair.of_key,
        overlap(a, b, k),
        jaccard(a, b),
        rank_biased_overlap(a, b, p),
        kendall_tau(a, b),
        len(set(a) - set(b)),
        len(set(b) - set(a)),
        len(a),
        len(b),
        name_of(pair.key),
    )


def _item_rows(pairs: Sequence[_Pair]) -> Iterator[tuple[Any, ...]]:
    for pair in pairs:
        rank_a = {item: rank for rank, item in enumerate(pair.a, 1)}
        rank_b = {item: rank for rank, item in enumerate(pair.b, 1)}
        for item in rank_a | rank_b:
            ranks = rank_a.get(item, math.nan), rank_b.get(item, math.nan)
            yield (*pair.of_key, item, *ranks, name_of(pair.key))


def _mixed_rows(a: Side, b: Side) -> Iterator[tuple[Any, ...]]:
    for side in (a, b):
        for key, reason in side.doubts.items():
            yield _mixed_row(side, key, reason, out=True)
    for key in b.newer_data_than(a):
        yield _mixed_row(b, key, "other data than a", out=False)


def _mixed_row(side: Side, key: AnyListQuery, reason: str, *, out: bool) -> tuple[Any, ...]:
    query = side.asked[key]
    served = of_served(side.answers[key])
    return (side.name, *of_query(query), reason, out, *served, name_of(query))


def _summary(per_query: pd.DataFrame, total: int) -> pd.DataFrame:
    # Where neither side has an item there is nothing to be alike.
    compared = per_query[(per_query["n_a"] + per_query["n_b"]) > 0]
    rows = [_summed_up(compared[name].dropna().to_numpy(), total) for name in _METRICS]
    return pd.DataFrame(rows, index=pd.Index(_METRICS, name="measure"))


def _summed_up(values: np.ndarray[Any, np.dtype[np.float64]], total: int) -> dict[str, float | int]:
    low = high = math.nan
    n = len(values)
    if n > 1:
        interval = stats.bootstrap(
            (values,),
            np.mean,
            n_resamples=_RESAMPLES,
            batch=max(_DRAWN_AT_A_TIME // n, 1),
            confidence_level=_CONFIDENCE,
            method="percentile",
            rng=np.random.default_rng(_SEED),
        ).confidence_interval
        low, high = float(interval.low), float(interval.high)
    mean = float(values.mean()) if n else math.nan
    return {"mean": mean, "low": low, "high": high, "queries": n, "left_out": total - n}
