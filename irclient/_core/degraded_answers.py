"""What stands in for an answer of the service: one from memory, or the fallback.

| situation                              | what stands in                                        |
|----------------------------------------|-------------------------------------------------------|
| the call failed                        | the same list from memory, at any age that may still  |
|                                        | be used; else the fallback                            |
| every endpoint is known to fail        | the same without asking any, at once: waiting for an  |
|                                        | outage that is known does not help                    |
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from irclient._core.call_state import stop_unless_open, tell
from irclient._core.fallback import fall_back, in_memory_or_fixed
from irclient._core.freshness import Freshness
from irclient._core.health import Admission
from irclient._core.identity import identity
from irclient._core.probing import begin_probe
from irclient._core.recalling import recall
from irclient._core.routing import none_works
from irclient.observe import FellBack, MemoryUsed

if TYPE_CHECKING:
    from irclient._core.call_state import CallState
    from irclient._core.entry import Entry
    from irclient._core.protocol import Call
    from irclient.errors import IRError
    from irclient.queries import Query
    from irclient.results import Answer, Source
    from irclient.settings import Fallback

__all__ = ["instead_of", "is_out", "key_of", "probe_what_is_due", "recalled", "without_asking"]


def key_of(call: CallState, query: Query) -> str | None:
    """What an answer is kept and shared by, or None where none may be."""
    return identity(query, call.variant) if call.settings.caching.enabled else None


def is_out(call: CallState) -> bool:
    """Whether every endpoint of a call is known to fail."""
    return none_works(call.state.routes, call.endpoints, call.modeling)


def without_asking(
    call: CallState, key: str | None, fallback: Fallback | None
) -> Call[Answer | None]:
    """In an outage that is known, return what there is without an answer of the service.

    A call that has nothing else may try all the same; one that has something need not wait.
    """
    stop_unless_open(call)
    answer = yield from _stale(call, key)
    if answer is None and key is not None and call.state.shared_memory is not None:
        answer = yield from _of_the_fleet(call, key)
    if answer is None and fallback is not None:
        answer = in_memory_or_fixed(call, fallback, partial(key_of, call))
        if answer is not None:
            words = "every endpoint is known to be failing"
            yield from _tell_fallback(call, answer, "outage", words)
    if answer is not None:
        yield from probe_what_is_due(call)
    return answer


def probe_what_is_due(call: CallState) -> Call[None]:
    """Have probed in the background what no call will ask."""
    state, settings = call.state, call.settings
    for endpoint in call.endpoints:
        probe_for = settings.timeouts.attempt
        admission = state.routes.admit(endpoint, call.modeling, call.now, probe_for=probe_for)
        if admission is Admission.PROBE:
            yield from begin_probe(endpoint, state, settings, call.modeling)


def recalled(
    call: CallState, entry: Entry, source: Source, *, degraded: bool = False
) -> Call[Answer]:
    """Return an answer from memory as the call's own."""
    call.source, age = source, call.now - entry.stored_at
    call.degraded = degraded
    if call.noted != "nothing":
        operation = call.query.operation
        used = MemoryUsed(at=call.now, operation=operation, source=source, age=age)
        yield from tell(call, used)
    first = entry.answer.served
    call.answered_by = first.endpoint
    if source == "cache":
        return entry.answer.out_of_memory(age, call.query, call.settings.caching.fresh_for)
    return entry.answer.as_served(
        replace(
            first,
            source=source,
            attempts=call.sent,
            elapsed=call.elapsed,
            age=max(age, 0.0),
            degraded=degraded,
            fresh_for=0.0,
        ),
        query=call.query,
    )


def instead_of(
    error: IRError, call: CallState, key: str | None, fallback: Fallback | None
) -> Call[Answer | None]:
    """Return what stands in for an answer after this error, or None."""
    answer = yield from _stale(call, key)
    if answer is None and fallback is not None:
        answer = yield from fall_back(call, fallback, partial(key_of, call))
        if answer is not None:
            kind = type(error).__name__
            yield from _tell_fallback(call, answer, kind, f"{kind}: {error}")
    return answer


def _stale(call: CallState, key: str | None) -> Call[Answer | None]:
    """Return an answer in memory at any age at which it may stand in for an error."""
    if key is None:
        return None
    entry, situation = call.state.memory.recall(key, call.settings.caching, call.now)
    if entry is None or situation is Freshness.EXPIRED:
        return None
    return (yield from recalled(call, entry, "stale", degraded=True))


def _of_the_fleet(call: CallState, key: str) -> Call[Answer | None]:
    """Return what another process has, at any such age."""
    found = yield from recall(call, key, claims=False)
    if found.entry is not None and found.is_fresh:
        return (yield from recalled(call, found.entry, "cache"))
    return (yield from _stale(call, key))


def _tell_fallback(call: CallState, answer: Answer, kind: str, reason: str) -> Call[None]:
    call.source, call.answered_by = "fallback", answer.served.endpoint
    call.degraded = True
    fell_back = FellBack(
        at=call.now,
        operation=call.query.operation,
        instead=answer.served.endpoint or "fixed items",
        kind=kind,
        reason=reason,
    )
    yield from tell(call, fell_back)
