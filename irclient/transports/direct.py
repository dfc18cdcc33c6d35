"""What our own transports offer beside httpx's interface: a request without httpx's objects.

Building an `httpx.Request` and an `httpx.Response` costs as much as all decisions of a call
together, and nothing in them is used: the URL was percent-encoded before, and the headers are
always the same few.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import httpcore
import httpx

from irclient._version import __version__

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping

    from irclient._core.protocol import Send

__all__ = ["HEADERS", "Opens", "Sent", "from_httpx", "headers_of", "request_of"]

HEADERS: Final = {
    "Accept": "application/json",
    # What an exchange can decode within its bound, and no more.
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": f"irclient/{__version__}",
}
_RAW_HEADERS: Final = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
_JSON: Final = (b"Content-Type", b"application/json")


@dataclass(slots=True)
class Sent:
    """An answer whose head has arrived.

    Attributes:
        status: The HTTP status.
        headers: The headers, names in lower case.
        stream: The body, to be iterated.
        close: Ends it; an awaitable in the world of tasks.
        opened_connection: Whether a connection had to be opened first.
    """

    status: int
    headers: Mapping[str, str]
    stream: Any
    close: Callable[[], Any]
    opened_connection: bool


class Opens(httpx.AsyncBaseTransport):
    """A transport for tasks that sends without httpx's objects, where it is ours that asks."""

    async def open(self, send: Send) -> Sent:
        """Send a request and return once the head of its answer has arrived."""
        raise NotImplementedError


def request_of(send: Send) -> httpcore.Request:
    """Build the request of a `Send`."""
    origin, prefix, host = _address(send.endpoint.url)
    url = httpcore.URL(
        scheme=origin.scheme,
        host=origin.host,
        port=origin.port,
        target=prefix + send.request.target.encode("ascii"),
    )
    authorization = (b"Authorization", b"Bearer " + send.token.encode("ascii"))
    headers = [(b"Host", host), *_RAW_HEADERS, authorization]
    body = send.request.body
    if body is not None:
        headers += [_JSON, (b"Content-Length", b"%d" % len(body))]
    # Reads and writes are given what is left of the attempt by those who carry it out; a timeout
    # for each of them besides would only cost time.
    timeout = {"connect": send.connect_within, "pool": send.within}
    return httpcore.Request(
        send.request.method,
        url,
        headers=headers,
        content=_Content(body or b""),
        extensions={"timeout": timeout},
    )


class _Content:
    """A request's body for either world, any number of times.

    Not a generator, as httpcore's own is: under trio one that is dropped half-way, because its
    request was cancelled while it was written, is warned about.
    """

    def __init__(self, body: bytes) -> None:
        self._parts = (body,) if body else ()

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._parts)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return _Parts(iter(self._parts))


class _Parts:
    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        for part in self._parts:
            return part
        raise StopAsyncIteration


def from_httpx(request: httpx.Request, body: Any) -> httpcore.Request:  # noqa: ANN401
    """The same request without httpx's objects, for who uses a transport of ours with httpx."""
    url = request.url
    return httpcore.Request(
        request.method,
        httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        headers=request.headers.raw,
        content=body,
        extensions=request.extensions,
    )


def headers_of(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """The headers of an answer, names in lower case; those that come twice are joined."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in raw:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


@lru_cache(maxsize=256)
def _address(url: str) -> tuple[httpcore.Origin, bytes, bytes]:
    parts = urlsplit(url)
    scheme, host = parts.scheme.encode(), (parts.hostname or "").encode("idna")
    port = parts.port or (443 if scheme == b"https" else 80)
    shown = b"[%b]" % host if b":" in host else host
    named = shown if parts.port is None else b"%b:%d" % (shown, port)
    return httpcore.Origin(scheme, host, port), parts.path.encode("ascii"), named
