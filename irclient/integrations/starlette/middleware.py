"""What happens to each request: it gets its client, and its deadline."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

from starlette.datastructures import Headers

import irclient
from irclient.errors import QueryError
from irclient.integrations.deadline_header import seconds_in
from irclient.integrations.starlette.answers import answer_to
from irclient.integrations.starlette.caller import client_for
from irclient.integrations.starlette.presence import Presence

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from starlette.types import ASGIApp, Receive, Scope, Send

    from irclient.aclient import AsyncIRClient

__all__ = ["RequestMiddleware"]


class RequestMiddleware:
    """Puts a client into each request's ``state.ir``, and lets its header set its deadline.

    Args:
        app: The application inside.
        client_of_now: Returns the application's client, which a test may have replaced.
        deadline_header: The header's name, or None.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        client_of_now: Callable[[], AsyncIRClient],
        deadline_header: str | None,
    ) -> None:
        self._app = app
        self._client_of_now = client_of_now
        self._header = deadline_header

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Be an ASGI application."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        client = self._client_of_now()
        state = scope.setdefault("state", {})
        if scope["type"] == "websocket":
            state["ir"] = client
            await self._app(scope, receive, send)
            return
        presence = Presence(receive, send)
        state["ir"] = client_for(presence, client)
        value = None if self._header is None else Headers(scope=scope).get(self._header)
        deadline: AbstractContextManager[object] = nullcontext()
        if self._header is not None and value is not None:
            try:
                deadline = irclient.deadline(seconds_in(value, header=self._header))
            except QueryError as error:
                await answer_to(error)(scope, receive, send)
                return
        with deadline:
            async with presence.looked_after():
                await self._app(scope, presence.receive, presence.send)
