"""The bytes of a request, and where they go; what does not change is prepared once."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit

from irclient._values.momentary import value
from irclient._version import __version__
from irclient.transports.content_encoding import accepted_encodings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from irclient._core.protocol import Send
    from irclient._values.secret import Secret

__all__ = [
    "Origin",
    "Outgoing",
    "authorization",
    "check_headers",
    "fixed_headers",
    "is_address",
    "outgoing_of",
]

#: What a header's value may hold (RFC 9110, section 5.5), of ASCII, without a space at its ends.
_HEADER_VALUE: Final = re.compile(r"[\x21-\x7e]([\x20-\x7e\t]*[\x21-\x7e])?")

#: The headers beside those that are the same for all requests.
_OTHERS: Final = frozenset(
    {"authorization", "connection", "content-length", "content-type", "host", "transfer-encoding"}
)
#: A token (RFC 9110, section 5.6.2).
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class Origin(NamedTuple):
    """Where connections go: those to one origin serve all its endpoints.

    Attributes:
        host: The name or the address, as in the DNS.
        port: The port.
        is_secure: Whether with TLS.
        is_address: Whether the host is an address, which is not looked up.
        is_here: Whether it must be this machine: a token goes nowhere else without TLS.
    """

    host: str
    port: int
    is_secure: bool
    is_address: bool
    is_here: bool = False

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(slots=True)
class _Place:
    origin: Origin
    #: What comes before the target of each request.
    prefix: str
    #: What the header ``Host`` says.
    named: str
    #: The end of the head of each request, and the token that it was made with.
    rest: tuple[Secret, bytes] | None = field(default=None, repr=False)

    def rest_with(self, token: Secret) -> bytes:
        """What follows the first line of all requests with a token: their headers, and the end.

        Raises:
            ValueError: The token holds what no header may.
        """
        rest = self.rest
        if rest is None or rest[0] is not token:
            headers = {
                "Host": self.named,
                **fixed_headers(),
                "Authorization": authorization(token),
            }
            lines = [f"{name}: {value}" for name, value in headers.items()]
            rest = self.rest = token, "\r\n".join(["", *lines, "", ""]).encode("ascii")
        return rest[1]


@value
class Outgoing:
    """What a carrier is given.

    Attributes:
        origin: Where to.
        request: The bytes of the whole request; a view, which a traceback shows without them.
        within: Seconds for everything, from waiting for a connection to the last byte.
        connect_within: Seconds for connecting, name look-up and TLS included.
        over_new_connection: Whether to open a connection instead of using one that was kept.
    """

    origin: Origin
    request: memoryview
    within: float
    connect_within: float
    over_new_connection: bool


def outgoing_of(send: Send) -> Outgoing:
    """What a carrier is given of a `Send`."""
    place = _place_of(send.endpoint.url)
    return Outgoing(
        place.origin,
        memoryview(_bytes_of(send, place)),
        send.within,
        send.connect_within,
        send.over_new_connection,
    )


def _bytes_of(send: Send, place: _Place) -> bytes:
    """The whole request.

    Raises:
        ValueError: Its target or its token holds what no request may.
    """
    request = send.request
    line = f"{request.method} {place.prefix}{request.target} HTTP/1.1"
    if not line.isprintable():
        raise ValueError("the target of the request is not percent-encoded")
    body = request.body
    if request.headers:
        line = "\r\n".join([line, *(f"{name}: {value}" for name, value in request.headers)])
    rest = place.rest_with(send.token)
    if body is None:
        return line.encode("ascii") + rest
    of_body = f"{line}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return of_body.encode("ascii") + rest + body


@lru_cache(maxsize=32)
def _is_free(name: str) -> bool:
    """Whether a header may be added that has this name."""
    is_own = name.lower() in _OTHERS or name.title() in fixed_headers()
    return _HEADER_NAME.fullmatch(name) is not None and not is_own


def check_headers(headers: Iterable[tuple[str, str]]) -> None:
    """Refuse headers that an instrument may not add.

    Raises:
        ValueError: One is the client's own, or holds what no header may.
    """
    for name, said in headers:
        if not (_is_free(name) and said.isascii() and said.isprintable()):
            raise ValueError(f"the header {name!r} of an instrument cannot be sent")


def authorization(token: Secret) -> str:
    """What the header ``Authorization`` says (RFC 6750, section 2.1): the one place for a token.

    Raises:
        ValueError: The token holds what no header may.
    """
    if not _HEADER_VALUE.fullmatch(token.reveal()):
        # The token itself stays out of the message.
        raise ValueError("the token holds characters that no header may hold")
    return f"Bearer {token.reveal()}"


@cache
def fixed_headers() -> dict[str, str]:
    """The headers that are the same for all requests."""
    return {
        "Accept": "application/json",
        "Accept-Encoding": accepted_encodings(),
        "User-Agent": f"irclient/{__version__}",
    }


@lru_cache(maxsize=256)
def _place_of(url: str) -> _Place:
    parts = urlsplit(url)
    is_secure = parts.scheme == "https"
    host = (parts.hostname or "").encode("idna").decode("ascii")
    shown = f"[{host}]" if ":" in host else host
    return _Place(
        Origin(
            host,
            parts.port or (443 if is_secure else 80),
            is_secure,
            is_address(host),
            is_here=not is_secure,
        ),
        parts.path,
        shown if parts.port is None else f"{shown}:{parts.port}",
    )


def is_address(host: str) -> bool:
    """Whether a host is an address, which is not looked up."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
