"""Connecting: to the address of a name that answers first, by way of the proxy that the environment
names, and with TLS; as steps that wait."""

from __future__ import annotations

import errno
import os
import socket
import ssl
import time
from typing import TYPE_CHECKING, Final

from irclient._runtime.proxies import proxy_for
from irclient.errors import ConfigurationError
from irclient.transports.failures import Unreachable, Unsendable
from irclient.transports.names import look_up, looked_up
from irclient.transports.request import Origin, is_address
from irclient.transports.tunnel import tunnelled
from irclient.transports.waiting import Wait

if TYPE_CHECKING:
    from irclient._runtime.proxies import Proxy
    from irclient.transports.waiting import Steps

__all__ = ["connected", "words_of"]

#: Seconds for one address before the next is tried as well (RFC 8305, section 5).
_NEXT_ADDRESS_AFTER: Final = 0.25
#: Seconds for which an address that was overtaken is tried after the others.
_LAST_FOR: Final = 60.0
_MOST_OVERTAKEN: Final = 64
#: Addresses and ports that others overtook, and until when they come last.
_overtaken: Final[dict[tuple[str, int], float]] = {}
#: What a connection that is being made says of itself.
_CONNECTING: Final = (0, errno.EINPROGRESS, errno.EWOULDBLOCK)


def connected(origin: Origin, context: ssl.SSLContext | None) -> Steps[socket.socket]:
    """Connect, and return a socket that never blocks.

    Args:
        origin: What to connect to.
        context: Whom to trust; None without TLS.

    Raises:
        Unreachable: No connection could be made.
        Unsendable: The name could not be looked up, or what names a proxy cannot be read.
    """
    # Nothing that is not secured leaves this machine.
    proxy = _proxy_for(origin) if origin.is_secure else None
    first = origin if proxy is None else _origin_of(proxy)
    looking = look_up(first)
    while not looking.done():
        yield looking
    try:
        sock = yield from _first_of(looked_up(looking, first), first.port)
        if proxy is not None:
            yield from _through(sock, origin, proxy)
        return sock if context is None else (yield from _secured(sock, context, origin.host))
    except OSError as problem:
        by_way = "" if proxy is None else f"by way of the proxy {proxy} of {proxy.variable}: "
        raise Unreachable(f"{origin}: {by_way}{words_of(problem)}") from problem


def _proxy_for(origin: Origin) -> Proxy | None:
    try:
        proxy = proxy_for(origin.host)
    except ConfigurationError as problem:
        raise Unsendable(str(problem)) from None
    if proxy is not None and proxy.scheme != "http":
        raise Unsendable(
            f"{proxy.variable} names a proxy of {proxy.scheme}, and the client speaks to proxies "
            "in plain HTTP alone; pass a transport, such as httpx.HTTPTransport(proxy=...)"
        )
    return proxy


def _origin_of(proxy: Proxy) -> Origin:
    return Origin(proxy.host, proxy.port, is_secure=False, is_address=is_address(proxy.host))


def _through(sock: socket.socket, origin: Origin, proxy: Proxy) -> Steps[None]:
    try:
        yield from tunnelled(sock, origin, proxy)
    except BaseException:
        sock.close()
        raise


def _first_of(addresses: list[str], port: int) -> Steps[socket.socket]:
    """Connect to the address that answers first, trying the next when one is slow (RFC 8305)."""
    problem: OSError = OSError("no address is known")
    began_at, next_at = time.monotonic(), 0.0
    # A black hole costs the first connection its wait, and not each one (RFC 8305, section 4).
    left = sorted(addresses, key=lambda each: _overtaken.get((each, port), 0.0) > began_at)
    trying: dict[socket.socket, str] = {}
    try:
        while left or trying:
            now = time.monotonic()
            if left and (now >= next_at or not trying):
                next_at = now + _NEXT_ADDRESS_AFTER
                address = left.pop(0)
                try:
                    trying[_begun(address, port)] = address
                except OSError as refusal:
                    problem = refusal
                continue
            seconds = next_at - now if left else None
            ready = yield Wait(*trying, until="writable", seconds=seconds)
            for sock in [each for each in trying if each.fileno() in ready]:
                number = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if not number:
                    _know_overtaken(list(trying.values()), trying.pop(sock), port)
                    return sock
                del trying[sock]
                sock.close()
                problem, next_at = OSError(number, os.strerror(number)), now
    finally:
        # Those that were not first, too.
        for sock in trying:
            sock.close()
    raise problem


def _know_overtaken(tried: list[str], first: str, port: int) -> None:
    _overtaken.pop((first, port), None)
    if len(_overtaken) >= _MOST_OVERTAKEN:
        _overtaken.clear()
    until = time.monotonic() + _LAST_FOR
    for address in tried[: tried.index(first)]:
        _overtaken[address, port] = until


def _begun(address: str, port: int) -> socket.socket:
    """A socket that is being connected to an address."""
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    try:
        sock.settimeout(0)
        # A request is one piece: it must not wait for the acknowledgement of the last.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        number = sock.connect_ex((address, port))
        if number not in _CONNECTING:
            raise OSError(number, os.strerror(number))
    except BaseException:
        sock.close()
        raise
    return sock


def _secured(plain: socket.socket, context: ssl.SSLContext, host: str) -> Steps[ssl.SSLSocket]:
    secured: ssl.SSLSocket | None = None
    try:
        # An end of the connection that TLS did not announce may be somebody else's doing.
        secured = context.wrap_socket(
            plain, server_hostname=host, do_handshake_on_connect=False, suppress_ragged_eofs=False
        )
        while True:
            try:
                secured.do_handshake()
            except ssl.SSLWantReadError:
                yield Wait(secured, until="readable")
            except ssl.SSLWantWriteError:
                yield Wait(secured, until="writable")
            else:
                return secured
    except BaseException:
        (secured or plain).close()
        raise


def words_of(problem: BaseException) -> str:
    """What an error says, in the system's words where it is the system's."""
    said = problem.strerror if isinstance(problem, OSError) else None
    return said or str(problem) or type(problem).__name__
