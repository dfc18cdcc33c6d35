"""httpx at the seam: a transport that a user brought is asked by us."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from irclient._wire.responses import Response
from irclient.transports.content_encoding import Body
from irclient.transports.failures import (
    BodyTooLarge,
    Late,
    UndecodableBody,
    Unsendable,
    is_time_out,
)
from irclient.transports.request import authorization, fixed_headers, is_address

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    import httpx

    from irclient._core.protocol import Send

__all__ = ["over_httpx", "over_httpx_async", "request_of"]

#: The first events of a request for which there is a connection, or room for one.
_SENDING: Final = "send_request_headers.started"
_BEGINNINGS: Final = ("connect_tcp.started", _SENDING)
#: More than one read of a connection can hold.
_MOST_CHUNKS_RECEIVED: Final = 20_000


def over_httpx(transport: httpx.BaseTransport, send: Send) -> Response:
    """Carry out a `Send` through a user's transport; between its reads it is told to stop."""
    ends_at, waited = time.monotonic() + send.within, _Waited(transport, send)
    with waited:
        response = transport.handle_request(request_of(send, waited.trace))
        try:
            body = Body(response.headers.get("content-encoding"))
            chunks: Iterable[bytes] = response.stream  # type: ignore[assignment]
            for chunk in chunks:
                body.take(chunk)
                if time.monotonic() > ends_at:
                    raise Late
        finally:
            response.close()
    return _answer(response, body, waited.sent_at)


async def over_httpx_async(transport: httpx.AsyncBaseTransport, send: Send) -> Response:
    """Carry out a `Send` through a user's transport, and cancel it when its time has passed."""
    import anyio  # noqa: PLC0415  (costs more than all of this module)

    waited = _Waited(transport, send)
    with waited, anyio.fail_after(send.within):
        ends_at = time.monotonic() + send.within
        response = await transport.handle_async_request(request_of(send, waited.trace_async))
        chunks = aiter(response.stream)  # type: ignore[arg-type]
        try:
            body = Body(response.headers.get("content-encoding"))
            async for chunk in chunks:
                body.take(chunk)
                if time.monotonic() > ends_at:
                    # Many small chunks that came together are taken without a look at the end.
                    raise Late
        except BaseException as problem:
            await _give_up(response, chunks, problem)
            raise
        await response.aclose()
    return _answer(response, body, waited.sent_at)


async def _give_up(
    response: httpx.Response, chunks: AsyncIterator[bytes], problem: BaseException
) -> None:
    import anyio  # noqa: PLC0415  (costs more than all of this module)

    with anyio.CancelScope(shield=True):
        await response.aclose()
    if isinstance(problem, BodyTooLarge | UndecodableBody | Late):
        # Given up by us, between two reads. HTTP libraries stream through nested generators, which
        # trio wants ended and not dropped: an error out of the next read ends them all. What was
        # received before comes first. Closed before, for a cancellation alone does not reach who
        # reads without a pause.
        with anyio.CancelScope() as scope, suppress(Exception):
            scope.cancel()
            for _ in range(_MOST_CHUNKS_RECEIVED):
                await anext(chunks)


class _Waited:
    """Tells time-outs of the service from those of a transport whose connections were all in use.

    httpx's own transports say when they begin to connect or to send (the request extension
    ``trace`` of httpcore). Where that was after half of the attempt's time, or never, the service
    hardly had a chance to answer.

    Args:
        transport: The user's.
        send: The request.
    """

    def __init__(
        self, transport: httpx.BaseTransport | httpx.AsyncBaseTransport, send: Send
    ) -> None:
        import httpx  # noqa: PLC0415  (only for a transport that a user brought)

        self._latest = time.monotonic() + send.within / 2
        self._begun_at: float | None = None
        #: When the request was written, by the monotonic clock; 0 if the transport does not say.
        self.sent_at = 0.0
        self._is_httpx = isinstance(transport, httpx.HTTPTransport | httpx.AsyncHTTPTransport)

    def trace(self, event: str, info: object) -> None:  # noqa: ARG002  (what httpcore calls)
        """Note when something is done for the request."""
        if self._begun_at is None and event.endswith(_BEGINNINGS):
            self._begun_at = time.monotonic()
        if event.endswith(_SENDING):
            self.sent_at = time.monotonic()

    async def trace_async(self, event: str, info: object) -> None:
        """The same for tasks."""
        self.trace(event, info)

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if not isinstance(error, Exception) or not is_time_out(error):
            return
        begun_at = self._begun_at
        if self._is_httpx if begun_at is None else begun_at > self._latest:
            raise Unsendable(
                "the transport had no connection free for half of the attempt's time"
            ) from None


def request_of(send: Send, trace: Callable[..., Any] | None = None) -> httpx.Request:
    """The request as httpx's.

    Args:
        send: The request.
        trace: Told of each step, by the transports that do.
    """
    import httpx  # noqa: PLC0415  (only for a transport that a user brought)

    _refuse_to_guess(send.endpoint.url)
    # httpx hides the token in what it shows of these.
    headers = httpx.Headers(fixed_headers())
    headers["Authorization"] = authorization(send.token)
    headers.update(send.request.headers)
    if send.request.body is not None:
        headers["Content-Type"] = "application/json"
    connect, rest = send.connect_within, send.within
    extensions: dict[str, Any] = {
        # Half for the answer: with less, the service would be blamed for a wait of our own.
        "timeout": {"connect": connect, "read": rest, "write": rest, "pool": rest / 2}
    }
    if trace is not None:
        extensions["trace"] = trace
    return httpx.Request(
        send.request.method,
        send.endpoint.url + send.request.target,
        headers=headers,
        content=send.request.body,
        extensions=extensions,
    )


def _refuse_to_guess(url: str) -> None:
    """Refuse plain HTTP to a name that only the user's transport will resolve."""
    if url.startswith("http://"):
        host = urlsplit(url).hostname or ""
        if host != "localhost" and not is_address(host):
            raise Unsendable(
                f"where {host!r} leads is not known before the token is sent; use https, "
                "localhost or 127.0.0.1"
            )


def _answer(response: httpx.Response, body: Body, sent_at: float) -> Response:
    headers = dict(response.headers.items())
    return Response(
        response.status_code, headers, bytes(body.whole()), received_on=time.time(), sent_at=sent_at
    )
