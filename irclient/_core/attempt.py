"""One attempt: a request to one endpoint, or a race of two, and what is noted of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final, cast

from irclient._core.accounting import count_attempt, count_given_up, count_overtaken
from irclient._core.hedging import hedge_delay, hedge_target
from irclient._core.protocol import GivenUp, Race, Send
from irclient._core.story import tell
from irclient._core.verdict import SERVED, judge
from irclient._wire import Response, request_for
from irclient.observe import Hedged

if TYPE_CHECKING:
    from irclient._core.allowance import Reservation
    from irclient._core.protocol import Call, Failure, Finish
    from irclient._core.story import Story
    from irclient._core.verdict import Verdict
    from irclient._secrets import Secret
    from irclient.queries import Query
    from irclient.topology import ServiceEndpoint

__all__ = ["attempt"]

#: While another endpoint could be tried, an attempt gets this part of the time that is left.
_PART_OF_THE_REST: Final = 0.6


def attempt(
    story: Story, endpoint: ServiceEndpoint, token: Secret, slot: Reservation
) -> Call[tuple[ServiceEndpoint, Verdict]]:
    """Ask one endpoint, judge what came of it, and note it where it is counted.

    Returns:
        The verdict, and the endpoint that it is of: the pair's, if a hedge won.
    """
    send = _request(story, endpoint, token, story.now)
    delay = _hedge_after(story, send) if story.settings.hedging.enabled else None
    load = story.state.loads.get(endpoint) if story.state.loads else None
    if delay is not None:
        return (yield from _race(story, send, slot, delay))
    sent_at = story.now
    if load is not None:
        load.begin()
    latency: float | None = None
    try:
        resumed = yield send
        story.now = resumed.now
        outcome = cast("Response | Failure", resumed.outcome)
        verdict = judge(story.query, outcome, hide=partial(_private, story.query, token))
        if verdict.meaning is SERVED:
            latency = story.now - sent_at
    except GivenUp as gone:
        count_given_up(story, send, sent_at, gone.now)
        raise
    finally:
        if load is not None:
            load.end(story.now, latency)
    opened = isinstance(outcome, Response) and outcome.opened_connection
    if opened:
        story.state.routes.allowances[endpoint.url].arrived(slot, story.now)
    count_attempt(story, send, verdict, sent_at, story.now, opened_connection=opened)
    if story.records:
        yield from tell(story)
    return endpoint, verdict


def _private(query: Query, token: Secret) -> list[str]:
    """What no reason, error, record or log may hold."""
    raw = [
        value
        for name, value in cast("tuple[tuple[str, str], ...]", query.params)
        if name.lower() in {"userid", "sessionid"}
    ]
    named = [getattr(query, "user_id", None), getattr(query, "session_id", None)]
    # A very short id identifies no one, and occurs within other words; so does a test's token.
    sought = [token.reveal()] if token.is_sought else []
    return [*sought, *(each for each in [*named, *raw] if each and len(each) > 3)]


def _request(story: Story, endpoint: ServiceEndpoint, token: Secret, now: float) -> Send:
    timeouts = story.settings.timeouts
    within = _within(story, endpoint, story.deadline_at - now)
    request = request_for(story.query, modeling=endpoint.modeling)
    # What has failed may have moved to another address since its connections were opened.
    health = story.state.routes.health[endpoint.url]
    is_suspect = endpoint in story.stale or health.is_known_to_fail
    connect_within = min(timeouts.connect, within)
    return Send(endpoint, request, token, within, connect_within, is_suspect)


def _within(story: Story, endpoint: ServiceEndpoint, left: float) -> float:
    within = min(story.settings.timeouts.attempt, left)
    part = _PART_OF_THE_REST * left
    if within <= part:
        return within
    routes, modeling = story.state.routes, story.modeling
    others = (each for each in story.endpoints if each != endpoint and each not in story.verdicts)
    if all(routes.is_known_to_fail(each, modeling) for each in others):
        return within
    usual = story.state.latencies.percentile(story.query.operation, endpoint)
    # A service that usually takes longer than its part would otherwise never be heard out.
    return part if usual is None else min(max(part, 2.0 * usual), within)


def _hedge_after(story: Story, send: Send) -> float | None:
    """Seconds after which to hedge, or None when this attempt is not to be hedged."""
    hedging, state, operation = story.settings.hedging, story.state, story.query.operation
    state.hedge_budget.earn(hedging.budget)
    if story.query.has_side_effect or len(story.endpoints) < 2:
        return None
    delay = hedge_delay(hedging, state.latencies, operation, send.endpoint)
    return delay if delay is not None and delay < send.within else None


@dataclass(slots=True)
class _Hedge:
    """The other half of a race: decided by the driver's clock, while the first is under way."""

    story: Story
    first: Send
    send: Send | None = None
    slot: Reservation | None = None
    sent_at: float = 0.0
    verdicts: dict[int, Verdict] = field(default_factory=dict[int, "Verdict"])

    def start(self, now: float) -> Send | None:
        """Return the hedge, if there is anywhere to send it."""
        story, routes, first = self.story, self.story.state.routes, self.first.endpoint
        others = [
            each
            for each in story.endpoints
            if each != first
            and each not in story.tried
            and not routes.is_known_to_fail(each, story.modeling)
        ]
        target = hedge_target(
            others, routes.health, routes.allowances, story.state.hedge_budget, now=now
        )
        if target is None:
            return None
        endpoint, slot = target
        allowance = routes.allowances[endpoint.url]
        if story.deadline_at <= now or not allowance.start(slot, now):
            allowance.give_back(slot, now)
            return None
        self.send = _request(story, endpoint, self.first.token, now)
        self.sent_at, self.slot = now, slot
        return self.send

    def is_good(self, send: Send, outcome: Response | Failure) -> bool:
        """Judge an outcome; once, since a long list takes its time to read."""
        hide = partial(_private, self.story.query, send.token)
        verdict = self.verdicts[id(send)] = judge(self.story.query, outcome, hide=hide)
        return verdict.meaning is SERVED


def _race(
    story: Story, first: Send, slot: Reservation, delay: float
) -> Call[tuple[ServiceEndpoint, Verdict]]:
    hedge = _Hedge(story, first)
    began_at = story.now
    try:
        resumed = yield Race(first, began_at + delay, hedge.start, hedge.is_good)
    except GivenUp as gone:
        count_given_up(story, first, began_at, gone.now)
        raise
    story.now = resumed.now
    finishes = cast("tuple[Finish, ...]", resumed.outcome)
    best = finishes[-1].send
    for finish in finishes:
        is_first = finish.send is first
        opened = isinstance(finish.outcome, Response) and finish.outcome.opened_connection
        held = slot if is_first else hedge.slot
        if opened and held is not None:
            story.state.routes.allowances[finish.send.endpoint.url].arrived(held, finish.at)
        verdict = hedge.verdicts[id(finish.send)]
        sent_at = began_at if is_first else hedge.sent_at
        count_attempt(story, finish.send, verdict, sent_at, finish.at, opened_connection=opened)
        if verdict.meaning is SERVED:
            best = finish.send
    if hedge.send is not None:
        if len(finishes) == 1:
            # What lost may have been opening a connection, and reach the service only now.
            is_first = finishes[0].send is first
            lost, held = (hedge.send, hedge.slot) if is_first else (first, slot)
            if held is not None:
                story.state.routes.allowances[lost.endpoint.url].arrived(held, story.now)
        _note_race(story, hedge, finishes, best, began_at)
    yield from tell(story)
    return best.endpoint, hedge.verdicts[id(best)]


def _note_race(
    story: Story, hedge: _Hedge, finishes: tuple[Finish, ...], best: Send, began_at: float
) -> None:
    first, second, verdicts = hedge.first, cast("Send", hedge.send), hedge.verdicts
    is_served = verdicts[id(best)].meaning is SERVED
    won = best is second and is_served
    if won and not any(finish.send is first for finish in finishes):
        count_overtaken(story, first, began_at, story.now)
    hedged = Hedged(
        at=story.now,
        operation=story.query.operation,
        origin=first.endpoint.label,
        target=second.endpoint.label,
        after=hedge.sent_at - began_at,
        won=won,
    )
    story.note(hedged)
    story.state.stats.count("hedges")
    if len(finishes) == 2 and not is_served:
        # Both ends of the race failed: the one that is not returned was tried as well.
        other = next(f.send for f in finishes if f.send is not best)
        verdict = verdicts[id(other)]
        story.tried.add(other.endpoint)
        story.verdicts[other.endpoint] = verdict
        story.ready_at[other.endpoint] = story.now + (verdict.retry_after or 0.0)
