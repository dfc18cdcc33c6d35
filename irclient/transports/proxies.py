"""Proxies: which one the environment names for a host, and a tunnel through it (RFC 9110, 9.3.6).

The service, Entra and Key Vault are asked by one rule: by way of the proxy that ``HTTPS_PROXY``
names, else ``ALL_PROXY``, but for hosts that ``NO_PROXY`` names and for this machine's own.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from irclient.topology import is_loopback
from irclient.transports.failures import Unreachable, Unsendable
from irclient.transports.waiting import Wait

if TYPE_CHECKING:
    import socket

    from irclient.transports.request import Origin
    from irclient.transports.waiting import Steps

__all__ = ["Proxy", "proxy_for", "tunnelled"]

#: Bytes of an answer to ``CONNECT``; a proxy that refuses may say a little more.
_LARGEST_ANSWER: Final = 16 * 1024
_END_OF_HEAD: Final = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy of the environment.

    Attributes:
        host: Its name or address.
        port: Its port.
        variable: What names it, for advice.
        scheme: How it is spoken to; our own transports know ``http`` alone.
        user: The user and password that it asks for, as the header says them; empty without.
    """

    host: str
    port: int
    variable: str
    scheme: str = "http"
    user: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def proxy_for(host: str, scheme: str = "https") -> Proxy | None:
    """Return the proxy by way of which a host is asked, or None where it is asked directly."""
    if is_loopback(host):
        return None  # A proxy leads out of this machine.
    from urllib.request import getproxies, proxy_bypass  # noqa: PLC0415  (loads much)

    found = getproxies()
    kind = next((each for each in (scheme, "all") if found.get(each)), None)
    if kind is None or proxy_bypass(host):
        return None
    url = found[kind]
    parts = urlsplit(url if "://" in url else f"http://{url}")
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        port = 0  # Nobody is there, which the call says, with the variable.
    user = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    return Proxy(
        parts.hostname or "",
        port,
        f"{kind.upper()}_PROXY",
        parts.scheme,
        "" if parts.username is None else b64encode(user.encode()).decode(),
    )


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
        Unsendable: It is no proxy that can be asked.
        OSError: The connection broke.
    """
    if proxy.scheme != "http":
        raise Unsendable(
            f"{proxy.variable} names a proxy of {proxy.scheme}, and the client speaks to proxies "
            "in plain HTTP alone; pass a transport, such as httpx.HTTPTransport(proxy=...)"
        )
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
    if not (answer.startswith(b"HTTP/1.") and status[:1] == b"2" and answer.endswith(_END_OF_HEAD)):
        # What follows a good answer would be taken for the origin's.
        said = status.decode("ascii", "replace") if status.isdigit() else "nothing that is HTTP"
        raise Unreachable(
            f"the proxy {proxy} of {proxy.variable} answered {said}; name {origin.host} in "
            "NO_PROXY if this machine can reach it directly"
        )
