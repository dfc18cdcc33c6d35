"""The base of both clients: all that they do alike, which is everything but how a call is run."""

from __future__ import annotations

import time
from abc import abstractmethod
from dataclasses import fields, replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, TypeVar, cast

from irclient._clients.configured import ConfiguredClient
from irclient._clients.parts import TransportT
from irclient._runtime.deferred import Deferred, hold_imported, load
from irclient.deadlines import deadline_at, seconds_of
from irclient.errors import ConfigurationError, QueryError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import timedelta

    from irclient import observe
    from irclient._clients import assembly, options
    from irclient._clients.parts import ClientParts
    from irclient._clients.watched import WatchedState
    from irclient._core import cached_answer, readying
    from irclient._core.identity import KnownQueries
    from irclient._core.protocol import Call, NotStarted
    from irclient._core.state import ClientState
    from irclient._drivers import batch
    from irclient._drivers.batch import Begin
    from irclient._drivers.observing import TellRecords
    from irclient.cache import Cache
    from irclient.health import HealthSnapshot
    from irclient.instrument import Instrument
    from irclient.observe import Observer
    from irclient.queries import ListQuery, Personalize, Query
    from irclient.readiness import Readiness
    from irclient.results import Answer, RecommendationList, Selectors
    from irclient.settings import (
        Caching,
        Fallback,
        Hedging,
        Retries,
        Settings,
        Throttling,
        Timeouts,
    )
    from irclient.split import Split
    from irclient.stats import Stats
    from irclient.topology import ServiceEndpoint
else:
    assembly = Deferred("irclient._clients.assembly")
    batch = Deferred("irclient._drivers.batch")
    cached_answer = Deferred("irclient._core.cached_answer")
    readying = Deferred("irclient._core.readying")
    observe = Deferred("irclient.observe")
    options = Deferred("irclient._clients.options")

__all__ = ["ClientBase", "ListQueryT"]

ListQueryT = TypeVar("ListQueryT", bound="ListQuery | Personalize")


class ClientBase(ConfiguredClient[TransportT]):
    """The state and the settings of a client; a client adds its driver, and how it waits."""

    _parts: ClientParts[TransportT]
    _state: ClientState
    _settings: Settings
    #: The same, for calls.
    _plain_settings: Settings
    _options: options.Options
    _fallback: Fallback | None
    _known_queries: KnownQueries
    #: What requests go through; ours to close only if we made it.
    _transport: TransportT
    _transport_kind: ClassVar[Literal["BaseTransport", "AsyncBaseTransport"]]
    _instruments: tuple[Instrument, ...]
    #: How they are told of a call; set where there are any.
    _told_of: Callable[..., Callable[[float], Call[Answer]]]
    #: For as long as it is held, observers may look at it.
    _watched: WatchedState | None
    #: Hands records to the observers.
    _tell: TellRecords
    #: The one endpoint that is asked, of a copy that `at` returned.
    _only: tuple[ServiceEndpoint, ...] | None

    @abstractmethod
    def _make_driver(self, transport: TransportT, observers: Sequence[Observer]) -> TellRecords:
        """Make the driver, and return how it hands records to the observers."""

    @classmethod
    def _made_beside(
        cls, parts: ClientParts[TransportT], own_transport: TransportT | None, other: object
    ) -> Self:
        if not isinstance(other, ClientBase):
            raise ConfigurationError(f"beside must be a client, got {other!r}")
        # Needed by one type checker, and redundant to the other.
        beside = cast("ClientBase[Any]", other)  # type: ignore[redundant-cast]
        theirs, own = beside._parts, parts.settings.throttling  # noqa: SLF001
        if theirs.endpoints != parts.endpoints or theirs.settings.throttling != own:
            raise ConfigurationError(
                "beside must be a client of the same endpoints and throttling; make both of one "
                f"configuration, got {other!r}"
            )
        client = object.__new__(cls)
        client._put_together(parts, beside)
        client._own_transport = own_transport
        return client

    def _put_together(
        self, parts: ClientParts[TransportT], beside: ClientBase[Any] | None = None
    ) -> None:
        """Check what the client is made of, and make what its calls share, or share it."""
        load(batch, cached_answer, observe, options, readying)
        assembly.check_transport(parts.transport, self._transport_kind)
        assembly.check_fallback(parts.fallback)
        if beside is None:
            self._state = assembly.assemble(
                parts.endpoints,
                parts.credential,
                parts.settings,
                parts.store,
                parts.observers,
                fleet=parts.fleet,
            )
        else:
            self._state = beside._state  # noqa: SLF001  (a client, as this is)
        self._parts, self._fallback = parts, parts.fallback
        self._settings, self._options = parts.settings, options.Options(parts.settings)
        self._plain_settings = self._options.for_calls(parts.settings)
        self._known_queries = self._state.memory.known_queries
        self._priority = self._only = None
        self._own_transport = self._make_transport() if parts.transport is None else None
        # Not `or`: what a user passes in may have a length, and so be false.
        self._transport = (
            cast("TransportT", self._own_transport) if parts.transport is None else parts.transport
        )
        self._tell = self._make_driver(self._transport, parts.observers)
        hold_imported()
        self._instruments, self._watched = (), None
        if parts.observers:
            # Loaded here: most clients have none.
            from irclient._clients.watched import WatchedState, instruments_of  # noqa: PLC0415

            self._instruments = instruments_of(parts.observers)
            if self._instruments:
                from irclient._clients import instrumented  # noqa: PLC0415

                self._told_of = instrumented.instrumented
                if len(parts.observers) == 1:
                    self._told_of = partial(
                        instrumented.instrumented_alone, self._state.new_call_id
                    )
            # What both share is looked at once.
            self._watched = None if beside is None else beside._watched  # noqa: SLF001  (as above)
            if self._watched is None:
                self._watched = WatchedState(self._state, parts.observers)

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
        priority: Literal["interactive", "batch"] | None = None,
    ) -> Self:
        """Return a light copy with other settings, which shares everything with this client.

        What all copies share cannot be changed in one of them: ``throttling.share`` and
        ``adaptive``, the budget of ``retries``, and how much memory ``caching`` may take. Left
        out of a group, they are the client's own.

        Args:
            deadline: Seconds for each whole call.
            timeouts: All timeouts.
            retries: How often to try again.
            throttling: How to stay under the TPS.
            caching: How long an answer may be used again.
            hedging: Whether to race a slow call.
            fallback: What to answer when nothing else can; an empty one,
                ``Fallback(queries=())``, turns it off.
            priority: Who is given a slot first: ``"interactive"`` calls, for which somebody
                waits, before ``"batch"`` calls, which wait for theirs as long as it takes and
                whose deadline begins with it.

        Raises:
            ConfigurationError: An option cannot be used, or is not the copy's to change.
        """
        again = object.__new__(type(self))
        vars(again).update(vars(self))
        again._settings = self._options.applied(
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
        again._plain_settings = self._options.for_calls(again._settings)
        assembly.check_fallback(fallback)
        assembly.check_priority(priority)
        again._fallback = fallback or self._fallback
        again._priority = priority or self._priority
        return again

    def at(self, label: str) -> Self:
        """Return a light copy that asks one endpoint alone, each time, and never fails over.

        For comparing accounts, or looking at one of them. It shares the connections, the token
        and the allowance with this client, and uses neither memory, hedges nor the fallback.

        Args:
            label: The endpoint, ``account/name``; an account that has only one will do.

        Raises:
            ConfigurationError: The client has no such endpoint.
        """
        found = {each.label: each for flat in self._state.variants.values() for each in flat}
        only = tuple(each for each in found.values() if label in {each.label, each.account})
        if len(only) != 1:
            known = ", ".join(found)
            raise ConfigurationError(f"at: there is no endpoint {label!r}; known are {known}")
        again = object.__new__(type(self))
        vars(again).update(vars(self))
        again._only = only
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
        if self._state.split is None:
            raise ConfigurationError("this client has no variants; make it with a TrafficSplit")
        return self._state.split

    def health(self) -> HealthSnapshot:
        """Return how each endpoint that this client asks is doing."""
        snapshot = self._state.snapshot(time.monotonic())
        if self._only is None:
            return snapshot
        return type(snapshot)((snapshot[self._only[0].label],))

    def readiness(self) -> Readiness:
        """Return whether a call could be answered by the service now; reads memory only.

        What it finds missing is looked for in the background: a token is fetched, and endpoints
        that fail are asked every few seconds, with one small request each, until they answer. The
        preferred endpoint is asked as well when it has answered nothing for two seconds. This
        ends a minute after readiness was last asked for; an orchestrator's probe keeps it up.
        """
        state, now = self._state, time.monotonic()
        if readying.needs_watch(state, now) and state.watch.begin(now):
            refused = self._in_background(partial(readying.watch, state, self._settings))
            if refused is not None:
                state.watch.end()
        return readying.readiness(state, now)

    @abstractmethod
    def _in_background(self, begin: Callable[[float], Call[None]]) -> NotStarted | None:
        """Drive a call in the background, or say why that cannot be."""

    def _begin_warm_up(self, timeout: object) -> Callable[[float], Call[None]]:
        within = seconds_of("timeout", timeout)
        begin = partial(readying.warm_up, self._state, self._settings, within=within)
        if self._instruments:
            from irclient._clients.instrumented import instrumented  # noqa: PLC0415

            return instrumented(begin, self._instruments, "warm_up")
        return begin

    def stats(self) -> Stats:
        """Return what the client has done since it was made, counted."""
        counted, fleet = self._state.count_up(time.monotonic()), self._parts.fleet
        return counted if fleet is None else replace(counted, fleet=fleet.stats())

    def _begin(
        self,
        query: Query,
        endpoints: Sequence[ServiceEndpoint] | None = None,
        *,
        usually: Literal["interactive", "batch"] = "interactive",
    ) -> Callable[[float], Call[RecommendationList | Selectors]]:
        try:
            begin = assembly.begin_call(
                query,
                self._state,
                self._plain_settings,
                endpoints=self._only or endpoints,
                fallback=self._fallback,
                priority=self._priority or usually,
                ends_by=deadline_at(),
            )
        except QueryError:
            self._note_refusal("fetch")
            raise
        if self._instruments:
            begin = self._told_of(begin, self._instruments, query.operation)
        return cast("Callable[[float], Call[RecommendationList | Selectors]]", begin)

    @staticmethod
    def _at_a_time(concurrency: int | None) -> int:
        """Return how many calls to make at a time, when that many were asked for."""
        return assembly.calls_at_a_time(concurrency)

    def _begin_each(
        self, queries: Iterable[ListQueryT]
    ) -> Iterator[tuple[ListQueryT, Begin[RecommendationList]]]:
        """Yield each query and how to begin it, or its answer, as they are asked for."""
        for query in queries:
            begin = self._begin(query, usually="batch")
            found = self._cached_answer(query)
            yield (
                query,
                cast("Begin[RecommendationList]", begin if found is None else batch.Ready(found)),
            )

    def _begin_many(
        self, queries: Sequence[ListQuery | Personalize]
    ) -> Iterator[tuple[int, Begin[RecommendationList]]]:
        """Check all queries; then yield the place of each and how to begin it."""
        for query in queries:
            assembly.check_query(query)
        return enumerate(begin for _, begin in self._begin_each(queries))

    def _note_refusal(self, operation: str) -> None:
        """Count a call that ends in a `QueryError` of our own, and tell the observers."""
        state, now = self._state, time.monotonic()
        state.stats.count_error("QueryError")
        if state.has_observers:
            ended = observe.CallEnded(
                at=now,
                call_id=state.new_call_id(),
                operation=operation,
                endpoint=None,
                attempts=0,
                elapsed=0.0,
                error="QueryError",
            )
            self._tell(ended)

    def _cached_answer(self, query: Query) -> RecommendationList | Selectors | None:
        """Return the answer in memory if that is all that there is to do, else None."""
        if self._only is not None:
            return None
        now, state = time.monotonic(), self._state
        answer = cached_answer.cached_answer(query, state, self._plain_settings, now)
        if answer is not None and state.has_observers:
            call_id = state.new_call_id()
            self._tell(*cached_answer.records_of(answer, query.operation, now, call_id=call_id))
        # A call of `cast` is a fortieth of the way of a cached answer.
        return answer  # type: ignore[return-value]

    def __reduce__(
        self,
    ) -> tuple[
        Callable[..., Self],
        tuple[
            ClientParts[TransportT],
            TransportT | None,
            Literal["interactive", "batch"] | None,
            str | None,
        ],
    ]:
        # What it was made of, without connections, tokens and what it has learned.
        parts = replace(
            self._parts,
            settings=self._settings,
            fallback=self._fallback,
            transport=self._transport,
        )
        assembly.check_picklable(
            self, {each.name: getattr(parts, each.name) for each in fields(parts)}
        )
        only = self._only[0].label if self._only else None
        return self._made_of, (parts, self._own_transport, self._priority, only)

    def __repr__(self) -> str:
        closed = " closed" if self._state.is_closed else ""
        return f"<{type(self).__name__}{closed}: {self.health()}>"
