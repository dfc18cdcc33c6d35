"""Sharing: equal calls that are under way at the same time send one request.

A call leads or joins. Refreshes lead as well, so that a call that finds its answer expired
meanwhile can join; what a refresh fails of is no answer to others, for it gives up sooner.

In a fleet, who leads looks into the memory that all processes share before it asks.
"""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, cast

from irclient._core.call_state import CallState, pause, tell
from irclient._core.degraded_answers import recalled
from irclient._core.flights import Answered
from irclient._core.priority import Priority
from irclient._core.protocol import NotStarted, Spawn
from irclient._core.recalling import recall
from irclient._core.service_call import ask
from irclient._core.verdict import Meaning
from irclient.errors import ClientClosed, DeadlineExceeded, IRError, Throttled
from irclient.observe import FlightJoined, Refreshed

if TYPE_CHECKING:
    from irclient._core.entry import Entry
    from irclient._core.flights import CallFlight
    from irclient._core.protocol import Call
    from irclient._core.recalling import Recalled
    from irclient._core.shared_memory import Claim

__all__ = ["begin_refresh", "share"]


def share(call: CallState, key: str) -> Call[Answered]:
    """Join an equal call that is under way, or lead one.

    If its leader is cancelled, one of the waiting calls takes over.
    """
    while True:
        flight, leads = call.state.flights.board(
            key, call.now, lost_at=_lost_at(call), priority=call.priority
        )
        if leads:
            flight.led_with, flight.led_by = call.settings, call.call_id
            flight.is_hurried = call.ends_by is not None
            answered, claim = yield from _lead(call, key, flight)
            if claim is not None:
                # The answer is stale, and this process is to refresh it for the whole fleet.
                yield from begin_refresh(call, key, claim)
            return answered
        call.state.stats.count("joined")
        joined_flight = FlightJoined(
            at=call.now, operation=call.query.operation, leader=flight.led_by
        )
        yield from tell(call, joined_flight)
        yield from pause(call, call.deadline_at, flight, waiting_for="an equal call")
        if flight.answered is not None:
            served = flight.answered.answer.served
            call.answered_by, call.source = served.endpoint, served.source
            joined = replace(served, attempts=0, elapsed=call.elapsed)
            return replace(
                flight.answered, answer=flight.answered.answer.as_served(joined, query=call.query)
            )
        if flight.error is not None and _is_mine_as_well(flight, flight.error, call):
            # A copy: each raises its own, with its own traceback.
            raise copy(flight.error)


def _is_mine_as_well(flight: CallFlight, error: IRError, call: CallState) -> bool:
    """Whether a call would have ended in the error of the call that it waited for."""
    if flight.led_with != call.settings or isinstance(error, DeadlineExceeded | ClientClosed):
        return False
    # With less time than its settings gave it, a leader may find what a follower would not.
    was_hurried = isinstance(error, Throttled) or any(
        each.outcome == Meaning.TIMED_OUT.word for each in error.attempts
    )
    return not (flight.is_hurried and was_hurried)


def _lost_at(call: CallState) -> float:
    timeouts = call.settings.timeouts
    ends_at = call.now + timeouts.deadline
    if ends_at < call.deadline_at:
        ends_at = call.deadline_at
    return ends_at + timeouts.attempt


def _lead(
    call: CallState,
    key: str,
    flight: CallFlight,
    *,
    own: Entry | None = None,
    claim: Claim | None = None,
) -> Call[tuple[Answered, Claim | None]]:
    """Answer for all who wait; with a claim to refresh, if what the fleet has is stale.

    Args:
        call: Who leads.
        key: What the answer is kept by.
        flight: What the others wait for.
        own: The stale answer that the process has itself, which is no answer here.
        claim: To ask for the whole fleet, if the call has it already.
    """
    try:
        if claim is None and call.state.shared_memory is not None:
            found = yield from recall(call, key, own=own)
            claim = found.claim
            if found.entry is not None:
                answered = flight.answered = yield from _elsewhere(call, found)
                return answered, claim if claim is not None and claim.is_held else None
        if claim is not None:
            answered = yield from _ask_for_the_fleet(call, key, claim)
        else:
            answered = yield from ask(call)
            _keep(call, key, answered)
        flight.answered = answered
    except IRError as error:
        flight.error = error
        raise
    finally:
        call.state.flights.end(key, flight)
    return answered, None


def _elsewhere(call: CallState, found: Recalled) -> Call[Answered]:
    entry = cast("Entry", found.entry)
    answer = yield from recalled(call, entry, "cache" if found.is_fresh else "stale")
    label = entry.answer.served.endpoint
    endpoint = next((each for each in call.endpoints if each.label == label), call.endpoints[0])
    return Answered(answer, endpoint)


def _ask_for_the_fleet(call: CallState, key: str, claim: Claim) -> Call[Answered]:
    shared, is_kept = call.state.shared_memory, False
    try:
        answered = yield from ask(call)
        entry = _keep(call, key, answered)
        if shared is not None and entry is not None:
            shared.keep(entry, call.settings.caching, claim)
            is_kept = True
    finally:
        if shared is not None and not is_kept:
            shared.release(claim)
    return answered


def _keep(call: CallState, key: str, answered: Answered) -> Entry | None:
    return call.state.memory.keep(
        key, call.query, answered.answer, answered.endpoint, call.now, since=call.generation
    )


def begin_refresh(call: CallState, key: str, claim: Claim | None = None) -> Call[None]:
    """Have an answer asked for anew in the background, if that is possible now.

    Args:
        call: Who found the answer stale.
        key: What it is kept by.
        claim: To ask for the whole fleet, if the call has it already.
    """
    refreshes, flights = call.state.refreshes, call.state.flights
    flight, leads, is_begun = None, False, False
    may_begin = refreshes.begin(key, call.now, lost_at=_lost_at(call))
    try:
        if may_begin:
            flight, leads = flights.board(
                key, call.now, lost_at=_lost_at(call), priority=Priority.REFRESH
            )
        if flight is not None and leads:
            outcome = (yield Spawn(partial(_refresh, call, key, flight, claim), "refresh")).outcome
            is_begun = not isinstance(outcome, NotStarted)
    finally:
        if not is_begun:
            if may_begin:
                refreshes.cancel(key)
            if flight is not None and leads:
                flights.end(key, flight)
            if claim is not None and call.state.shared_memory is not None:
                call.state.shared_memory.release(claim)


def _refresh(
    origin: CallState, key: str, flight: CallFlight, claim: Claim | None, now: float
) -> Call[None]:
    call = CallState(
        origin.query,
        origin.state,
        origin.settings,
        now,
        origin.endpoints,
        variant=origin.variant,
        priority=Priority.REFRESH,
    )
    flight.led_by = call.call_id
    call.prefer()
    failed: str | None = "Cancelled"
    try:
        own, _ = call.state.memory.recall(key, call.settings.caching, now)
        yield from _lead(call, key, flight, own=own, claim=claim)
        failed = None
    except IRError as error:
        failed = type(error).__name__
    finally:
        call.state.refreshes.end(key, call.now, failed=failed is not None)
    refreshed = Refreshed(
        at=call.now, operation=call.query.operation, error=failed, caused_by=origin.call_id
    )
    yield from tell(call, refreshed)
