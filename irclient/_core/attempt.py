"""One attempt: a request to one endpoint, or a race of two, and what is noted of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, cast

from irclient._core.hedging import hedge_delay, hedge_target
from irclient._core.protocol import Race, Send
from irclient._core.story import tell
from irclient._core.verdict import SERVED, Health, Meaning, judge
from irclient._wire import Response, request_for
from irclient.attempts import Attempt
from irclient.observe import AttemptEnded, Hedged

if TYPE_CHECKING:
    from irclient._core.allowance import Reservation
    from irclient._core.protocol import Call, Failure, Finish
    from irclient._core.story import Story
    from irclient._core.verdict import Verdict
    from irclient.observe import Record
    from irclient.queries import Query
    from irclient.topology import ServiceEndpoint

__all__ = ["attempt"]

OVERTAKEN = "overtaken"


def attempt(
    story: Story, endpoint: ServiceEndpoint, token: str, slot: Reservation
) -> Call[tuple[ServiceEndpoint, Verdict]]:
    """Ask one endpoint, judge what came of it, and let everybody know who keeps count.

    Returns:
        The verdict, and the endpoint that it is of: the pair's, if a hedge won.
    """
    send = _request(story, endpoint, token)
    delay = _hedge_after(story, send) if story.settings.hedging.enabled else None
    if delay is not None:
        return (yield from _race(story, send, delay))
    sent_at = story.now
    resumed = yield send
    story.now = resumed.now
    outcome = cast("Response | Failure", resumed.outcome)
    verdict = judge(story.query, outcome, hide=partial(_private, story.query, token))
    if isinstance(outcome, Response) and outcome.opened_connection:
        story.state.allowances[endpoint].arrived(slot, story.now)
    records = _note(story, send, verdict, sent_at, story.now)
    if records:
        yield from tell(story, *records)
    return endpoint, verdict


def _private(query: Query, token: str) -> list[str]:
    """What no reason, error, record or log may hold."""
    raw = [
        value
        for name, value in cast("tuple[tuple[str, str], ...]", query.params)
        if name.lower() in {"userid", "sessionid"}
    ]
    named = [getattr(query, "user_id", None), getattr(query, "session_id", None)]
    # Too short an id identifies nobody, and is part of every other word.
    return [token, *(each for each in [*named, *raw] if each and len(each) > 3)]


def _request(story: Story, endpoint: ServiceEndpoint, token: str) -> Send:
    timeouts = story.settings.timeouts
    within = min(timeouts.attempt, story.left)
    request = request_for(story.query, modeling=endpoint.modeling)
    return Send(endpoint, request, token, within, min(timeouts.connect, within))


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
    sent_at: float = 0.0
    verdicts: dict[int, Verdict] = field(default_factory=dict[int, "Verdict"])

    def start(self, now: float) -> Send | None:
        """Return the hedge, if there is anywhere to send it."""
        story = self.story
        left = story.deadline_at - now
        others = [each for each in story.endpoints if each not in story.tried]
        target = hedge_target(story.state, others, first=self.first.endpoint, now=now)
        if target is None:
            return None
        endpoint, slot = target
        allowance = story.state.allowances[endpoint]
        if left <= 0 or not allowance.start(slot, now):
            allowance.give_back(slot, now)
            return None
        within = min(story.settings.timeouts.attempt, left)
        request = request_for(story.query, modeling=endpoint.modeling)
        connect_within = min(story.settings.timeouts.connect, within)
        self.send = Send(endpoint, request, self.first.token, within, connect_within)
        self.sent_at = now
        return self.send

    def is_good(self, send: Send, outcome: Response | Failure) -> bool:
        """Judge an outcome; once, since a long list takes its time to read."""
        hide = partial(_private, self.story.query, send.token)
        verdict = self.verdicts[id(send)] = judge(self.story.query, outcome, hide=hide)
        return verdict.meaning is SERVED


def _race(story: Story, first: Send, delay: float) -> Call[tuple[ServiceEndpoint, Verdict]]:
    hedge = _Hedge(story, first)
    began_at = story.now
    resumed = yield Race(first, began_at + delay, hedge.start, hedge.is_good)
    story.now = resumed.now
    finishes = cast("tuple[Finish, ...]", resumed.outcome)
    best = finishes[-1].send
    for finish in finishes:
        sent_at = began_at if finish.send is first else hedge.sent_at
        verdict = hedge.verdicts[id(finish.send)]
        yield from tell(story, *_note(story, finish.send, verdict, sent_at, finish.at))
        if verdict.meaning is SERVED:
            best = finish.send
    if hedge.send is not None:
        won = best is hedge.send and hedge.verdicts[id(best)].meaning is SERVED
        if won and not any(finish.send is first for finish in finishes):
            yield from tell(story, *_note_overtaken(story, first, began_at))
        yield from tell(
            story,
            Hedged(
                at=story.now,
                operation=story.query.operation,
                origin=first.endpoint.label,
                target=hedge.send.endpoint.label,
                after=hedge.sent_at - began_at,
                won=won,
            ),
        )
        story.state.stats.count("hedges")
        if len(finishes) == 2 and not any(v.meaning is SERVED for v in hedge.verdicts.values()):
            # Both ends of the race failed: the one that is not returned was tried as well.
            other = next(f.send for f in finishes if f.send is not best)
            story.tried.add(other.endpoint)
            story.verdicts[other.endpoint] = hedge.verdicts[id(other)]
            story.ready_at[other.endpoint] = story.now + (
                hedge.verdicts[id(other)].retry_after or 0.0
            )
    return best.endpoint, hedge.verdicts[id(best)]


def _note(
    story: Story, send: Send, verdict: Verdict, sent_at: float, ended_at: float
) -> tuple[Record, ...]:
    """Let everybody know who keeps count; returns what the observers should hear."""
    state, endpoint, meaning = story.state, send.endpoint, verdict.meaning
    changes = _record_health(story, send, verdict, sent_at, ended_at)
    story.sent += 1
    state.stats.count_attempt(endpoint.label, meaning.word)
    if meaning is SERVED:
        if story.settings.hedging.enabled:
            state.latencies.learn(story.query.operation, endpoint, ended_at - sent_at)
        if not state.has_observers:
            return ()  # A record of it would be read by nobody: no error follows an answer.
    elif meaning is Meaning.THROTTLED:
        state.allowances[endpoint].throttled(ended_at, retry_after=verdict.retry_after)
    record = Attempt(
        endpoint=endpoint.label,
        outcome=meaning.word,
        status=verdict.status,
        reason=verdict.reason,
        started_after=sent_at - story.began_at,
        elapsed=ended_at - sent_at,
    )
    return (_kept(story, record), *changes)


def _note_overtaken(story: Story, first: Send, sent_at: float) -> tuple[Record, ...]:
    """Count a lost race against the endpoint that lost it: the winner must not hide it."""
    elapsed = story.now - sent_at
    reason = f"{OVERTAKEN}: the other endpoint answered first"
    changes = story.state.health[first.endpoint].record(
        story.now, sent_at=sent_at, ok=False, reason=reason
    )
    story.sent += 1
    story.state.stats.count_attempt(first.endpoint.label, OVERTAKEN)
    record = Attempt(
        endpoint=first.endpoint.label,
        outcome=OVERTAKEN,
        status=None,
        reason=reason,
        started_after=sent_at - story.began_at,
        elapsed=elapsed,
    )
    return (_kept(story, record), *changes)


def _kept(story: Story, record: Attempt) -> AttemptEnded:
    story.attempts.append(record)
    return AttemptEnded(at=story.now, operation=story.query.operation, attempt=record)


def _record_health(
    story: Story, send: Send, verdict: Verdict, sent_at: float, ended_at: float
) -> tuple[Record, ...]:
    health, effect = story.state.health[send.endpoint], verdict.meaning.health
    if verdict.meaning is SERVED:
        return health.record(ended_at, sent_at=sent_at, ok=True, reason=verdict.reason)
    if effect is Health.NOTHING:
        return ()
    if verdict.meaning is Meaning.TIMED_OUT:
        timeouts = story.settings.timeouts
        if send.within < min(timeouts.attempt, timeouts.deadline) / 2:
            # The end of the call's deadline cut this one so short that it tells nothing.
            return ()
    is_alive = effect is Health.SUCCESS
    return health.record(ended_at, sent_at=sent_at, ok=is_alive, reason=verdict.reason)
