"""What both clients are made of: arguments checked, shared state made, calls begun."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from irclient._core.call import call
from irclient._core.protocol import Call
from irclient._core.state import ClientState
from irclient.auth import Credential, token_source
from irclient.errors import ConfigurationError, QueryError
from irclient.observe import Observer
from irclient.queries import Query
from irclient.results import Answer
from irclient.settings import Settings, Timeouts
from irclient.topology import Endpoints, ServiceEndpoint, TrafficSplit, flatten

__all__ = ["FETCH_MANY_AT_A_TIME", "assemble", "begin_call", "changed", "check_transport"]


#: Enough to use the TPS of a common pair at the latency of a common answer (100 ms).
FETCH_MANY_AT_A_TIME = 16


def assemble(
    endpoints: Endpoints,
    credential: Credential,
    settings: Settings,
    observers: Sequence[Observer],
) -> ClientState:
    """Check a client's arguments and make the state that its calls share.

    Raises:
        ConfigurationError: One of them cannot be used.
    """
    if isinstance(endpoints, TrafficSplit):
        raise ConfigurationError("endpoints: traffic splitting is not part of this version yet")
    if not isinstance(settings, Settings):
        raise ConfigurationError(f"settings must be a Settings, got {settings!r}")
    for observer in observers:
        if not callable(observer):
            raise ConfigurationError(f"each observer must be callable, got {observer!r}")
    return ClientState.of(
        flatten(endpoints),
        tokens=token_source(credential),
        uniform=random.random,
        failover=settings.failover,
        has_observers=bool(observers),
    )


def check_transport(transport: object, kind: type[object]) -> None:
    """Refuse a transport of the other world, or something that is none.

    Raises:
        ConfigurationError: It is not of this kind.
    """
    if transport is not None and not isinstance(transport, kind):
        raise ConfigurationError(
            f"transport must be an httpx.{kind.__name__}, got {type(transport).__name__}; "
            "IRClient takes blocking transports and AsyncIRClient async ones"
        )


def begin_call(
    query: Query,
    state: ClientState,
    settings: Settings,
    endpoints: Sequence[ServiceEndpoint] | None = None,
) -> Callable[[float], Call[Answer]]:
    """Return what a driver needs to run a call: a function from the time to its generator.

    Raises:
        QueryError: This is not a query.
    """
    if not isinstance(query, Query):
        raise QueryError(f"expected a query of irclient.queries, got {query!r}")
    return partial(call, query, state, settings, endpoints=endpoints)


def changed(
    settings: Settings, *, deadline: float | timedelta | None, **groups: Any
) -> Settings:
    """Return settings with those groups replaced that are not None, and the deadline if given."""
    given = {name: group for name, group in groups.items() if group is not None}
    if deadline is not None:
        timeouts: Timeouts = given.get("timeouts", settings.timeouts)
        given["timeouts"] = Timeouts(**{**dict(timeouts), "deadline": deadline})
    return Settings(**{**dict(settings), **given})
