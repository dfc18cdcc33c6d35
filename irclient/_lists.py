"""The recommendation lists, said once for both clients.

Each method builds a query and hands it to `fetch`, which returns the answer in `IRClient` and
an awaitable of it in `AsyncIRClient`; so the two cannot differ in a name, a default or a word.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Generic, TypeVar, overload

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

    from irclient.filters import FilterValues
    from irclient.queries import (
        ListQuery,
        Params,
    )

__all__ = ["Lists"]

ListT_co = TypeVar("ListT_co", covariant=True)
SelectorsT_co = TypeVar("SelectorsT_co", covariant=True)


class Lists(ABC, Generic[ListT_co, SelectorsT_co]):
    """One method for each operation of the service; each raises one `IRError` or answers."""

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
        return self.fetch(
            New(
                count=count,
                skip=skip,
                filters=filters,
                user_id=user_id,
                channel_id=channel_id,
                catalog_id=catalog_id,
                modeling=modeling,
                refinements=refinements,
                params=params,
            )
        )

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
        return self.fetch(
            Popular(
                count=count,
                skip=skip,
                filters=filters,
                user_id=user_id,
                channel_id=channel_id,
                catalog_id=catalog_id,
                modeling=modeling,
                refinements=refinements,
                params=params,
            )
        )

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
        return self.fetch(
            Trending(
                count=count,
                skip=skip,
                filters=filters,
                user_id=user_id,
                channel_id=channel_id,
                catalog_id=catalog_id,
                modeling=modeling,
                refinements=refinements,
                params=params,
            )
        )

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
        return self.fetch(
            Similar(
                item_id,
                count=count,
                skip=skip,
                filters=filters,
                algo_type=algo_type,
                user_id=user_id,
                session_id=session_id,
                channel_id=channel_id,
                catalog_id=catalog_id,
                modeling=modeling,
                refinements=refinements,
                params=params,
            )
        )

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
        return self.fetch(
            Cart(
                item_ids,
                count=count,
                skip=skip,
                filters=filters,
                user_id=user_id,
                channel_id=channel_id,
                catalog_id=catalog_id,
                modeling=modeling,
                refinements=refinements,
                params=params,
            )
        )

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
        return self.fetch(
            BoughtTogether(
                item_id,
                count=count,
                skip=skip,
                filters=filters,
                user_id=user_id,
                channel_id=channel_id,
                catalog_id=catalog_id,
                modeling=modeling,
                refinements=refinements,
                params=params,
            )
        )

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
        return self.fetch(
            Picks(
                user_id,
                session_id=session_id,
                count=count,
                skip=skip,
                filters=filters,
                algo_type=algo_type,
                channel_id=channel_id,
                catalog_id=catalog_id,
                modeling=modeling,
                refinements=refinements,
                params=params,
            )
        )

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
        return self.fetch(
            Personalize(
                user_id,
                candidates,
                channel_id=channel_id,
                catalog_id=catalog_id,
                modeling=modeling,
                params=params,
            )
        )

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
        return self.fetch(
            ItemSelectors(
                item_id,
                algo_type=algo_type,
                channel_id=channel_id,
                catalog_id=catalog_id,
                modeling=modeling,
                params=params,
            )
        )
