"""The default transport for threads: one connection pool whose every read ends on time."""

from __future__ import annotations

import ipaddress
import queue
import socket
import threading
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import httpcore
import httpx

from irclient._forks import fork_count, fork_safe_lock
from irclient.transports.direct import OpensBlocking, Sent, headers_of
from irclient.transports.on_httpcore import from_httpx, request_of
from irclient.transports.tls import ssl_context

if TYPE_CHECKING:
    import os
    import ssl
    from collections.abc import Callable, Iterable, Iterator

    from irclient._core.protocol import Send

__all__ = ["Pooled"]

_CONNECTIONS: Final = 256
_IDLE_CONNECTIONS: Final = 100
#: Shorter than the idle time of common front ends, so that we close first.
_IDLE_FOR: Final = 30.0
#: Bytes written at a time.
_PART: Final = 16 * 1024


class Pooled(OpensBlocking, httpx.BaseTransport):
    """An httpcore pool that no server can hold beyond the time given to an attempt.

    An httpx timeout is for one read: a server that drips a byte before each one ends outlives
    it, in its headers as in its body. Here each connect, handshake, read and write is given
    what is left of the attempt. Name resolution, which Python cannot interrupt, is waited for
    as long and then left to itself.

    A forked child starts with a pool of its own. Proxies of the environment are not used: give
    the client ``httpx.HTTPTransport(proxy=...)`` where one is needed.

    Args:
        ca_file: A PEM file of the only authorities to trust; None trusts the process's usual.
    """

    def __init__(self, *, ca_file: str | os.PathLike[str] | None = None) -> None:
        self._ca_file = ca_file
        self._lock = fork_safe_lock()
        self._pool: _Pool | None = None
        self._network: _OnTime | None = None
        self._forks = fork_count()
        self._time = _TimeLeft()

    def open(self, send: Send, look_up: Callable[[], float] | None = None) -> Sent:
        """Send a request and return once the head of its answer has arrived.

        Args:
            send: The request, and how long it may take.
            look_up: Called between reads: returns after how many seconds of reading to be
                called again, and may raise to stop.
        """
        return self._begin(request_of(send), send.within, look_up)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request of httpx; its extension ``timeout`` says how long it may take."""
        timeout: dict[str, float] = request.extensions["timeout"]
        sent = self._begin(from_httpx(request, request.read()), timeout["read"], None)
        return httpx.Response(sent.status, headers=sent.headers, stream=_Stream(sent))

    def _begin(
        self, request: httpcore.Request, within: float, look_up: Callable[[], float] | None
    ) -> Sent:
        attempt = self._time
        attempt.ends_at, attempt.look_up = time.monotonic() + within, look_up
        response = self._send(request)
        headers = headers_of(response.headers)
        return Sent(response.status, headers, response.stream, response.close, attempt.connects)

    def close(self) -> None:
        """Close all connections; the transport can be used again and opens new ones."""
        with self._lock:
            pool, network = self._pool, self._network
            self._pool = self._network = None
        if pool is not None and network is not None and self._forks == fork_count():
            # First, so that threads that wait for an answer stop at once.
            network.shut_down()
            pool.close()

    def _send(self, request: httpcore.Request) -> httpcore.Response:
        # One pool for both tries: after a close there is nothing more to try.
        attempt, pool, was_tried = self._time, self._pool_of_this_process(), False
        while True:
            attempt.connects = attempt.has_received = False
            try:
                return pool.handle_request(request)
            except (httpcore.NetworkError, httpcore.RemoteProtocolError):
                # The server closed an idle connection while we sent on it (RFC 9112, 9.3.1). Once
                # only: a server that resets all requests would get one for each idle connection.
                may_be_sent_again = request.method == b"GET" and not was_tried
                if attempt.connects or attempt.has_received or not may_be_sent_again:
                    raise
                was_tried = True

    def _pool_of_this_process(self) -> _Pool:
        with self._lock:
            if self._forks != fork_count():
                # Left to the parent: closing would say goodbye over sockets that it still uses.
                self._pool, self._forks = None, fork_count()
            if self._pool is None:
                self._network = _OnTime(httpcore.SyncBackend(), self._time)
                self._pool = _Pool(
                    ssl_context=ssl_context(ca_file=self._ca_file),
                    max_connections=_CONNECTIONS,
                    max_keepalive_connections=_IDLE_CONNECTIONS,
                    keepalive_expiry=_IDLE_FOR,
                    network_backend=self._network,
                )
            return self._pool

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(type(self), ca_file=self._ca_file), ()

    def __repr__(self) -> str:
        return f"Pooled({self._pool!r})" if self._pool else "Pooled(no connections)"


class _Pool(httpcore.ConnectionPool):
    """Opens connections that know when they hold more than the answers asked for."""

    def create_connection(self, origin: httpcore.Origin) -> httpcore.ConnectionInterface:
        """Make a connection; the pool has no proxy and speaks HTTP/1.1 only."""
        return _Connection(
            origin=origin,
            ssl_context=self._ssl_context,
            keepalive_expiry=self._keepalive_expiry,
            network_backend=self._network_backend,
        )


class _Connection(httpcore.HTTPConnection):
    def has_expired(self) -> bool:
        """Whether to close it, and not use it again."""
        return super().has_expired() or self._has_more()

    def _has_more(self) -> bool:
        # httpcore reads what comes right behind an answer as the answer to the next request,
        # which is another caller's. Looked for before it is asked whether the connection is idle,
        # for another thread may use it at this moment, whose answer is no more than it asked for.
        inner = self._connection
        return (
            isinstance(inner, httpcore.HTTP11Connection)
            and bool(inner._h11_state.trailing_data[0])  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
            and inner.is_idle()
        )


class _Stream(httpx.SyncByteStream):
    def __init__(self, sent: Sent) -> None:
        self._sent = sent

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._sent.stream)

    def close(self) -> None:
        self._sent.close()


class _TimeLeft(threading.local):
    """When the attempt of this thread ends; the pool reads on the thread that calls it."""

    ends_at = float("inf")
    #: Whether it opened a connection, instead of using an idle one.
    connects = False
    has_received = False
    look_up: Callable[[], float] | None = None

    def within(self, timeout: float | None, error: type[Exception]) -> float:
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise error("the attempt's time passed")
        return left if timeout is None else min(timeout, left)


class _OnTime(httpcore.NetworkBackend):
    """Gives each network operation what is left of the attempt's time."""

    def __init__(self, inner: httpcore.NetworkBackend, left: _TimeLeft) -> None:
        self._inner = inner
        self._left = left
        self.streams: set[_StreamOnTime] = set()
        self.is_shut_down = False

    def shut_down(self) -> None:
        """End all connections, those included that another thread is reading or making."""
        self.is_shut_down = True
        for stream in list(self.streams):
            stream.shut_down()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first of the host's addresses that answers."""
        self._left.connects = True
        ends_at = time.monotonic() + self._left.within(timeout, httpcore.ConnectTimeout)
        refusal: httpcore.ConnectError | None = None
        for address in _resolve(host, port, ends_at):
            left = ends_at - time.monotonic()
            if left <= 0:
                raise httpcore.ConnectTimeout("the time for connecting passed")
            try:
                stream = self._inner.connect_tcp(address, port, left, local_address, socket_options)
            except httpcore.ConnectError as error:
                refusal = error
            else:
                opened = _StreamOnTime(stream, self._left, self)
                if self.is_shut_down:
                    opened.close()
                    raise httpcore.ConnectError("the transport was closed")
                return opened
        raise refusal or httpcore.ConnectError(f"no address is known for {host!r}")


class _StreamOnTime(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, left: _TimeLeft, network: _OnTime) -> None:
        self._inner = inner
        self._left = left
        self._network = network
        network.streams.add(self)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        while True:
            left = self._left.within(timeout, httpcore.ReadTimeout)
            look_up = self._left.look_up
            until_looking_up = left if look_up is None else min(look_up(), left)
            try:
                data = self._inner.read(max_bytes, until_looking_up)
            except httpcore.ReadTimeout:
                if until_looking_up >= left:
                    raise
            else:
                self._left.has_received |= bool(data)
                return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        # In parts: within one write the time for each of its sends would begin anew.
        for begin in range(0, len(buffer), _PART):
            left = self._left.within(timeout, httpcore.WriteTimeout)
            self._inner.write(buffer[begin : begin + _PART], left)

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = self._left.within(timeout, httpcore.ConnectTimeout)
        try:
            secured = self._inner.start_tls(ssl_context, server_hostname, left)
        finally:
            # Its socket has passed to the secured stream, or was closed.
            self._network.streams.discard(self)
        opened = _StreamOnTime(secured, self._left, self._network)
        if self._network.is_shut_down:
            # The pool has forgotten the connection: nobody else would close it.
            opened.close()
            raise httpcore.ConnectError("the transport was closed")
        return opened

    def shut_down(self) -> None:
        with suppress(OSError):
            # As a plain socket: a TLS one would forget its state under the thread that reads.
            socket.socket.shutdown(self._inner.get_extra_info("socket"), socket.SHUT_RDWR)

    def close(self) -> None:
        self._network.streams.discard(self)
        self._inner.close()

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401  (httpcore's signature)
        return self._inner.get_extra_info(info)


def _resolve(host: str, port: int, ends_at: float) -> list[str]:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        pass
    else:
        return [host]
    found: queue.SimpleQueue[list[str] | OSError] = queue.SimpleQueue()

    def resolve() -> None:
        try:
            infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            # Without doubles, in the resolver's order of preference.
            found.put(list(dict.fromkeys(str(info[4][0]) for info in infos)))
        except OSError as error:
            found.put(error)

    # A thread for each new connection: rare, and the only way to stop waiting for a resolver.
    threading.Thread(target=resolve, name="irclient-resolve", daemon=True).start()
    try:
        result = found.get(timeout=max(ends_at - time.monotonic(), 0.0))
    except queue.Empty:
        raise httpcore.ConnectTimeout(f"the name {host!r} was not resolved in time") from None
    if isinstance(result, OSError):
        raise httpcore.ConnectError(f"the name {host!r} is not known: {result}") from result
    return result
