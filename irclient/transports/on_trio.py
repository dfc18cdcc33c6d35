"""The carrier for trio: the exchange over a socket, its waits in a scope that ends them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from irclient.transports.connecting import connected
from irclient.transports.failures import Late
from irclient.transports.sockets import SocketConnection
from irclient.transports.waiting import on_loop

if TYPE_CHECKING:
    import ssl

    from irclient.transports.request import Origin

__all__ = ["TrioConnection", "connect"]


async def connect(origin: Origin, context: ssl.SSLContext | None, until: float) -> TrioConnection:
    """Open a connection, with TLS where a context is given; see `on_asyncio.connect`."""
    with anyio.CancelScope(deadline=until):
        sock = await on_loop(connected(origin, context))
        return TrioConnection(origin, sock, anyio.current_time())
    raise TimeoutError


class TrioConnection(SocketConnection):
    """A connection of trio, which one task uses at a time."""

    async def exchange(self, request: memoryview, ends_at: float, *, is_kept: bool) -> None:
        """Send a request and wait for its answer; see `AsyncioConnection`.

        Raises:
            Late: It took too long.
        """
        with anyio.CancelScope(deadline=ends_at) as scope:
            await on_loop(self.exchange_in_steps(request, is_kept=is_kept))
        if scope.cancelled_caught:
            raise Late
