"""The recommendation lists, said once for both clients.

Each method hands the query that its arguments make to `fetch`, which returns the answer in
`IRClient` and an awaitable of it in `AsyncIRClient`; so the two cannot differ in a name, a default
or a word.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from irclient.queries import (
    BoughtTogether,
    Cart,
    ItemSelectors,
    New,
    Personalize,
    Picks,
    Popular,
    Similar,
    Trending,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from irclient._core.identity import Asked, KnownQueries
    from irclient.filters import FilterValues
    from irclient.queries import ListQuery, Params

__all__ = ["Lists"]

ListT_co = TypeVar("ListT_co", covariant=True)
SelectorsT_co = TypeVar("SelectorsT_co", covariant=True)


class Lists(ABC, Generic[ListT_co, SelectorsT_co]):
    """One method for each operation of the service; each raises one `IRError` or answers."""

    #: What was asked lately.
    _known_queries: KnownQueries

    @overload
    def fetch(self, query: ListQuery | Personalize) -> ListT_co: ...
    @overload
    def fetch(self, query: ItemSelectors) -> SelectorsT_co: ...
    @abstractmethod
    def fetch(self, query: ListQuery | Personalize | ItemSelectors) -> ListT_co | SelectorsT_co:
        """Answer one query.

        Args:
            query: A value of `irclient.queries`.

        Raises:
            IRError: The one error that says why there is no answer.
        """

    def _ask(self, asked: Asked) -> Any:  # noqa: ANN401  (as `fetch` does)
        query: ListQuery = self._known_queries.query(asked)
        return self.fetch(query)

    def new(
        self,
        *,
        count: int | None = None,
        skip: int | None = None,
        filters: Mapping[str, FilterValues] | None = None,
        user_id: str | None = None,
        channel_id: str | None = None,
        catalog_id: str | None = None,
        modeling: str | None = None,
        refinements: str | Sequence[str] = (),
        params: Params = (),
    ) -> ListT_co:
        """Return items by release date, newest first.

        The arguments are those of `irclient.queries.New`.
        """
        asked = (
            New, type(count), type(skip), modeling, channel_id, catalog_id, params, count, skip,
            filters, user_id, refinements,
        )  # fmt: skip
        answer: ListT_co = self._ask(asked)
        return answer

    def popular(
        self,
        *,
        count: int | None = None,
        skip: int | None = None,
        filters: Mapping[str, FilterValues] | None = None,
        user_id: str | None = None,
        channel_id: str | None = None,
        catalog_id: str | None = None,
        modeling: str | None = None,
        refinements: str | Sequence[str] = (),
        params: Params = (),
    ) -> ListT_co:
        """Return the items with the most interactions over a look-back period.

        The arguments are those of `irclient.queries.Popular`.
        """
        asked = (
            Popular, type(count), type(skip), modeling, channel_id, catalog_id, params, count, skip,
            filters, user_id, refinements,
        )  # fmt: skip
        answer: ListT_co = self._ask(asked)
        return answer

    def trending(
        self,
        *,
        count: int | None = None,
        skip: int | None = None,
        filters: Mapping[str, FilterValues] | None = None,
        user_id: str | None = None,
        channel_id: str | None = None,
        catalog_id: str | None = None,
        modeling: str | None = None,
        refinements: str | Sequence[str] = (),
        params: Params = (),
    ) -> ListT_co:
        """Return popular items, newer interactions weighing more.

        The arguments are those of `irclient.queries.Trending`.
        """
        asked = (
            Trending, type(count), type(skip), modeling, channel_id, catalog_id, params, count,
            skip, filters, user_id, refinements,
        )  # fmt: skip
        answer: ListT_co = self._ask(asked)
        return answer

    def similar(
        self,
        item_id: str,
        *,
        count: int | None = None,
        skip: int | None = None,
        filters: Mapping[str, FilterValues] | None = None,
        algo_type: str | None = None,
        user_id: str | None = None,
        session_id: str | None = None,
        channel_id: str | None = None,
        catalog_id: str | None = None,
        modeling: str | None = None,
        refinements: str | Sequence[str] = (),
        params: Params = (),
    ) -> ListT_co:
        """Return items similar to one item.

        The arguments are those of `irclient.queries.Similar`.
        """
        asked = (
            Similar, type(count), type(skip), modeling, channel_id, catalog_id, params, count, skip,
            filters, user_id, refinements, item_id, algo_type, session_id,
        )  # fmt: skip
        answer: ListT_co = self._ask(asked)
        return answer

    def cart(
        self,
        item_ids: Sequence[str],
        *,
        count: int | None = None,
        skip: int | None = None,
        filters: Mapping[str, FilterValues] | None = None,
        user_id: str | None = None,
        channel_id: str | None = None,
        catalog_id: str | None = None,
        modeling: str | None = None,
        refinements: str | Sequence[str] = (),
        params: Params = (),
    ) -> ListT_co:
        """Return items that complete a cart.

        The arguments are those of `irclient.queries.Cart`.
        """
        asked = (
            Cart, type(count), type(skip), modeling, channel_id, catalog_id, params, count, skip,
            filters, user_id, refinements, item_ids,
        )  # fmt: skip
        answer: ListT_co = self._ask(asked)
        return answer

    def bought_together(
        self,
        item_id: str,
        *,
        count: int | None = None,
        skip: int | None = None,
        filters: Mapping[str, FilterValues] | None = None,
        user_id: str | None = None,
        channel_id: str | None = None,
        catalog_id: str | None = None,
        modeling: str | None = None,
        refinements: str | Sequence[str] = (),
        params: Params = (),
    ) -> ListT_co:
        """Return items frequently bought together with one item.

        The arguments are those of `irclient.queries.BoughtTogether`.
        """
        asked = (
            BoughtTogether, type(count), type(skip), modeling, channel_id, catalog_id, params,
            count, skip, filters, user_id, refinements, item_id,
        )  # fmt: skip
        answer: ListT_co = self._ask(asked)
        return answer

    def picks(
        self,
        user_id: str | None = None,
        *,
        session_id: str | None = None,
        count: int | None = None,
        skip: int | None = None,
        filters: Mapping[str, FilterValues] | None = None,
        algo_type: str | None = None,
        channel_id: str | None = None,
        catalog_id: str | None = None,
        modeling: str | None = None,
        refinements: str | Sequence[str] = (),
        params: Params = (),
    ) -> ListT_co:
        """Return picks for a user, or for an anonymous session.

        The arguments are those of `irclient.queries.Picks`.
        """
        asked = (
            Picks, type(count), type(skip), modeling, channel_id, catalog_id, params, count, skip,
            filters, user_id, refinements, algo_type, session_id,
        )  # fmt: skip
        answer: ListT_co = self._ask(asked)
        return answer

    def personalize(
        self,
        user_id: str,
        candidates: Sequence[str],
        *,
        channel_id: str | None = None,
        catalog_id: str | None = None,
        modeling: str | None = None,
        params: Params = (),
    ) -> ListT_co:
        """Return the given items ranked for a user, likeliest first.

        The arguments are those of `irclient.queries.Personalize`.
        """
        asked = (Personalize, modeling, channel_id, catalog_id, params, user_id, candidates)
        answer: ListT_co = self._ask(asked)
        return answer

    def selectors(
        self,
        item_id: str,
        *,
        algo_type: str | None = None,
        channel_id: str | None = None,
        catalog_id: str | None = None,
        modeling: str | None = None,
        params: Params = (),
    ) -> SelectorsT_co:
        """Return the filters that apply to the items visually similar to one.

        The arguments are those of `irclient.queries.ItemSelectors`.
        """
        asked = (ItemSelectors, modeling, channel_id, catalog_id, params, item_id, algo_type)
        answer: SelectorsT_co = self._ask(asked)
        return answer
