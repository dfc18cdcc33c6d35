"""Asking the service: the middle of a call, read from top to bottom.

token → endpoint → allowance → attempt → verdict → again here | other endpoint | error
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, cast

from irclient._core import ending
from irclient._core.attempt import attempt
from irclient._core.backoff import backoff
from irclient._core.bearer import bearer, may_renew
from irclient._core.ending import Unasked
from irclient._core.flights import Answered
from irclient._core.priority import Priority
from irclient._core.protocol import NotStarted, Spawn
from irclient._core.routing import Full, choose, none_works
from irclient._core.story import Story, pause, stop_unless_open, tell
from irclient._core.verdict import SERVED, Meaning, Next
from irclient.errors import IRError
from irclient.observe import FailedOver, SpilledOver, ThrottleWaited
from irclient.queries import Popular

if TYPE_CHECKING:
    from irclient._core.protocol import Call
    from irclient._core.routing import Choice
    from irclient._core.state import ClientState
    from irclient._core.verdict import Verdict
    from irclient._secrets import Secret
    from irclient.results import Answer
    from irclient.settings import Settings
    from irclient.topology import ServiceEndpoint

__all__ = ["ask", "begin_probe", "probe"]

#: What a probe asks: small, without side effect, and served by every tier of the service.
_PROBE: Final = Popular(count=1)


def ask(story: Story) -> Call[Answered]:
    """Ask endpoints until one answers, or until asking on makes no sense."""
    while True:
        stop_unless_open(story)
        # Token: in memory nearly always; else one fetch serves all who wait for it. Before
        # the slot, so that no slot of the first second is held by those who only wait.
        token = yield from bearer(story)
        # Endpoint and allowance: the preferred one that is well and has a slot.
        choice = _choose(story)
        while choice is None:
            yield from _wait_for_another_round(story)
            choice = _choose(story)
        allowance = story.state.routes.allowances[choice.endpoint.url]
        try:
            _pay_for(story, choice)
            if story.state.has_observers or choice.is_remarkable(story.now):
                yield from _on_the_way(story, choice)
                stop_unless_open(story)
            if not allowance.start(choice.slot, story.now):
                continue  # Its slot is too close to others' by now, or was taken over.
            # Attempt, perhaps hedged, and the verdict on what came of it.
            endpoint, verdict = yield from attempt(story, choice.endpoint, token, choice.slot)
        finally:
            allowance.give_back(choice.slot, story.now)
        if verdict.meaning is SERVED:
            story.state.budget.answered(story.now)
            return Answered(_served(story, endpoint, verdict), endpoint)
        if verdict.meaning.then is Next.END:
            raise ending.refused(verdict, story.attempts)
        if not (yield from _may_repeat(story, endpoint, verdict, token)):
            _go_on_unless_spent(story, endpoint, verdict)


def begin_probe(
    endpoint: ServiceEndpoint, state: ClientState, settings: Settings, modeling: str | None
) -> Call[None]:
    """Begin to learn in the background whether an endpoint is back."""
    outcome = (yield Spawn(partial(probe, endpoint, state, settings, modeling=modeling))).outcome
    if isinstance(outcome, NotStarted):
        state.routes.health[endpoint.url].release()


def probe(
    endpoint: ServiceEndpoint,
    state: ClientState,
    settings: Settings,
    now: float,
    *,
    modeling: str | None = None,
) -> Call[None]:
    """Ask one endpoint once, in the background.

    Args:
        endpoint: Whom to ask.
        state: What all calls of the client share.
        settings: How to go about it.
        now: The time.
        modeling: The modeling to ask for; by default the endpoint's own.
    """
    query = _PROBE if modeling is None else Popular(count=1, modeling=modeling)
    ends_at, only = now + settings.timeouts.attempt, (endpoint,)
    story = Story(query, state, settings, now, only, deadline_at=ends_at, priority=Priority.PROBE)
    allowance = state.routes.allowances[endpoint.url]
    try:
        token = yield from bearer(story)
    except IRError:
        return  # Without a token nothing was learned: a later call will ask for a probe again.
    slot = allowance.reserve(story.now, not_after=story.now, priority=Priority.PROBE)
    if slot is None:
        return  # A probe may not take a slot that a call waits for; another will be asked for.
    try:
        if allowance.start(slot, story.now):
            yield from attempt(story, endpoint, token, slot)
    finally:
        allowance.give_back(slot, story.now)


def _choose(story: Story) -> Choice | None:
    """Choose the next endpoint, and hold a slot there; None when all have been tried."""
    choice = choose(
        story.state.routes,
        story.endpoints,
        modeling=story.modeling,
        tried=story.tried,
        now=story.now,
        not_after=_not_after(story),
        probe_for=story.settings.timeouts.attempt,
        priority=story.priority,
    )
    if isinstance(choice, Full):
        verdicts = list(story.verdicts.values())
        raise ending.allowance_used_up(choice.slot_after, verdicts, story.attempts)
    return choice


def _full(story: Story) -> IRError:
    """The error where what works is full, and trying what fails cannot be paid for."""
    routes, modeling, now = story.state.routes, story.modeling, story.now
    alive = (each for each in story.endpoints if not routes.is_known_to_fail(each, modeling))
    slots = [routes.allowances[each.url].first_slot(now, story.priority) for each in alive]
    return ending.allowance_used_up(min(slots, default=now) - now, [], [])


def _not_after(story: Story) -> float:
    match story.priority:
        case Priority.INTERACTIVE:
            return min(story.now + story.settings.throttling.max_wait, story.deadline_at)
        case Priority.BATCH:
            # The deadline of a batch call begins with its first slot.
            return story.deadline_at if story.sent else float("inf")
        case _:
            return story.now


def _pay_for(story: Story, choice: Choice) -> None:
    """Pay from the retry budget for what is not free; an attempt that is not paid is not made."""
    endpoint, modeling = choice.endpoint, story.modeling
    is_free = endpoint not in story.verdicts and not (
        # What was found out while the call was under way may be its own doing: a thousand calls
        # that fail over together can be too much for an endpoint for a moment, and not for long.
        choice.is_known_to_fail
        and story.state.routes.was_known_to_fail(endpoint, modeling, story.began_at)
    )
    if is_free:
        return
    budget, is_out = story.state.budget, _is_out(story)
    if is_out and not story.verdicts:
        return
    if not (budget.pay_in_outage if is_out else budget.pay)(story.now):
        raise _no_endpoint_answered(story) if story.verdicts else _full(story)


def _is_out(story: Story) -> bool:
    return none_works(story.state.routes, story.endpoints, story.modeling)


def _may_repeat(
    story: Story, endpoint: ServiceEndpoint, verdict: Verdict, token: Secret
) -> Call[bool]:
    """Whether the same endpoint is asked once more at once: over a new connection, where a kept
    one was closed by then, or with another token, where this one was refused."""
    match verdict.meaning.then:
        case Next.RECONNECT if endpoint not in story.stale and not story.query.has_side_effect:
            story.stale.add(endpoint)
            return True
        case Next.RENEW:
            if (yield from may_renew(story, endpoint, token)):
                return True
            asides = story.state.routes.asides
            story.note(asides.record(endpoint, story.modeling, verdict, story.now))
        case _:
            pass
    return False


def _on_the_way(story: Story, choice: Choice) -> Call[None]:
    """Tell where the call goes and why, wait for the slot, and have probed what is due."""
    operation, origin, target = story.query.operation, story.last_tried, choice.endpoint
    if origin is not None and origin != target:
        failed_over = FailedOver(
            at=story.now,
            operation=operation,
            origin=origin.label,
            target=target.label,
            reason=story.verdicts[origin].reason,
        )
        yield from tell(story, failed_over)
    elif choice.spilled_from is not None:
        spilled_from = choice.spilled_from.label
        spilled_over = SpilledOver(
            at=story.now, operation=operation, origin=spilled_from, target=target.label
        )
        yield from tell(story, spilled_over)
    wait = choice.slot.starts_at - story.now
    if wait > 0:
        if story.priority is Priority.BATCH and not story.sent:
            story.deadline_at = choice.slot.starts_at + story.settings.timeouts.deadline
        waited = ThrottleWaited(at=story.now, endpoint=target.label, wait=wait)
        yield from tell(story, waited)
        story.state.stats.count("throttle_waits")
        yield from pause(story, choice.slot.starts_at, waiting_for=f"a slot of {target.label}")
    if choice.probe is not None:
        yield from begin_probe(choice.probe, story.state, story.settings, story.modeling)


def _go_on_unless_spent(story: Story, endpoint: ServiceEndpoint, verdict: Verdict) -> None:
    story.tried.add(endpoint)
    story.verdicts[endpoint] = verdict
    story.ready_at[endpoint] = story.now + (verdict.retry_after or 0.0)
    story.last_tried = endpoint
    stop_unless_open(story)
    # What was sent over a connection that was closed already did not reach anybody.
    if story.sent - len(story.stale) >= story.settings.retries.max_attempts:
        raise _no_endpoint_answered(story)


def _wait_for_another_round(story: Story) -> Call[None]:
    """Every endpoint was tried: wait, then let those be tried again where that makes sense."""
    settings = story.settings
    again = [each for each, verdict in story.verdicts.items() if verdict.meaning.worth_retrying]
    if not again or story.priority >= Priority.REFRESH:
        raise _no_endpoint_answered(story)
    soonest = story.verdicts[min(again, key=story.ready_at.__getitem__)]
    wait = backoff(
        soonest,
        story.waits,
        uniform=story.state.uniform,
        wait=settings.retries.wait,
        elapsed=story.elapsed,
    )
    is_too_long = (
        soonest.meaning is Meaning.THROTTLED
        and story.priority is Priority.INTERACTIVE
        and wait > settings.throttling.max_wait
    )
    budget = story.state.budget
    can_pay = (budget.left_in_outage if _is_out(story) else budget.left)(story.now)
    if wait >= story.left or is_too_long or not can_pay:
        raise _no_endpoint_answered(story)
    story.waits += 1
    ready_at = story.now + wait
    yield from pause(story, ready_at)
    # Those that asked for a longer wait get it.
    story.tried -= {each for each in again if story.ready_at[each] <= ready_at}


def _no_endpoint_answered(story: Story) -> IRError:
    verdicts = list(story.verdicts.values())
    error = ending.no_endpoint_answered(verdicts, story.attempts, _unasked(story))
    error.__cause__ = next((v.cause for v in verdicts if v.cause is not None), None)
    return error


def _unasked(story: Story) -> list[Unasked]:
    """The endpoints that the call has not asked, and why."""
    routes, found = story.state.routes, list[Unasked]()
    for each in story.endpoints:
        if each in story.verdicts:
            continue
        aside = routes.asides.find(each, story.modeling)
        if aside is not None:
            reason = f"it is {aside.state} ({aside.reason})"
            found.append(Unasked(each.label, reason, aside.meaning))
        elif routes.health[each.url].is_known_to_fail:
            status = routes.health[each.url].status(story.now)
            found.append(Unasked(each.label, f"it is {status.state} ({status.reason})"))
        else:
            found.append(Unasked(each.label, "the call had sent all that it may (max_attempts)"))
    return found


def _served(story: Story, endpoint: ServiceEndpoint, verdict: Verdict) -> Answer:
    answer, label = cast("Answer", verdict.answer), endpoint.label
    story.answered_by = label
    answer.note_served(
        label, endpoint.account, story.variant, story.sent, story.elapsed, query=story.query
    )
    return answer
