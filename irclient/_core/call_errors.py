"""The end of a call that found no answer: one error, which lists every attempt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from irclient._core.verdict import Meaning, Verdict
from irclient._values.momentary import value
from irclient.errors import (
    AccessDenied,
    AuthenticationError,
    DeadlineExceeded,
    NotReady,
    QueryError,
    Throttled,
    Unavailable,
    UnexpectedAnswer,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from irclient.attempts import Attempt
    from irclient.errors import (
        IRError,
    )

__all__ = [
    "FOR_TOKEN",
    "Unasked",
    "allowance_used_up",
    "deadline_exceeded",
    "denied",
    "no_endpoint_answered",
    "refused",
    "unauthorized",
]

#: What a call may wait for before it can send anything.
FOR_TOKEN: Final = "a token"  # noqa: S105  (words of a message)
_REFUSALS = frozenset({Meaning.DENIED, Meaning.UNAUTHORIZED})
#: What to wait for after throttles that came without advice: one second is the TPS window.
_WITHOUT_ADVICE = 1.0


@value
class Unasked:
    """An endpoint that a call did not ask.

    Attributes:
        label: Which.
        reason: Why not, in words.
        meaning: What its last answer meant, if that is why; else None.
    """

    label: str
    reason: str
    meaning: Meaning | None = None

    def __str__(self) -> str:
        return f"{self.label} was not asked: {self.reason}"


def refused(verdict: Verdict, attempts: Sequence[Attempt]) -> IRError:
    """The error for an answer that no other endpoint would give differently (4xx)."""
    if verdict.meaning is Meaning.DENIED:
        return denied(attempts)
    return QueryError(
        f"the service refused the query: {_told(attempts)}. Change the query; no other endpoint "
        "was asked, because it would refuse it as well",
        attempts=tuple(attempts),
        status=verdict.status,
    )


def denied(attempts: Sequence[Attempt], unasked: Sequence[Unasked] = ()) -> AccessDenied:
    """The error for an App ID that no endpoint lets in."""
    return AccessDenied(
        f"access denied by {_told(attempts, unasked)}. Add the App ID to the account's endpoint "
        "authentication (its allow-list), or use the credential of an App ID that is on it",
        attempts=tuple(attempts),
    )


def unauthorized(
    attempts: Sequence[Attempt], unasked: Sequence[Unasked] = ()
) -> AuthenticationError:
    """The error for a token that the service does not accept."""
    return AuthenticationError(
        f"the service does not accept the token: {_told(attempts, unasked)}. Check the "
        "credential's scope and tenant, and that the App ID is on the account's allow-list; a "
        "static key must be a line of the keys_file of `irclient serve`",
        attempts=tuple(attempts),
    )


def deadline_exceeded(
    deadline: float,
    attempts: Sequence[Attempt],
    *,
    waiting_for: str = "",
    retry_after: float | None = None,
) -> DeadlineExceeded:
    """The error for a call whose time ran out."""
    spent = _told(attempts) if attempts else "nothing was sent"
    waiting = f" while waiting for {waiting_for}" if waiting_for else ""
    advice = "Give the call a longer deadline, or each attempt a shorter timeout"
    if not attempts and waiting_for == FOR_TOKEN:
        advice = "`irclient doctor` says whether the vault or Entra does not answer"
    return DeadlineExceeded(
        f"the deadline of {deadline:g} s passed{waiting} after {_count(attempts)}: {spent}. "
        f"{advice}",
        attempts=tuple(attempts),
        retry_after=retry_after,
    )


def no_endpoint_answered(
    verdicts: Sequence[Verdict],
    attempts: Sequence[Attempt],
    unasked: Sequence[Unasked] = (),
) -> IRError:
    """The error for a call that no endpoint answered."""
    told, done = _told(attempts, unasked), tuple(attempts)
    meanings = {verdict.meaning for verdict in verdicts} | {each.meaning for each in unasked}
    after = f"after {_count(attempts)}"
    if Meaning.DENIED in meanings and meanings <= _REFUSALS:
        return denied(attempts, unasked)
    if meanings == {Meaning.UNAUTHORIZED}:
        return unauthorized(attempts, unasked)
    if meanings == {Meaning.NOT_READY}:
        return NotReady(
            f"every endpoint is waiting for its first cooking, {after}: {told}. Wait for the "
            "cooking to finish; it can take hours",
            attempts=done,
        )
    if meanings == {Meaning.THROTTLED}:
        advice = [v.retry_after for v in verdicts if v.retry_after is not None]
        wait = min(advice) if advice else _WITHOUT_ADVICE
        return Throttled(
            f"every endpoint is at its TPS, {after}: {told}. Ask again in {wait:g} s, or "
            "provision more TPS",
            attempts=done,
            retry_after=wait,
        )
    if meanings == {Meaning.UNEXPECTED}:
        return UnexpectedAnswer(
            f"no endpoint answered as the contract says, {after}: {told}. Check the endpoints' "
            "URLs and what stands between",
            attempts=done,
        )
    return _unavailable(after, told, done, some_were_not_asked=bool(unasked))


def _unavailable(
    after: str, told: str, attempts: tuple[Attempt, ...], *, some_were_not_asked: bool
) -> Unavailable:
    if some_were_not_asked:
        return Unavailable(
            f"no endpoint answered, {after}: {told}. Check the accounts' state and urls, and the "
            "network",
            attempts=attempts,
        )
    return Unavailable(
        f"every endpoint failed, {after}: {told}. Check the accounts' state and urls, and the "
        "network",
        attempts=attempts,
    )


def allowance_used_up(
    slot_after: float,
    verdicts: Sequence[Verdict],
    attempts: Sequence[Attempt],
    passed_by: Sequence[Unasked] = (),
) -> IRError:
    """The error for a call that no endpoint has a slot for in time.

    Args:
        slot_after: Seconds until the next slot.
        verdicts: On what the call has tried.
        attempts: Those attempts.
        passed_by: The endpoints that are known to fail.
    """
    if verdicts:
        waiting = Verdict(Meaning.THROTTLED, "no slot in time", retry_after=slot_after)
        return no_endpoint_answered([*verdicts, waiting], attempts)
    told = f" ({_told([], passed_by)})" if passed_by else ""
    return Throttled(
        f"every endpoint is at its TPS: the next slot is {slot_after:.3g} s away, more than this "
        f"call may wait{told}. Ask again then, allow a longer max_wait, raise the configured tps "
        "of an endpoint that is provisioned with more, or provision more",
        retry_after=slot_after,
    )


def _told(attempts: Sequence[Attempt], unasked: Sequence[Unasked] = ()) -> str:
    return "; ".join(str(each) for each in (*attempts, *unasked))


def _count(attempts: Sequence[Attempt]) -> str:
    return "no attempt" if not attempts else f"{len(attempts)} attempt{'s'[: len(attempts) > 1]}"
