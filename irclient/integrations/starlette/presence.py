"""Whether the sender of a request is still there."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Send

__all__ = ["Presence"]


class Presence:
    """Stands between a server and an application, and notices when the sender goes away.

    A server says so where the application would read on, so this reads ahead, but not beyond one
    part of a body that has more of them: what is not read yet stays with the server.

    Args:
        receive: The server's.
        send: The server's.
    """

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._reading = anyio.Lock()
        self._ahead: deque[Message] = deque()
        self._goodbye: Message | None = None
        self._is_answered = False

    async def receive(self) -> Message:
        """Hand the application what the server says, in its order."""
        if not self._ahead:
            async with self._reading:
                # It may have been read ahead while this waited for its turn.
                if not self._ahead:
                    return await self._next()
        return self._ahead.popleft()

    async def send(self, message: Message) -> None:
        """Hand the server what the application answers."""
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            # From here on a server says "disconnected" whether the sender has gone or not.
            self._is_answered = True
        await self._send(message)

    async def gone(self) -> None:
        """Return when the sender has gone; never when that cannot be known."""
        async with self._reading:
            while self._can_look():
                message = await self._next()
                if message is self._goodbye:
                    break
                self._ahead.append(message)
            has_gone = self._goodbye is not None and not self._is_answered
        if not has_gone:
            await anyio.sleep_forever()

    def _can_look(self) -> bool:
        if self._goodbye is not None or self._is_answered:
            return False
        return not self._ahead or not self._ahead[-1].get("more_body", False)

    async def _next(self) -> Message:
        if self._goodbye is not None:
            return self._goodbye
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self._goodbye = message
        return message
