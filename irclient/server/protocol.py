"""HTTP/1.1 connections with limits: heads of a size, requests within a time, so many at once.

uvicorn's protocol parses and answers; it waits for ever for the rest of a head, of a body, and
for an answer to be taken. What is added here ends those connections.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from irclient.server.configuration import Limits

__all__ = ["LimitedConnection", "limited_connections"]

#: Seconds that a connection has for its first request to begin.
_FIRST_WITHIN: Final = 30.0
#: Seconds that a connection has for it when the server ends.
_LAST_WITHIN: Final = 2.0
_TOO_LARGE = b"\r\n".join(
    (
        b"HTTP/1.1 431 Request Header Fields Too Large",
        b"content-length: 0",
        b"connection: close",
        b"",
        b"",
    )
)


class _TooLarge(Exception):  # noqa: N818  (ends the parsing of a head)
    pass


class LimitedConnection(HttpToolsProtocol):
    """One connection. Made by uvicorn, with the limits of `limited_connections`."""

    limits: Limits
    refused: Callable[[str], None]

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  (uvicorn's arguments)
        super().__init__(*args, **kwargs)
        self._made_at = self.loop.time()
        self._first_within = min(_FIRST_WITHIN, self.limits.idle_after)
        #: When the exchange under way began, from the first byte of its request.
        self._began_at: float | None = None
        #: Whether a request has begun to come in and has not ended; its answer may be sent already.
        self._is_receiving = False
        #: Since when a part of an answer has been waiting to be taken.
        self._unsent_since: float | None = None
        self._head_bytes = 0
        self._is_too_large = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, unless there are too many."""
        super().connection_made(transport)
        if len(self.connections) > self.limits.connections:
            self.refused("connections")
            transport.abort()

    def data_received(self, data: bytes) -> None:
        """Parse what came in."""
        if self._began_at is None:
            self._began_at = self.loop.time()
        super().data_received(data)

    def on_message_begin(self) -> None:
        """Begin to count a head."""
        self._head_bytes = 0
        self._is_receiving = True
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """End a request, of which the answer may be under way."""
        self._is_receiving = False
        super().on_message_complete()

    def on_url(self, url: bytes) -> None:
        """Count a part of the target."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a header."""
        self._count(len(name) + len(value) + 4)
        super().on_header(name, value)

    def on_response_complete(self) -> None:
        """End an exchange; what has come in of the next one, or is left of this, must come soon."""
        super().on_response_complete()
        if not self.pipeline:
            self._began_at = self.loop.time() if self._is_receiving else None

    def shutdown(self) -> None:
        """End with the answer under way; a caller who has just connected is answered first."""
        if self.cycle is None:
            self.loop.call_later(_LAST_WITHIN, self._end_if_unused)
        else:
            super().shutdown()

    def _end_if_unused(self) -> None:
        if self.cycle is None:
            self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be parsed, or is too large to be."""
        if not self._is_too_large:
            super().send_400_response(msg)
            return
        self.refused("head")
        self.transport.write(_TOO_LARGE)
        self.transport.close()

    def end_if_slow(self, now: float) -> None:
        """End the connection if its caller takes too long; called every second or so."""
        waits = self.transport.get_write_buffer_size() > 0
        self._unsent_since = (self._unsent_since or now) if waits else None
        for since, within in (
            (self._began_at, self.limits.slow_after),
            (self._unsent_since, self.limits.slow_after),
            (self._made_at if self.cycle is None else None, self._first_within),
        ):
            if since is not None and now - since > within:
                self.refused("slow")
                self.transport.abort()
                return

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > self.limits.head_bytes:
            self._is_too_large = True
            raise _TooLarge


class _Refused(Protocol):
    def __call__(self, reason: str, /) -> None: ...


def limited_connections(limits: Limits, refused: _Refused) -> type[LimitedConnection]:
    """The protocol class that uvicorn makes connections of.

    Args:
        limits: The limits.
        refused: Told the reason when a connection is ended.
    """
    return type(
        "Connection", (LimitedConnection,), {"limits": limits, "refused": staticmethod(refused)}
    )
