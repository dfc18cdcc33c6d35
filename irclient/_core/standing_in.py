"""What stands in for an answer of the service: one from memory, or the fallback.

| situation                              | what stands in                                        |
|----------------------------------------|-------------------------------------------------------|
| the call failed                        | the same list from memory, at any age that may still  |
|                                        | be used; else the fallback                            |
| every endpoint is known to fail        | the same without asking any, at once: waiting for an  |
|                                        | outage that is known does not help                    |
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from irclient._core.asking import begin_probe
from irclient._core.fallback import fall_back, in_memory_or_fixed
from irclient._core.freshness import Freshness
from irclient._core.health import Admission
from irclient._core.identity import identity
from irclient._core.routing import none_works
from irclient._core.story import stop_unless_open, tell
from irclient.observe import FellBack, MemoryUsed
from irclient.results import Served

if TYPE_CHECKING:
    from irclient._core.entry import Entry
    from irclient._core.protocol import Call
    from irclient._core.story import Story
    from irclient.errors import IRError
    from irclient.queries import Query
    from irclient.results import Answer, Source
    from irclient.settings import Fallback

__all__ = ["instead_of", "is_out", "key_of", "probe_what_is_due", "recalled", "without_asking"]


def key_of(story: Story, query: Query) -> str | None:
    """What an answer is kept and shared by, or None where none may be."""
    return identity(query, story.variant) if story.settings.caching.enabled else None


def is_out(story: Story) -> bool:
    """Whether every endpoint of a call is known to fail."""
    return none_works(story.state.routes, story.endpoints, story.modeling)


def without_asking(story: Story, key: str | None, fallback: Fallback | None) -> Call[Answer | None]:
    """In an outage that is known, return what there is without an answer of the service.

    Who has nothing else may try all the same; who has something need not wait for it.
    """
    stop_unless_open(story)
    answer = yield from _stale(story, key)
    if answer is None and fallback is not None:
        answer = in_memory_or_fixed(story, fallback, partial(key_of, story))
        if answer is not None:
            yield from _tell_fallback(story, answer, "every endpoint is known to be failing")
    if answer is not None:
        yield from probe_what_is_due(story)
    return answer


def probe_what_is_due(story: Story) -> Call[None]:
    """Have probed in the background what no call will ask."""
    state, settings = story.state, story.settings
    for endpoint in story.endpoints:
        probe_for = settings.timeouts.attempt
        admission = state.routes.admit(endpoint, story.modeling, story.now, probe_for=probe_for)
        if admission is Admission.PROBE:
            yield from begin_probe(endpoint, state, settings, story.modeling)


def recalled(story: Story, entry: Entry, source: Source, *, degraded: bool = False) -> Call[Answer]:
    """Return an answer from memory as the call's own."""
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


def instead_of(
    error: IRError, story: Story, key: str | None, fallback: Fallback | None
) -> Call[Answer | None]:
    """Return what stands in for an answer after this error, or None."""
    answer = yield from _stale(story, key)
    if answer is None and fallback is not None:
        answer = yield from fall_back(story, fallback, partial(key_of, story))
        if answer is not None:
            yield from _tell_fallback(story, answer, f"{type(error).__name__}: {error}")
    return answer


def _stale(story: Story, key: str | None) -> Call[Answer | None]:
    """Return an answer in memory at any age at which it may stand in for an error."""
    if key is None:
        return None
    entry, situation = story.state.memory.recall(key, story.settings.caching, story.now)
    if entry is None or situation is Freshness.EXPIRED:
        return None
    return (yield from recalled(story, entry, "stale", degraded=True))


def _tell_fallback(story: Story, answer: Answer, reason: str) -> Call[None]:
    story.source, story.answered_by = "fallback", answer.served.endpoint
    operation, instead = story.query.operation, answer.served.endpoint or "fixed items"
    fell_back = FellBack(at=story.now, operation=operation, instead=instead, reason=reason)
    yield from tell(story, fell_back)
