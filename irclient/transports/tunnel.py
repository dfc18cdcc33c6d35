"""A tunnel through a proxy (RFC 9110, section 9.3.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from irclient.transports.failures import Unreachable
from irclient.transports.waiting import Wait

if TYPE_CHECKING:
    import socket

    from irclient._runtime.proxies import Proxy
    from irclient.transports.request import Origin
    from irclient.transports.waiting import Steps

__all__ = ["tunnelled"]

#: Bytes of an answer to ``CONNECT``; a proxy that refuses may say a little more.
_LARGEST_ANSWER: Final = 16 * 1024
_END_OF_HEAD: Final = b"\r\n\r\n"


def _connect(origin: Origin, proxy: Proxy) -> bytes:
    """The request for a tunnel; in no variable, which a traceback would show."""
    lines = [f"CONNECT {origin} HTTP/1.1", f"Host: {origin}"]
    return "\r\n".join(
        [*lines, *([f"Proxy-Authorization: Basic {proxy.user}"] if proxy.user else []), "", ""]
    ).encode("ascii")


def tunnelled(sock: socket.socket, origin: Origin, proxy: Proxy) -> Steps[None]:
    """Have a proxy connect a socket with an origin.

    Args:
        sock: Connected with the proxy; never blocks.
        origin: What to reach.
        proxy: Who is asked.

    Raises:
        Unreachable: The proxy did not do it.
        OSError: The connection broke.
    """
    # A new connection takes so little at once.
    sock.send(_connect(origin, proxy))
    answer = b""
    while _END_OF_HEAD not in answer and len(answer) < _LARGEST_ANSWER:
        yield Wait(sock, until="readable")
        try:
            received = sock.recv(_LARGEST_ANSWER)
        except BlockingIOError:
            continue
        if not received:
            break
        answer += received
    status = answer[:12].partition(b" ")[2]
    is_good = answer.startswith(b"HTTP/1.") and status.isdigit() and status[:1] == b"2"
    if not (is_good and answer.endswith(_END_OF_HEAD)):
        # What follows a good answer would be taken for the origin's.
        said = status.decode("ascii", "replace") if status.isdigit() else "nothing that is HTTP"
        raise Unreachable(
            f"the proxy {proxy} of {proxy.variable} answered {said}; name {origin.host} in "
            "NO_PROXY if this machine can reach it directly"
        )
