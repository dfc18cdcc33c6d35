"""The bearer token of a call: read from memory, waited for, or found to be refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from irclient._core.protocol import NotStarted, Start
from irclient._core.story import pause, tell
from irclient.errors import AuthenticationError
from irclient.observe import TokenRejected

if TYPE_CHECKING:
    from irclient._core.protocol import Call, Work
    from irclient._core.story import Story
    from irclient._secrets import Secret
    from irclient.topology import ServiceEndpoint

__all__ = ["bearer", "may_renew"]


def bearer(story: Story) -> Call[Secret]:
    """Return the token: from memory nearly always, else from the one fetch that all wait for."""
    tokens = story.state.tokens
    while True:
        reading = tokens.read(story.now)
        refused = None if reading.work is None else (yield from _start(story, reading.work))
        if reading.token is not None:
            return reading.token
        if refused is not None:
            raise AuthenticationError(
                f"no token could be fetched: {refused}", attempts=tuple(story.attempts)
            )
        if reading.error is not None:
            # A new one each time: many calls may raise it, and each adds its own traceback.
            raise AuthenticationError(
                str(reading.error), attempts=tuple(story.attempts), code=reading.error.code
            )
        yield from pause(story, story.deadline_at, reading.flight, waiting_for="a token")


def _start(story: Story, work: Work) -> Call[str | None]:
    """Have a fetch done on a thread, and return why it could not be begun, or None.

    What is not begun wakes those who already wait for it.
    """
    is_begun = False
    try:
        resumed = yield Start(work)
        story.now, refused = resumed.now, resumed.outcome
        is_begun = not isinstance(refused, NotStarted)
        return refused.reason if isinstance(refused, NotStarted) else None
    finally:
        if not is_begun:
            work.abandon()


def may_renew(story: Story, endpoint: ServiceEndpoint, token: Secret) -> Call[bool]:
    """Say whether to renew the token after a 401, which a call may do once."""
    yield from tell(story, TokenRejected(at=story.now, endpoint=endpoint.label))
    if story.token_was_renewed or not story.state.tokens.reject(token, story.now):
        return False
    story.token_was_renewed = True
    return True
