"""TLS handshakes of tasks: a connection whose handshake is broken off is closed at once.

httpcore closes it after an error but not after a cancellation, and then its socket stays open
until the garbage collector comes by.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio
import httpcore

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable

__all__ = ["ClosingHandshakes"]


class ClosingHandshakes(httpcore.AsyncNetworkBackend):
    """Connects as another backend does.

    Args:
        inner: What opens the connections.
    """

    def __init__(self, inner: httpcore.AsyncNetworkBackend) -> None:
        self._inner = inner

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  (httpcore's signature)
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Open a connection that is not yet secured."""
        inner = self._inner
        stream = await inner.connect_tcp(host, port, timeout, local_address, socket_options)
        return _Unsecured(stream)


class _Unsecured(httpcore.AsyncNetworkStream):
    def __init__(self, inner: httpcore.AsyncNetworkStream) -> None:
        self._inner = inner

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  (httpcore's signature)
    ) -> httpcore.AsyncNetworkStream:
        try:
            # The secured stream is httpcore's own: nothing of this is in the way of a request.
            return await self._inner.start_tls(ssl_context, server_hostname, timeout)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self._inner.aclose()
            raise

    async def read(
        self,
        max_bytes: int,
        timeout: float | None = None,  # noqa: ASYNC109  (httpcore's signature)
    ) -> bytes:
        return await self._inner.read(max_bytes, timeout)

    async def write(
        self,
        buffer: bytes,
        timeout: float | None = None,  # noqa: ASYNC109  (httpcore's signature)
    ) -> None:
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401  (httpcore's signature)
        return self._inner.get_extra_info(info)
