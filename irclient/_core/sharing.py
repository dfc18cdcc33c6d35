"""Sharing: equal calls that are under way at the same time send one request.

A call leads or joins. Refreshes lead as well, so that a call that finds its answer expired
meanwhile can join; what a refresh fails of is no answer to others, for it gives up sooner.
"""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from irclient._core.asking import ask
from irclient._core.priority import Priority
from irclient._core.protocol import NotStarted, Spawn
from irclient._core.story import Story, pause, tell
from irclient.errors import ClientClosed, DeadlineExceeded, IRError
from irclient.observe import FlightJoined, Refreshed

if TYPE_CHECKING:
    from irclient._core.flights import Answered, CallFlight
    from irclient._core.protocol import Call

__all__ = ["begin_refresh", "share"]


def share(story: Story, key: str) -> Call[Answered]:
    """Join an equal call that is under way, or lead one.

    If its leader is cancelled, one of those who wait takes over.
    """
    while True:
        flight, leads = story.state.flights.board(
            key, story.now, lost_at=_lost_at(story), priority=story.priority
        )
        if leads:
            flight.led_with = story.settings
            return (yield from _lead(story, key, flight))
        story.state.stats.count("joined")
        yield from tell(story, FlightJoined(at=story.now, operation=story.query.operation))
        yield from pause(story, story.deadline_at, flight, waiting_for="an equal call")
        if flight.answered is not None:
            served = flight.answered.answer.served
            story.answered_by = served.endpoint
            joined = replace(served, attempts=0, elapsed=story.elapsed)
            return replace(
                flight.answered, answer=flight.answered.answer.as_served(joined, query=story.query)
            )
        if (
            flight.error is not None
            and flight.led_with == story.settings
            and not isinstance(flight.error, DeadlineExceeded | ClientClosed)
        ):
            # A copy: each raises its own, with its own traceback.
            raise copy(flight.error)


def _lost_at(story: Story) -> float:
    return story.deadline_at + story.settings.timeouts.attempt


def _lead(story: Story, key: str, flight: CallFlight) -> Call[Answered]:
    try:
        answered = yield from ask(story)
        story.state.memory.keep(
            key,
            story.query,
            answered.answer,
            answered.endpoint,
            story.now,
            since=story.generation,
        )
        flight.answered = answered
    except IRError as error:
        flight.error = error
        raise
    finally:
        story.state.flights.end(key, flight)
    return answered


def begin_refresh(story: Story, key: str) -> Call[None]:
    """Have an answer asked for anew in the background, if that is possible now."""
    refreshes, flights = story.state.refreshes, story.state.flights
    if not refreshes.begin(key, story.now, lost_at=_lost_at(story)):
        return
    flight, leads, is_begun = None, False, False
    try:
        flight, leads = flights.board(
            key, story.now, lost_at=_lost_at(story), priority=Priority.REFRESH
        )
        if leads:
            outcome = (yield Spawn(partial(_refresh, story, key, flight))).outcome
            is_begun = not isinstance(outcome, NotStarted)
    finally:
        if not is_begun:
            refreshes.cancel(key)
            if flight is not None and leads:
                flights.end(key, flight)


def _refresh(origin: Story, key: str, flight: CallFlight, now: float) -> Call[None]:
    story = Story(
        origin.query,
        origin.state,
        origin.settings,
        now,
        origin.endpoints,
        variant=origin.variant,
        priority=Priority.REFRESH,
    )
    story.prefer()
    failed: str | None = "Cancelled"
    try:
        yield from _lead(story, key, flight)
        failed = None
    except IRError as error:
        failed = type(error).__name__
    finally:
        story.state.refreshes.end(key, story.now, failed=failed is not None)
    operation = story.query.operation
    yield from tell(story, Refreshed(at=story.now, operation=operation, error=failed))
