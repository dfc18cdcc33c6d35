"""One call, from the query to its answer, read from top to bottom.

    endpoint → token → attempt → verdict → result | again here | other endpoint | error

The generator yields what is to be done and is sent what came of it; it never does anything
itself. Closing it half-way (a cancelled task, a closed client) leaves nothing held for longer
than one attempt may take.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final, cast

from irclient._core import ending
from irclient._core.backoff import backoff
from irclient._core.protocol import Send, Spawn, Start, Tell, Wait
from irclient._core.routing import choose
from irclient._core.verdict import Health, Meaning, Next, Verdict, judge
from irclient._wire import build_request
from irclient.attempts import Attempt
from irclient.errors import AuthenticationError, ClientClosed, IRError
from irclient.observe import AttemptEnded, CallEnded, FailedOver, TokenRejected
from irclient.queries import Popular
from irclient.results import Served
from irclient.topology import ServiceEndpoint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from irclient._core.protocol import Call, Failure
    from irclient._core.state import ClientState
    from irclient._wire import Response
    from irclient.observe import Record
    from irclient.queries import Query
    from irclient.results import Answer
    from irclient.settings import Settings

__all__ = ["call", "probe"]

#: What a probe asks: small, without side effect, and served by every tier of the service.
_PROBE: Final = Popular(count=1)


@dataclass(slots=True)
class _Story:
    """One call so far: what it is to do, what time it is, and what was tried."""

    query: Query
    state: ClientState
    settings: Settings
    now: float
    began_at: float
    deadline_at: float
    attempts: list[Attempt] = field(default_factory=list[Attempt])
    verdicts: dict[ServiceEndpoint, Verdict] = field(default_factory=dict[ServiceEndpoint, Verdict])
    ready_at: dict[ServiceEndpoint, float] = field(default_factory=dict[ServiceEndpoint, float])
    tried: set[ServiceEndpoint] = field(default_factory=set[ServiceEndpoint])
    last_tried: ServiceEndpoint | None = None
    waits: int = 0
    token_was_renewed: bool = False

    @property
    def elapsed(self) -> float:
        return self.now - self.began_at

    @property
    def left(self) -> float:
        return self.deadline_at - self.now


def call(
    query: Query,
    state: ClientState,
    settings: Settings,
    now: float,
    *,
    endpoints: Sequence[ServiceEndpoint] | None = None,
) -> Call[Answer]:
    """Answer a query, or raise one `IRError`.

    Args:
        query: What to ask.
        state: What all calls of the client share.
        settings: How to go about it.
        now: The time.
        endpoints: Ask only these; all of the client's when left out.
    """
    story = _Story(query, state, settings, now, now, now + settings.timeouts.deadline)
    try:
        answer = yield from _ask_until_answered(story, endpoints or state.endpoints)
    except IRError as error:
        yield from _tell(story, _ended(story, type(error).__name__))
        raise
    yield from _tell(story, _ended(story, None))
    return answer


def probe(
    endpoint: ServiceEndpoint, state: ClientState, settings: Settings, now: float
) -> Call[None]:
    """Learn in the background whether a failing endpoint has recovered."""
    story = _Story(_PROBE, state, settings, now, now, now + settings.timeouts.attempt)
    try:
        token = yield from _bearer(story)
        yield from _attempt(story, endpoint, token)
    except IRError:
        return  # Without a token nothing was learned: a later call will ask for a probe again.


def _ask_until_answered(story: _Story, endpoints: Sequence[ServiceEndpoint]) -> Call[Answer]:
    while True:
        # Endpoint: the preferred one that is well; when all were tried, again after a wait.
        endpoint = yield from _next_endpoint(story, endpoints)
        # Token: at hand nearly always; else one fetch serves everybody who waits for it.
        token = yield from _bearer(story)
        # Attempt, and the verdict on what came of it.
        verdict = yield from _attempt(story, endpoint, token)
        match verdict.meaning.then:
            case Next.RETURN:
                return _served(story, endpoint, verdict)
            case Next.RENEW:
                yield from _reject(story, endpoint, token)
            case Next.END:
                raise ending.refused(verdict, story.attempts)
            case Next.ELSEWHERE:
                _go_on_unless_spent(story, endpoint, verdict)


def _next_endpoint(story: _Story, endpoints: Sequence[ServiceEndpoint]) -> Call[ServiceEndpoint]:
    state, settings = story.state, story.settings
    while True:
        _stop_unless_open(story)
        choice = choose(
            endpoints,
            state.health,
            tried=story.tried,
            now=story.now,
            probe_for=settings.timeouts.attempt,
        )
        if choice is not None:
            break
        yield from _wait_for_another_round(story)
    if choice.probe is not None:
        yield Spawn(partial(probe, choice.probe, state, settings))
    origin, target = story.last_tried, choice.endpoint
    if origin is not None and origin != target:
        reason = story.verdicts[origin].reason
        yield from _tell(
            story,
            FailedOver(
                at=story.now,
                operation=story.query.operation,
                origin=origin.label,
                target=target.label,
                reason=reason,
            ),
        )
    return target


def _bearer(story: _Story) -> Call[str]:
    tokens = story.state.tokens
    while True:
        reading = tokens.read(story.now)
        if reading.work is not None:
            yield Start(reading.work)
        if reading.token is not None:
            return reading.token
        if reading.error is not None:
            # A new one each time: many calls may raise it, and each adds its own traceback.
            raise AuthenticationError(
                str(reading.error), attempts=tuple(story.attempts), code=reading.error.code
            )
        resumed = yield Wait(story.deadline_at, reading.flight)
        story.now = resumed.now
        _stop_unless_open(story, waiting_for="a token")


def _reject(story: _Story, endpoint: ServiceEndpoint, token: str) -> Call[None]:
    yield from _tell(story, TokenRejected(at=story.now, endpoint=endpoint.label))
    if story.token_was_renewed or not story.state.tokens.reject(token, story.now):
        raise ending.unauthorized(story.attempts)
    story.token_was_renewed = True


def _attempt(story: _Story, endpoint: ServiceEndpoint, token: str) -> Call[Verdict]:
    timeouts = story.settings.timeouts
    request = build_request(story.query, modeling=endpoint.modeling)
    within = min(timeouts.attempt, story.left)
    sent_at = story.now
    resumed = yield Send(endpoint, request, token, within, min(timeouts.connect, within))
    story.now = resumed.now
    verdict = judge(story.query, cast("Response | Failure", resumed.outcome))
    changes = _record_health(story, endpoint, verdict, sent_at, within)
    attempt = Attempt(
        endpoint=endpoint.label,
        outcome=verdict.meaning.word,
        status=verdict.status,
        reason=verdict.reason,
        started_after=sent_at - story.began_at,
        elapsed=story.now - sent_at,
    )
    story.attempts.append(attempt)
    ended = AttemptEnded(at=story.now, operation=story.query.operation, attempt=attempt)
    yield from _tell(story, ended, *changes)
    return verdict


def _record_health(
    story: _Story, endpoint: ServiceEndpoint, verdict: Verdict, sent_at: float, within: float
) -> tuple[Record, ...]:
    effect, timeouts = verdict.meaning.health, story.settings.timeouts
    if effect is Health.NOTHING:
        return ()
    usual = min(timeouts.attempt, timeouts.deadline)
    if verdict.meaning is Meaning.TIMED_OUT and within < usual / 2:
        # The end of the call's deadline cut this one so short that it tells nothing.
        return ()
    return story.state.health[endpoint].record(
        story.now, sent_at=sent_at, ok=effect is Health.SUCCESS, reason=verdict.reason
    )


def _go_on_unless_spent(story: _Story, endpoint: ServiceEndpoint, verdict: Verdict) -> None:
    story.tried.add(endpoint)
    story.verdicts[endpoint] = verdict
    story.ready_at[endpoint] = story.now + (verdict.retry_after or 0.0)
    story.last_tried = endpoint
    _stop_unless_open(story)
    if len(story.attempts) >= story.settings.retries.max_attempts:
        raise _every_endpoint_failed(story)


def _wait_for_another_round(story: _Story) -> Call[None]:
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
    story.now = (yield Wait(ready_at)).now
    # Those that asked for a longer wait get it.
    story.tried -= {each for each in again if story.ready_at[each] <= ready_at}


def _stop_unless_open(story: _Story, *, waiting_for: str = "") -> None:
    if story.state.is_closed:
        raise ClientClosed(
            "the client was closed; make a new one, and close it after its last call",
            attempts=tuple(story.attempts),
        )
    if story.left <= 0:
        raise ending.deadline_exceeded(
            story.settings.timeouts.deadline, story.attempts, waiting_for=waiting_for
        )


def _every_endpoint_failed(story: _Story) -> IRError:
    verdicts = list(story.verdicts.values())
    error = ending.every_endpoint_failed(verdicts, story.attempts)
    error.__cause__ = next((v.cause for v in verdicts if v.cause is not None), None)
    return error


def _served(story: _Story, endpoint: ServiceEndpoint, verdict: Verdict) -> Answer:
    served = Served(
        endpoint=endpoint.label,
        account=endpoint.account,
        attempts=len(story.attempts),
        elapsed=story.elapsed,
    )
    return cast("Answer", verdict.answer).as_served(served)


def _ended(story: _Story, error: str | None) -> CallEnded:
    return CallEnded(
        at=story.now,
        operation=story.query.operation,
        endpoint=story.attempts[-1].endpoint if story.attempts else None,
        attempts=len(story.attempts),
        elapsed=story.elapsed,
        error=error,
    )


def _tell(story: _Story, *records: Record) -> Call[None]:
    if story.state.has_observers:
        for record in records:
            story.now = (yield Tell(record)).now
