"""The bearer token of a call: read from memory, waited for, or found to be refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from irclient._core.call_errors import FOR_TOKEN
from irclient._core.call_state import pause, tell
from irclient._core.protocol import NotStarted, Start
from irclient.errors import AuthenticationError
from irclient.observe import TokenRejected

if TYPE_CHECKING:
    from irclient._core.call_state import CallState
    from irclient._core.protocol import Call, TokenReading, Work
    from irclient._values.secret import Secret
    from irclient.topology import ServiceEndpoint

__all__ = ["bearer", "may_renew"]


def bearer(call: CallState, reading: TokenReading | None = None) -> Call[Secret]:
    """Return the token: from memory nearly always, else from the one fetch that all wait for.

    Args:
        call: Who needs it.
        reading: What the memory says, if the call has looked already.
    """
    tokens = call.state.tokens
    while True:
        reading = tokens.read(call.now) if reading is None else reading
        refused = None if reading.work is None else (yield from _start(call, reading.work))
        if reading.token is not None:
            return reading.token
        if refused is not None:
            raise AuthenticationError(
                f"no token could be fetched: {refused}", attempts=tuple(call.attempts)
            )
        if reading.error is not None:
            # A new one each time: many calls may raise it, and each adds its own traceback.
            raise AuthenticationError(
                str(reading.error), attempts=tuple(call.attempts), code=reading.error.code
            )
        yield from pause(call, call.deadline_at, reading.flight, waiting_for=FOR_TOKEN)
        reading = None


def _start(call: CallState, work: Work) -> Call[str | None]:
    """Have a fetch done on a thread, and return why it could not be begun, or None.

    If it is not begun, the calls that already wait for it are woken.
    """
    is_begun = False
    try:
        resumed = yield Start(work)
        call.now, refused = resumed.now, resumed.outcome
        is_begun = not isinstance(refused, NotStarted)
        return refused.reason if isinstance(refused, NotStarted) else None
    finally:
        if not is_begun:
            work.abandon()


def may_renew(call: CallState, endpoint: ServiceEndpoint, token: Secret) -> Call[bool]:
    """Say whether to renew the token after a 401, which a call may do once."""
    yield from tell(call, TokenRejected(at=call.now, endpoint=endpoint.label))
    if call.token_was_renewed or not call.state.tokens.reject(token, call.now):
        return False
    call.token_was_renewed = True
    return True
