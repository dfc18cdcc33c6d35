"""What is known of a token at one instant, and what follows from it, with the time given.

The state is replaced as a whole with each thing that happens; `tokens` says by which rule.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from irclient._core.protocol import TokenReading
from irclient._values.secret import Secret
from irclient.auth.arguments import is_sendable
from irclient.auth.exchange import Occasion, TokenRefused, TokenUnanswered, redacted
from irclient.errors import AuthenticationError

if TYPE_CHECKING:
    from irclient._core.flights import Flight
    from irclient.auth.exchange import FetchedToken

__all__ = [
    "OVERDUE_AFTER",
    "Failed",
    "Fetch",
    "Held",
    "Rejected",
    "TokenState",
    "after_failure",
    "given_up",
    "held_from",
]

_MARGIN: Final = 300.0
#: Spreads the renewals of processes that started together.
_MARGIN_JITTER: Final = 60.0
_SKEW: Final = 5.0
#: A fetch that takes longer than this counts as failed; its thread may still end well.
OVERDUE_AFTER: Final = 60.0
_LONGEST_RETRY_AFTER: Final = 30.0


@dataclass(frozen=True, slots=True)
class _Pauses:
    """Seconds between one failure and the next try, doubling from `first` to `longest`."""

    first: float
    longest: float

    def after(self, count: int) -> float:
        # The exponent is bounded: an outage may last for days.
        return min(self.first * 2.0 ** min(count - 1, 32), self.longest)


_REFUSED: Final = _Pauses(1.0, 30.0)
_UNANSWERED: Final = _Pauses(0.5, 2.0)
_REJECTIONS: Final = _Pauses(1.0, 30.0)


@dataclass(frozen=True, slots=True)
class Held:
    """A token, and until when it is renewed and used."""

    value: Secret
    lives_for: float
    renew_at: float
    usable_until: float
    reading: TokenReading


@dataclass(frozen=True, slots=True)
class Fetch:
    """A fetch under way."""

    flight: Flight
    occasion: Occasion
    overdue_at: float


@dataclass(frozen=True, slots=True)
class Failed:
    """The last fetch that failed, of `count` in a row."""

    error: AuthenticationError
    at: float
    count: int
    pauses: _Pauses
    retry_after: float
    is_over: bool = False

    @property
    def asked_for(self) -> float:
        """Seconds for which the other side asked to be left alone, within reason."""
        return min(self.retry_after, _LONGEST_RETRY_AFTER)

    def next_fetch_at(self, held: Held | None) -> float:
        """When the next fetch may begin, with this token in hand."""
        if self.is_over:
            return self.at
        if held is None:
            return self.at + max(self.pauses.after(self.count), self.asked_for)
        # No call waits for a renewal: it may take its time, as far as the token's life allows.
        pause = _Pauses(1.0, min(30.0, held.lives_for / 20)).after(self.count)
        return self.at + max(pause, min(self.retry_after, (held.usable_until - self.at) / 2))


@dataclass(frozen=True, slots=True)
class Rejected:
    """The last rejection that led to a new token, of `count` in a row."""

    at: float
    count: int

    @property
    def next_at(self) -> float:
        """When the next rejection may lead to another token."""
        return self.at + _REJECTIONS.after(self.count)


@dataclass(frozen=True, slots=True)
class TokenState:
    """Replaced as a whole, so that a fork finds it complete whenever it happens."""

    held: Held | None = None
    fetch: Fetch | None = None
    failed: Failed | None = None
    rejected: Rejected | None = None
    put_aside: Held | None = None
    occasion: Occasion = Occasion.USUAL

    def instead(self, now: float) -> Held | None:
        """The token that was rejected, while it lives and no better one can be fetched."""
        aside, failed, rejected = self.put_aside, self.failed, self.rejected
        if aside is None or failed is None or rejected is None or now >= aside.usable_until:
            return None
        # A failure from before the rejection says nothing once its pause is over.
        is_hopeless = failed.at >= rejected.at or now < failed.next_fetch_at(None)
        return aside if is_hopeless else None


def held_from(fetched: FetchedToken, asked_at: float, jitter: float) -> Held:
    """Take a token that was fetched.

    Args:
        fetched: The token.
        asked_at: When the fetch began.
        jitter: From 0 to 1: spreads the renewals.

    Raises:
        TokenRefused: It cannot be used.
    """
    token = Secret(fetched.value)
    if not is_sendable(token.reveal()):
        raise TokenRefused("the token that was handed out is not fit for an Authorization header")
    lives_for = fetched.lives_for
    if not (math.isfinite(lives_for) and lives_for > 0):
        raise TokenRefused(
            f"the token that was handed out has {lives_for:.0f} s to live; check this machine's "
            "clock, or what hands the tokens out"
        )
    renew_after = lives_for - min(_MARGIN + _MARGIN_JITTER * jitter, lives_for / 4)
    if fetched.renew_after is not None:
        # A wish in the past, which credentials with a memory of their own come up with, must not
        # make every reader renew.
        wished = max(fetched.renew_after, lives_for / 10)
        spread = min(_MARGIN_JITTER, max(lives_for - wished, 0.0) / 4) * jitter
        renew_after = min(renew_after, wished + spread)
    return Held(
        token,
        lives_for,
        renew_at=asked_at + renew_after,
        usable_until=asked_at + lives_for - min(_SKEW, lives_for / 10),
        reading=TokenReading(token=token),
    )


def after_failure(
    state: TokenState, failure: TokenRefused | TokenUnanswered, now: float
) -> TokenState:
    """Note that the fetch under way has failed."""
    if isinstance(failure, TokenRefused):
        code, pauses, retry_after = failure.code, _REFUSED, 0.0
    else:
        code, pauses, retry_after = None, _UNANSWERED, failure.retry_after
    count = state.failed.count + 1 if state.failed else 1
    error = AuthenticationError(redacted(str(failure)), code=code)
    return replace(state, fetch=None, failed=Failed(error, now, count, pauses, retry_after))


def given_up(state: TokenState, now: float) -> TokenState:
    """Note that the fetch under way takes too long."""
    words = f"no token could be fetched: no answer within {OVERDUE_AFTER:.0f} s"
    return after_failure(state, TokenUnanswered(words), now)
