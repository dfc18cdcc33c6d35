"""One call, from the query to its answer, read from top to bottom.

    identity → memory → flight → asking (token, endpoint, allowance, attempt, verdict)
             → result | stale | fallback | one error

The generator yields what is to be done and is sent what came of it; it never does anything
itself. Closing it half-way (a cancelled task, a closed client) gives back what it holds.
"""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from irclient._core.asking import ask
from irclient._core.fallback import fall_back
from irclient._core.freshness import Freshness
from irclient._core.identity import identity
from irclient._core.protocol import Spawn
from irclient._core.story import Story, pause, stop_unless_open, tell
from irclient.errors import ClientClosed, DeadlineExceeded, IRError, QueryError
from irclient.observe import CallEnded, FellBack, FlightJoined, MemoryUsed, Refreshed
from irclient.results import Served

if TYPE_CHECKING:
    from collections.abc import Sequence

    from irclient._core.asking import Answered
    from irclient._core.entry import Entry
    from irclient._core.flights import CallFlight
    from irclient._core.protocol import Call
    from irclient._core.state import ClientState
    from irclient.observe import Record
    from irclient.queries import Query
    from irclient.results import Answer, Source
    from irclient.settings import Fallback, Settings
    from irclient.topology import ServiceEndpoint

__all__ = ["answer_at_hand", "call", "told_of"]


def call(
    query: Query,
    state: ClientState,
    settings: Settings,
    now: float,
    *,
    endpoints: Sequence[ServiceEndpoint] | None = None,
    fallback: Fallback | None = None,
) -> Call[Answer]:
    """Answer a query, or raise one `IRError`.

    Args:
        query: What to ask.
        state: What all calls of the client share.
        settings: How to go about it.
        now: The time.
        endpoints: Ask only these, and use neither memory nor fallback: a page of a longer list.
        fallback: What to answer when nothing else can.
    """
    story = _begin(query, state, settings, now, endpoints)
    key = _key(story, query) if endpoints is None else None
    try:
        if key is None:
            answer = (yield from ask(story)).answer
        else:
            answer = yield from _from_memory_or_service(story, key)
    except (QueryError, ClientClosed) as error:
        yield from _end_badly(story, error)
        raise
    except IRError as error:
        # Stale, then the fallback: anything beats an error page.
        instead = None if endpoints else (yield from _instead_of(error, story, key, fallback))
        if instead is None:
            yield from _let_the_guard_know(story, failed=True)
            yield from _end_badly(story, error)
            raise
        answer = instead
    state.stats.count_answer(story.source)
    if state.split is not None:
        yield from _let_the_guard_know(story, failed=story.sent > 1)
    if state.has_observers:
        yield from tell(story, _ended(story, story.answered_by, None))
    return answer


def answer_at_hand(
    query: Query, state: ClientState, settings: Settings, now: float
) -> Answer | None:
    """Return the fresh answer in memory, if all that there is to do is to hand it out.

    The same as `call` would answer, for the price of a look-up, without generator and story; the
    observers are to hear `told_of` it. Whatever else there is to decide is left to `call`.

    Args:
        query: What is asked; something that is no query has no answer.
        state: What all calls of the client share.
        settings: How to go about it.
        now: The time.
    """
    caching = settings.caching
    if state.split is not None or state.is_closed or not caching.enabled:
        return None
    # Known nearly always, and a call of a function is a tenth of all this.
    key = getattr(query, "_identity", None) or identity(query)
    entry = state.memory.recall_fresh(key, caching, now) if key is not None else None
    if entry is None:
        return None
    state.stats.count_answer("cache")
    return entry.answer.out_of_memory(now - entry.stored_at, query)


def told_of(answer: Answer, operation: str, now: float) -> tuple[Record, ...]:
    """What the observers should hear of an answer that was at hand."""
    age, endpoint = answer.served.age, answer.served.endpoint
    return (
        MemoryUsed(at=now, operation=operation, source="cache", age=age),
        CallEnded(
            at=now, operation=operation, endpoint=endpoint, attempts=0, elapsed=0.0, error=None
        ),
    )


def _begin(
    query: Query,
    state: ClientState,
    settings: Settings,
    now: float,
    endpoints: Sequence[ServiceEndpoint] | None = None,
) -> Story:
    variant = state.variant_at(endpoints[0]) if endpoints else state.variant_of(query)
    asked = endpoints or state.variants[variant]
    return Story(query, state, settings, now, asked, variant=variant)


def _key(story: Story, query: Query) -> str | None:
    """What an answer is kept and shared by, or None where none may be."""
    return identity(query, story.variant) if story.settings.caching.enabled else None


def _from_memory_or_service(story: Story, key: str) -> Call[Answer]:
    stop_unless_open(story)
    state, caching = story.state, story.settings.caching
    # Memory: fresh answers; usable ones as well, while one call in the background refreshes.
    entry, situation = state.memory.recall(key, caching, story.now)
    if entry is not None and situation is Freshness.FRESH:
        return (yield from _recalled(story, entry, "cache"))
    if entry is not None and situation is Freshness.USABLE:
        flight, leads = state.flights.board(key, story.now, lost_at=_lost_at(story))
        if leads:
            yield Spawn(partial(_refresh, story, key, flight))
        return (yield from _recalled(story, entry, "stale"))
    # Flight: join an equal call that is under way, or lead one; if its leader is cancelled,
    # one of those who wait takes over.
    while True:
        flight, leads = state.flights.board(key, story.now, lost_at=_lost_at(story))
        if leads:
            return (yield from _lead(story, key, flight)).answer
        state.stats.count("joined")
        yield from tell(story, FlightJoined(at=story.now, operation=story.query.operation))
        yield from pause(story, story.deadline_at, flight, waiting_for="an equal call")
        if flight.answered is not None:
            served = flight.answered.answer.served
            story.answered_by = served.endpoint
            return flight.answered.answer.as_served(
                replace(served, attempts=0, elapsed=story.elapsed), query=story.query
            )
        if (
            flight.error is not None
            and flight.led_with is story.settings
            and not isinstance(flight.error, DeadlineExceeded | ClientClosed)
        ):
            # A copy: each raises its own, with its own traceback.
            raise copy(flight.error)


def _lost_at(story: Story) -> float:
    return story.deadline_at + story.settings.timeouts.attempt


def _lead(story: Story, key: str, flight: CallFlight) -> Call[Answered]:
    flight.led_with = story.settings
    try:
        answered = yield from ask(story)
        story.state.memory.keep(key, story.query, answered.answer, answered.endpoint, story.now)
        flight.answered = answered
    except IRError as error:
        flight.error = error
        raise
    finally:
        story.state.flights.end(key, flight)
    return answered


def _refresh(origin: Story, key: str, flight: CallFlight, now: float) -> Call[None]:
    endpoints, variant = origin.endpoints, origin.variant
    story = Story(origin.query, origin.state, origin.settings, now, endpoints, variant=variant)
    operation, failed = story.query.operation, None
    try:
        yield from _lead(story, key, flight)
    except IRError as error:
        failed = type(error).__name__
    yield from tell(story, Refreshed(at=story.now, operation=operation, error=failed))


def _recalled(
    story: Story, entry: Entry, source: Source, *, degraded: bool = False
) -> Call[Answer]:
    story.source, age = source, story.now - entry.stored_at
    if story.state.has_observers:
        operation = story.query.operation
        used = MemoryUsed(at=story.now, operation=operation, source=source, age=age)
        yield from tell(story, used)
    first = entry.answer.served
    story.answered_by = first.endpoint
    if source == "cache":
        return entry.answer.out_of_memory(age, story.query)
    return entry.answer.as_served(
        Served(
            endpoint=first.endpoint,
            account=first.account,
            variant=first.variant,
            source=source,
            attempts=story.sent,
            elapsed=story.elapsed,
            age=max(age, 0.0),
            degraded=degraded,
        ),
        query=story.query,
    )


def _instead_of(
    error: IRError, story: Story, key: str | None, fallback: Fallback | None
) -> Call[Answer | None]:
    if key is not None:
        entry, situation = story.state.memory.recall(key, story.settings.caching, story.now)
        if entry is not None and situation is not Freshness.EXPIRED:
            return (yield from _recalled(story, entry, "stale", degraded=True))
    if fallback is None:
        return None
    answer = yield from fall_back(story, fallback, partial(_key, story))
    if answer is not None:
        story.source, story.answered_by = "fallback", answer.served.endpoint
        reason = f"{type(error).__name__}: {error}"
        instead = answer.served.endpoint or "fixed items"
        yield from tell(
            story,
            FellBack(at=story.now, operation=story.query.operation, instead=instead, reason=reason),
        )
    return answer


def _let_the_guard_know(story: Story, *, failed: bool) -> Call[None]:
    split, variant = story.state.split, story.variant
    if split is not None and variant is not None and story.sent:
        done = split.note(variant, failed=failed, elapsed=story.elapsed, now=story.now)
        if done is not None:
            yield from tell(story, done)


def _end_badly(story: Story, error: IRError) -> Call[None]:
    kind = type(error).__name__
    story.state.stats.count_error(kind)
    last = story.attempts[-1].endpoint if story.attempts else None
    yield from tell(story, _ended(story, last, kind))


def _ended(story: Story, endpoint: str | None, error: str | None) -> CallEnded:
    return CallEnded(
        at=story.now,
        operation=story.query.operation,
        endpoint=endpoint,
        attempts=story.sent,
        elapsed=story.elapsed,
        error=error,
    )
