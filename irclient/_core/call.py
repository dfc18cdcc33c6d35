"""One call, from the query to its answer, read from top to bottom.

    memory → outage → flight → asking (token, endpoint, allowance, attempt, verdict)
             → result | stale | fallback | one error

The generator yields what is to be done and is sent what came of it; it never does anything
itself. Closing it half-way (a cancelled task, a closed client) gives back what it holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from irclient._core.call_state import CallState, stop_if_closed, tell
from irclient._core.coalescing import begin_refresh, share
from irclient._core.degraded_answers import (
    instead_of,
    is_out,
    key_of,
    probe_what_is_due,
    recalled,
    without_asking,
)
from irclient._core.freshness import Freshness
from irclient._core.priority import Priority
from irclient._core.protocol import GivenUp
from irclient._core.service_call import ask
from irclient.errors import ClientClosed, IRError, QueryError
from irclient.observe import CallEnded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from irclient._core.call_state import Noted
    from irclient._core.entry import Entry
    from irclient._core.protocol import Call
    from irclient._core.state import ClientState
    from irclient.queries import Query
    from irclient.results import Answer
    from irclient.settings import Fallback, Settings
    from irclient.topology import ServiceEndpoint

__all__ = ["call"]


def call(
    query: Query,
    state: ClientState,
    settings: Settings,
    now: float,
    *,
    endpoints: Sequence[ServiceEndpoint] | None = None,
    fallback: Fallback | None = None,
    priority: Priority = Priority.INTERACTIVE,
    ends_by: float | None = None,
    noted: Noted | None = None,
    headers: tuple[tuple[str, str], ...] = (),
    call_id: str | None = None,
) -> Call[Answer]:
    """Answer a query, or raise one `IRError`.

    Args:
        query: What to ask.
        state: What all calls of the client share.
        settings: How to go about it.
        now: The time.
        endpoints: Ask only these, and use neither memory nor fallback: a page of a longer list.
        fallback: What to answer when nothing else can.
        priority: Who gets a slot first.
        ends_by: When it must be over whatever the settings say; None where nothing else does.
        noted: Which records are made of it; all where anybody listens, when left out.
        headers: What its requests carry besides; they have been checked.
        call_id: What its records say that it is; drawn when left out.
    """
    variant, whom = _to_ask(query, state, endpoints)
    call = CallState(
        query, state, settings, now, whom, variant, priority, ends_by, noted, headers, call_id
    )
    key = key_of(call, query) if endpoints is None else None
    try:
        found = _look_up(call, key)
        answer = None if found is None else (yield from _from_memory(call, *found))
        if answer is None and endpoints is None and is_out(call):
            answer = yield from without_asking(call, key, fallback)
        if answer is None:
            if endpoints is None:
                call.prefer()
            asked = ask(call) if key is None else share(call, key)
            answer = (yield from asked).answer
    except (QueryError, ClientClosed) as error:
        yield from _end_badly(call, error)
        raise
    except IRError as error:
        instead = None if endpoints else (yield from _instead_of(error, call, key, fallback))
        if instead is None:
            yield from _let_the_guard_know(call, failed=True)
            yield from _end_badly(call, error)
            raise
        answer = instead
    except GivenUp:
        state.give_up(call.records)
        raise
    state.stats.count_answer(call.source)
    if state.split is not None:
        yield from _let_the_guard_know(call, failed=call.sent > 1)
    if call.noted == "all" or call.records or state.untold or _is_remarkable(call):
        yield from tell(call, _ended(call, call.answered_by, None))
    return answer


def _is_remarkable(call: CallState) -> bool:
    """Whether there is more to tell of an answered call than its answer does."""
    return call.noted != "nothing" and (call.degraded or call.source != "service")


def _to_ask(
    query: Query, state: ClientState, endpoints: Sequence[ServiceEndpoint] | None
) -> tuple[str | None, Sequence[ServiceEndpoint]]:
    """Return the variant that a call belongs to, and its endpoints."""
    if endpoints:
        return state.variant_at(endpoints[0]), endpoints
    variant = state.variant_of(query)
    return variant, state.variants[variant]


def _look_up(call: CallState, key: str | None) -> tuple[str, Entry, Freshness] | None:
    """Return the entry in memory, and how far it may be used."""
    if key is None:
        return None
    stop_if_closed(call)
    entry, situation = call.state.memory.recall(key, call.settings.caching, call.now)
    return None if entry is None else (key, entry, situation)


def _from_memory(
    call: CallState, key: str, entry: Entry, situation: Freshness
) -> Call[Answer | None]:
    """Return a fresh answer; or a usable one, while one call in the background refreshes it."""
    if situation is Freshness.FRESH:
        return (yield from recalled(call, entry, "cache"))
    if situation is not Freshness.USABLE:
        return None
    if is_out(call):
        yield from probe_what_is_due(call)
    else:
        yield from begin_refresh(call, key)
    return (yield from recalled(call, entry, "stale"))


def _instead_of(
    error: IRError, call: CallState, key: str | None, fallback: Fallback | None
) -> Call[Answer | None]:
    """Stale, then the fallback, which may have to be asked for: anything beats an error page."""
    try:
        return (yield from instead_of(error, call, key, fallback))
    except GivenUp:
        call.state.give_up(call.records)
        raise


def _let_the_guard_know(call: CallState, *, failed: bool) -> Call[None]:
    split, variant = call.state.split, call.variant
    if split is not None and variant is not None and call.sent:
        done = split.note(variant, failed=failed, elapsed=call.elapsed, now=call.now)
        if done is not None:
            call.note(done)
            yield from tell(call)


def _end_badly(call: CallState, error: IRError) -> Call[None]:
    kind = type(error).__name__
    call.state.stats.count_error(kind)
    last = call.attempts[-1].endpoint if call.attempts else None
    yield from tell(call, _ended(call, last, kind))


def _ended(call: CallState, endpoint: str | None, error: str | None) -> CallEnded:
    return CallEnded(
        at=call.now,
        operation=call.query.operation,
        endpoint=endpoint,
        attempts=call.sent,
        elapsed=call.elapsed,
        error=error,
        source=call.source if error is None else None,
        variant=call.variant,
        degraded=call.degraded,
    )
