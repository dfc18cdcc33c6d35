"""Whether the sender of a request is still there, and the end of calls when it is not."""

from __future__ import annotations

from collections import deque
from contextlib import asynccontextmanager
from functools import partial
from types import coroutine
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
from starlette.requests import ClientDisconnect

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine, Generator

    from anyio.abc import TaskGroup
    from starlette.types import Message, Receive, Send

__all__ = ["Presence", "SenderGone"]

T = TypeVar("T")


class SenderGone(ClientDisconnect):
    """The sender of the request went away, so a call for it was cancelled."""


class Presence:
    """Stands between a server and an application, and notices when the sender goes away.

    A server says so where the application would read on, so this reads ahead, but not beyond one
    part of a body that has more of them: what is not read yet stays with the server. It looks
    from the first call on that has to wait.

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
        self._group: TaskGroup | None = None
        self._calls: set[anyio.CancelScope] = set()
        self._has_gone = False

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

    @asynccontextmanager
    async def looked_after(self) -> AsyncGenerator[None]:
        """Let calls within the block end when the sender goes."""
        errors: list[Exception] = []
        async with anyio.create_task_group() as group:
            self._group = group
            try:
                yield
            except Exception as error:  # noqa: BLE001  (raised again, outside of the group)
                errors.append(error)
            self._group = None
            group.cancel_scope.cancel()
        if errors:
            raise errors[0]

    async def while_there(self, call: Coroutine[Any, Any, T]) -> T:
        """Await a call, or cancel it when the sender goes.

        Raises:
            SenderGone: The sender went first.
        """
        if self._has_gone:
            call.close()
            raise SenderGone
        scope = anyio.CancelScope()
        self._calls.add(scope)
        try:
            with scope:
                return await _noticing(call, self._look)
        finally:
            self._calls.discard(scope)
        raise SenderGone

    def _look(self) -> None:
        group, self._group = self._group, None
        if group is not None:
            group.start_soon(self._end_calls)

    async def _end_calls(self) -> None:
        await self.gone()
        self._has_gone = True
        for each in list(self._calls):
            each.cancel()

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


@coroutine
def _noticing(call: Coroutine[Any, Any, T], on_wait: Callable[[], None]) -> Generator[Any, Any, T]:
    """Run a call, and say so when it first has to wait: an answer from memory never does."""
    step: Callable[[], Any] = partial(call.send, None)
    is_first = True
    while True:
        try:
            command = step()
        except StopIteration as end:
            result: T = end.value
            return result
        if is_first:
            is_first = False
            on_wait()
        try:
            step = partial(call.send, (yield command))
        except BaseException as error:  # noqa: BLE001  (the call's to handle)
            step = partial(call.throw, error)
