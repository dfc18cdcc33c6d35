"""Triggering a cooking: one request to one service endpoint, sent once.

    guard → token → attempt → verdict → accepted | error

Nothing is tried again but a rejected token: a trigger is no reading, only five a day are
allowed, and where no answer came, it is not known whether one of them was spent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil
from typing import TYPE_CHECKING, Final

from irclient._core import call_errors
from irclient._core.attempt import build_send
from irclient._core.bearer import bearer, may_renew
from irclient._core.call_state import CallState, stop_unless_open, tell
from irclient._core.cooking_guard import AT_MOST, ONE_EVERY
from irclient._core.verdict import Meaning, judge
from irclient._wire.cooking_trigger import (
    Triggered,
    is_limited,
    read_acceptance,
    trigger_request,
)
from irclient._wire.responses import Response
from irclient.attempts import Attempt
from irclient.errors import IRError, QueryError, Throttled, Unavailable, UnexpectedAnswer
from irclient.observe import AttemptEnded, CallEnded
from irclient.queries import Popular

if TYPE_CHECKING:
    from irclient._core.cooking_guard import CookingGuard
    from irclient._core.protocol import Call
    from irclient._core.state import ClientState
    from irclient._core.verdict import Verdict
    from irclient._values.secret import Secret
    from irclient.settings import Settings
    from irclient.topology import ServiceEndpoint

__all__ = ["Order", "modeling_key", "trigger"]

_OPERATION: Final = "trigger"
#: What to judge an answer by that is no acceptance: any list will do.
_ANY_QUERY: Final = Popular()
#: No answer came, so it is not known whether the service accepted the trigger.
_UNCERTAIN: Final = frozenset({Meaning.TIMED_OUT, Meaning.BROKEN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be triggered, and who watches over the limits.

    Attributes:
        endpoint: Where.
        modeling: The modeling component; None for the account's default.
        guard: Counts what was accepted.
        asked_at: The time by the guard's clock, which need not be the driver's.
    """

    endpoint: ServiceEndpoint
    modeling: str | None
    guard: CookingGuard
    asked_at: float


def modeling_key(modeling: str | None) -> str:
    """What tells one modeling from another; resource names do not differ by case alone."""
    return (modeling or "").casefold()


def trigger(order: Order, state: ClientState, settings: Settings, now: float) -> Call[Triggered]:
    """Trigger a cooking, or raise one `IRError`."""
    call = CallState(_ANY_QUERY, state, settings, now, (order.endpoint,))
    try:
        triggered = yield from _within_limits(order, call)
    except IRError as error:
        yield from tell(call, _ended(call, order, type(error).__name__))
        raise
    yield from tell(call, _ended(call, order, None))
    return triggered


def _within_limits(order: Order, call: CallState) -> Call[Triggered]:
    guard, key = order.guard, modeling_key(order.modeling)
    ticket = guard.reserve(key, order.asked_at)
    if ticket is None:
        raise _refused_here(order, guard.wait(key, order.asked_at))
    is_accepted = False
    try:
        triggered = yield from _ask_once(order, call)
        guard.accept(ticket, order.asked_at + call.elapsed)
        is_accepted = True
    finally:
        if not is_accepted:
            guard.give_back(ticket)
    return triggered


def _ask_once(order: Order, call: CallState) -> Call[Triggered]:
    while True:
        stop_unless_open(call)
        token = yield from bearer(call)
        outcome = yield from _attempt(order, call, token)
        if isinstance(outcome, Triggered):
            return outcome
        if outcome.meaning is not Meaning.UNAUTHORIZED:
            raise _error(order, call, outcome)
        if not (yield from may_renew(call, order.endpoint, token)):
            raise call_errors.unauthorized(call.attempts)


def _attempt(order: Order, call: CallState, token: Secret) -> Call[Triggered | Verdict]:
    sent_at, within = call.now, min(call.settings.timeouts.attempt, call.left)
    # Over a new connection: a trigger whose connection breaks may not be sent again.
    resumed = yield build_send(
        call, order.endpoint, trigger_request(order.modeling), token, within, over_new=True
    )
    call.now = resumed.now
    came = resumed.answer
    outcome = _read(came) if isinstance(came, Response) else judge(_ANY_QUERY, came)
    word, reason = "accepted", "accepted"
    if not isinstance(outcome, Triggered):
        word, reason = outcome.meaning.word, outcome.reason
    attempt = Attempt(
        endpoint=order.endpoint.label,
        outcome=word,
        status=came.status if isinstance(came, Response) else None,
        reason=reason,
        started_after=sent_at - call.began_at,
        elapsed=call.now - sent_at,
    )
    call.attempts.append(attempt)
    yield from tell(call, AttemptEnded(at=call.now, operation=_OPERATION, attempt=attempt))
    return outcome


def _read(response: Response) -> Triggered | Verdict:
    triggered = read_acceptance(response)
    if triggered is not None:
        return triggered
    verdict = judge(_ANY_QUERY, response)
    if verdict.meaning is Meaning.SERVED:
        return replace(verdict, meaning=Meaning.UNEXPECTED, reason="200, a list", answer=None)
    if is_limited(response):
        return replace(verdict, meaning=Meaning.THROTTLED)
    return verdict


def _refused_here(order: Order, wait: float) -> Throttled:
    return Throttled(
        f"not sent: {_named(order)} was triggered as often as the service allows, once every "
        f"{ONE_EVERY / 60:g} minutes and {AT_MOST} times in any 24 hours. Ask again in "
        f"{ceil(wait)} s; a cooking also starts by itself, every 36 hours by default",
        retry_after=wait,
    )


def _error(order: Order, call: CallState, verdict: Verdict) -> IRError:
    told = "; ".join(str(attempt) for attempt in call.attempts)
    attempts = tuple(call.attempts)
    match verdict.meaning:
        case Meaning.DENIED:
            return call_errors.refused(verdict, attempts)
        case Meaning.REFUSED:
            return QueryError(
                f"the service refused to cook {_named(order)}: {told}. Check the modeling's name",
                attempts=attempts,
                status=verdict.status,
            )
        case Meaning.THROTTLED:
            advice = verdict.retry_after
            wait = ONE_EVERY if advice is None else advice
            return Throttled(
                f"the service will not cook {_named(order)} now: {told}. Either a cooking is "
                "under way or the limits are used up, which it does not tell apart. Ask again in "
                f"{wait:g} s, or wait until it is cooked",
                attempts=attempts,
                retry_after=wait,
            )
        case Meaning.UNEXPECTED:
            return UnexpectedAnswer(
                f"no answer to a trigger: {told}. Check the endpoint's URL and what stands between",
                attempts=attempts,
            )
        case _:
            fix = (
                "It may have been accepted all the same: look whether the list's "
                "interactions_version changes before triggering again"
                if verdict.meaning in _UNCERTAIN
                else "Nothing was accepted; check the account's state and the network, and "
                "trigger again"
            )
            error = Unavailable(
                f"{_named(order)} could not be triggered: {told}. {fix}", attempts=attempts
            )
            error.__cause__ = verdict.cause
            return error


def _named(order: Order) -> str:
    which = "the default modeling" if order.modeling is None else f"modeling {order.modeling!r}"
    return f"{which} of {order.endpoint.label}"


def _ended(call: CallState, order: Order, error: str | None) -> CallEnded:
    return CallEnded(
        at=call.now,
        operation=_OPERATION,
        endpoint=order.endpoint.label if call.attempts else None,
        attempts=len(call.attempts),
        elapsed=call.elapsed,
        error=error,
    )
