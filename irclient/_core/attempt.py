"""One attempt: a request to one endpoint, or a race of two, and what is noted of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final, cast

from irclient._core.accounting import count_attempt, count_given_up, count_overtaken, latency_of
from irclient._core.call_state import tell
from irclient._core.hedging import hedge_delay, hedge_target
from irclient._core.protocol import GivenUp, Race, Send
from irclient._core.reservation import PLAY
from irclient._core.verdict import SERVED, judge
from irclient._wire.requests import request_for, with_headers
from irclient.observe import Hedged

if TYPE_CHECKING:
    from irclient._core.call_state import CallState
    from irclient._core.protocol import Call, Failure, Finish
    from irclient._core.reservation import Reservation
    from irclient._core.verdict import Verdict
    from irclient._values.secret import Secret
    from irclient._wire.requests import Request
    from irclient._wire.responses import Response
    from irclient.queries import Query
    from irclient.topology import ServiceEndpoint

__all__ = ["attempt"]

#: While another endpoint could be tried, an attempt gets this part of the time that is left.
_PART_OF_THE_REST: Final = 0.6


def attempt(
    call: CallState, endpoint: ServiceEndpoint, token: Secret, slot: Reservation
) -> Call[tuple[ServiceEndpoint, Verdict]]:
    """Ask one endpoint, judge what came of it, and note it where it is counted.

    Returns:
        The verdict, and the endpoint that it is of: the pair's, if a hedge won.
    """
    send = _request(call, endpoint, token, call.now)
    delay = _hedge_after(call, send) if call.settings.hedging.enabled else None
    load = call.state.loads.get(endpoint) if call.state.loads else None
    if delay is not None:
        return (yield from _race(call, send, slot, delay))
    sent_at = call.now
    if load is not None:
        load.begin()
    latency: float | None = None
    try:
        resumed = yield send
        call.now = resumed.now
        outcome = cast("Response | Failure", resumed.outcome)
        verdict = judge(call.query, outcome, hide=partial(_private, call.query, token))
        if load is not None and verdict.meaning is SERVED:
            latency = latency_of(outcome, sent_at, call.now)
    except GivenUp as gone:
        count_given_up(call, send, sent_at, gone.now)
        raise
    finally:
        if load is not None:
            load.end(call.now, latency)
    _note_arrival(call, send, slot, outcome, call.now)
    count_attempt(call, send, verdict, sent_at, call.now, outcome=outcome)
    if call.records and verdict.meaning is not SERVED:
        # After an answer nothing follows but the end, which tells all at once.
        yield from tell(call)
    return endpoint, verdict


def _note_arrival(
    call: CallState, send: Send, slot: Reservation, outcome: Response | Failure, answered_at: float
) -> None:
    """Tell the allowance of a request that arrived long after its slot."""
    # How far it had come while a connection was opened, nobody knows; its answer is surely later.
    arrived_at = answered_at if outcome.opened_connection else outcome.sent_at
    if arrived_at > slot.starts_at + PLAY:
        call.state.routes.allowances[send.endpoint.url].arrived(slot, arrived_at)


def _private(query: Query, token: Secret) -> list[str]:
    """What no reason, error, record or log may hold."""
    raw = [
        value
        for name, value in cast("tuple[tuple[str, str], ...]", query.params)
        if name.lower() in {"userid", "sessionid"}
    ]
    named = [getattr(query, "user_id", None), getattr(query, "session_id", None)]
    # A very short id identifies no one, and occurs within other words; so does a test's token.
    sought = [token.reveal()] if token.is_sought else []
    return [*sought, *(each for each in [*named, *raw] if each and len(each) > 3)]


def _request(call: CallState, endpoint: ServiceEndpoint, token: Secret, now: float) -> Send:
    within = _within(call, endpoint, call.deadline_at - now)
    request = request_for(call.query, modeling=endpoint.modeling)
    # What has failed may have moved to another address since its connections were opened.
    health = call.state.routes.health[endpoint.url]
    is_suspect = health.is_known_to_fail or (bool(call.stale) and endpoint in call.stale)
    return build_send(call, endpoint, request, token, within, over_new=is_suspect)


def build_send(
    call: CallState,
    endpoint: ServiceEndpoint,
    request: Request,
    token: Secret,
    within: float,
    *,
    over_new: bool,
) -> Send:
    """Build the command that sends a request: of a call, its hedge or a trigger.

    Args:
        call: Whose request it is.
        endpoint: Where it goes.
        request: What is sent.
        token: The bearer token.
        within: Seconds for all of the attempt.
        over_new: Whether it goes over a new connection, not over one that was kept.
    """
    connect_within = call.settings.timeouts.connect
    if connect_within > within:
        connect_within = within
    if call.headers:
        request = with_headers(request, call.headers)
    return Send(endpoint, request, token, within, connect_within, over_new)


def _within(call: CallState, endpoint: ServiceEndpoint, left: float) -> float:
    # Comparisons: a call of `min` or `max` takes as long as making an object.
    within = call.settings.timeouts.attempt
    if within > left:
        within = left
    part = _PART_OF_THE_REST * left
    if within <= part:
        return within
    routes, modeling, verdicts = call.state.routes, call.modeling, call.verdicts
    for each in call.endpoints:
        could_be_tried = each is not endpoint and not (verdicts and each in verdicts)
        if could_be_tried and not routes.is_known_to_fail(each, modeling):
            break
    else:
        return within
    usual = call.state.latencies.percentile(call.query.operation, endpoint)
    # A service that usually takes longer than its part would otherwise never be heard out.
    if usual is not None and 2.0 * usual > part:
        part = 2.0 * usual
    return part if part < within else within


def _hedge_after(call: CallState, send: Send) -> float | None:
    """Seconds after which to hedge, or None when this attempt is not to be hedged."""
    hedging, state, operation = call.settings.hedging, call.state, call.query.operation
    state.hedge_budget.earn(hedging.budget)
    if call.query.has_side_effect or len(call.endpoints) < 2:
        return None
    delay = hedge_delay(hedging, state.latencies, operation, send.endpoint)
    return delay if delay is not None and delay < send.within else None


@dataclass(slots=True)
class _Hedge:
    """The other half of a race: decided by the driver's clock, while the first is under way."""

    call: CallState
    first: Send
    send: Send | None = None
    slot: Reservation | None = None
    sent_at: float = 0.0
    verdicts: dict[int, Verdict] = field(default_factory=dict[int, "Verdict"])

    def start(self, now: float) -> Send | None:
        """Return the hedge, if there is anywhere to send it."""
        call, routes, first = self.call, self.call.state.routes, self.first.endpoint
        others = [
            each
            for each in call.endpoints
            if each != first
            and each not in call.tried
            and not routes.is_known_to_fail(each, call.modeling)
        ]
        target = hedge_target(
            others, routes.health, routes.allowances, call.state.hedge_budget, now=now
        )
        if target is None:
            return None
        endpoint, slot = target
        allowance = routes.allowances[endpoint.url]
        if call.deadline_at <= now or not allowance.start(slot, now):
            allowance.give_back(slot, now)
            return None
        self.send = _request(call, endpoint, self.first.token, now)
        self.sent_at, self.slot = now, slot
        return self.send

    def is_good(self, send: Send, outcome: Response | Failure) -> bool:
        """Judge an outcome; once, since a long list takes its time to read."""
        hide = partial(_private, self.call.query, send.token)
        verdict = self.verdicts[id(send)] = judge(self.call.query, outcome, hide=hide)
        return verdict.meaning is SERVED


def _race(
    call: CallState, first: Send, slot: Reservation, delay: float
) -> Call[tuple[ServiceEndpoint, Verdict]]:
    hedge = _Hedge(call, first)
    began_at = call.now
    try:
        resumed = yield Race(first, began_at + delay, hedge.start, hedge.is_good)
    except GivenUp as gone:
        count_given_up(call, first, began_at, gone.now)
        raise
    call.now = resumed.now
    finishes = resumed.finishes
    best = finishes[-1].send
    for finish in finishes:
        is_first = finish.send is first
        held = slot if is_first else cast("Reservation", hedge.slot)
        _note_arrival(call, finish.send, held, finish.outcome, finish.at)
        verdict = hedge.verdicts[id(finish.send)]
        sent_at = began_at if is_first else hedge.sent_at
        count_attempt(call, finish.send, verdict, sent_at, finish.at, outcome=finish.outcome)
        if verdict.meaning is SERVED:
            best = finish.send
    if hedge.send is not None and hedge.slot is not None:
        if len(finishes) == 1:
            # What lost may have been opening a connection, and reach the service only now.
            is_first = finishes[0].send is first
            lost, unheard = (hedge.send, hedge.slot) if is_first else (first, slot)
            call.state.routes.allowances[lost.endpoint.url].arrived(unheard, call.now)
        _note_race(call, hedge, finishes, best, began_at)
    yield from tell(call)
    return best.endpoint, hedge.verdicts[id(best)]


def _note_race(
    call: CallState, hedge: _Hedge, finishes: tuple[Finish, ...], best: Send, began_at: float
) -> None:
    first, second, verdicts = hedge.first, cast("Send", hedge.send), hedge.verdicts
    is_served = verdicts[id(best)].meaning is SERVED
    won = best is second and is_served
    if won and not any(finish.send is first for finish in finishes):
        count_overtaken(call, first, began_at, call.now)
    hedged = Hedged(
        at=call.now,
        operation=call.query.operation,
        origin=first.endpoint.label,
        target=second.endpoint.label,
        after=hedge.sent_at - began_at,
        won=won,
    )
    call.note(hedged)
    call.state.stats.count("hedges")
    if len(finishes) == 2 and not is_served:
        # Both ends of the race failed: the one that is not returned was tried as well.
        other = next(f.send for f in finishes if f.send is not best)
        verdict = verdicts[id(other)]
        call.tried.add(other.endpoint)
        call.verdicts[other.endpoint] = verdict
        call.ready_at[other.endpoint] = call.now + (verdict.retry_after or 0.0)
