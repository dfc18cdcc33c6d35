"""Probing: asking an endpoint once, in the background, whether it is back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from irclient._core.attempt import attempt
from irclient._core.bearer import bearer
from irclient._core.call_state import CallState, tell
from irclient._core.priority import Priority
from irclient._core.protocol import NotStarted, Spawn, Wait
from irclient._core.slot_wait import slot_now
from irclient.errors import IRError
from irclient.queries import Popular

if TYPE_CHECKING:
    from irclient._core.protocol import Call
    from irclient._core.state import ClientState
    from irclient._core.verdict import Verdict
    from irclient.settings import Settings
    from irclient.topology import ServiceEndpoint

__all__ = ["ask_once", "begin_probe", "probe"]

#: What a probe asks: small, without side effect, and served by every tier of the service.
_PROBE: Final = Popular(count=1)


def begin_probe(
    endpoint: ServiceEndpoint, state: ClientState, settings: Settings, modeling: str | None
) -> Call[None]:
    """Begin to learn in the background whether an endpoint is back."""
    begin = partial(probe, endpoint, state, settings, modeling=modeling)
    outcome = (yield Spawn(begin, "probe")).outcome
    if isinstance(outcome, NotStarted):
        state.routes.health[endpoint.url].release()


def probe(
    endpoint: ServiceEndpoint,
    state: ClientState,
    settings: Settings,
    now: float,
    *,
    modeling: str | None = None,
) -> Call[None]:
    """Ask one endpoint once, in the background.

    Args:
        endpoint: Whom to ask.
        state: What all calls of the client share.
        settings: How to go about it.
        now: The time.
        modeling: The modeling to ask for; by default the endpoint's own.
    """
    query = _PROBE if modeling is None else Popular(count=1, modeling=modeling)
    ends_at, only = now + settings.timeouts.attempt, (endpoint,)
    call = CallState(
        query, state, settings, now, only, deadline_at=ends_at, priority=Priority.PROBE
    )
    if not (yield from _may_probe(call, endpoint)):
        return  # Another process of the fleet probes for all, and what it finds will be heard.
    yield from ask_once(call, endpoint)


def ask_once(call: CallState, endpoint: ServiceEndpoint) -> Call[Verdict | None]:
    """Ask one endpoint once, if there is a token and a slot; None where nothing was learned."""
    allowance = call.state.routes.allowances[endpoint.url]
    try:
        token = yield from bearer(call)
        slot = yield from slot_now(call, allowance)
    except IRError:
        return None  # A later call will ask for a probe again.
    if slot is None:
        return None  # A probe may not take a slot that a call waits for.
    try:
        if not allowance.start(slot, call.now):
            return None
        _, verdict = yield from attempt(call, endpoint, token, slot)
        yield from tell(call)
        return verdict
    finally:
        allowance.give_back(slot, call.now)


def _may_probe(call: CallState, endpoint: ServiceEndpoint) -> Call[bool]:
    shared = call.state.shared_health
    if shared is None:
        return True
    claim = shared.claim_probe(endpoint.url, claim_for=call.settings.timeouts.attempt)
    if claim is None:
        return True
    call.now = (yield Wait(min(call.now + shared.patience, call.deadline_at), claim)).now
    return claim.is_granted
