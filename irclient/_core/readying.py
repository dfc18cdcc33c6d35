"""Readying: whether calls can be sent, and what is done in the background until they can.

| what is missing                       | what is done, for as long as somebody asks     |
|---------------------------------------|------------------------------------------------|
| the token, or its renewal is due      | it is fetched, though a pause may not be over  |
| every endpoint fails, or is put aside | each is asked once, every few seconds          |
| nothing was answered for a while      | the preferred endpoint is asked once; where it |
|                                       | does not answer, the others                    |

A process that says that it is not ready gets no calls, and so would never learn that it could be:
it has to look for itself. It stops when it is ready, and when nothing has asked for a minute.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from irclient._core.bearer import bearer
from irclient._core.call_state import CallState, pause, stop_unless_open
from irclient._core.priority import Priority
from irclient._core.probing import ask_once
from irclient._core.service_call import ask
from irclient._core.verdict import SERVED, Meaning
from irclient.errors import IRError
from irclient.queries import Popular
from irclient.readiness import Readiness

if TYPE_CHECKING:
    from collections.abc import Sequence

    from irclient._core.protocol import Call
    from irclient._core.state import ClientState
    from irclient.settings import Settings
    from irclient.topology import ServiceEndpoint

__all__ = ["needs_watch", "readiness", "warm_up", "watch"]

_PROBE: Final = Popular(count=1)
#: Seconds between two looks, while something is missing.
_LOOK_AGAIN_AFTER: Final = 2.0
#: Seconds to wait for a fetch of the token before the endpoints are looked at.
_TOKEN_WITHIN: Final = 10.0


def readiness(state: ClientState, now: float) -> Readiness:
    """Say whether a call could be sent and answered now, from memory."""
    token = state.tokens.status(now)
    return Readiness(
        ok=token.state != "missing" and _is_open(state) and not state.is_closed,
        token=token.state,
        token_expires_in=token.expires_in,
        token_error=token.error,
        endpoints=state.snapshot(now).endpoints,
    )


def needs_watch(state: ClientState, now: float) -> bool:
    """Whether something is missing, or nothing was heard of the service lately."""
    token, is_quiet = state.tokens.status(now), state.watch.is_quiet(state.stats.answers, now)
    return not state.is_closed and (token.state != "valid" or is_quiet or not _is_open(state))


def watch(state: ClientState, settings: Settings, now: float) -> Call[None]:
    """Look for what is missing until it is there, for as long as somebody asks."""
    call = _call(state, settings, now, ends_at=math.inf)
    try:
        while state.watch.go_on(call.now):
            yield from _look(call)
            if state.tokens.status(call.now).state == "valid" and _is_open(state):
                return
            yield from pause(call, call.now + _LOOK_AGAIN_AFTER)
    finally:
        state.watch.end()


def warm_up(state: ClientState, settings: Settings, now: float, *, within: float) -> Call[None]:
    """Fetch the token, and ask each account that calls prefer once, over a connection that stays.

    Raises:
        IRError: The first error; whatever succeeded all the same is kept.
    """
    call, first = _call(state, settings, now, ends_at=now + within), list[IRError]()
    yield from bearer(call)
    for variant, flat in state.variants.items():
        if state.split is not None and not state.split.weights[variant or ""]:
            continue
        for preferred in state.preferences[variant].first:
            endpoints = (preferred, *(each for each in flat if each != preferred))
            part = _call(state, settings, call.now, ends_at=call.deadline_at, endpoints=endpoints)
            try:
                yield from ask(part)
            except IRError as error:
                first.append(error)
            finally:
                call.now = part.now
    if first:
        raise first[0]


def _call(
    state: ClientState,
    settings: Settings,
    now: float,
    *,
    ends_at: float,
    endpoints: Sequence[ServiceEndpoint] | None = None,
) -> CallState:
    whom = state.endpoints if endpoints is None else endpoints
    priority = Priority.PROBE if endpoints is None else Priority.INTERACTIVE
    return CallState(
        _PROBE,
        state,
        settings,
        now,
        whom,
        deadline_at=ends_at,
        priority=priority,
        ends_by=ends_at,
    )


def _look(call: CallState) -> Call[None]:
    """Renew the token if that is due, and ask the endpoints if it is not known that one answers."""
    state = call.state
    stop_unless_open(call)
    state.tokens.hasten(call.now)
    part = _call(state, call.settings, call.now, ends_at=call.now + _TOKEN_WITHIN)
    try:
        yield from bearer(part)
    except IRError:
        return  # Without a token there is nothing to ask with.
    finally:
        call.now = part.now
    if _is_open(state) and not state.watch.is_quiet(state.stats.answers, call.now):
        return
    for endpoint in _asked_by_calls(state):
        stop_unless_open(call)
        is_served = yield from _is_served_by(endpoint, call)
        silent = {*state.watch.silent, endpoint.url}
        state.watch.silent = frozenset(silent - {endpoint.url} if is_served else silent)
        if is_served:
            return


def _is_served_by(endpoint: ServiceEndpoint, call: CallState) -> Call[bool]:
    settings, state = call.settings, call.state
    ends_at = call.now + settings.timeouts.attempt
    part = _call(state, settings, call.now, ends_at=ends_at)
    part.endpoints = (endpoint,)
    verdict = yield from ask_once(part, endpoint)
    call.now = part.now
    # Where there was no slot for it, others ask, and their answers tell.
    return verdict is None or verdict.meaning in {SERVED, Meaning.THROTTLED}


def _is_open(state: ClientState) -> bool:
    return any(_answers(state, each) for each in _asked_by_calls(state))


def _asked_by_calls(state: ClientState) -> Sequence[ServiceEndpoint]:
    """The endpoints that calls go to: not those of a variant without any traffic."""
    if state.split is None:
        return state.endpoints
    weights = state.split.weights
    flat = (each for name, some in state.variants.items() if weights[name or ""] for each in some)
    return list(dict.fromkeys(flat))


def _answers(state: ClientState, endpoint: ServiceEndpoint) -> bool:
    """Whether an endpoint is not known to fail, nor silent since it was asked from here."""
    if state.routes.is_known_to_fail(endpoint, None):
        return False
    health = state.routes.health[endpoint.url]
    return endpoint.url not in state.watch.silent or not health.has_failed_last
