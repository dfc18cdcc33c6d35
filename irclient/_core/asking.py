"""Asking the service: the middle of a call, read from top to bottom.

token → endpoint → allowance → attempt → verdict → again here | other endpoint | error
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, cast

from irclient._core import ending
from irclient._core.attempt import attempt
from irclient._core.backoff import backoff
from irclient._core.bearer import bearer, reject
from irclient._core.protocol import Spawn
from irclient._core.routing import Full, choose
from irclient._core.story import Story, pause, stop_unless_open, tell
from irclient._core.verdict import SERVED, Meaning, Next
from irclient._values import value
from irclient.errors import IRError
from irclient.observe import FailedOver, SpilledOver, ThrottleWaited
from irclient.queries import Popular

if TYPE_CHECKING:
    from irclient._core.protocol import Call
    from irclient._core.routing import Choice
    from irclient._core.state import ClientState
    from irclient._core.verdict import Verdict
    from irclient.results import Answer
    from irclient.settings import Settings
    from irclient.topology import ServiceEndpoint

__all__ = ["Answered", "ask", "probe"]

#: What a probe asks: small, without side effect, and served by every tier of the service.
_PROBE: Final = Popular(count=1)


@value
class Answered:
    """An answer, and the endpoint that gave it."""

    answer: Answer
    endpoint: ServiceEndpoint


def ask(story: Story) -> Call[Answered]:
    """Ask endpoints until one answers, or until asking on makes no sense."""
    while True:
        stop_unless_open(story)
        # Token: at hand nearly always; else one fetch serves everybody who waits for it. Before
        # the slot, so that no slot of the first second is held by those who only wait.
        token = yield from bearer(story)
        # Endpoint and allowance: the preferred one that is well and has a slot.
        choice = _choose(story)
        while choice is None:
            yield from _wait_for_another_round(story)
            choice = _choose(story)
        allowance = story.state.allowances[choice.endpoint]
        try:
            if story.state.has_observers or choice.is_remarkable(story.now):
                yield from _on_the_way(story, choice)
                stop_unless_open(story)
            if not allowance.start(choice.slot, story.now):
                continue  # Waiting took so long that the slot is too close to others' by now.
            # Attempt, perhaps hedged, and the verdict on what came of it.
            endpoint, verdict = yield from attempt(story, choice.endpoint, token, choice.slot)
        finally:
            allowance.give_back(choice.slot, story.now)
        if verdict.meaning is SERVED:
            story.state.budget.succeeded(story.paid)
            return Answered(_served(story, endpoint, verdict), endpoint)
        then = verdict.meaning.then
        if then is Next.RENEW:
            yield from reject(story, endpoint, token)
        elif then is Next.END:
            raise ending.refused(verdict, story.attempts)
        else:
            _go_on_unless_spent(story, endpoint, verdict)


def probe(
    endpoint: ServiceEndpoint, state: ClientState, settings: Settings, now: float
) -> Call[None]:
    """Learn in the background whether a failing endpoint has recovered."""
    ends_at = now + settings.timeouts.attempt
    story = Story(_PROBE, state, settings, now, (endpoint,), deadline_at=ends_at)
    allowance = state.allowances[endpoint]
    try:
        token = yield from bearer(story)
    except IRError:
        return  # Without a token nothing was learned: a later call will ask for a probe again.
    slot = allowance.reserve(story.now, not_after=story.now)
    if slot is None:
        return  # A probe may not take a slot that a call waits for; another will be asked for.
    try:
        if allowance.start(slot, story.now):
            yield from attempt(story, endpoint, token, slot)
    finally:
        allowance.give_back(slot, story.now)


def _choose(story: Story) -> Choice | None:
    """Choose the next endpoint, and hold a slot there; None when all have been tried."""
    state, settings = story.state, story.settings
    choice = choose(
        story.endpoints,
        state.health,
        state.allowances,
        tried=story.tried,
        now=story.now,
        not_after=min(story.now + settings.throttling.max_wait, story.deadline_at),
        probe_for=settings.timeouts.attempt,
    )
    if isinstance(choice, Full):
        verdicts = list(story.verdicts.values())
        raise ending.allowance_used_up(choice.slot_after, verdicts, story.attempts)
    return choice


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
        waited = ThrottleWaited(at=story.now, endpoint=target.label, wait=wait)
        yield from tell(story, waited)
        story.state.stats.count("throttle_waits")
        yield from pause(story, choice.slot.starts_at, waiting_for=f"a slot of {target.label}")
    if choice.probe is not None:
        yield Spawn(partial(probe, choice.probe, story.state, story.settings))


def _go_on_unless_spent(story: Story, endpoint: ServiceEndpoint, verdict: Verdict) -> None:
    story.tried.add(endpoint)
    story.verdicts[endpoint] = verdict
    story.ready_at[endpoint] = story.now + (verdict.retry_after or 0.0)
    story.last_tried = endpoint
    stop_unless_open(story)
    if story.sent >= story.settings.retries.max_attempts:
        raise _every_endpoint_failed(story)
    paid = story.state.budget.take(verdict)
    if paid is None:
        raise _every_endpoint_failed(story)
    story.paid = paid


def _wait_for_another_round(story: Story) -> Call[None]:
    """Every endpoint was tried: wait, then let those be tried again where that makes sense."""
    settings = story.settings
    again = [each for each, verdict in story.verdicts.items() if verdict.meaning.worth_retrying]
    if not again:
        raise _every_endpoint_failed(story)
    soonest = story.verdicts[min(again, key=story.ready_at.__getitem__)]
    wait = backoff(
        soonest,
        story.waits,
        uniform=story.state.uniform,
        wait=settings.retries.wait,
        elapsed=story.elapsed,
    )
    is_throttle = soonest.meaning is Meaning.THROTTLED
    if wait >= story.left or (is_throttle and wait > settings.throttling.max_wait):
        raise _every_endpoint_failed(story)
    story.waits += 1
    ready_at = story.now + wait
    yield from pause(story, ready_at)
    # Those that asked for a longer wait get it.
    story.tried -= {each for each in again if story.ready_at[each] <= ready_at}


def _every_endpoint_failed(story: Story) -> IRError:
    verdicts = list(story.verdicts.values())
    error = ending.every_endpoint_failed(verdicts, story.attempts)
    error.__cause__ = next((v.cause for v in verdicts if v.cause is not None), None)
    return error


def _served(story: Story, endpoint: ServiceEndpoint, verdict: Verdict) -> Answer:
    answer, label = cast("Answer", verdict.answer), endpoint.label
    story.answered_by = label
    answer.note_served(
        label, endpoint.account, story.variant, story.sent, story.elapsed, query=story.query
    )
    return answer
