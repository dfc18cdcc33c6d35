"""A client for one request, whose calls end when the sender of the request goes away."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

import anyio
from starlette.requests import ClientDisconnect

from irclient.aclient import AsyncIRClient

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from irclient.integrations.starlette.presence import Presence

__all__ = ["SenderGone", "client_for"]

T = TypeVar("T")


class SenderGone(ClientDisconnect):
    """The sender of the request went away, so a call for it was cancelled."""


def client_for(presence: Presence, client: AsyncIRClient) -> AsyncIRClient:
    """Return the client with calls that end when the sender has gone, in `SenderGone`.

    Only the calls end; whatever else the handler is doing is not interrupted.
    """
    return cast("AsyncIRClient", _ClientOfRequest(client, presence))


class _ClientOfRequest:
    """Stands in for a client: what that returns is awaited together with the sender."""

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
            return await _while_there(self._presence, anext(self._items))
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
        return _while_there(presence, result)
    if isinstance(result, AsyncIRClient):
        return client_for(presence, result)
    if isinstance(result, AsyncIterator):
        return _WhileThere(cast("AsyncIterator[object]", result), presence)
    return result


async def _while_there(presence: Presence, call: Awaitable[T]) -> T:
    """Await a call, or cancel it when the sender goes.

    Raises:
        SenderGone: The sender went first.
    """
    results: list[T] = []
    errors: list[Exception] = []

    async def watch(scope: anyio.CancelScope) -> None:
        await presence.gone()
        scope.cancel()

    async with anyio.create_task_group() as group:
        group.start_soon(watch, group.cancel_scope)
        try:
            results.append(await call)
        except Exception as error:  # noqa: BLE001  (raised again, outside of the group)
            errors.append(error)
        group.cancel_scope.cancel()
    if errors:
        raise errors[0]
    if not results:
        raise SenderGone
    return results[0]
