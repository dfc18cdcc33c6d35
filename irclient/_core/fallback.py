"""The fallback: what is answered when the query itself cannot be.

In order: each query of the fallback, from memory at any age that may still be used, else from
the service in what is left of the deadline; then the fixed items. What comes of it is marked
`degraded`. A query to the service is paid from the retry budget, and not sent at all where every
endpoint is known to fail.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from irclient._core.call_state import CallState
from irclient._core.freshness import Freshness
from irclient._core.routing import none_works
from irclient._core.service_call import ask
from irclient.errors import IRError
from irclient.queries import ListQuery, Personalize
from irclient.results import RecommendationList, RecommendedItem, Served

if TYPE_CHECKING:
    from collections.abc import Callable

    from irclient._core.protocol import Call
    from irclient.queries import Query
    from irclient.results import Answer
    from irclient.settings import Fallback

__all__ = ["fall_back", "in_memory_or_fixed"]


def fall_back(
    call: CallState, fallback: Fallback, key_of: Callable[[Query], str | None]
) -> Call[Answer | None]:
    """Return what the fallback has to offer, or None.

    Args:
        call: The call that found no answer.
        fallback: What to try.
        key_of: The key of a query in the client's memory; None for one that is not kept.
    """
    if isinstance(call.query, ListQuery):
        for query in fallback.queries:
            if query == call.query:
                continue
            answer = _from_memory(call, query, key_of)
            if answer is None:
                answer = yield from _from_service(call, query, key_of)
            if answer is not None:
                return _degraded(call, answer)
    return _without_queries(call, fallback)


def in_memory_or_fixed(
    call: CallState, fallback: Fallback, key_of: Callable[[Query], str | None]
) -> Answer | None:
    """Return what the fallback has to offer without asking the service, or None.

    The arguments are those of `fall_back`.
    """
    if isinstance(call.query, ListQuery):
        for query in fallback.queries:
            answer = _from_memory(call, query, key_of) if query != call.query else None
            if answer is not None:
                return _degraded(call, answer)
    return _without_queries(call, fallback)


def _without_queries(call: CallState, fallback: Fallback) -> Answer | None:
    if isinstance(call.query, Personalize):
        # A ranking of the candidates was asked for: unranked, they are still the candidates.
        return _fixed(call, tuple(call.query.candidates))
    if not isinstance(call.query, ListQuery) or not fallback.items:
        return None
    return _fixed(call, fallback.items)


def _from_memory(
    call: CallState, query: ListQuery, key_of: Callable[[Query], str | None]
) -> Answer | None:
    key = key_of(query)
    if key is None:
        return None
    entry, situation = call.state.memory.recall(key, call.settings.caching, call.now)
    if entry is None or situation is Freshness.EXPIRED:
        return None
    age = max(call.now - entry.stored_at, 0.0)
    return entry.answer.as_served(replace(entry.answer.served, age=age))


def _from_service(
    call: CallState, query: ListQuery, key_of: Callable[[Query], str | None]
) -> Call[Answer | None]:
    state = call.state
    if call.left <= 0 or state.is_closed:
        return None
    if none_works(state.routes, call.endpoints, query.modeling) or not state.budget.pay(call.now):
        return None
    attempt = CallState(
        query,
        call.state,
        call.settings,
        call.now,
        call.endpoints,
        variant=call.variant,
        deadline_at=call.deadline_at,
        priority=call.priority,
        call_id=call.call_id,
        ends_by=call.ends_by,
        noted=call.noted,
        headers=call.headers,
    )
    try:
        answered = yield from ask(attempt)
    except IRError:
        return None
    else:
        key = key_of(query)
        if key is not None:
            # All calls of a breakdown end here: one answer serves those that come after it.
            call.state.memory.keep(
                key,
                query,
                answered.answer,
                answered.endpoint,
                attempt.now,
                since=attempt.generation,
            )
        return answered.answer
    finally:
        call.now = attempt.now
        call.sent += attempt.sent
        call.attempts += attempt.attempts
        call.records += attempt.records


def _degraded(call: CallState, answer: Answer) -> Answer:
    return answer.as_served(
        replace(
            answer.served,
            source="fallback",
            attempts=call.sent,
            elapsed=call.elapsed,
            degraded=True,
            fresh_for=0.0,
        ),
        query=call.query,
    )


def _fixed(call: CallState, ids: tuple[str, ...]) -> Answer:
    items = tuple(RecommendedItem(id=each) for each in ids)
    count, skip = getattr(call.query, "count", None), getattr(call.query, "skip", None) or 0
    end = None if count is None else skip + count
    fixed = RecommendationList(items=items[skip:end], total_items=len(items))
    return _degraded(call, fixed.as_served(Served(variant=call.variant)))
