"""Requests of httpcore, without httpx's objects."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import urlsplit

import h11
import httpcore

from irclient.transports.direct import HEADERS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    import httpx

    from irclient._core.protocol import Send

__all__ = ["Address", "address_of", "from_httpx", "request_of"]

_RAW_HEADERS: Final = [(name.encode(), value.encode()) for name, value in HEADERS.items()]


@dataclass(frozen=True, eq=False, slots=True)
class Address:
    """Where an endpoint is.

    Attributes:
        origin: Its origin, as httpcore wants it.
        key: The same, for looking up.
        prefix: What comes before the target of each request.
        host: What the header ``Host`` says.
    """

    origin: httpcore.Origin
    key: tuple[bytes, bytes, int]
    prefix: bytes
    host: bytes


@lru_cache(maxsize=256)
def address_of(url: str) -> Address:
    """The address that an endpoint's URL names."""
    parts = urlsplit(url)
    scheme, host = parts.scheme.encode(), (parts.hostname or "").encode("idna")
    port = parts.port or (443 if scheme == b"https" else 80)
    shown = b"[%b]" % host if b":" in host else host
    named = shown if parts.port is None else b"%b:%d" % (shown, port)
    origin = httpcore.Origin(scheme, host, port)
    return Address(origin, (scheme, host, port), parts.path.encode("ascii"), named)


def request_of(send: Send) -> httpcore.Request:
    """Build the request of a `Send`.

    It has no timeouts: who carries it out gives each operation what is left of the attempt.
    """
    address, body = address_of(send.endpoint.url), send.request.body
    scheme, host, port = address.key
    target = address.prefix + send.request.target.encode("ascii")
    url = httpcore.URL(scheme=scheme, host=host, port=port, target=target)
    if body is None:
        request = httpcore.Request(send.request.method, url, content=_NOTHING)
        # Set, for the constructor would copy them, and h11 would check the copy anew.
        request.headers = _checked_headers(address.host, send.token)
        return request
    headers = _headers(address.host, send.token)
    headers += [(b"Content-Type", b"application/json"), (b"Content-Length", b"%d" % len(body))]
    return httpcore.Request(send.request.method, url, headers=headers, content=_Content(body))


def _headers(host: bytes, token: str) -> list[tuple[bytes, bytes]]:
    authorization = (b"Authorization", b"Bearer " + token.encode("ascii"))
    return [(b"Host", host), *_RAW_HEADERS, authorization]


# Few, so that old tokens fall out: each credential gets a new one about once an hour.
@lru_cache(maxsize=16)
def _checked_headers(host: bytes, token: str) -> list[tuple[bytes, bytes]]:
    """The same as a sequence of h11's, which it takes for checked; half of what a request costs."""
    request = h11.Request(method="GET", target="/", headers=_headers(host, token))
    return cast("list[tuple[bytes, bytes]]", request.headers)


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


_NOTHING: Final = _Content(b"")


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
