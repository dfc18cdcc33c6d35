"""Paging: one list read page by page, from one account and one cooked data set.

The contract leaves open what happens at a list's end, so reading stops at an empty page, at a
page shorter than asked for, and at `total_items` (contract, "Not documented", item 6).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from irclient.errors import QueryError, UnexpectedAnswer
from irclient.queries import ListQuery

if TYPE_CHECKING:
    from collections.abc import Sequence

    from irclient.results import RecommendationList
    from irclient.topology import ServiceEndpoint

__all__ = ["Pager"]


class Pager:
    """Knows the next page to ask for, and refuses to mix two data sets in one list.

    Args:
        query: The list; its `count` is the most items to read in all, its `skip` where to begin.
        page_size: Items to ask for at a time.
        endpoints: The client's endpoints; the one that answers the first page answers the rest.
    """

    def __init__(
        self, query: ListQuery, *, page_size: int, endpoints: Sequence[ServiceEndpoint]
    ) -> None:
        if not isinstance(query, ListQuery):
            raise QueryError(f"only lists have pages, got {type(query).__name__}")
        if not isinstance(page_size, int) or page_size < 1:
            raise QueryError(f"page_size must be an int of at least 1, got {page_size!r}")
        self._query = query
        self._page_size = page_size
        self._skip = query.skip or 0
        self._left = query.count
        self._first: RecommendationList | None = None
        self._at_end = False
        self.endpoints = endpoints

    def next_query(self) -> ListQuery | None:
        """Return the query of the next page, or None at the end of the list."""
        size = self._page_size if self._left is None else min(self._page_size, self._left)
        if self._at_end or size <= 0:
            return None
        return replace(self._query, count=size, skip=self._skip)

    def take(self, asked: ListQuery, page: RecommendationList) -> None:
        """Keep count with a page.

        Raises:
            UnexpectedAnswer: The service finished a cooking since the first page, so that this
                page belongs to another list.
        """
        if self._first is None:
            self._first = page
            answered = [e for e in self.endpoints if e.label == page.served.endpoint]
            self.endpoints = answered or self.endpoints
        elif page.interactions_version != self._first.interactions_version:
            raise UnexpectedAnswer(
                f"the list changed while it was read: {page.served.endpoint} answered data set "
                f"{self._first.interactions_version} before and {page.interactions_version} "
                f"from item {self._skip} on. Start again to read one list"
            )
        size = asked.count or self._page_size
        rows = _rows(page, size)
        self._skip += rows
        self._left = None if self._left is None else self._left - rows
        total = page.total_items
        self._at_end = (
            rows < size
            or (total is not None and self._skip >= total)
            # What stands in for a list has no further pages.
            or page.served.source == "fallback"
        )


def _rows(page: RecommendationList, size: int) -> int:
    if len(page) >= size:
        return len(page)
    # Rows without a usable id were left out of the items, but have their place in the list.
    rows = cast("dict[str, list[object] | None]", page.raw or {}).get("items")
    return max(len(page), len(rows or ()))
