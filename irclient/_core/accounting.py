"""Accounting: where an attempt is counted once it has ended.

| an attempt that                           | counts in its endpoint's health as              |
|-------------------------------------------|-------------------------------------------------|
| ended in an answer, or failed             | `verdict` says                                  |
| was given up by its caller, or timed out  | a failure, if its `silence` says anything of    |
| in less than its full time                | the endpoint; else as nothing                   |
| timed out, noticed a tenth of a second or | nothing: this process stood still, and so the   |
| more after it was due                     | answer may have been there all the time         |
| lost a race against a hedge               | a failure: the winner must not hide it          |
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from irclient._core.preference import ASK_SLOW_EVERY
from irclient._core.silence import silence_tells
from irclient._core.verdict import SERVED, Health, Meaning
from irclient.attempts import Attempt
from irclient.observe import AttemptEnded, PutAside, Returned, TpsUsedElsewhere

if TYPE_CHECKING:
    from collections.abc import Sequence

    from irclient._core.call_state import CallState
    from irclient._core.protocol import Failure, Send
    from irclient._core.verdict import Verdict
    from irclient._wire.responses import Response
    from irclient.observe import Record
    from irclient.topology import ServiceEndpoint

__all__ = ["count_attempt", "count_given_up", "count_overtaken", "latency_of"]

_OVERTAKEN: Final = "overtaken"
_CANCELLED: Final = "cancelled"
_NOTICED_LATE: Final = 0.1
#: The part of its allowance up to which a process cannot be the reason for a 429.
_ALONE_AT: Final = 0.5


def count_attempt(
    call: CallState,
    send: Send,
    verdict: Verdict,
    sent_at: float,
    ended_at: float,
    *,
    outcome: Response | Failure,
) -> None:
    """Count an attempt in health, allowance, latencies, asides and stats, and keep its record."""
    state, endpoint, meaning = call.state, send.endpoint, verdict.meaning
    changes = _health_changes(call, send, verdict, sent_at, ended_at)
    if state.shared_health is not None:
        state.shared_health.asked(endpoint.url)
        state.shared_health.changed(endpoint.url, changes)
    call.sent += 1
    state.stats.count_attempt(endpoint.label, meaning.word)
    aside: Record | None = None
    if meaning is SERVED:
        turned = state.latencies.learn(
            call.query.operation,
            endpoint,
            latency_of(outcome, sent_at, ended_at),
            ended_at,
            opened_connection=outcome.opened_connection,
        )
        if turned is not None:
            aside = _slow_or_not(endpoint, turned, ended_at)
        if state.routes.asides.kept:
            aside = state.routes.asides.record(endpoint, call.modeling, verdict, ended_at) or aside
        if call.noted != "all":
            # A record of it would not be read: no error follows an answer.
            if changes or aside is not None:
                _note_changes(call, changes, aside)
            return
    elif meaning is Meaning.THROTTLED:
        _look_for_others(call, endpoint, ended_at)
        state.routes.allowances[endpoint.url].throttled(ended_at, retry_after=verdict.retry_after)
    elif meaning is not Meaning.UNAUTHORIZED:
        # A 401 only counts once the token was renewed.
        aside = state.routes.asides.record(endpoint, call.modeling, verdict, ended_at)
    attempt = _attempt(
        call,
        send,
        meaning.word,
        verdict.reason,
        sent_at=sent_at,
        ended_at=ended_at,
        status=verdict.status,
    )
    _keep(call, attempt)
    _note_changes(call, changes, aside)


def _note_changes(call: CallState, changes: Sequence[Record], aside: Record | None) -> None:
    for change in changes:
        call.note(change)
    call.note(aside)


def latency_of(outcome: Response | Failure, sent_at: float, ended_at: float) -> float:
    """Seconds that an endpoint took to answer; a wait for a free connection is not its doing."""
    is_late = outcome.sent_at > sent_at and not outcome.opened_connection
    return ended_at - (outcome.sent_at if is_late else sent_at)


def _look_for_others(call: CallState, endpoint: ServiceEndpoint, now: float) -> None:
    """Note once that somebody else uses an endpoint's TPS, which only a 429 can tell."""
    state, status = call.state, call.state.routes.allowances[endpoint.url].status(now)
    # Just below it, a request that arrived late may be why.
    if state.has_seen_others or status.used > _ALONE_AT * status.full_limit:
        return
    state.has_seen_others = True
    seen = TpsUsedElsewhere(
        at=now,
        endpoint=endpoint.label,
        used=status.used,
        allowed=status.full_limit,
        members=status.members,
    )
    # Not by `note`: it is logged where there are no observers, too.
    call.records.append(call.own(seen))


def count_given_up(call: CallState, send: Send, sent_at: float, now: float) -> None:
    """Count an attempt whose caller went away."""
    call.now = now
    reason = f"{_CANCELLED}: its caller went away after {now - sent_at:.3g} s"
    attempt = _attempt(call, send, _CANCELLED, reason, sent_at=sent_at, ended_at=now)
    _count_cut_short(
        call, send, attempt, tells=silence_tells(call, send.endpoint, sent_at, attempt.elapsed)
    )


def count_overtaken(call: CallState, send: Send, sent_at: float, now: float) -> None:
    """Count an attempt that lost a race."""
    reason = f"{_OVERTAKEN}: the other endpoint answered first"
    attempt = _attempt(call, send, _OVERTAKEN, reason, sent_at=sent_at, ended_at=now)
    _count_cut_short(call, send, attempt, tells=True)


def _count_cut_short(call: CallState, send: Send, attempt: Attempt, *, tells: bool) -> None:
    call.sent += 1
    call.state.stats.count_attempt(attempt.endpoint, attempt.outcome)
    _keep(call, attempt)
    if tells:
        sent_at = call.now - attempt.elapsed
        health = call.state.routes.health[send.endpoint.url]
        changes = health.record(
            call.now, sent_at=sent_at, ok=False, reason=attempt.reason, kind=attempt.outcome
        )
        if call.state.shared_health is not None:
            call.state.shared_health.changed(send.endpoint.url, changes)
        _note_changes(call, changes, None)


def _attempt(
    call: CallState,
    send: Send,
    outcome: str,
    reason: str,
    *,
    sent_at: float,
    ended_at: float,
    status: int | None = None,
) -> Attempt:
    return Attempt(
        endpoint=send.endpoint.label,
        outcome=outcome,
        status=status,
        reason=reason,
        started_after=sent_at - call.began_at,
        elapsed=ended_at - sent_at,
    )


def _keep(call: CallState, attempt: Attempt) -> None:
    call.attempts.append(attempt)
    call.note(AttemptEnded(at=call.now, operation=call.query.operation, attempt=attempt))


def _health_changes(
    call: CallState, send: Send, verdict: Verdict, sent_at: float, ended_at: float
) -> Sequence[Record]:
    health, effect = call.state.routes.health[send.endpoint.url], verdict.meaning.health
    if verdict.meaning is SERVED:
        return health.record(ended_at, sent_at=sent_at, ok=True, reason=verdict.reason)
    if effect is Health.NOTHING:
        return ()
    if verdict.meaning is Meaning.TIMED_OUT:
        stood_still = ended_at - sent_at > send.within + _NOTICED_LATE
        if stood_still or not silence_tells(call, send.endpoint, sent_at, send.within):
            return ()
    is_alive = effect is Health.SUCCESS
    kind = verdict.meaning.word
    return health.record(ended_at, sent_at=sent_at, ok=is_alive, reason=verdict.reason, kind=kind)


def _slow_or_not(endpoint: ServiceEndpoint, reason: str, now: float) -> Record:
    """What to tell of an endpoint that has become slow, for a reason, or no longer is."""
    if not reason:
        return Returned(at=now, endpoint=endpoint.label)
    return PutAside(
        at=now,
        endpoint=endpoint.label,
        state="slow",
        kind="slow",
        reason=reason,
        ask_again_after=ASK_SLOW_EVERY,
    )
