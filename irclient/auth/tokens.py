"""The record of a token: one fetch serves all readers, and a valid token is used while it lasts.

| the token that is held     | a reader gets    | work for the reader                          |
|----------------------------|------------------|----------------------------------------------|
| fresh                      | the token        | none                                         |
| due for renewal            | the token        | one renewal, unless one is under way or has  |
|                            |                  | just failed                                  |
| none, or expired           | a flight to join | the fetch, for the first reader alone        |
| none, and fetching has     | the error, at    | none until a pause is over                   |
| just failed                | once             |                                              |
| rejected, and not yet      | as with none     | as with none                                 |
| renewed                    |                  |                                              |
| rejected, still alive, and | the token that   | one renewal, unless one is under way or has  |
| renewing it has failed     | was rejected     | just failed                                  |

A token is due when its issuer says so, at the latest a margin before its end: five to six
minutes, or a quarter of a short life. It is expired a little before its end, since its last
request has to arrive in time. The pause after a failure grows: from 1 s to 30 s when somebody
refused, from 0.5 s to 2 s when no answer came, never shorter than a Retry-After; while a valid
token is held it only decides when the renewal is tried again, in time for short lives too.

A token that the service rejects is put aside and a new one fetched. When new tokens keep being
rejected they are put aside more and more rarely: the tokens are not at fault then, and the
identity provider must not pay for it. What one account rejects another may still accept, so a
token that was put aside is better than none.

Work that is abandoned, because no thread could be started for it or because its reader was
interrupted before it began, leaves nothing behind: the next reader begins it anew. A renewal that
is abandoned is tried again after a pause, since its readers have a token.

The rule has no clock. `read` and `reject` are told the time; only the work that they hand out
looks at it, on the thread that carries it out.
"""

from __future__ import annotations

import random
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NoReturn

from irclient._core.flights import Flight
from irclient._core.protocol import TokenReading, TokenStatus
from irclient._runtime.forks import fork_safe_lock
from irclient._runtime.patching import patched_too_late
from irclient.auth.exchange import Occasion, TokenRefused, TokenUnanswered
from irclient.auth.token_state import (
    OVERDUE_AFTER,
    Fetch,
    Rejected,
    TokenState,
    after_failure,
    given_up,
    held_from,
)
from irclient.observe import TokenRenewalFailed, TokenRenewed

if TYPE_CHECKING:
    from collections.abc import Callable

    from irclient._core.protocol import Work
    from irclient._values.secret import Secret
    from irclient.auth.exchange import Exchange, TellRecord
    from irclient.auth.token_state import Held

__all__ = ["TokenRecord"]

#: Rejections further apart than this have nothing to do with each other.
_REJECTIONS_FORGOTTEN_AFTER: Final = 120.0
#: The shortest pause after a failure for callers that ask whether a token can be fetched again.
_HASTENED_AFTER: Final = 5.0
#: It does not name a reader: all readers that waited are given the same error.
_ABANDONED: Final = (
    "no token could be fetched: the fetch was not begun, for want of a thread or because the call "
    "that was to begin it was interrupted"
)


class TokenRecord:
    """A `TokenSource` over any exchange: what its module says, for any number of readers.

    Args:
        exchange: Fetches a token.
        clock: Monotonic seconds, the clock of those who call `read`.
        uniform: Draws from 0 to 1.
    """

    def __init__(
        self,
        exchange: Exchange,
        *,
        clock: Callable[[], float] = time.monotonic,
        uniform: Callable[[], float] = random.random,
    ) -> None:
        self._exchange = exchange
        self._clock = clock
        self._uniform = uniform
        self._lock = fork_safe_lock()
        self._state = TokenState()

    def read(self, now: float) -> TokenReading:
        """Return the token that is held, or the fetch to wait for, or why there is none."""
        # The usual case, without the lock: the state is one reference, replaced as a whole.
        held = self._state.held
        if held is not None and now < held.renew_at and now < held.usable_until:
            return held.reading
        overdue: Flight | None = None
        with self._lock:
            state = self._state
            if state.fetch is not None and state.fetch.flight.is_lost:
                state = replace(state, fetch=None)
            if state.fetch is not None and now >= state.fetch.overdue_at:
                overdue = state.fetch.flight
                state = given_up(state, now)
            self._state, reading = self._read(state, now)
        if overdue is not None:
            overdue.land()
        return reading

    def reject(self, token: Secret, now: float) -> bool:
        """Learn that the service answered 401 to a token; True if another may be fetched."""
        with self._lock:
            state = self._state
            instead = state.instead(now)
            if state.held is None and instead is not None and instead.value == token:
                return False  # It is handed out again because no other can be fetched.
            if state.held is None or state.held.value != token:
                return True  # It has been replaced, or is about to be.
            last = state.rejected
            if last is not None and now < last.next_at:
                return False
            in_a_row = last is not None and now - last.at < _REJECTIONS_FORGOTTEN_AFTER
            count = last.count + 1 if last is not None and in_a_row else 1
            self._state = replace(
                state,
                held=None,
                put_aside=state.held,
                rejected=Rejected(now, count),
                occasion=Occasion.REJECTED,
            )
            return True

    def status(self, now: float) -> TokenStatus:
        """Say how the token is doing, without asking for work."""
        state = self._state
        held, failed = state.held, state.failed
        usable = held if held is not None and now < held.usable_until else state.instead(now)
        error = None if failed is None else str(failed.error)
        if usable is None:
            return TokenStatus("missing", None, error)
        is_due = usable is not held or now >= usable.renew_at
        return TokenStatus("renewing" if is_due else "valid", usable.usable_until - now, error)

    def hasten(self, now: float) -> None:
        """Let the next reader fetch, though the pause after a failure is not over."""
        with self._lock:
            failed = self._state.failed
            if failed is not None and now - failed.at >= max(_HASTENED_AFTER, failed.asked_for):
                self._state = replace(self._state, failed=replace(failed, is_over=True))

    def _read(self, state: TokenState, now: float) -> tuple[TokenState, TokenReading]:
        held, failed, instead = state.held, state.failed, state.instead(now)
        usable = held if held is not None and now < held.usable_until else instead
        may_fetch = state.fetch is None and (failed is None or now >= failed.next_fetch_at(usable))
        if usable is not None:
            if not may_fetch or (usable is held and now < usable.renew_at):
                return state, usable.reading
            state, _, work = self._begin(state, now)
            return state, TokenReading(token=usable.value, work=work)
        if state.fetch is not None:
            return state, TokenReading(flight=state.fetch.flight)
        if failed is not None and not may_fetch:
            return state, TokenReading(error=failed.error)
        state, flight, work = self._begin(state, now)
        return state, TokenReading(flight=flight, work=work)

    def _begin(self, state: TokenState, now: float) -> tuple[TokenState, Flight, Work]:
        fetch = Fetch(Flight(), state.occasion, now + OVERDUE_AFTER)
        return replace(state, fetch=fetch), fetch.flight, _Work(self, fetch)

    def abandon(self, fetch: Fetch) -> None:
        """Forget a fetch that will not be carried out; calls that wait for it go on."""
        now = self._clock()
        with self._lock:
            state = self._state
            if state.fetch is fetch:
                held = state.held
                has_token = state.instead(now) or (held is not None and now < held.usable_until)
                self._state = (
                    after_failure(state, TokenUnanswered(_ABANDONED), now)
                    if has_token
                    else replace(state, fetch=None)
                )
        fetch.flight.land()

    def carry_out(self, fetch: Fetch, tell: TellRecord) -> None:
        """Fetch a token and note what came of it; blocking."""
        try:
            asked_at = self._clock()
            try:
                fetched = self._exchange(fetch.occasion, tell)
                held = held_from(fetched, asked_at, self._uniform())
            except (TokenRefused, TokenUnanswered) as failure:
                self._fail(fetch, failure, tell)
            except BaseException as surprise:
                # Its words are left out: a stranger's exception may quote anything.
                what = patched_too_late() or f"unexpected {type(surprise).__name__}"
                words = f"no token could be fetched: {what}"
                self._fail(fetch, TokenUnanswered(words), tell)
                if not isinstance(surprise, Exception):
                    raise
            else:
                self._hold(fetch, held)
                tell(TokenRenewed(at=self._clock(), lifetime=held.lives_for))
        finally:
            fetch.flight.land()

    def _hold(self, fetch: Fetch, held: Held) -> None:
        with self._lock:
            state = self._state
            other = None if state.fetch is fetch else state.held
            if other is not None and other.usable_until >= held.usable_until:
                return  # This fetch was given up, and another has brought a token since.
            # A token that comes late is a token; what was begun instead of it goes on.
            under_way = None if state.fetch is fetch else state.fetch
            occasion = state.occasion if fetch.occasion is Occasion.USUAL else Occasion.USUAL
            self._state = replace(
                state, held=held, fetch=under_way, failed=None, put_aside=None, occasion=occasion
            )

    def _fail(
        self, fetch: Fetch, failure: TokenRefused | TokenUnanswered, tell: TellRecord
    ) -> None:
        now = self._clock()
        with self._lock:
            if self._state.fetch is fetch:
                self._state = after_failure(self._state, failure, now)
        kind = "refused" if isinstance(failure, TokenRefused) else "unanswered"
        left = self.status(now).expires_in
        tell(TokenRenewalFailed(at=now, kind=kind, reason=str(failure), expires_in=left))

    def __repr__(self) -> str:
        return f"<TokenRecord {'with' if self._state.held else 'without'} a token>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a TokenRecord holds a token and cannot be pickled")


class _Work:
    """A fetch, to be carried out once or abandoned."""

    __slots__ = ("_fetch", "_has_begun", "_record")

    def __init__(self, record: TokenRecord, fetch: Fetch) -> None:
        self._record = record
        self._fetch = fetch
        self._has_begun = False

    def __call__(self, tell: TellRecord, /) -> None:
        """Carry it out; blocking."""
        self._has_begun = True
        self._record.carry_out(self._fetch, tell)

    def abandon(self) -> None:
        """Let it count as failed, unless it has begun."""
        if not self._has_begun:
            self._record.abandon(self._fetch)
