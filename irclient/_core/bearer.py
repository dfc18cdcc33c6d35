"""The bearer token of a call: read from memory, waited for, or found to be refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from irclient._core import ending
from irclient._core.protocol import Start
from irclient._core.story import pause, tell
from irclient.errors import AuthenticationError
from irclient.observe import TokenRejected

if TYPE_CHECKING:
    from irclient._core.protocol import Call
    from irclient._core.story import Story
    from irclient.topology import ServiceEndpoint

__all__ = ["bearer", "reject"]


def bearer(story: Story) -> Call[str]:
    """Return the token: at hand nearly always, else from the fetch that all wait for."""
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
        yield from pause(story, story.deadline_at, reading.flight, waiting_for="a token")


def reject(story: Story, endpoint: ServiceEndpoint, token: str) -> Call[None]:
    """Take note of a 401: another token may be had, once in a call.

    Raises:
        AuthenticationError: There is no other token, or this one was the other.
    """
    yield from tell(story, TokenRejected(at=story.now, endpoint=endpoint.label))
    if story.token_was_renewed or not story.state.tokens.reject(token, story.now):
        raise ending.unauthorized(story.attempts)
    story.token_was_renewed = True
