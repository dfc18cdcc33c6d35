"""Asking the service: the middle of a call, read from top to bottom.

token → endpoint → allowance → attempt → verdict → again here | other endpoint | error
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, cast

from irclient._core import call_errors
from irclient._core.attempt import attempt
from irclient._core.backoff import backoff
from irclient._core.bearer import bearer, may_renew
from irclient._core.call_state import pause, stop_unless_open, tell
from irclient._core.flights import Answered
from irclient._core.identity import identity
from irclient._core.priority import BATCH, INTERACTIVE, REFRESH
from irclient._core.probing import begin_probe
from irclient._core.routing import Awaited, Choice, choose, none_works
from irclient._core.slot_wait import await_slot
from irclient._core.unasked import passed_by, unasked
from irclient._core.verdict import SERVED, Meaning, Next
from irclient.errors import Unavailable
from irclient.observe import FailedOver, SpilledOver, ThrottleWaited

if TYPE_CHECKING:
    from irclient._core.call_state import CallState
    from irclient._core.protocol import Call
    from irclient._core.routing import Full
    from irclient._core.verdict import Verdict
    from irclient._values.secret import Secret
    from irclient.errors import IRError
    from irclient.results import Answer
    from irclient.topology import ServiceEndpoint

__all__ = ["ask"]


def ask(call: CallState) -> Call[Answered]:
    """Ask endpoints until one answers, or until asking on makes no sense."""
    while True:
        stop_unless_open(call)
        # Token: in memory nearly always; else one fetch serves all who wait for it. Before
        # the slot, so that no slot of the first second is held by a call that only waits.
        reading = call.state.tokens.read(call.now)
        token = reading.token if reading.work is None else None
        if token is None:
            token = yield from bearer(call, reading)
        # Endpoint and allowance: the preferred one that is well and has a slot.
        choice = _look_along(call)
        while not isinstance(choice, Choice):
            choice = yield from _wait_for_choice(call, choice)
        allowance = call.state.routes.allowances[choice.endpoint.url]
        try:
            _pay_for(call, choice)
            if call.last_tried is not None or choice.is_remarkable(call.now):
                yield from _on_the_way(call, choice)
                stop_unless_open(call)
            if not allowance.start(choice.slot, call.now):
                continue  # Its slot is too close to others' by now, or was taken over.
            if choice.is_known_to_fail:
                call.state.routes.health[choice.endpoint.url].asked_though_failing_at = call.now
            # Attempt, perhaps hedged, and the verdict on what came of it.
            endpoint, verdict = yield from attempt(call, choice.endpoint, token, choice.slot)
        finally:
            allowance.give_back(choice.slot, call.now)
        if verdict.meaning is SERVED:
            call.state.budget.answered(call.now)
            return Answered(_served(call, endpoint, verdict), endpoint)
        if verdict.meaning.then is Next.END:
            raise call_errors.refused(verdict, call.attempts)
        if not (yield from _may_repeat(call, endpoint, verdict, token)):
            _go_on_unless_spent(call, endpoint, verdict)


def _wait_for_choice(
    call: CallState, found: Awaited | Full | None
) -> Call[Choice | Awaited | Full | None]:
    """Wait until it is worth looking along the endpoints again, and do.

    Args:
        call: Who looks for an endpoint.
        found: What it has found; None when all have been tried.
    """
    if found is None:
        yield from _wait_for_another_round(call)
    elif isinstance(found, Awaited):
        return (yield from await_slot(call, found, partial(_look_along, call)))
    else:
        raise _allowance_used_up(call, found.slot_after)
    return _look_along(call)


def _look_along(call: CallState) -> Choice | Awaited | Full | None:
    """Choose the next endpoint, and hold a slot there; None when all have been tried."""
    return choose(
        call.state.routes,
        call.endpoints,
        modeling=call.modeling,
        tried=call.tried,
        now=call.now,
        not_after=_not_after(call),
        probe_for=call.settings.timeouts.attempt,
        priority=call.priority,
    )


def _full(call: CallState) -> IRError:
    """The error where what works is full, and trying what fails cannot be paid for."""
    routes, modeling, now = call.state.routes, call.modeling, call.now
    alive = (each for each in call.endpoints if not routes.is_known_to_fail(each, modeling))
    slots = [routes.allowances[each.url].first_slot(now, call.priority) for each in alive]
    return _allowance_used_up(call, min(slots, default=now) - now)


def _allowance_used_up(call: CallState, slot_after: float) -> IRError:
    verdicts = list(call.verdicts.values())
    return call_errors.allowance_used_up(slot_after, verdicts, call.attempts, passed_by(call))


def _not_after(call: CallState) -> float:
    if call.priority is INTERACTIVE:
        since = call.now if call.slot_wanted_at is None else call.slot_wanted_at
        latest, deadline_at = since + call.settings.throttling.max_wait, call.deadline_at
        return latest if latest < deadline_at else deadline_at
    if call.priority is BATCH:
        # The deadline of a batch call begins with its first slot.
        if call.sent:
            return call.deadline_at
        return math.inf if call.ends_by is None else call.ends_by
    return call.now


def _pay_for(call: CallState, choice: Choice) -> None:
    """Pay from the retry budget for what is not free; an attempt that is not paid is not made."""
    if not call.verdicts and not choice.is_known_to_fail:
        return  # Nearly always.
    endpoint, modeling = choice.endpoint, call.modeling
    is_free = endpoint not in call.verdicts and not (
        # What was found out while the call was under way may be its own doing: a thousand calls
        # that fail over together can be too much for an endpoint for a moment, and not for long.
        choice.is_known_to_fail
        and call.state.routes.was_known_to_fail(endpoint, modeling, call.began_at)
    )
    if is_free:
        return
    budget, is_out = call.state.budget, _is_out(call)
    if is_out and not call.verdicts:
        return
    if not (budget.pay_in_outage if is_out else budget.pay)(call.now):
        if choice.probe is not None:
            call.state.routes.release(choice.probe, modeling)
        raise _no_endpoint_answered(call) if call.verdicts else _full(call)


def _is_out(call: CallState) -> bool:
    return none_works(call.state.routes, call.endpoints, call.modeling)


def _may_repeat(
    call: CallState, endpoint: ServiceEndpoint, verdict: Verdict, token: Secret
) -> Call[bool]:
    """Whether the same endpoint is asked once more at once: over a new connection, where a kept
    one was closed by then, or with another token, where this one was refused."""
    match verdict.meaning.then:
        case Next.RECONNECT if endpoint not in call.stale and not call.query.has_side_effect:
            call.stale.add(endpoint)
            return True
        case Next.RENEW:
            if (yield from may_renew(call, endpoint, token)):
                return True
            asides = call.state.routes.asides
            call.note(asides.record(endpoint, call.modeling, verdict, call.now))
        case _:
            pass
    return False


def _on_the_way(call: CallState, choice: Choice) -> Call[None]:
    """Tell where the call goes and why, wait for the slot, and have probed what is due."""
    operation, origin, target = call.query.operation, call.last_tried, choice.endpoint
    if origin is not None and origin != target:
        failed_over = FailedOver(
            at=call.now,
            operation=operation,
            origin=origin.label,
            target=target.label,
            kind=call.verdicts[origin].meaning.word,
            reason=call.verdicts[origin].reason,
        )
        yield from tell(call, failed_over)
    elif choice.spilled_from is not None:
        spilled_from = choice.spilled_from.label
        spilled_over = SpilledOver(
            at=call.now, operation=operation, origin=spilled_from, target=target.label
        )
        yield from tell(call, spilled_over)
    wait = choice.slot.starts_at - call.now
    if wait > 0:
        if call.priority is BATCH and not call.sent:
            own = choice.slot.starts_at + call.settings.timeouts.deadline
            call.deadline_at = own if call.ends_by is None else min(own, call.ends_by)
        waited = ThrottleWaited(at=call.now, endpoint=target.label, wait=wait)
        yield from tell(call, waited)
        call.state.stats.count("throttle_waits")
        yield from pause(call, choice.slot.starts_at, waiting_for=f"a slot of {target.label}")
    if choice.probe is not None and choice.probe != choice.endpoint:
        yield from begin_probe(choice.probe, call.state, call.settings, call.modeling)


def _go_on_unless_spent(call: CallState, endpoint: ServiceEndpoint, verdict: Verdict) -> None:
    call.tried.add(endpoint)
    call.verdicts[endpoint] = verdict
    call.ready_at[endpoint] = call.now + (verdict.retry_after or 0.0)
    call.last_tried = endpoint
    stop_unless_open(call)
    # What was sent over a connection that was closed already did not reach anybody.
    if call.sent - len(call.stale) >= call.settings.retries.max_attempts:
        raise _no_endpoint_answered(call)


def _wait_for_another_round(call: CallState) -> Call[None]:
    """Every endpoint was tried: wait, then let those be tried again where that makes sense."""
    settings = call.settings
    again = [each for each, verdict in call.verdicts.items() if verdict.meaning.worth_retrying]
    if not again or call.priority >= REFRESH:
        raise _no_endpoint_answered(call)
    soonest = call.verdicts[min(again, key=call.ready_at.__getitem__)]
    wait = backoff(
        soonest,
        call.waits,
        uniform=call.state.uniform,
        wait=settings.retries.wait,
        elapsed=call.elapsed,
    )
    is_too_long = (
        soonest.meaning is Meaning.THROTTLED
        and call.priority is INTERACTIVE
        and wait > settings.throttling.max_wait
    )
    budget = call.state.budget
    can_pay = (budget.left_in_outage if _is_out(call) else budget.left)(call.now)
    if wait >= call.left or is_too_long or not can_pay:
        raise _no_endpoint_answered(call)
    call.waits += 1
    ready_at = call.now + wait
    yield from pause(call, ready_at)
    # Those that asked for a longer wait get it.
    call.tried -= {each for each in again if call.ready_at[each] <= ready_at}


def _no_endpoint_answered(call: CallState) -> IRError:
    verdicts = list(call.verdicts.values())
    error = call_errors.no_endpoint_answered(verdicts, call.attempts, unasked(call))
    if isinstance(error, Unavailable):
        after = min(_asked_again_after(call, each) for each in call.endpoints)
        error.retry_after = after if after < math.inf else None
    error.__cause__ = next((v.cause for v in verdicts if v.cause is not None), None)
    return error


def _asked_again_after(call: CallState, endpoint: ServiceEndpoint) -> float:
    """Seconds until an endpoint is asked again whether it is back; infinite if not known."""
    routes, verdict = call.state.routes, call.verdicts.get(endpoint)
    if verdict is not None and verdict.retry_after is not None:
        return verdict.retry_after
    aside = routes.asides.find(endpoint, call.modeling)
    if aside is not None:
        return aside.ask_again_at - call.now
    health = routes.health[endpoint.url]
    return health.probe_in(call.now) if health.is_known_to_fail else math.inf


def _served(call: CallState, endpoint: ServiceEndpoint, verdict: Verdict) -> Answer:
    answer, label, query = cast("Answer", verdict.answer), endpoint.label, call.query
    call.answered_by, caching = label, call.settings.caching
    answer.note_served(
        label,
        endpoint.account,
        call.variant,
        call.sent,
        call.now - call.began_at,
        query=query,
        fresh_for=caching.fresh_for if caching.enabled and identity(query) else 0.0,
    )
    return answer
