"""What both of our transports have in common: a whole exchange without httpx's objects, and with.

httpx itself is loaded with the first request that comes from it, and what carries an exchange out
with the first transport.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Self

from irclient._core.protocol import Failure, Trouble
from irclient.transports.failures import Late, Unreachable, Unsendable, failure_of
from irclient.transports.request import Origin, Outgoing, is_address, outgoing_of

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    import httpx

    from irclient._core.protocol import Send
    from irclient._wire.responses import Response

__all__ = ["OwnAsyncTransport", "OwnTransport"]

#: Seconds, where a request of httpx has no timeout.
_NO_LIMIT: Final = 3600.0
_FORBIDDEN: Final = re.compile(rb"[\r\n\0]")
#: What a method is, and the name of a header (RFC 9110, section 5.6.2).
_TOKEN: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
#: What httpx calls each trouble.
_KINDS: Final = {
    Trouble.UNREACHABLE: "ConnectError",
    Trouble.STALE_CONNECTION: "RemoteProtocolError",
    Trouble.BROKEN: "RemoteProtocolError",
    Trouble.TIMED_OUT: "ReadTimeout",
    Trouble.TOO_LARGE: "DecodingError",
    Trouble.LOCAL: "PoolTimeout",
}
_OURS: Final = (Late, Unreachable, Unsendable)


class _Base:
    """Stands in for httpx's classes, which are not loaded for it."""


if TYPE_CHECKING:
    _BlockingBase = httpx.BaseTransport
    _TaskBase = httpx.AsyncBaseTransport
else:
    _BlockingBase = _TaskBase = _Base


class OwnTransport(_BlockingBase):
    """A transport of ours for threads: it ends on time, and looks up while it waits."""

    def exchange(
        self, send: Send, look_up: Callable[[], float] | None = None
    ) -> Response | Failure:
        """Send a request once and return what came of it, or raise why it was not sent.

        Args:
            send: The request, and how long it may take.
            look_up: Called before each wait, those for a connection included: returns after how
                many seconds to be called again, and may raise to stop.
        """
        return self.carry(outgoing_of(send), look_up)

    def carry(
        self, outgoing: Outgoing, look_up: Callable[[], float] | None = None
    ) -> Response | Failure:
        """Do what `exchange` does, with the request in bytes."""
        raise NotImplementedError

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request of httpx once and read its whole answer.

        The longest of its timeouts is for all of it together, the answer's last byte included.

        Raises:
            httpx.TransportError: No answer came; the kind says why.
        """
        outgoing = _outgoing(request, request.read())
        try:
            outcome = self.carry(outgoing)
        except _OURS as problem:
            raise _error_of(failure_of(problem, token=None), request) from None
        return _response_of(outcome, request)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()


class OwnAsyncTransport(_TaskBase):
    """A transport of ours for tasks: it ends on time by itself."""

    def exchange(self, send: Send) -> Coroutine[Any, Any, Response | Failure]:
        """Send a request once and return what came of it, or raise why it was not sent."""
        return self.carry(outgoing_of(send))

    def carry(self, outgoing: Outgoing) -> Coroutine[Any, Any, Response | Failure]:
        """Do what `exchange` does, with the request in bytes."""
        raise NotImplementedError

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request of httpx once and read its whole answer; see `OwnTransport`.

        Raises:
            httpx.TransportError: No answer came; the kind says why.
        """
        outgoing = _outgoing(request, await request.aread())
        try:
            outcome = await self.carry(outgoing)
        except _OURS as problem:
            raise _error_of(failure_of(problem, token=None), request) from None
        return _response_of(outcome, request)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *raised: object) -> None:
        await self.aclose()


def _outgoing(request: httpx.Request, body: bytes) -> Outgoing:
    import httpx  # noqa: PLC0415  (loaded by who made the request)

    url, method, length = request.url, request.method.encode("ascii", "replace"), b"%d" % len(body)
    if url.scheme not in {"http", "https"}:
        raise httpx.UnsupportedProtocol(f"no requests go to {url.scheme!r} URLs", request=request)
    lines = [b"%b %b HTTP/1.1" % (method, url.raw_path)]
    if not _TOKEN.fullmatch(method):
        raise httpx.LocalProtocolError(f"{method[:40]!r} is no method", request=request)
    # httpx has checked none of this; a line end or a wrong length would make two requests of it.
    for name, value in request.headers.raw:
        is_wrong = name.lower() == b"content-length" and value != length
        if is_wrong or not _TOKEN.fullmatch(name) or _FORBIDDEN.search(value):
            raise httpx.LocalProtocolError(
                f"the header {name[:40]!r} holds what no header may", request=request
            )
        if name.lower() != b"transfer-encoding":
            lines.append(b"%b: %b" % (name, value))
    if body and "content-length" not in request.headers:
        lines.append(b"Content-Length: " + length)
    host, is_secure = url.raw_host.decode("ascii"), url.scheme == "https"
    timeouts: dict[str, float | None] = request.extensions.get("timeout", {})
    within = max((each for each in timeouts.values() if each is not None), default=_NO_LIMIT)
    return Outgoing(
        Origin(host, url.port or (443 if is_secure else 80), is_secure, is_address(host)),
        memoryview(b"\r\n".join([*lines, b"", body])),
        within,
        timeouts.get("connect") or within,
        over_new_connection=False,
    )


def _response_of(outcome: Response | Failure, request: httpx.Request) -> httpx.Response:
    import httpx  # noqa: PLC0415  (loaded by who made the request)

    if isinstance(outcome, Failure):
        raise _error_of(outcome, request)
    # The body is whole, and decoded.
    of_the_wire = {"content-encoding", "content-length", "transfer-encoding"}
    if request.method == "HEAD":
        of_the_wire.clear()  # They tell of another answer's body.
    headers = [
        (name, each)
        for name, text in outcome.headers.items()
        if name not in of_the_wire
        for each in text.split("\n")
    ]
    return httpx.Response(outcome.status, headers=headers, content=outcome.body)


def _error_of(failure: Failure, request: httpx.Request) -> httpx.TransportError:
    import httpx  # noqa: PLC0415  (loaded by who made the request)

    kind: type[httpx.TransportError] = getattr(httpx, _KINDS[failure.trouble])
    return kind(failure.reason, request=request)
