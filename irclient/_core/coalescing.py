"""Sharing: equal calls that are under way at the same time send one request.

A call leads or joins. Refreshes lead as well, so that a call that finds its answer expired
meanwhile can join; what a refresh fails of is no answer to others, for it gives up sooner.
"""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from irclient._core.call_state import CallState, pause, tell
from irclient._core.priority import Priority
from irclient._core.protocol import NotStarted, Spawn
from irclient._core.service_call import ask
from irclient.errors import ClientClosed, DeadlineExceeded, IRError
from irclient.observe import FlightJoined, Refreshed

if TYPE_CHECKING:
    from irclient._core.flights import Answered, CallFlight
    from irclient._core.protocol import Call

__all__ = ["begin_refresh", "share"]


def share(call: CallState, key: str) -> Call[Answered]:
    """Join an equal call that is under way, or lead one.

    If its leader is cancelled, one of those who wait takes over.
    """
    while True:
        flight, leads = call.state.flights.board(
            key, call.now, lost_at=_lost_at(call), priority=call.priority
        )
        if leads:
            flight.led_with = call.settings
            return (yield from _lead(call, key, flight))
        call.state.stats.count("joined")
        yield from tell(call, FlightJoined(at=call.now, operation=call.query.operation))
        yield from pause(call, call.deadline_at, flight, waiting_for="an equal call")
        if flight.answered is not None:
            served = flight.answered.answer.served
            call.answered_by = served.endpoint
            joined = replace(served, attempts=0, elapsed=call.elapsed)
            return replace(
                flight.answered, answer=flight.answered.answer.as_served(joined, query=call.query)
            )
        if (
            flight.error is not None
            and flight.led_with == call.settings
            and not isinstance(flight.error, DeadlineExceeded | ClientClosed)
        ):
            # A copy: each raises its own, with its own traceback.
            raise copy(flight.error)


def _lost_at(call: CallState) -> float:
    return call.deadline_at + call.settings.timeouts.attempt


def _lead(call: CallState, key: str, flight: CallFlight) -> Call[Answered]:
    try:
        answered = yield from ask(call)
        call.state.memory.keep(
            key,
            call.query,
            answered.answer,
            answered.endpoint,
            call.now,
            since=call.generation,
        )
        flight.answered = answered
    except IRError as error:
        flight.error = error
        raise
    finally:
        call.state.flights.end(key, flight)
    return answered


def begin_refresh(call: CallState, key: str) -> Call[None]:
    """Have an answer asked for anew in the background, if that is possible now."""
    refreshes, flights = call.state.refreshes, call.state.flights
    if not refreshes.begin(key, call.now, lost_at=_lost_at(call)):
        return
    flight, leads, is_begun = None, False, False
    try:
        flight, leads = flights.board(
            key, call.now, lost_at=_lost_at(call), priority=Priority.REFRESH
        )
        if leads:
            outcome = (yield Spawn(partial(_refresh, call, key, flight))).outcome
            is_begun = not isinstance(outcome, NotStarted)
    finally:
        if not is_begun:
            refreshes.cancel(key)
            if flight is not None and leads:
                flights.end(key, flight)


def _refresh(origin: CallState, key: str, flight: CallFlight, now: float) -> Call[None]:
    call = CallState(
        origin.query,
        origin.state,
        origin.settings,
        now,
        origin.endpoints,
        variant=origin.variant,
        priority=Priority.REFRESH,
    )
    call.prefer()
    failed: str | None = "Cancelled"
    try:
        yield from _lead(call, key, flight)
        failed = None
    except IRError as error:
        failed = type(error).__name__
    finally:
        call.state.refreshes.end(key, call.now, failed=failed is not None)
    operation = call.query.operation
    yield from tell(call, Refreshed(at=call.now, operation=operation, error=failed))
