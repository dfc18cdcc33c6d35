"""The fallback: what is answered when the query itself cannot be.

In order: each query of the fallback, from memory at any age that may still be used, else from
the service in what is left of the deadline; then the fixed items. What comes of it is marked
`degraded`. A query to the service is paid from the retry budget, and not sent at all where every
endpoint is known to fail.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from irclient._core.asking import ask
from irclient._core.freshness import Freshness
from irclient._core.routing import none_works
from irclient._core.story import Story
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
    story: Story, fallback: Fallback, key_of: Callable[[Query], str | None]
) -> Call[Answer | None]:
    """Return what the fallback has to offer, or None.

    Args:
        story: The call that found no answer.
        fallback: What to try.
        key_of: The key of a query in the client's memory; None for one that is not kept.
    """
    if isinstance(story.query, ListQuery):
        for query in fallback.queries:
            if query == story.query:
                continue
            answer = _from_memory(story, query, key_of)
            if answer is None:
                answer = yield from _from_service(story, query, key_of)
            if answer is not None:
                return _degraded(story, answer)
    return _without_queries(story, fallback)


def in_memory_or_fixed(
    story: Story, fallback: Fallback, key_of: Callable[[Query], str | None]
) -> Answer | None:
    """Return what the fallback has to offer without asking the service, or None.

    The arguments are those of `fall_back`.
    """
    if isinstance(story.query, ListQuery):
        for query in fallback.queries:
            answer = _from_memory(story, query, key_of) if query != story.query else None
            if answer is not None:
                return _degraded(story, answer)
    return _without_queries(story, fallback)


def _without_queries(story: Story, fallback: Fallback) -> Answer | None:
    if isinstance(story.query, Personalize):
        # A ranking of the candidates was asked for: unranked, they are still the candidates.
        return _fixed(story, tuple(story.query.candidates))
    if not isinstance(story.query, ListQuery) or not fallback.items:
        return None
    return _fixed(story, fallback.items)


def _from_memory(
    story: Story, query: ListQuery, key_of: Callable[[Query], str | None]
) -> Answer | None:
    key = key_of(query)
    if key is None:
        return None
    entry, situation = story.state.memory.recall(key, story.settings.caching, story.now)
    if entry is None or situation is Freshness.EXPIRED:
        return None
    age = max(story.now - entry.stored_at, 0.0)
    return entry.answer.as_served(replace(entry.answer.served, age=age))


def _from_service(
    story: Story, query: ListQuery, key_of: Callable[[Query], str | None]
) -> Call[Answer | None]:
    state = story.state
    if story.left <= 0 or state.is_closed:
        return None
    if none_works(state.routes, story.endpoints, query.modeling) or not state.budget.pay(story.now):
        return None
    attempt = Story(
        query,
        story.state,
        story.settings,
        story.now,
        story.endpoints,
        variant=story.variant,
        deadline_at=story.deadline_at,
        priority=story.priority,
    )
    try:
        answered = yield from ask(attempt)
    except IRError:
        return None
    else:
        key = key_of(query)
        if key is not None:
            # All calls of a breakdown end here: one answer serves those that come after it.
            story.state.memory.keep(
                key,
                query,
                answered.answer,
                answered.endpoint,
                attempt.now,
                since=attempt.generation,
            )
        return answered.answer
    finally:
        story.now = attempt.now
        story.sent += attempt.sent
        story.attempts += attempt.attempts


def _degraded(story: Story, answer: Answer) -> Answer:
    return answer.as_served(
        replace(
            answer.served,
            source="fallback",
            attempts=story.sent,
            elapsed=story.elapsed,
            degraded=True,
        ),
        query=story.query,
    )


def _fixed(story: Story, ids: tuple[str, ...]) -> Answer:
    items = tuple(RecommendedItem(id=each) for each in ids)
    count, skip = getattr(story.query, "count", None), getattr(story.query, "skip", None) or 0
    end = None if count is None else skip + count
    fixed = RecommendationList(items=items[skip:end], total_items=len(items))
    return _degraded(story, fixed.as_served(Served(variant=story.variant)))
