"""What both clients are made of: arguments checked, shared state made, calls begun."""

from __future__ import annotations

import pickle
import random
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

from irclient._clients.worked_out import remember
from irclient._core.call import call
from irclient._core.priority import BATCH, INTERACTIVE
from irclient._core.state import ClientState
from irclient._values.part_of_a_request import part_of_a_request, processes_that_fit
from irclient.auth import token_source
from irclient.errors import ConfigurationError, QueryError
from irclient.queries import Query
from irclient.settings import Fallback, Settings
from irclient.stores import MemoryStore, Store
from irclient.transports.own import OwnAsyncTransport, OwnTransport
from irclient.worker_share import WorkerShare

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from irclient._core.allowance_protocol import Fleet
    from irclient._core.call_state import Noted
    from irclient._core.protocol import Call
    from irclient.auth import Credential
    from irclient.observe import Observer
    from irclient.results import Answer
    from irclient.settings import Caching
    from irclient.topology import Endpoints, ServiceEndpoint

__all__ = [
    "PriorityName",
    "assemble",
    "begin_call",
    "calls_at_a_time",
    "check_fallback",
    "check_picklable",
    "check_priority",
    "check_query",
    "check_transport",
]


#: Enough to use the TPS of a common pair at the latency of a common answer (100 ms).
_FETCH_MANY_AT_A_TIME: Final = 16

PriorityName: TypeAlias = Literal["interactive", "batch"]


def assemble(
    endpoints: Endpoints,
    credential: Credential,
    settings: Settings,
    store: Store | None,
    observers: Sequence[Observer],
    *,
    fleet: Fleet | None = None,
) -> ClientState:
    """Check a client's arguments and make the state that its calls share.

    Raises:
        ConfigurationError: One of them cannot be used.
    """
    if not isinstance(settings, Settings):
        raise ConfigurationError(f"settings must be a Settings, got {settings!r}")
    if store is not None and not isinstance(store, Store):
        raise ConfigurationError(
            f"store must have get, set, discard and a length (irclient.stores.Store), got {store!r}"
        )
    if not isinstance(observers, Sequence):
        raise ConfigurationError(f"observers must be a list of callables, got {observers!r}")
    for observer in observers:
        if not callable(observer):
            raise ConfigurationError(f"each observer must be callable, got {observer!r}")
    _check_fleet(fleet, settings)
    shared_memory = None if fleet is None else fleet.shared_memory(_namespaces(endpoints))
    state = ClientState.of(
        endpoints,
        settings=settings,
        tokens=token_source(credential),
        # Not `or`: a store of the user's may be empty, and so false.
        store=_own_store(settings.caching) if store is None else _shared_store(store, endpoints),
        uniform=random.random,
        has_observers=bool(observers),
        fleet=fleet,
        shared_memory=shared_memory,
        shared_health=None if fleet is None else fleet.shared_health,
    )
    if shared_memory is not None:
        shared_memory.join(state.memory, is_own=store is None)
    for endpoint in state.endpoints:
        _warn_of_a_part_of_a_request(endpoint, settings.throttling.share)
    if isinstance(settings.throttling.share, WorkerShare):
        remember(state)
    return state


def _check_fleet(fleet: Fleet | None, settings: Settings) -> None:
    if fleet is None:
        return
    if not callable(getattr(fleet, "allowance", None)):
        raise ConfigurationError(f"fleet must be an irclient.fleet.RedisFleet, got {fleet!r}")
    if settings.throttling.share != 1.0:
        raise ConfigurationError(
            f"throttling.share is {settings.throttling.share:g}, and a fleet shares the whole TPS "
            "by itself; leave share out"
        )


def _warn_of_a_part_of_a_request(endpoint: ServiceEndpoint, share: float) -> None:
    each = part_of_a_request(endpoint.tps, share)
    if each is not None:
        warnings.warn(
            f"{endpoint.label}: tps {endpoint.tps:g} × share {share:.3g} is {each:.2g}, less than "
            f"one request a second. This process sends one every {1 / each:.2g} s; as many "
            "processes as have such a share may send theirs in the same second, more than the "
            f"endpoint's TPS. Run at most {processes_that_fit(endpoint.tps)} of them, provision "
            "more TPS, or let a share of 1.0 adapt to what the service refuses",
            stacklevel=5,
        )


def _own_store(caching: Caching) -> Store:
    return MemoryStore(max_entries=caching.max_entries, max_bytes=caching.max_bytes)


def _namespaces(endpoints: Endpoints) -> dict[str, str]:
    from irclient.stores.shared import namespaces_of  # noqa: PLC0415  (as below)

    return namespaces_of(endpoints)


def _shared_store(store: Store, endpoints: Endpoints) -> Store:
    # Loaded here: few programs bring a store.
    from irclient.stores.shared import SharedStore, namespaces_of  # noqa: PLC0415

    return SharedStore(store, namespaces_of(endpoints))


def check_fallback(fallback: object) -> None:
    """Refuse what is no fallback, before an outage finds it out.

    Raises:
        ConfigurationError: It is not a `Fallback`.
    """
    if fallback is not None and not isinstance(fallback, Fallback):
        raise ConfigurationError(
            f"fallback must be a Fallback, got {fallback!r}; write Fallback(items=[...])"
        )


def check_transport(
    transport: object, kind: Literal["BaseTransport", "AsyncBaseTransport"]
) -> None:
    """Refuse a transport of the other world, or something that is none.

    Args:
        transport: What the user passed in; None for the client's own.
        kind: The class of httpx that it must be one of.

    Raises:
        ConfigurationError: It is not of this kind.
    """
    own = {"BaseTransport": OwnTransport, "AsyncBaseTransport": OwnAsyncTransport}[kind]
    if transport is None or isinstance(transport, own):
        return
    # Loaded here: who passes in a transport of httpx has loaded it, and nobody else needs it yet.
    import httpx  # noqa: PLC0415

    if not isinstance(transport, getattr(httpx, kind)):
        raise ConfigurationError(
            f"transport must be an httpx.{kind}, got {type(transport).__name__}; "
            "IRClient takes blocking transports, as of emulator.transport(), and AsyncIRClient "
            "async ones, as of emulator.async_transport()"
        )


def check_picklable(client: object, parts: Mapping[str, object]) -> None:
    """Refuse to pickle a client of which a part cannot go into another process.

    Raises:
        TypeError: It says which part, and what to do.
    """
    for name, part in parts.items():
        try:
            pickle.dumps(part)
        except Exception as problem:  # noqa: BLE001  (pickle raises what a part raises)
            raise TypeError(
                f"cannot pickle this {type(client).__name__} because of its {name} "
                f"({type(part).__name__}): {problem}. Make a client in each process, for example "
                f"with {type(client).__name__}.from_env()"
            ) from None


def check_query(query: object) -> None:
    """Refuse what is no query.

    Raises:
        QueryError: This is not a query.
    """
    if not isinstance(query, Query):
        raise QueryError(f"expected a query of irclient.queries, got {query!r}")


def calls_at_a_time(concurrency: object) -> int:
    """Return how many calls to make at a time: as many as were asked for, or a moderate number.

    Raises:
        QueryError: What was asked for is neither None nor an int of at least 1.
    """
    if concurrency is None:
        return _FETCH_MANY_AT_A_TIME
    if not isinstance(concurrency, int) or isinstance(concurrency, bool) or concurrency < 1:
        raise QueryError(f"concurrency must be an int of at least 1, got {concurrency!r}")
    return concurrency


def check_priority(priority: object) -> None:
    """Refuse a priority that there is not.

    Raises:
        ConfigurationError: It is not one of the two, nor left out.
    """
    if priority not in {None, *get_args(PriorityName)}:
        raise ConfigurationError(
            f"priority must be 'interactive' or 'batch', got {priority!r}; leave it out for "
            "interactive single calls and batch for many"
        )


def begin_call(
    query: Query,
    state: ClientState,
    settings: Settings,
    *,
    endpoints: Sequence[ServiceEndpoint] | None = None,
    fallback: Fallback | None = None,
    priority: PriorityName = "interactive",
    ends_by: float | None = None,
) -> Callable[[float], Call[Answer]]:
    """Return what a driver needs to run a call: a function from the time to its generator.

    Raises:
        QueryError: This is not a query.
    """
    check_query(query)

    # Not a `partial`, which puts its arguments together anew.
    def begin(
        now: float,
        *,
        noted: Noted | None = None,
        headers: tuple[tuple[str, str], ...] = (),
        call_id: str | None = None,
    ) -> Call[Answer]:
        return call(
            query,
            state,
            settings,
            now,
            endpoints=endpoints,
            fallback=fallback,
            priority=INTERACTIVE if priority == "interactive" else BATCH,
            ends_by=ends_by,
            noted=noted,
            headers=headers,
            call_id=call_id,
        )

    return begin
