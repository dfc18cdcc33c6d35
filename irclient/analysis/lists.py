"""`Lists`: the answers of many queries, and the tables and figures that are made of them."""

from __future__ import annotations

import math
from collections import Counter
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal, overload

from irclient.analysis.arguments import at_least_one
from irclient.analysis.catalogues import (
    attributes_by_item,
    ids_of,
    shares_by_item,
    titles_by_item,
)
from irclient.analysis.frames import arrow_stream, frame_of
from irclient.analysis.metrics import distinct, diversity_of, gini_of, novelty_of
from irclient.analysis.query_names import checked, first_rank, name_of, seed_of
from irclient.errors import IRError
from irclient.results import RecommendationList

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import pandas as pd
    import polars as pl

    from irclient.analysis.catalogues import ByItem, Ids
    from irclient.analysis.frames import Backend, Kinds
    from irclient.analysis.query_names import AnyListQuery

__all__ = ["QUERY_KINDS", "SERVED_KINDS", "Lists", "of_query", "of_served"]

QUERY_KINDS: Final[Kinds] = {"operation": str, "seed": str, "modeling": str, "user_id": str}
SERVED_KINDS: Final[Kinds] = {
    "account": str,
    "endpoint": str,
    "variant": str,
    "source": str,
    "age": float,
    "degraded": bool,
    "interactions_version": str,
}
_ITEM_KINDS: Final[Kinds] = {
    **QUERY_KINDS, "rank": int, "item_id": str, "title": str, **SERVED_KINDS, "query": str,
}  # fmt: skip
_OUTCOME_KINDS: Final[Kinds] = {
    **QUERY_KINDS, "outcome": str, "items": int, **SERVED_KINDS, "message": str, "query": str,
}  # fmt: skip


class Lists:
    """The lists of many queries, with what failed and what is missing.

    `collect` fills it, also one that holds answers already. It can be pickled, to go on in another
    session.

    Args:
        account: The account whose answers these are meant to be: `compare` leaves out what another
            one answered. When left out, the account that the client of `collect` asks first, unless
            it has variants.
    """

    def __init__(self, *, account: str | None = None) -> None:
        if account is not None and not isinstance(account, str):
            raise TypeError(f"account must be a name such as 'contoso-a', got {account!r:.80}")
        self._account = account
        self._queries: dict[AnyListQuery, None] = {}
        self._answers: dict[AnyListQuery, RecommendationList] = {}
        self._errors: dict[AnyListQuery, IRError] = {}

    @property
    def account(self) -> str | None:
        """The account whose answers these are meant to be, or None where that is not known."""
        return self._account

    @property
    def queries(self) -> tuple[AnyListQuery, ...]:
        """What was asked, and what is to be asked, in its order; each once."""
        return tuple(self._queries)

    @property
    def answers(self) -> Mapping[AnyListQuery, RecommendationList]:
        """The lists, by query, in the order of their coming."""
        return MappingProxyType(self._answers)

    @property
    def errors(self) -> Mapping[AnyListQuery, IRError]:
        """Why there is no list, by query."""
        return MappingProxyType(self._errors)

    @property
    def missing(self) -> tuple[AnyListQuery, ...]:
        """The queries without a list: those that failed, and those not asked yet."""
        return tuple(query for query in self._queries if query not in self._answers)

    def expect(self, queries: Iterable[AnyListQuery], *, account: str | None = None) -> None:
        """Note what is to be asked.

        Args:
            queries: What is to be asked.
            account: The account that is meant to answer, unless another was named before.

        Raises:
            QueryError: One of the queries is none of a list.
        """
        self._queries.update(dict.fromkeys([checked(query) for query in queries]))
        self._account = self._account or account

    def add(self, query: AnyListQuery, outcome: RecommendationList | IRError) -> None:
        """Note the list of a query, or why there is none.

        Args:
            query: What was asked.
            outcome: As `fetch_each` hands it out.

        Raises:
            QueryError: It is no query of a list.
            TypeError: The outcome is neither a list nor an `IRError`.
        """
        self._queries.setdefault(checked(query))
        if isinstance(outcome, RecommendationList):
            self._answers[query] = outcome
            self._errors.pop(query, None)
        elif isinstance(outcome, IRError):
            self._errors[query] = outcome
        else:
            raise TypeError(f"an outcome is a RecommendationList or an IRError, got {outcome!r}")

    def __len__(self) -> int:
        return len(self._answers)

    def __repr__(self) -> str:
        errors = sum(query in self._errors for query in self.missing)
        return (
            f"<Lists of {len(self._queries)} queries: {len(self._answers)} answered, "
            f"{errors} failed, {len(self.missing) - errors} not asked>"
        )

    @overload
    def frame(
        self, titles: ByItem | None = None, *, backend: Literal["pandas"] = "pandas"
    ) -> pd.DataFrame: ...
    @overload
    def frame(
        self, titles: ByItem | None = None, *, backend: Literal["polars"]
    ) -> pl.DataFrame: ...
    def frame(self, titles: ByItem | None = None, *, backend: Backend = "pandas") -> Any:
        """Return one row for each item of each list, in the order of the queries.

        The columns are ``operation``, ``seed`` (the item asked about; those of a cart separated by
        commas), ``modeling`` and ``user_id`` as they were asked for; ``rank`` from 1 (and on from
        the query's ``skip``), ``item_id``, ``title``; ``account``, ``endpoint``, ``variant``,
        ``source``, ``age`` in seconds and ``degraded`` as in `Served`; ``interactions_version``,
        written as a time, ``2022-01-04T11:51:04`` for ``20220104115104``; and ``query``, which
        tells apart queries that differ in other things, such as filters.
        Missing values are NaN or None; ranks are whole numbers, ages floats, ``degraded`` bools,
        all else text.

        Args:
            titles: The titles of items: a mapping by id, a Series whose index is the ids, or a
                frame with the columns ``item_id`` and ``title``; of an item that is named twice
                the first one. Items without a title keep their row.
            backend: The library whose frame it is.

        Raises:
            ConfigurationError: The backend is not installed.
            TypeError: The titles cannot be read.
        """
        known = {} if titles is None else titles_by_item(titles)
        return frame_of(self._item_rows(known), _ITEM_KINDS, backend=backend)

    @overload
    def outcomes(self, *, backend: Literal["pandas"] = "pandas") -> pd.DataFrame: ...
    @overload
    def outcomes(self, *, backend: Literal["polars"]) -> pl.DataFrame: ...
    def outcomes(self, *, backend: Backend = "pandas") -> Any:
        """Return one row for each query, also for those that failed or answered no item.

        The columns are those of `frame` that tell of a query and of how it was served, with
        ``outcome`` (``answered``, ``missing``, or the kind of its error, such as
        ``Unavailable``), ``items`` (how many), and ``message`` (the error's). Where there is no
        answer ``degraded`` is False.

        Args:
            backend: The library whose frame it is.

        Raises:
            ConfigurationError: The backend is not installed.
        """
        return frame_of(self._outcome_rows(), _OUTCOME_KINDS, backend=backend)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Return the rows of `frame` as an Arrow stream: ``polars.DataFrame(lists)``."""
        return arrow_stream(self._item_rows({}), _ITEM_KINDS, requested_schema)

    def to_trec(self, path: str | os.PathLike[str], *, tag: str = "irclient") -> None:
        """Write the lists as a TREC run, which tools that know judgments read.

        A line holds the query's name (the column ``query`` of `frame`), ``Q0``, the item's id, its
        rank, a score that falls with the rank, and the tag.

        Args:
            path: The file to write.
            tag: The name of the run.

        Raises:
            ValueError: An item's id or the tag holds white space, which the form has no place for.
        """
        lines: list[str] = []
        for query, answer in self._in_order():
            name, first = name_of(query), _first_rank(query, answer)
            for rank, item in enumerate(distinct(answer.ids), first):
                _refuse_blanks(f"item id {item!r}", item)
                lines.append(f"{name} Q0 {item} {rank} {1 / rank!r} {tag}\n")
        _refuse_blanks(f"tag {tag!r}", tag)
        Path(path).write_text("".join(lines), "utf-8")

    def coverage(self, catalogue: Ids, *, k: int | None = None) -> float:
        """Return the share of the catalogue's items that any list shows.

        Args:
            catalogue: All ids: an iterable, a mapping by them, or a frame with a column
                ``item_id``.
            k: How many items of each list count; all of them when left out.

        Raises:
            TypeError: An id of the catalogue is no str.
            ValueError: The catalogue is empty or a frame without the column, or `k` is not at
                least 1.
        """
        ids = ids_of("catalogue", catalogue)
        shown = self._shown(k)
        return sum(item in shown for item in ids) / len(ids)

    def gini(self, catalogue: Ids, *, k: int | None = None) -> float:
        """Return how unequally the catalogue's items are shown: 0 is equally, near 1 one item only.

        Items that are never shown count; NaN where none is.

        Args:
            catalogue: As for `coverage`.
            k: As for `coverage`.

        Raises:
            TypeError: An id of the catalogue is no str.
            ValueError: The catalogue is empty or a frame without the column, or `k` is not at
                least 1.
        """
        return gini_of(self._shown(k), ids_of("catalogue", catalogue))

    def novelty(
        self, popularity: ByItem, *, users: int | None = None, k: int | None = None
    ) -> float:
        """Return the mean inverse user frequency: how little known the shown items are.

        Each item tells ``-log2`` of the share of users that know it, 0 for one that all know; one
        without a popularity counts as the rarest of those with one. It is the mean of the lists'
        means; empty lists are left out, and NaN is returned where all are.

        Args:
            popularity: For each item the share of users that know it, from 0 to 1, or, with
                `users`, their number: a mapping by id, a Series whose index is the ids, or a frame
                with the columns ``item_id`` and ``popularity``.
            users: How many users there are, where `popularity` holds numbers of them.
            k: As for `coverage`.

        Raises:
            TypeError: The popularity cannot be read.
            ValueError: It is out of its range, or `k` is not at least 1.
        """
        shares = shares_by_item(popularity, users)
        return _mean(novelty_of(ids, shares) for ids in self._first(k))

    def diversity(
        self,
        attributes: ByItem,
        *,
        by: str | Sequence[str] | None = None,
        k: int | None = None,
    ) -> float:
        """Return how different the items of one list are, from 0 to 1.

        That is the share of attributes in which two items differ, on average over all pairs of a
        list's items, and over the lists. What two items both lack is alike. Items without
        attributes are left out, and lists with fewer than two others; NaN where all are.

        Args:
            attributes: A value for each item: a mapping by id, a Series whose index is the ids, or
                a frame with a column ``item_id`` and one for each attribute.
            by: The columns of that frame that count; all when left out.
            k: As for `coverage`.

        Raises:
            TypeError: The attributes cannot be read.
            ValueError: A column is missing, or `k` is not at least 1.
        """
        known = attributes_by_item(attributes, by)
        rows = ([known[item] for item in ids if item in known] for ids in self._first(k))
        return _mean(diversity_of(list(zip(*each, strict=True))) for each in rows)

    def _in_order(self) -> Iterator[tuple[AnyListQuery, RecommendationList]]:
        for query in self._queries:
            if query in self._answers:
                yield query, self._answers[query]

    def _first(self, k: int | None) -> list[list[str]]:
        most = None if k is None else at_least_one("k", k)
        return [distinct(answer.ids)[:most] for _, answer in self._in_order()]

    def _shown(self, k: int | None) -> Counter[str]:
        return Counter(item for ids in self._first(k) for item in ids)

    def _item_rows(self, titles: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
        for query, answer in self._in_order():
            asked, served, name = of_query(query), of_served(answer), name_of(query)
            for rank, item in enumerate(answer.ids, _first_rank(query, answer)):
                yield (*asked, rank, item, titles.get(item), *served, name)

    def _outcome_rows(self) -> Iterator[tuple[Any, ...]]:
        for query in self._queries:
            answer, error = self._answers.get(query), self._errors.get(query)
            if answer is not None:
                served, message = of_served(answer), None
            else:
                served = (None, None, None, None, math.nan, False, None)
                message = None if error is None else str(error)
            unanswered = "missing" if error is None else type(error).__name__
            outcome = unanswered if answer is None else "answered"
            items = 0 if answer is None else len(answer)
            yield (*of_query(query), outcome, items, *served, message, name_of(query))


def of_query(query: AnyListQuery) -> tuple[str | None, ...]:
    """Return what a row says of its query: the values of `QUERY_KINDS`."""
    return query.operation, seed_of(query), query.modeling, query.user_id


def of_served(answer: RecommendationList) -> tuple[Any, ...]:
    """Return what a row says of how its list came about: the values of `SERVED_KINDS`."""
    served = answer.served
    return (
        served.account,
        served.endpoint,
        served.variant,
        served.source,
        served.age,
        served.degraded,
        _as_time(answer.interactions_version),
    )


def _as_time(version: str | None) -> str | None:
    # A file of comma-separated values would give fourteen digits back as a number.
    if version is None or len(version) != len("yyyyMMddHHmmss") or not version.isascii():
        return version
    try:
        return datetime.strptime(version, "%Y%m%d%H%M%S").isoformat()  # noqa: DTZ007  (as written)
    except ValueError:
        return version


def _first_rank(query: AnyListQuery, answer: RecommendationList) -> int:
    # What stands in for a page is no page.
    return 1 if answer.served.source == "fallback" else first_rank(query)


def _mean(values: Iterable[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan


def _refuse_blanks(what: str, text: str) -> None:
    if not text or any(letter.isspace() for letter in text):
        raise ValueError(f"{what} holds white space, which separates the columns of a TREC run")
