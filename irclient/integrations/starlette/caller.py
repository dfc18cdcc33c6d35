"""A client for one request, whose calls end when the sender of the request goes away."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

from irclient.aclient import AsyncIRClient
from irclient.integrations.starlette.presence import SenderGone

if TYPE_CHECKING:
    from irclient.integrations.starlette.presence import Presence

__all__ = ["client_for"]

T = TypeVar("T")


def client_for(presence: Presence, client: AsyncIRClient) -> AsyncIRClient:
    """Return the client with calls that end when the sender has gone, in `SenderGone`.

    Only the calls end; whatever else the handler is doing is not interrupted.
    """
    return cast("AsyncIRClient", _ClientOfRequest(client, presence))


class _ClientOfRequest:
    """Stands in for a client: what that returns is awaited while the sender is there."""

    __slots__ = ("_client", "_presence")

    def __init__(self, client: AsyncIRClient, presence: Presence) -> None:
        self._client = client
        self._presence = presence

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  (whatever the client has by that name)
        value = getattr(self._client, name)
        if not inspect.ismethod(value):
            return value
        method, presence = value, self._presence

        @wraps(method)
        def call(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401  (the method's own)
            return _with(presence, method(*arguments, **named))

        return call

    @property  # type: ignore[misc]
    def __class__(self) -> Any:  # noqa: ANN401  # pyright: ignore[reportIncompatibleMethodOverride]
        # So that isinstance sees the client.
        return AsyncIRClient

    def __repr__(self) -> str:
        return repr(self._client)


class _WhileThere(AsyncIterator[T]):
    """Items as they come, until the sender goes."""

    def __init__(self, items: AsyncIterator[T], presence: Presence) -> None:
        self._items = items
        self._presence = presence

    async def __anext__(self) -> T:
        try:
            return await self._presence.while_there(cast("Any", self._items.__anext__()))
        except SenderGone:
            await self.aclose()
            raise

    async def aclose(self) -> None:
        """End what is under way."""
        close = getattr(self._items, "aclose", None)
        if close is not None:
            await close()


def _with(presence: Presence, result: object) -> object:
    if inspect.iscoroutine(result):
        return presence.while_there(result)
    if isinstance(result, AsyncIRClient):
        return client_for(presence, result)
    if isinstance(result, AsyncIterator):
        return _WhileThere(cast("AsyncIterator[object]", result), presence)
    return result
