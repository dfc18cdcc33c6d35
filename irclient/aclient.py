"""`AsyncIRClient`: the client for asyncio and trio tasks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import ExitStack, aclosing
from functools import partial
from typing import TYPE_CHECKING, Literal, Self, cast, overload

from irclient._clients.async_list_methods import AsyncListMethods
from irclient._clients.base import ClientBase, ListQueryT
from irclient._runtime.deferred import Deferred, load
from irclient.errors import IRError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence

    import httpx

    from irclient import transports
    from irclient._core import paging
    from irclient._core.paging import Pager
    from irclient._core.protocol import Call, NotStarted
    from irclient._display import progress as progress_bars
    from irclient._drivers import tasks
    from irclient._drivers.each_on_tasks import EachOnTasks
    from irclient._drivers.observing import TellRecords
    from irclient.observe import Observer
    from irclient.queries import ItemSelectors, ListQuery, Personalize
    from irclient.readiness import Readiness
    from irclient.results import Answer, RecommendationList, RecommendedItem, Selectors
    from irclient.topology import ServiceEndpoint
else:
    tasks = Deferred("irclient._drivers.tasks")
    paging = Deferred("irclient._core.paging")
    progress_bars = Deferred("irclient._display.progress")
    transports = Deferred("irclient.transports")

__all__ = ["AsyncIRClient"]


class AsyncIRClient(ClientBase["httpx.AsyncBaseTransport"], AsyncListMethods):
    """Fetches recommendation lists, and keeps them coming when an account does not answer.

    One client serves a whole process: any number of tasks may use it, it may be made before
    there is a loop and outlive several, and it holds no connection until its first call.

    Args:
        endpoints: A `ServiceEndpoint`, a `Pair`, a list of them, the home region first, or a
            `TrafficSplit` of any of these.
        credential: A `KeyVaultCredential`, a `StaticToken`, or anything with azure-core's
            `get_token`.
        settings: How to behave; as by default when left out.
        fallback: What to answer when nothing else can; without one a call that finds no answer
            raises.
        store: Where answers are kept; in this process when left out.
        transport: Any `httpx.AsyncBaseTransport`; the client's own when left out. One that is
            passed in is never closed here.
        observers: Each is called with each record of what happened.
        fleet: The processes with which it shares the TPS of its endpoints: an
            `irclient.fleet.RedisFleet`, or another `irclient.fleet.Fleet`.

    Raises:
        ConfigurationError: An argument cannot be used; nothing was sent.
    """

    _transport_kind = "AsyncBaseTransport"

    @staticmethod
    def _make_transport(*, ca_file: str | None = None) -> httpx.AsyncBaseTransport:
        return transports.default_async_transport(ca_file=ca_file)

    def _make_driver(
        self, transport: httpx.AsyncBaseTransport, observers: Sequence[Observer]
    ) -> TellRecords:
        load(paging, progress_bars)
        self._driver = tasks.TaskDriver(transport, observers)
        return self._driver.tell

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
            IRError: No answer; its kind says who must act (`irclient.errors`).
        """
        found = self._cached_answer(query)
        return await self._driver.run(self._begin(query)) if found is None else found

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
    ) -> list[RecommendationList] | list[RecommendationList | IRError]:
        """Answer many queries at once; the answers keep the order of the queries.

        Args:
            queries: Values of `irclient.queries`.
            concurrency: How many to ask at a time; a moderate number when left out.
            progress: True shows a progress bar (extra ``progress``); a callable is called with
                how many are done and how many there are.
            return_errors: Put each error in its query's place, instead of raising the first.

        Raises:
            IRError: The first error, unless `return_errors`; queries not yet sent are dropped. Its
                note says how many were answered by then: `fetch_each` hands them out.
        """
        at_a_time = self._at_a_time(concurrency)
        asked = list(queries)
        answers: list[RecommendationList | IRError | None] = [None] * len(asked)
        each = self._driver.run_each(self._begin_many(asked), concurrency=at_a_time)
        many = progress_bars.ManyAnswered(len(asked))
        async with aclosing(each):
            with progress_bars.progress_of(progress, len(asked)) as done, many as answered:
                async for place, outcome in each:
                    answers[place] = answered.take(outcome, return_errors=return_errors)
                    done()
        return cast("list[RecommendationList | IRError]", answers)

    def fetch_each(
        self,
        queries: Iterable[ListQueryT],
        *,
        concurrency: int | None = None,
        progress: bool | Callable[[int, int | None], None] = False,
    ) -> AsyncIterator[tuple[ListQueryT, RecommendationList | IRError]]:
        """Ask many queries, and yield each with its answer, or its error, as they come.

        Leaving the loop cancels what is under way; ``contextlib.aclosing`` also waits for that.

        Args:
            queries: Values of `irclient.queries`; each is taken when there is room for it, so
                their number may be unlimited.
            concurrency: How many to ask at a time; a moderate number when left out.
            progress: True shows a progress bar (extra ``progress``); a callable is called with
                how many are done and how many there are, or None where that is not known.

        Raises:
            QueryError: One of the queries is none.
        """
        each = self._driver.run_each(
            self._begin_each(queries), concurrency=self._at_a_time(concurrency)
        )
        return (
            each if progress is False else _Shown(each, progress, progress_bars.length_of(queries))
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
        pager = paging.Pager(query, page_size=page_size, endpoints=self._state.endpoints_for(query))
        return _Pages(pager, partial(self._answer, usually="batch"))

    def items(self, query: ListQuery, *, page_size: int = 50) -> AsyncIterator[RecommendedItem]:
        """Read the items of a list, page by page as they are needed; see `pages`."""
        return _Items(self.pages(query, page_size=page_size))

    async def warm_up(self, timeout: float = 10.0, *, strict: bool = False) -> Readiness:  # noqa: ASYNC109  (also ends what runs on threads)
        """Fetch the token, and open a connection to each account that calls go to first.

        For the start of a process: its first calls then take no longer than others. Each preferred
        account is asked for one item, and its pair where it does not answer. Nothing stops the
        process from starting: what could not be had is looked for again by the first calls, and by
        `readiness`.

        Args:
            timeout: The most seconds that it may take.
            strict: Raise the first error instead.

        Returns:
            How ready the client is by then.

        Raises:
            IRError: With `strict`, why a token or an answer could not be had.
            ConfigurationError: `timeout` is no number of seconds.
        """
        begin = self._begin_warm_up(timeout)
        try:
            await self._driver.run(begin)
        except IRError:
            if strict:
                raise
        return self.readiness()

    def _in_background(self, begin: Callable[[float], Call[None]]) -> NotStarted | None:
        return self._driver.spawn_from_anywhere(begin)

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
        *,
        usually: Literal["interactive", "batch"] = "interactive",
    ) -> RecommendationList | Selectors:
        return await self._driver.run(self._begin(query, endpoints, usually=usually))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *raised: object) -> None:
        await self.aclose()


class _Shown(AsyncIterator[tuple[ListQueryT, "RecommendationList | IRError"]]):
    """Answers as they come, with their progress; dropped or closed, it ends what it shows."""

    def __init__(
        self,
        each: EachOnTasks[ListQueryT, RecommendationList],
        progress: bool | Callable[[int, int | None], None],  # noqa: FBT001  (as the client's own)
        total: int | None,
    ) -> None:
        self._each = each
        self._stack = ExitStack()
        self._done = self._stack.enter_context(progress_bars.progress_of(progress, total))

    async def __anext__(self) -> tuple[ListQueryT, RecommendationList | IRError]:
        try:
            found = await anext(self._each)
            self._done()
        except BaseException:
            await self.aclose()
            raise
        return found

    async def aclose(self) -> None:
        """End what is under way."""
        self._stack.close()
        await self._each.aclose()


class _Pages(AsyncIterator["RecommendationList"]):
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


class _Items(AsyncIterator["RecommendedItem"]):
    def __init__(self, pages: AsyncIterator[RecommendationList]) -> None:
        self._pages = pages
        self._page: Iterator[RecommendedItem] = iter(())

    async def __anext__(self) -> RecommendedItem:
        while True:
            for item in self._page:
                return item
            self._page = iter(await anext(self._pages))
