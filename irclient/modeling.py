"""Modeling: the door to trigger a cooking and to wait for it, apart from the reading clients.

An App ID that may read lists may also trigger a cooking (contract section 13), and no reading
client has a way to do so: only a program that imports this module can.

A trigger goes to exactly one service endpoint and its account's modeling. The accounts of a
pair are cooked on their own: make a client for each.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import (
    TYPE_CHECKING,
    ClassVar,
    Final,
    Generic,
    Literal,
    Self,
    TypeAlias,
    TypeVar,
    cast,
)

from irclient._clients.assembly import assemble, check_transport
from irclient._clients.parts import TransportT
from irclient._core.cooking_guard import CookingGuard
from irclient._core.cooking_watch import CookingProgress, CookingWatch, KnownVersions, look
from irclient._core.triggering import Order, modeling_key, trigger
from irclient._display.progress import line_of
from irclient._drivers.blocking import BlockingDriver
from irclient._drivers.tasks import TaskDriver
from irclient._wire.cooking_trigger import Triggered
from irclient.errors import ConfigurationError, QueryError
from irclient.queries import ListQuery, Popular
from irclient.settings import Settings, Timeouts
from irclient.topology import ServiceEndpoint
from irclient.transports import default_async_transport, default_transport

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import httpx

    from irclient._core.protocol import Call
    from irclient.auth import Credential
    from irclient.instrument import Instrument
    from irclient.observe import Observer
    from irclient.results import RecommendationList

__all__ = ["AsyncModelingClient", "CookingProgress", "ModelingClient", "Triggered"]

#: No page waits for a trigger, and without an answer it is not known whether it was accepted.
_PATIENT: Final = Settings(timeouts=Timeouts(deadline=60.0, attempt=30.0, connect=5.0))
_POLL_EVERY: Final = 600.0
#: The longest cooking that was reported (contract section 12).
_LONGEST_COOKING: Final = 72 * 3600.0
_LIST: Final = Popular(count=1)

Duration: TypeAlias = float | timedelta
Progress: TypeAlias = "bool | Callable[[CookingProgress], object]"


ResultT = TypeVar("ResultT")


class _ModelingBase(ABC, Generic[TransportT]):
    """What both clients share: checked arguments, the guard, and the versions that were seen."""

    _transport_kind: ClassVar[Literal["BaseTransport", "AsyncBaseTransport"]]

    def __init__(
        self,
        endpoint: ServiceEndpoint,
        *,
        credential: Credential,
        settings: Settings = _PATIENT,
        transport: TransportT | None = None,
        observers: Sequence[Observer] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        check_transport(transport, self._transport_kind)
        if not isinstance(endpoint, ServiceEndpoint):
            raise ConfigurationError(
                "a cooking is triggered on one service endpoint, got "
                f"{type(endpoint).__name__}; make one client for each account"
            )
        if not callable(clock):
            raise ConfigurationError(f"clock must be callable, got {clock!r}")
        self._endpoint = endpoint
        self._settings = settings
        self._state = assemble(endpoint, credential, settings, None, observers)
        self._instruments: tuple[Instrument, ...] = ()
        if observers:
            # Loaded here: most clients have none.
            from irclient._clients.watched import WatchedState, instruments_of  # noqa: PLC0415

            self._instruments = instruments_of(observers)
            #: For as long as it is held, observers may look at it.
            self._watched = WatchedState(self._state, observers)
        self._clock = clock
        self._guard = CookingGuard()
        self._versions = KnownVersions()
        self._own_transport = self._make_transport() if transport is None else None
        # Not `or`: what a user passes in may have a length, and so be false.
        self._make_driver(
            cast("TransportT", self._own_transport) if transport is None else transport, observers
        )

    @staticmethod
    @abstractmethod
    def _make_transport() -> TransportT:
        """Make the client's own transport."""

    @abstractmethod
    def _make_driver(self, transport: TransportT, observers: Sequence[Observer]) -> None:
        """Make the driver."""

    def _begin_trigger(self, modeling: str | None) -> Callable[[float], Call[Triggered]]:
        order = Order(
            endpoint=self._endpoint,
            modeling=self._modeling(modeling),
            guard=self._guard,
            asked_at=self._clock(),
        )
        return self._told_of(partial(trigger, order, self._state, self._settings), "trigger")

    def _triggered(self, modeling: str | None) -> None:
        self._versions.triggered(modeling_key(self._modeling(modeling)))

    def _watch(
        self,
        query: ListQuery,
        modeling: str | None,
        newer_than: str | None,
        poll_every: Duration,
        timeout: Duration,
    ) -> CookingWatch:
        if not isinstance(query, ListQuery):
            raise QueryError(f"only a list shows a cooking, got {query!r}; try Popular(count=1)")
        modeling = self._modeling(modeling or query.modeling)
        every = _seconds("poll_every", poll_every)
        if every > _LONGEST_COOKING:
            raise ConfigurationError(
                "poll_every must be 72 hours at most, which is the longest that a cooking takes, "
                f"got {poll_every!r}"
            )
        known = self._versions.to_be_replaced(modeling_key(modeling))
        return CookingWatch(
            replace(query, modeling=modeling),
            newer_than=known if newer_than is None else newer_than,
            poll_every=every,
            timeout=_seconds("timeout", timeout),
        )

    def _begin_look(self, watch: CookingWatch) -> Callable[[float], Call[CookingProgress]]:
        begin = partial(look, watch, self._state, self._settings)
        return self._told_of(begin, watch.query.operation)

    def _told_of(
        self, begin: Callable[[float], Call[ResultT]], operation: str
    ) -> Callable[[float], Call[ResultT]]:
        if not self._instruments:
            return begin
        from irclient._clients.instrumented import instrumented  # noqa: PLC0415

        return instrumented(begin, self._instruments, operation)

    def _note(self, watch: CookingWatch, progress: CookingProgress) -> None:
        key = modeling_key(watch.query.modeling)
        self._versions.seen(key, progress.interactions_version)
        if progress.is_cooked:
            self._versions.replaced(key)

    def _modeling(self, modeling: str | None) -> str | None:
        if modeling is not None and (not isinstance(modeling, str) or not modeling.strip()):
            raise QueryError(
                f"modeling must be a str that is not blank, got {modeling!r}; leave it out for "
                "the endpoint's own"
            )
        return self._endpoint.modeling if modeling is None else modeling

    def __repr__(self) -> str:
        closed = " closed" if self._state.is_closed else ""
        return f"<{type(self).__name__}{closed}: {self._endpoint.label}>"


class ModelingClient(_ModelingBase["httpx.BaseTransport"]):
    """Triggers cookings on one service endpoint, and waits for them.

    It refuses here what the service's limits would refuse: more than one accepted trigger of a
    modeling in 30 minutes, and more than 5 in any 24 hours. It counts its own accepted triggers
    only, in memory; whether the service also counts refused ones is not known.

    Args:
        endpoint: The service endpoint.
        credential: As for `IRClient`.
        settings: As for `IRClient`; more patient ones when left out.
        transport: As for `IRClient`.
        observers: Each is called with each record of what happened.
        clock: What the limits are counted by: a callable that returns seconds.

    Raises:
        ConfigurationError: An argument cannot be used; nothing was sent.
    """

    _transport_kind = "BaseTransport"
    _make_transport = staticmethod(default_transport)

    def _make_driver(self, transport: httpx.BaseTransport, observers: Sequence[Observer]) -> None:
        self._driver = BlockingDriver(transport, observers)

    def trigger(self, modeling: str | None = None) -> Triggered:
        """Trigger a cooking; it runs for minutes to days after this returns.

        Args:
            modeling: The modeling component; the endpoint's own, else the account's default,
                when left out.

        Raises:
            Throttled: The limits are used up, here or at the service, or a cooking is under way.
            IRError: The trigger was not accepted; or no answer came, and the message says so.
        """
        triggered = self._driver.run(self._begin_trigger(modeling))
        self._triggered(modeling)
        return triggered

    def wait_until_cooked(
        self,
        query: ListQuery = _LIST,
        *,
        modeling: str | None = None,
        newer_than: str | None = None,
        poll_every: Duration = _POLL_EVERY,
        timeout: Duration = _LONGEST_COOKING,
        progress: Progress = False,
    ) -> RecommendationList:
        """Poll a list until it is served, from a new data set where the old one is known.

        The old one is known when it is given, or when this client saw it before its last
        accepted trigger. Otherwise, or where answers carry no version, a list that is served
        counts as cooked.

        Args:
            query: The list to poll.
            modeling: As for `trigger`.
            newer_than: The `interactions_version` of the data set that is to be replaced.
            poll_every: Seconds between two polls.
            timeout: Seconds for the whole wait.
            progress: True shows a line (extra ``progress``); a callable is called after each
                poll with a `CookingProgress`.

        Returns:
            The list, as the new data set serves it.

        Raises:
            DeadlineExceeded: The time ran out.
            IRError: No later poll could go better; failures that may pass are polled over.
        """
        watch = self._watch(query, modeling, newer_than, poll_every, timeout)
        with line_of(progress, "cooking") as show:
            while watch.answer is None:
                seen = self._driver.run(self._begin_look(watch))
                self._note(watch, seen)
                show(seen)
        return watch.answer

    def close(self) -> None:
        """Close the client; closing again does nothing."""
        self._state.is_closed = True
        self._driver.close(within=self._settings.timeouts.attempt, transport=self._own_transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()


class AsyncModelingClient(_ModelingBase["httpx.AsyncBaseTransport"]):
    """Triggers cookings on one service endpoint, and waits for them.

    As `ModelingClient`, for asyncio and trio tasks.

    Args:
        endpoint: The service endpoint.
        credential: As for `AsyncIRClient`.
        settings: As for `AsyncIRClient`; more patient ones when left out.
        transport: As for `AsyncIRClient`.
        observers: Each is called with each record of what happened.
        clock: What the limits are counted by: a callable that returns seconds.

    Raises:
        ConfigurationError: An argument cannot be used; nothing was sent.
    """

    _transport_kind = "AsyncBaseTransport"
    _make_transport = staticmethod(default_async_transport)

    def _make_driver(
        self, transport: httpx.AsyncBaseTransport, observers: Sequence[Observer]
    ) -> None:
        self._driver = TaskDriver(transport, observers)

    async def trigger(self, modeling: str | None = None) -> Triggered:
        """Trigger a cooking; it runs for minutes to days after this returns.

        Args:
            modeling: The modeling component; the endpoint's own, else the account's default,
                when left out.

        Raises:
            Throttled: The limits are used up, here or at the service, or a cooking is under way.
            IRError: The trigger was not accepted; or no answer came, and the message says so.
        """
        triggered = await self._driver.run(self._begin_trigger(modeling))
        self._triggered(modeling)
        return triggered

    async def wait_until_cooked(
        self,
        query: ListQuery = _LIST,
        *,
        modeling: str | None = None,
        newer_than: str | None = None,
        poll_every: Duration = _POLL_EVERY,
        timeout: Duration = _LONGEST_COOKING,  # noqa: ASYNC109  (one parameter in both clients)
        progress: Progress = False,
    ) -> RecommendationList:
        """Poll a list until it is served, from a new data set where the old one is known.

        The old one is known when it is given, or when this client saw it before its last
        accepted trigger. Otherwise, or where answers carry no version, a list that is served
        counts as cooked.

        Args:
            query: The list to poll.
            modeling: As for `trigger`.
            newer_than: The `interactions_version` of the data set that is to be replaced.
            poll_every: Seconds between two polls.
            timeout: Seconds for the whole wait.
            progress: True shows a line (extra ``progress``); a callable is called after each
                poll with a `CookingProgress`.

        Returns:
            The list, as the new data set serves it.

        Raises:
            DeadlineExceeded: The time ran out.
            IRError: No later poll could go better; failures that may pass are polled over.
        """
        watch = self._watch(query, modeling, newer_than, poll_every, timeout)
        with line_of(progress, "cooking") as show:
            while watch.answer is None:
                seen = await self._driver.run(self._begin_look(watch))
                self._note(watch, seen)
                show(seen)
        return watch.answer

    async def aclose(self) -> None:
        """Close the client; closing again does nothing."""
        self._state.is_closed = True
        await self._driver.aclose()
        if self._own_transport is not None:
            await self._own_transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *raised: object) -> None:
        await self.aclose()


def _seconds(what: str, given: Duration) -> float:
    seconds = given.total_seconds() if isinstance(given, timedelta) else given
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds > 0:
        raise ConfigurationError(f"{what} must be seconds above 0, got {given!r}")
    return float(seconds)
