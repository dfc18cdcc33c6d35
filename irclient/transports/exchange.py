"""One exchange with any httpx transport: a request out, a complete and bounded answer back."""

from __future__ import annotations

import time
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from irclient._core.protocol import Failure, Trouble
from irclient._wire import Response
from irclient.transports.direct import HEADERS, Opens, OpensBlocking, Sent
from irclient.transports.failures import BodyTooLarge, UndecodableBody, failure_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    import httpx

    from irclient._core.protocol import Send

__all__ = ["LARGEST_BODY", "exchange", "exchange_async"]

#: Bytes; a list of a hundred thousand items stays below it.
LARGEST_BODY: Final = 16 * 1024 * 1024
#: More than one read of a connection can hold.
_MOST_CHUNKS_RECEIVED: Final = 20_000


def exchange(
    transport: httpx.BaseTransport, send: Send, *, look_up: Callable[[], float] | None = None
) -> Response | Failure:
    """Carry out a `Send`, blocking; it ends within `send.within`, or one read later.

    Our own transport ends on time to the millisecond; one that a user brought is only asked
    between two reads, because a blocked thread cannot be interrupted.

    Args:
        transport: What to send it through.
        send: What to send.
        look_up: Called between reads, if the transport can: returns after how many seconds of
            reading to be called again, and may raise to stop.
    """
    ends_at = time.monotonic() + send.within
    try:
        sent = _open(transport, send, look_up)
        try:
            body = _Body(sent)
            for chunk in sent.stream:
                body.take(chunk)
                if time.monotonic() > ends_at:
                    return timed_out(send)
        finally:
            sent.close()
        return body.complete()
    except Exception as error:  # noqa: BLE001  (whatever a transport raises is an outcome)
        failure = failure_of(error, token=send.token)
        return timed_out(send) if failure.trouble is Trouble.TIMED_OUT else failure


def _open(transport: httpx.BaseTransport, send: Send, look_up: Callable[[], float] | None) -> Sent:
    if isinstance(transport, OpensBlocking):
        return transport.open(send, look_up)
    response = transport.handle_request(_httpx_request(send))
    return _sent(response, response.close)


async def exchange_async(transport: httpx.AsyncBaseTransport, send: Send) -> Response | Failure:
    """Carry out a `Send` on a task; it ends within `send.within`, whatever the server does."""
    if isinstance(transport, Opens) and transport.keeps_time():
        return await _exchange(transport, send)
    import anyio  # noqa: PLC0415  (costs more than all of this module)

    with anyio.move_on_after(send.within):
        return await _exchange(transport, send)
    return timed_out(send)


async def _exchange(transport: httpx.AsyncBaseTransport, send: Send) -> Response | Failure:
    ends_at = time.monotonic() + send.within
    try:
        if isinstance(transport, Opens):
            sent = await transport.open(send)
        else:
            response = await transport.handle_async_request(_httpx_request(send))
            sent = _sent(response, response.aclose)
        chunks = aiter(sent.stream)
        try:
            body = _Body(sent)
            async for chunk in chunks:
                body.take(chunk)
                if time.monotonic() > ends_at:
                    # Many small chunks that came together are taken without a look at the end.
                    raise TimeoutError
        except BaseException as problem:
            await _give_up(sent, chunks, problem)
            raise
        await sent.close()
        return body.complete()
    except Exception as error:  # noqa: BLE001  (whatever a transport raises is an outcome)
        failure = failure_of(error, token=send.token)
        is_late = failure.trouble is Trouble.TIMED_OUT and time.monotonic() >= ends_at
        return timed_out(send) if is_late else failure


async def _give_up(sent: Sent, chunks: AsyncIterator[bytes], problem: BaseException) -> None:
    import anyio  # noqa: PLC0415  (costs more than all of this module)

    with anyio.CancelScope(shield=True):
        await sent.close()
    if isinstance(problem, BodyTooLarge | UndecodableBody | TimeoutError):
        # Given up by us, between two reads. HTTP libraries stream through nested generators, which
        # trio wants ended and not dropped: an error out of the next read ends them all. What was
        # received before comes first. Closed before, for a cancellation alone does not reach who
        # reads without a pause.
        with anyio.CancelScope() as scope, suppress(Exception):
            scope.cancel()
            for _ in range(_MOST_CHUNKS_RECEIVED):
                await anext(chunks)


def timed_out(send: Send) -> Failure:
    """The failure of an exchange whose time passed."""
    return Failure(Trouble.TIMED_OUT, f"timed out: no complete answer within {send.within:.3g} s")


def _httpx_request(send: Send) -> httpx.Request:
    import httpx  # noqa: PLC0415  (only for a transport that a user brought)

    headers = {**HEADERS, "Authorization": f"Bearer {send.token}"}
    if send.request.body is not None:
        headers["Content-Type"] = "application/json"
    connect, rest = send.connect_within, send.within
    return httpx.Request(
        send.request.method,
        send.endpoint.url + send.request.target,
        headers=headers,
        content=send.request.body,
        extensions={"timeout": {"connect": connect, "read": rest, "write": rest, "pool": rest}},
    )


def _sent(response: httpx.Response, close: Callable[[], Any]) -> Sent:
    # Whether a connection was opened cannot be known of a transport that a user brought.
    headers = dict(response.headers.items())
    return Sent(response.status_code, headers, response.stream, close, opened_connection=False)


class _Body:
    """Collects a body, decoding as it goes, and stops at the size limit in either form."""

    def __init__(self, sent: Sent) -> None:
        self._sent = sent
        self._parts: list[bytes] = []
        self._raw_size = self._size = 0
        self._inflate = None
        given = sent.headers.get("content-encoding")
        if given is not None and (encoding := given.strip().lower()) not in {"identity", ""}:
            if encoding not in {"gzip", "x-gzip", "deflate"}:
                raise UndecodableBody(f"Content-Encoding {encoding[:40]!r} was not asked for")
            # 32 + 15: zlib finds out by itself whether it is gzip's or zlib's own format.
            self._inflate = zlib.decompressobj(32 + 15)

    def take(self, chunk: bytes) -> None:
        if self._inflate is not None:
            self._raw_size += len(chunk)
            self._check(self._raw_size)
            if self._inflate.eof:
                # What follows a complete body is not part of it, and zlib would copy all that it
                # has kept of it with each piece.
                return
            try:
                # One byte more than may be is enough to know that it is too much.
                chunk = self._inflate.decompress(chunk, LARGEST_BODY + 1 - self._size)
            except zlib.error as problem:
                raise UndecodableBody(str(problem)) from None
        self._size += len(chunk)
        self._check(self._size)
        self._parts.append(chunk)

    def _check(self, size: int) -> None:
        if size > LARGEST_BODY:
            raise BodyTooLarge(f"more than {LARGEST_BODY:,} bytes")

    def complete(self) -> Response:
        if self._inflate is not None and not self._inflate.eof and self._raw_size:
            raise UndecodableBody("the compressed body is truncated")
        parts = self._parts
        return Response(
            self._sent.status,
            self._sent.headers,
            parts[0] if len(parts) == 1 else b"".join(parts),
            time.time(),
            self._sent.opened_connection,
        )
