"""`IRClient`: the client for threads."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Literal, Self, cast, overload

from irclient._clients.base import ClientBase
from irclient._clients.list_methods import ListMethods
from irclient._runtime.deferred import Deferred, load
from irclient.errors import IRError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

    import httpx

    from irclient import transports
    from irclient._clients.base import ListQueryT
    from irclient._core import paging
    from irclient._core.paging import Pager
    from irclient._core.protocol import Call, NotStarted
    from irclient._display import progress as progress_bars
    from irclient._drivers import blocking
    from irclient._drivers.observing import TellRecords
    from irclient.observe import Observer
    from irclient.queries import ItemSelectors, ListQuery, Personalize
    from irclient.readiness import Readiness
    from irclient.results import RecommendationList, RecommendedItem, Selectors
    from irclient.topology import ServiceEndpoint
else:
    blocking = Deferred("irclient._drivers.blocking")
    paging = Deferred("irclient._core.paging")
    progress_bars = Deferred("irclient._display.progress")
    transports = Deferred("irclient.transports")

__all__ = ["IRClient"]


class IRClient(ClientBase["httpx.BaseTransport"], ListMethods):
    """Fetches recommendation lists, and keeps them coming when an account does not answer.

    One client serves a whole process: any number of threads may use it, it may be made before
    a fork, and it holds no connection until its first call.

    Args:
        endpoints: A `ServiceEndpoint`, a `Pair`, a list of them, the home region first, or a
            `TrafficSplit` of any of these.
        credential: A `KeyVaultCredential`, a `StaticToken`, or anything with azure-core's
            `get_token`.
        settings: How to behave; as by default when left out.
        fallback: What to answer when nothing else can; without one a call that finds no answer
            raises.
        store: Where answers are kept; in this process when left out.
        transport: Any `httpx.BaseTransport`; the client's own when left out. One that is passed
            in is never closed here.
        observers: Each is called with each record of what happened.
        fleet: The processes with which it shares the TPS of its endpoints: an
            `irclient.fleet.RedisFleet`, or another `irclient.fleet.Fleet`.

    Raises:
        ConfigurationError: An argument cannot be used; nothing was sent.
    """

    _transport_kind = "BaseTransport"

    @staticmethod
    def _make_transport(*, ca_file: str | None = None) -> httpx.BaseTransport:
        return transports.default_transport(ca_file=ca_file)

    def _make_driver(
        self, transport: httpx.BaseTransport, observers: Sequence[Observer]
    ) -> TellRecords:
        load(paging, progress_bars)
        self._driver = blocking.BlockingDriver(transport, observers)
        return self._driver.tell

    @overload
    def fetch(self, query: ListQuery | Personalize) -> RecommendationList: ...
    @overload
    def fetch(self, query: ItemSelectors) -> Selectors: ...
    def fetch(
        self, query: ListQuery | Personalize | ItemSelectors
    ) -> RecommendationList | Selectors:
        """Answer one query.

        Args:
            query: A value of `irclient.queries`.

        Raises:
            IRError: No answer; its kind says who must act (`irclient.errors`).
        """
        found = self._cached_answer(query)
        return self._answer(query) if found is None else found

    @overload
    def fetch_many(
        self,
        queries: Iterable[ListQuery | Personalize],
        *,
        concurrency: int | None = None,
        progress: bool | Callable[[int, int], None] = False,
        return_errors: Literal[False] = False,
    ) -> list[RecommendationList]: ...
    @overload
    def fetch_many(
        self,
        queries: Iterable[ListQuery | Personalize],
        *,
        concurrency: int | None = None,
        progress: bool | Callable[[int, int], None] = False,
        return_errors: bool,
    ) -> list[RecommendationList | IRError]: ...
    def fetch_many(
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
        each = self._driver.run_each(
            self._begin_many(asked),
            concurrency=at_a_time,
            within=self._settings.timeouts.attempt,
        )
        with (
            closing(each),
            progress_bars.progress_of(progress, len(asked)) as done,
            progress_bars.ManyAnswered(len(asked)) as answered,
        ):
            for place, outcome in each:
                answers[place] = answered.take(outcome, return_errors=return_errors)
                done()
        return cast("list[RecommendationList | IRError]", answers)

    def fetch_each(
        self,
        queries: Iterable[ListQueryT],
        *,
        concurrency: int | None = None,
        progress: bool | Callable[[int, int | None], None] = False,
    ) -> Iterator[tuple[ListQueryT, RecommendationList | IRError]]:
        """Ask many queries, and yield each with its answer, or its error, as they come.

        Leaving the loop drops the rest, and waits for the requests under way, no longer than an
        attempt may take.

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
            self._begin_each(queries),
            concurrency=self._at_a_time(concurrency),
            within=self._settings.timeouts.attempt,
        )
        return (
            each if progress is False else _shown(each, progress, progress_bars.length_of(queries))
        )

    def pages(self, query: ListQuery, *, page_size: int = 50) -> Iterator[RecommendationList]:
        """Read a list page by page, from one account and one cooked data set.

        Args:
            query: The list; its `count` is the most items to read in all.
            page_size: Items to ask for at a time.

        Raises:
            UnexpectedAnswer: The list changed while it was read; start again.
            IRError: A page could not be had.
        """
        pager = paging.Pager(query, page_size=page_size, endpoints=self._state.endpoints_for(query))
        return self._pages(pager)

    def _pages(self, pager: Pager) -> Iterator[RecommendationList]:
        while (asked := pager.next_query()) is not None:
            page = cast("RecommendationList", self._answer(asked, pager.endpoints, usually="batch"))
            pager.take(asked, page)
            yield page

    def items(self, query: ListQuery, *, page_size: int = 50) -> Iterator[RecommendedItem]:
        """Read the items of a list, page by page as they are needed; see `pages`."""
        return (item for page in self.pages(query, page_size=page_size) for item in page)

    def warm_up(self, timeout: float = 10.0, *, strict: bool = False) -> Readiness:
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
            self._driver.run(begin)
        except IRError:
            if strict:
                raise
        return self.readiness()

    def _in_background(self, begin: Callable[[float], Call[None]]) -> NotStarted | None:
        return self._driver.spawn(begin)

    def close(self) -> None:
        """Close the client and its copies; closing again does nothing.

        What waits ends at once, and what runs in the background is waited for no longer than an
        attempt may take.
        """
        self._state.is_closed = True
        self._driver.close(within=self._settings.timeouts.attempt, transport=self._own_transport)

    def _answer(
        self,
        query: ListQuery | Personalize | ItemSelectors,
        endpoints: Sequence[ServiceEndpoint] | None = None,
        *,
        usually: Literal["interactive", "batch"] = "interactive",
    ) -> RecommendationList | Selectors:
        return self._driver.run(self._begin(query, endpoints, usually=usually))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()


def _shown(
    each: Generator[tuple[ListQueryT, RecommendationList | IRError]],
    progress: bool | Callable[[int, int | None], None],  # noqa: FBT001  (the client's own word)
    total: int | None,
) -> Generator[tuple[ListQueryT, RecommendationList | IRError]]:
    with closing(each), progress_bars.progress_of(progress, total) as done:
        for found in each:
            done()
            yield found
