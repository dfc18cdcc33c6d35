"""The list methods of `AsyncIRClient`; `make list-methods` writes them of the queries.

A query that was asked lately is looked up by its arguments, which costs less than to check them
again. The look-up stands in each method because handing the keywords on costs more than all of it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, overload

from irclient._runtime.deferred import Deferred
from irclient.errors import QueryError

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping, Sequence

    from irclient import queries
    from irclient._core.identity import KnownQueries
    from irclient.filters import FilterValues
    from irclient.queries import ItemSelectors, ListQuery, Params, Personalize
    from irclient.results import RecommendationList, Selectors
else:
    queries = Deferred("irclient.queries")

__all__ = ["AsyncListMethods"]


class AsyncListMethods(ABC):
    """One method for each operation of the service; each raises one `IRError` or answers."""

    #: What was asked lately.
    _known_queries: KnownQueries

    @overload
    async def fetch(self, query: ListQuery | Personalize) -> RecommendationList: ...
    @overload
    async def fetch(self, query: ItemSelectors) -> Selectors: ...
    @abstractmethod
    async def fetch(
        self, query: ListQuery | Personalize | ItemSelectors
    ) -> RecommendationList | Selectors:
        """Answer one query."""

    @abstractmethod
    def _note_refusal(self, operation: str) -> None:
        """Count a call whose arguments cannot be used, and tell the observers."""

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
    ) -> Coroutine[Any, Any, RecommendationList]:
        """Return items by release date, newest first.

        Source: contract 6.1, documented.

        Args:
            count: How many items to answer, at least 1; None leaves it to the service (25
                observed).
            skip: How many items of the ranked list to leave out first.
            filters: Filter names and the value or values to match.
            user_id: The user to rank for. On lists other than picks the documentation adds that
                "other flags" must be set, and never names them.
            channel_id: Only items that are assigned to this channel.
            catalog_id: Only items of this catalog within the channel.
            modeling: The modeling component to read; None leaves it to the endpoint, then the
                account.
            refinements: Names such as ``RemoveUserHistory``, sent comma-separated (inferred).
            params: Raw query parameters, sent as they are after the others: the way out for
                whatever an application knows its service to understand and this client does not.

        Returns:
            To be awaited: the list, best first; its `served` says where it came from.

        Raises:
            QueryError: An argument cannot be used; nothing was sent.
            IRError: No answer; its kind says who must act (`irclient.errors`).

        Example:
            >>> (await ir.new(count=3)).ids
            ['64701', '64702', '64703']
        """
        by_filters = None if filters is None else self._known_queries.lasting(filters)
        asked = (
            queries.New, type(count), type(skip), count, skip, by_filters, user_id, channel_id,
            catalog_id, modeling, refinements, params,
        )  # fmt: skip
        query = self._known_queries.find(asked)
        if query is None:
            try:
                query = queries.New(
                    count=count, skip=skip, filters=filters, user_id=user_id,
                    channel_id=channel_id, catalog_id=catalog_id, modeling=modeling,
                    refinements=refinements, params=params
                )  # fmt: skip
            except QueryError as problem:
                self._note_refusal("new")
                # Its message says it all: frames of ours would only hide the caller's.
                raise problem.with_traceback(None) from None
            self._known_queries.learn(asked, query)
        return self.fetch(query)

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
    ) -> Coroutine[Any, Any, RecommendationList]:
        """Return items with the most interactions over a look-back period.

        Source: contract 6.2, documented.

        Args:
            count: How many items to answer, at least 1; None leaves it to the service (25
                observed).
            skip: How many items of the ranked list to leave out first.
            filters: Filter names and the value or values to match.
            user_id: The user to rank for. On lists other than picks the documentation adds that
                "other flags" must be set, and never names them.
            channel_id: Only items that are assigned to this channel.
            catalog_id: Only items of this catalog within the channel.
            modeling: The modeling component to read; None leaves it to the endpoint, then the
                account.
            refinements: Names such as ``RemoveUserHistory``, sent comma-separated (inferred).
            params: Raw query parameters, sent as they are after the others: the way out for
                whatever an application knows its service to understand and this client does not.

        Returns:
            To be awaited: the list, best first; its `served` says where it came from.

        Raises:
            QueryError: An argument cannot be used; nothing was sent.
            IRError: No answer; its kind says who must act (`irclient.errors`).

        Example:
            >>> (await ir.popular(count=2, filters={"Category": "Clothing"})).ids
            ['64701', '64702']
        """
        by_filters = None if filters is None else self._known_queries.lasting(filters)
        asked = (
            queries.Popular, type(count), type(skip), count, skip, by_filters, user_id, channel_id,
            catalog_id, modeling, refinements, params,
        )  # fmt: skip
        query = self._known_queries.find(asked)
        if query is None:
            try:
                query = queries.Popular(
                    count=count, skip=skip, filters=filters, user_id=user_id,
                    channel_id=channel_id, catalog_id=catalog_id, modeling=modeling,
                    refinements=refinements, params=params
                )  # fmt: skip
            except QueryError as problem:
                self._note_refusal("popular")
                # Its message says it all: frames of ours would only hide the caller's.
                raise problem.with_traceback(None) from None
            self._known_queries.learn(asked, query)
        return self.fetch(query)

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
    ) -> Coroutine[Any, Any, RecommendationList]:
        """Return popular items, newer interactions weighing more.

        Source: contract 6.3, documented.

        Args:
            count: How many items to answer, at least 1; None leaves it to the service (25
                observed).
            skip: How many items of the ranked list to leave out first.
            filters: Filter names and the value or values to match.
            user_id: The user to rank for. On lists other than picks the documentation adds that
                "other flags" must be set, and never names them.
            channel_id: Only items that are assigned to this channel.
            catalog_id: Only items of this catalog within the channel.
            modeling: The modeling component to read; None leaves it to the endpoint, then the
                account.
            refinements: Names such as ``RemoveUserHistory``, sent comma-separated (inferred).
            params: Raw query parameters, sent as they are after the others: the way out for
                whatever an application knows its service to understand and this client does not.

        Returns:
            To be awaited: the list, best first; its `served` says where it came from.

        Raises:
            QueryError: An argument cannot be used; nothing was sent.
            IRError: No answer; its kind says who must act (`irclient.errors`).

        Example:
            >>> (await ir.trending(count=2)).ids
            ['64701', '64702']
        """
        by_filters = None if filters is None else self._known_queries.lasting(filters)
        asked = (
            queries.Trending, type(count), type(skip), count, skip, by_filters, user_id,
            channel_id, catalog_id, modeling, refinements, params,
        )  # fmt: skip
        query = self._known_queries.find(asked)
        if query is None:
            try:
                query = queries.Trending(
                    count=count, skip=skip, filters=filters, user_id=user_id,
                    channel_id=channel_id, catalog_id=catalog_id, modeling=modeling,
                    refinements=refinements, params=params
                )  # fmt: skip
            except QueryError as problem:
                self._note_refusal("trending")
                # Its message says it all: frames of ours would only hide the caller's.
                raise problem.with_traceback(None) from None
            self._known_queries.learn(asked, query)
        return self.fetch(query)

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
    ) -> Coroutine[Any, Any, RecommendationList]:
        """Return items similar to one item.

        Source: contract 6.4, documented.

        Args:
            item_id: The seed. May be an image id with `AlgoType.VISUAL` (documented scenario,
                inferred path).
            count: How many items to answer, at least 1; None leaves it to the service (25
                observed).
            skip: How many items of the ranked list to leave out first.
            filters: Filter names and the value or values to match.
            algo_type: The algorithm; None asks for "People Also", the service's own choice.
            user_id: The user to rank for. On lists other than picks the documentation adds that
                "other flags" must be set, and never names them.
            session_id: An anonymous session. Asking with one records the view (seen in code).
            channel_id: Only items that are assigned to this channel.
            catalog_id: Only items of this catalog within the channel.
            modeling: The modeling component to read; None leaves it to the endpoint, then the
                account.
            refinements: Names such as ``RemoveUserHistory``, sent comma-separated (inferred).
            params: Raw query parameters, sent as they are after the others: the way out for
                whatever an application knows its service to understand and this client does not.

        Returns:
            To be awaited: the list, best first; its `served` says where it came from.

        Raises:
            QueryError: An argument cannot be used; nothing was sent.
            IRError: No answer; its kind says who must act (`irclient.errors`).

        Example:
            >>> (await ir.similar("64705", count=3)).ids
            ['64701', '64702', '64703']
        """
        by_filters = None if filters is None else self._known_queries.lasting(filters)
        asked = (
            queries.Similar, type(count), type(skip), item_id, count, skip, by_filters, algo_type,
            user_id, session_id, channel_id, catalog_id, modeling, refinements, params,
        )  # fmt: skip
        query = self._known_queries.find(asked)
        if query is None:
            try:
                query = queries.Similar(
                    item_id=item_id, count=count, skip=skip, filters=filters, algo_type=algo_type,
                    user_id=user_id, session_id=session_id, channel_id=channel_id,
                    catalog_id=catalog_id, modeling=modeling, refinements=refinements,
                    params=params
                )  # fmt: skip
            except QueryError as problem:
                self._note_refusal("similar")
                # Its message says it all: frames of ours would only hide the caller's.
                raise problem.with_traceback(None) from None
            self._known_queries.learn(asked, query)
        return self.fetch(query)

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
    ) -> Coroutine[Any, Any, RecommendationList]:
        """Return items that complete a cart.

        Source: contract 6.5, documented.

        Args:
            item_ids: The items in the cart, at least one. They travel comma-separated, so no id
                may hold a comma.
            count: How many items to answer, at least 1; None leaves it to the service (25
                observed).
            skip: How many items of the ranked list to leave out first.
            filters: Filter names and the value or values to match.
            user_id: The user to rank for. On lists other than picks the documentation adds that
                "other flags" must be set, and never names them.
            channel_id: Only items that are assigned to this channel.
            catalog_id: Only items of this catalog within the channel.
            modeling: The modeling component to read; None leaves it to the endpoint, then the
                account.
            refinements: Names such as ``RemoveUserHistory``, sent comma-separated (inferred).
            params: Raw query parameters, sent as they are after the others: the way out for
                whatever an application knows its service to understand and this client does not.

        Returns:
            To be awaited: the list, best first; its `served` says where it came from.

        Raises:
            QueryError: An argument cannot be used; nothing was sent.
            IRError: No answer; its kind says who must act (`irclient.errors`).

        Example:
            >>> (await ir.cart(["64705", "64709"], count=1)).ids
            ['64701']
        """
        by_filters = None if filters is None else self._known_queries.lasting(filters)
        asked = (
            queries.Cart, type(count), type(skip), self._known_queries.lasting(item_ids), count,
            skip, by_filters, user_id, channel_id, catalog_id, modeling, refinements, params,
        )  # fmt: skip
        query = self._known_queries.find(asked)
        if query is None:
            try:
                query = queries.Cart(
                    item_ids=item_ids, count=count, skip=skip, filters=filters, user_id=user_id,
                    channel_id=channel_id, catalog_id=catalog_id, modeling=modeling,
                    refinements=refinements, params=params
                )  # fmt: skip
            except QueryError as problem:
                self._note_refusal("cart")
                # Its message says it all: frames of ours would only hide the caller's.
                raise problem.with_traceback(None) from None
            self._known_queries.learn(asked, query)
        return self.fetch(query)

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
    ) -> Coroutine[Any, Any, RecommendationList]:
        """Return items frequently bought together with one item.

        Source: contract 6.6, documented in the preview, absent from the later reference, still
        answered in 2023 (seen in code).

        Args:
            item_id: The seed. ``items`` cannot be asked for: that path is the cart's.
            count: How many items to answer, at least 1; None leaves it to the service (25
                observed).
            skip: How many items of the ranked list to leave out first.
            filters: Filter names and the value or values to match.
            user_id: The user to rank for. On lists other than picks the documentation adds that
                "other flags" must be set, and never names them.
            channel_id: Only items that are assigned to this channel.
            catalog_id: Only items of this catalog within the channel.
            modeling: The modeling component to read; None leaves it to the endpoint, then the
                account.
            refinements: Names such as ``RemoveUserHistory``, sent comma-separated (inferred).
            params: Raw query parameters, sent as they are after the others: the way out for
                whatever an application knows its service to understand and this client does not.

        Returns:
            To be awaited: the list, best first; its `served` says where it came from.

        Raises:
            QueryError: An argument cannot be used; nothing was sent.
            IRError: No answer; its kind says who must act (`irclient.errors`).

        Example:
            >>> (await ir.bought_together("64705", count=2)).ids
            ['64701', '64702']
        """
        by_filters = None if filters is None else self._known_queries.lasting(filters)
        asked = (
            queries.BoughtTogether, type(count), type(skip), item_id, count, skip, by_filters,
            user_id, channel_id, catalog_id, modeling, refinements, params,
        )  # fmt: skip
        query = self._known_queries.find(asked)
        if query is None:
            try:
                query = queries.BoughtTogether(
                    item_id=item_id, count=count, skip=skip, filters=filters, user_id=user_id,
                    channel_id=channel_id, catalog_id=catalog_id, modeling=modeling,
                    refinements=refinements, params=params
                )  # fmt: skip
            except QueryError as problem:
                self._note_refusal("bought_together")
                # Its message says it all: frames of ours would only hide the caller's.
                raise problem.with_traceback(None) from None
            self._known_queries.learn(asked, query)
        return self.fetch(query)

    def picks(
        self,
        user_id: str | None = None,
        *,
        count: int | None = None,
        skip: int | None = None,
        filters: Mapping[str, FilterValues] | None = None,
        algo_type: str | None = None,
        session_id: str | None = None,
        channel_id: str | None = None,
        catalog_id: str | None = None,
        modeling: str | None = None,
        refinements: str | Sequence[str] = (),
        params: Params = (),
    ) -> Coroutine[Any, Any, RecommendationList]:
        """Return picks for a user, or for an anonymous session.

        Source: contract 6.7.

        Args:
            user_id: The user (documented as required, though callers with a session left it
                out).
            count: How many items to answer, at least 1; None leaves it to the service (25
                observed).
            skip: How many items of the ranked list to leave out first.
            filters: Filter names and the value or values to match.
            algo_type: `AlgoType.RECENT_PURCHASES` or `AlgoType.RECENT_VIEWS`, or None.
            session_id: The session, with `AlgoType.RECENT_VIEWS` (seen in code).
            channel_id: Only items that are assigned to this channel.
            catalog_id: Only items of this catalog within the channel.
            modeling: The modeling component to read; None leaves it to the endpoint, then the
                account.
            refinements: Names such as ``RemoveUserHistory``, sent comma-separated (inferred).
            params: Raw query parameters, sent as they are after the others: the way out for
                whatever an application knows its service to understand and this client does not.

        Returns:
            To be awaited: the list, best first; its `served` says where it came from.

        Raises:
            QueryError: An argument cannot be used; nothing was sent.
            IRError: No answer; its kind says who must act (`irclient.errors`).

        Example:
            >>> (await ir.picks("a-user", count=2)).ids
            ['64701', '64702']
        """
        by_filters = None if filters is None else self._known_queries.lasting(filters)
        asked = (
            queries.Picks, type(count), type(skip), user_id, count, skip, by_filters, algo_type,
            session_id, channel_id, catalog_id, modeling, refinements, params,
        )  # fmt: skip
        query = self._known_queries.find(asked)
        if query is None:
            try:
                query = queries.Picks(
                    user_id=user_id, count=count, skip=skip, filters=filters, algo_type=algo_type,
                    session_id=session_id, channel_id=channel_id, catalog_id=catalog_id,
                    modeling=modeling, refinements=refinements, params=params
                )  # fmt: skip
            except QueryError as problem:
                self._note_refusal("picks")
                # Its message says it all: frames of ours would only hide the caller's.
                raise problem.with_traceback(None) from None
            self._known_queries.learn(asked, query)
        return self.fetch(query)

    def personalize(
        self,
        user_id: str,
        candidates: Sequence[str],
        *,
        channel_id: str | None = None,
        catalog_id: str | None = None,
        modeling: str | None = None,
        params: Params = (),
    ) -> Coroutine[Any, Any, RecommendationList]:
        """Return the given items, ranked for a user, likeliest first.

        Source: contract 6.8, preview reference.

        Args:
            user_id: The user to rank for.
            candidates: The ids of the items to rank, at least one. They travel in a JSON body.
            channel_id: Only items that are assigned to this channel.
            catalog_id: Only items of this catalog within the channel.
            modeling: The modeling component to read; None leaves it to the endpoint, then the
                account.
            params: Raw query parameters, sent as they are after the others: the way out for
                whatever an application knows its service to understand and this client does not.

        Returns:
            To be awaited: the items that were given, in another order.

        Raises:
            QueryError: An argument cannot be used; nothing was sent.
            IRError: No answer; its kind says who must act (`irclient.errors`).

        Example:
            >>> (await ir.personalize("a-user", ["7", "8"])).ids
            ['7', '8']
        """
        try:
            query = queries.Personalize(
                user_id=user_id, candidates=candidates, channel_id=channel_id,
                catalog_id=catalog_id, modeling=modeling, params=params
            )  # fmt: skip
        except QueryError as problem:
            self._note_refusal("personalize")
            raise problem.with_traceback(None) from None
        return self.fetch(query)

    def selectors(
        self,
        item_id: str,
        *,
        algo_type: str | None = None,
        channel_id: str | None = None,
        catalog_id: str | None = None,
        modeling: str | None = None,
        params: Params = (),
    ) -> Coroutine[Any, Any, Selectors]:
        """Return the filters that apply to the list of items visually similar to one.

        Source: contract 6.9.

        Args:
            item_id: The seed.
            algo_type: As for `Similar`.
            channel_id: Only items that are assigned to this channel.
            catalog_id: Only items of this catalog within the channel.
            modeling: The modeling component to read; None leaves it to the endpoint, then the
                account.
            params: Raw query parameters, sent as they are after the others: the way out for
                whatever an application knows its service to understand and this client does not.

        Returns:
            To be awaited: the filters that apply, and the values that each can take.

        Raises:
            QueryError: An argument cannot be used; nothing was sent.
            IRError: No answer; its kind says who must act (`irclient.errors`).

        Example:
            >>> (await ir.selectors("64702"))[0].name
            'color'
        """
        asked = (
            queries.ItemSelectors, item_id, algo_type, channel_id, catalog_id, modeling, params,
        )  # fmt: skip
        query = self._known_queries.find(asked)
        if query is None:
            try:
                query = queries.ItemSelectors(
                    item_id=item_id, algo_type=algo_type, channel_id=channel_id,
                    catalog_id=catalog_id, modeling=modeling, params=params
                )  # fmt: skip
            except QueryError as problem:
                self._note_refusal("selectors")
                # Its message says it all: frames of ours would only hide the caller's.
                raise problem.with_traceback(None) from None
            self._known_queries.learn(asked, query)
        return self.fetch(query)
