"""What our own transports offer beside httpx's interface: a request without httpx's objects.

Building an `httpx.Request` and an `httpx.Response` costs as much as all decisions of a call
together, and nothing in them is used: the URL was percent-encoded before, and the headers are
always the same few. Nothing is imported for it, so that an exchange can tell who offers this
without loading an HTTP library.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from irclient._version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from irclient._core.protocol import Send

__all__ = ["HEADERS", "Opens", "OpensBlocking", "Sent", "headers_of"]

HEADERS: Final = {
    "Accept": "application/json",
    # What an exchange can decode within its bound, and no more.
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": f"irclient/{__version__}",
}


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


class Opens:
    """A transport for tasks that sends without httpx's objects, where it is ours that asks."""

    def keeps_time(self) -> bool:
        """Whether what is opened here and now ends on time by itself, its body included."""
        return False

    async def open(self, send: Send) -> Sent:
        """Send a request and return once the head of its answer has arrived."""
        raise NotImplementedError


class OpensBlocking:
    """The same for threads; it always keeps the time, since nobody else can."""

    def open(self, send: Send, look_up: Callable[[], float] | None = None) -> Sent:
        """Send a request and return once the head of its answer has arrived.

        Args:
            send: The request, and how long it may take.
            look_up: Called between reads: returns after how many seconds of reading to be
                called again, and may raise to stop.
        """
        raise NotImplementedError


def headers_of(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """The headers of an answer, names in lower case; those that come twice are joined."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in raw:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers
