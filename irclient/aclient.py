"""`AsyncIRClient`: the client for asyncio and trio tasks."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable
from typing import TYPE_CHECKING, Any, Literal, Self, cast, overload

import httpx

from irclient._assembly import (
    FETCH_MANY_AT_A_TIME,
    assemble,
    begin_call,
    changed,
    check_picklable,
    check_transport,
    split_of,
)
from irclient._core.paging import Pager
from irclient._drivers.tasks import TaskDriver
from irclient._lists import Lists
from irclient._progress import progress_of
from irclient.configuration import Configuration
from irclient.errors import QueryError
from irclient.results import RecommendationList, RecommendedItem, Selectors
from irclient.settings import Settings
from irclient.transports import default_async_transport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import timedelta
    from pathlib import Path
    from types import TracebackType

    from irclient._core.memory import Cache
    from irclient._core.splitting import Split
    from irclient._core.state import HealthSnapshot
    from irclient._core.stats import Stats
    from irclient.auth import Credential
    from irclient.errors import IRError
    from irclient.observe import Observer
    from irclient.queries import ItemSelectors, ListQuery, Personalize
    from irclient.results import Answer
    from irclient.settings import Caching, Fallback, Hedging, Retries, Throttling, Timeouts
    from irclient.stores import Store
    from irclient.topology import Endpoints, ServiceEndpoint
    from irclient.transports import Lanes

__all__ = ["AsyncIRClient"]


class AsyncIRClient(Lists[Awaitable[RecommendationList], Awaitable[Selectors]]):
    """Fetches recommendation lists, and keeps them coming when an account does not answer.

    One client serves a whole process: any number of tasks may use it, it may be made before
    there is a loop and outlive several, and it holds no connection until its first call.

    Args:
        endpoints: A `ServiceEndpoint`, a `Pair`, a list of them, the home region first, or a
            `TrafficSplit` of any of these.
        credential: A `KeyVaultCredential`, a `StaticToken`, or anything with azure-core's
            `get_token`.
        settings: How to behave.
        fallback: What to answer when nothing else can; without one a call that finds no answer
            raises.
        store: Where answers are kept; in this process when left out.
        transport: Any `httpx.AsyncBaseTransport`; the client's own when left out. One that is
            passed in is never closed here.
        observers: Each is called with each record of what happened.

    Raises:
        ConfigurationError: An argument cannot be used; nothing was sent.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        *,
        credential: Credential,
        settings: Settings = Settings(),  # noqa: B008  (frozen)
        fallback: Fallback | None = None,
        store: Store | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        observers: Sequence[Observer] = (),
    ) -> None:
        check_transport(transport, httpx.AsyncBaseTransport)
        self._state = assemble(endpoints, credential, settings, store, observers)
        self._settings = settings
        self._fallback = fallback
        self._parts: dict[str, Any] = {
            "endpoints": endpoints,
            "credential": credential,
            "store": store,
            "observers": observers,
        }
        self._own_transport = default_async_transport() if transport is None else None
        self._driver = TaskDriver(transport or cast("Any", self._own_transport), observers)

    @classmethod
    def from_env(cls, *, observers: Sequence[Observer] = ()) -> Self:
        """Make a client from the environment variables ``IRCLIENT_…``.

        Raises:
            ConfigurationError: A variable is missing or wrong; the message names it and the fix.
        """
        return cls._configured(Configuration.from_env(), observers)

    @classmethod
    def from_file(cls, path: str | Path, *, observers: Sequence[Observer] = ()) -> Self:
        """Make a client from a TOML file with the same schema as the environment's.

        Raises:
            ConfigurationError: A key is missing or wrong; the message names it and the fix.
        """
        return cls._configured(Configuration.from_file(path), observers)

    @classmethod
    def _configured(cls, configuration: Configuration, observers: Sequence[Observer]) -> Self:
        transport = default_async_transport(ca_file=configuration.ca_file)
        parts = {
            "endpoints": configuration.endpoints,
            "credential": configuration.credential,
            "settings": configuration.settings,
            "observers": observers,
            "transport": transport,
        }
        return cls._made_of(parts, transport)

    @classmethod
    def _made_of(cls, parts: dict[str, Any], own_transport: Lanes | None) -> Self:
        client = cls(**parts)
        client._own_transport = own_transport
        return client

    @overload
    async def fetch(self, query: ListQuery | Personalize) -> RecommendationList: ...
    @overload
    async def fetch(self, query: ItemSelectors) -> Selectors: ...
    async def fetch(
        self, query: ListQuery | Personalize | ItemSelectors
    ) -> RecommendationList | Selectors:
        """Answer one query.

        Args:
            query: A value of `irclient.queries`.

        Raises:
            IRError: The one error that says why there is no answer.
        """
        return cast("RecommendationList | Selectors", await self._answer(query))

    @overload
    async def fetch_many(
        self,
        queries: Iterable[ListQuery | Personalize],
        *,
        concurrency: int | None = None,
        progress: bool | Callable[[int, int], None] = False,
        return_errors: Literal[False] = False,
    ) -> list[RecommendationList]: ...
    @overload
    async def fetch_many(
        self,
        queries: Iterable[ListQuery | Personalize],
        *,
        concurrency: int | None = None,
        progress: bool | Callable[[int, int], None] = False,
        return_errors: bool,
    ) -> list[RecommendationList | IRError]: ...
    async def fetch_many(
        self,
        queries: Iterable[ListQuery | Personalize],
        *,
        concurrency: int | None = None,
        progress: bool | Callable[[int, int], None] = False,
        return_errors: bool = False,
    ) -> list[Any]:
        """Answer many queries at once; the answers keep the order of the queries.

        Args:
            queries: Values of `irclient.queries`.
            concurrency: How many to ask at a time; a moderate number when left out.
            progress: True shows a progress bar (extra ``progress``); a callable is called with
                how many are done and how many there are.
            return_errors: Put each error in its query's place, instead of raising the first.

        Raises:
            IRError: The first error, unless `return_errors`; queries not yet sent are dropped.
        """
        if concurrency is not None and concurrency < 1:
            raise QueryError(f"concurrency must be at least 1, got {concurrency!r}")
        begin = [
            begin_call(query, self._state, self._settings, fallback=self._fallback)
            for query in queries
        ]
        with progress_of(progress, len(begin)) as done:
            return await self._driver.run_many(
                begin,
                concurrency=concurrency or FETCH_MANY_AT_A_TIME,
                done=done,
                return_errors=return_errors,
            )

    def pages(self, query: ListQuery, *, page_size: int = 50) -> AsyncIterator[RecommendationList]:
        """Read a list page by page, from one account and one cooked data set.

        Args:
            query: The list; its `count` is the most items to read in all.
            page_size: Items to ask for at a time.

        Raises:
            UnexpectedAnswer: The list changed while it was read; start again.
            IRError: A page could not be had.
        """
        pager = Pager(query, page_size=page_size, endpoints=self._state.endpoints_for(query))
        return _Pages(pager, self._answer)

    def items(self, query: ListQuery, *, page_size: int = 50) -> AsyncIterator[RecommendedItem]:
        """Read the items of a list, page by page as they are needed; see `pages`."""
        return _Items(self.pages(query, page_size=page_size))

    def with_options(
        self,
        *,
        deadline: float | timedelta | None = None,
        timeouts: Timeouts | None = None,
        retries: Retries | None = None,
        throttling: Throttling | None = None,
        caching: Caching | None = None,
        hedging: Hedging | None = None,
        fallback: Fallback | None = None,
    ) -> Self:
        """Return a light copy with other settings, which shares everything with this client.

        Args:
            deadline: Seconds for each whole call.
            timeouts: All timeouts.
            retries: How often to try again.
            throttling: How to stay under the TPS.
            caching: How long an answer may be used again.
            hedging: Whether to race a slow call.
            fallback: What to answer when nothing else can.
        """
        again = object.__new__(type(self))
        vars(again).update(vars(self))
        again._settings = changed(
            self._settings,
            {
                "timeouts": timeouts,
                "retries": retries,
                "throttling": throttling,
                "caching": caching,
                "hedging": hedging,
            },
            deadline=deadline,
        )
        again._fallback = fallback or self._fallback
        return again

    @property
    def cache(self) -> Cache:
        """The client's memory, to make it forget: everything, a user, or an item."""
        return self._state.cache

    @property
    def split(self) -> Split:
        """The traffic split, to shift its weights while calls are made.

        Raises:
            ConfigurationError: The client was made without a `TrafficSplit`.
        """
        return split_of(self._state)

    def health(self) -> HealthSnapshot:
        """Return how each endpoint is doing."""
        return self._state.snapshot(time.monotonic())

    def stats(self) -> Stats:
        """Return what the client has done since it was made, counted."""
        return self._state.count_up()

    async def aclose(self) -> None:
        """Close the client and its copies; closing again does nothing."""
        self._state.is_closed = True
        try:
            await self._driver.aclose()
        finally:
            # Also where the block that is left was cancelled.
            if self._own_transport is not None:
                await self._own_transport.aclose()

    async def _answer(
        self,
        query: ListQuery | Personalize | ItemSelectors,
        endpoints: Sequence[ServiceEndpoint] | None = None,
    ) -> Answer:
        return await self._driver.run(
            begin_call(
                query,
                self._state,
                self._settings,
                endpoints=endpoints,
                fallback=self._fallback,
            )
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def __reduce__(self) -> tuple[Any, ...]:
        # What it was made of, without connections, tokens and what it has learned.
        parts = {**self._parts, "settings": self._settings, "fallback": self._fallback}
        parts["transport"] = self._driver.transport
        check_picklable(self, parts)
        return self._made_of, (parts, self._own_transport)

    def __repr__(self) -> str:
        closed = " closed" if self._state.is_closed else ""
        return f"<{type(self).__name__}{closed}: {self.health()}>"


class _Pages(AsyncIterator[RecommendationList]):
    """Not a generator: whoever leaves one half-way must close it, and nothing is held here."""

    def __init__(
        self,
        pager: Pager,
        answer: Callable[[ListQuery, Sequence[ServiceEndpoint]], Awaitable[Answer]],
    ) -> None:
        self._pager = pager
        self._answer = answer

    async def __anext__(self) -> RecommendationList:
        asked = self._pager.next_query()
        if asked is None:
            raise StopAsyncIteration
        page = cast("RecommendationList", await self._answer(asked, self._pager.endpoints))
        self._pager.take(asked, page)
        return page


class _Items(AsyncIterator[RecommendedItem]):
    def __init__(self, pages: AsyncIterator[RecommendationList]) -> None:
        self._pages = pages
        self._page: Iterator[RecommendedItem] = iter(())

    async def __anext__(self) -> RecommendedItem:
        while True:
            for item in self._page:
                return item
            self._page = iter(await anext(self._pages))
