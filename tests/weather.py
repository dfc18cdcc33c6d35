"""A loopback HTTP server that can have any weather: well, down, slow, broken or hostile.

Threads and raw sockets, so that it can break the rules of HTTP. A weather is a function that
is given the connection and the request; it writes bytes, and says whether to go on.
"""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import struct
import threading
import time
import zlib
from collections.abc import Callable
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import parse_qs, urlsplit

from irclient.topology import ServiceEndpoint

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Seen", "Weather", "answer", "listed", "weather"]

LIST = "application/json"


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it came over the wire."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.target).query)


class Gone(Exception):  # noqa: N818  (it ends a connection, as meant)
    """The other side went away, or the server is being stopped."""


@dataclass(eq=False)
class Peer:
    """The server's end of one connection."""

    socket: socket.socket
    stopped: threading.Event
    number: int
    unread: bytes = b""

    def send(self, data: bytes) -> None:
        try:
            self.socket.sendall(data)
        except OSError:
            raise Gone from None

    def reset(self) -> None:
        """Close with a TCP reset instead of a goodbye."""
        with suppress(OSError):
            plain = self.socket
            linger = struct.pack("ii", 1, 0)
            socket.socket.setsockopt(plain, socket.SOL_SOCKET, socket.SO_LINGER, linger)
        raise Gone

    def hang(self, seconds: float = 60.0) -> None:
        """Do nothing until the time is over, the server stops, or the other side has gone."""
        ends_at = time.monotonic() + seconds
        self.socket.settimeout(0.02)
        while time.monotonic() < ends_at:
            if self.stopped.is_set():
                raise Gone
            try:
                if not self.socket.recv(1, 0 if isinstance(self.socket, ssl.SSLSocket) else 2):
                    raise Gone
            except TimeoutError:
                pass
            except OSError:
                raise Gone from None
        self.socket.settimeout(10)

    def read_request(self) -> Seen | None:
        """Read one request, or None when the other side has closed."""
        while b"\r\n\r\n" not in self.unread:
            if not self._read():
                return None
        head, _, self.unread = self.unread.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _version = first.split(" ")
        pairs = (line.split(":", 1) for line in lines)
        headers = {name.lower(): value.strip() for name, value in pairs}
        length = int(headers.get("content-length", "0"))
        while len(self.unread) < length:
            if not self._read():
                return None
        body, self.unread = self.unread[:length], self.unread[length:]
        return Seen(method, target, headers, body, self.number)

    def _read(self) -> bool:
        try:
            data = self.socket.recv(65536)
        except OSError:
            return False
        self.unread += data
        return bool(data)


Behaviour: TypeAlias = Callable[[Peer, Seen], object]
"""Answers one request; a result of False closes the connection after it."""


def answer(
    body: bytes = b"", *, status: str = "200 OK", headers: tuple[str, ...] = (), length: int = -1
) -> bytes:
    """The bytes of a whole HTTP answer."""
    shown = len(body) if length < 0 else length
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {shown}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def listed(*ids: str, **fields: object) -> bytes:
    """The body of a list of these ids."""
    rows = [{"id": each, "trackingId": "t"} for each in ids]
    return json.dumps({"items": rows, "status": "Success", **fields}).encode()


def echoed(seen: Seen) -> bytes:
    """A list whose title and only id are the last segment of the path that was asked for."""
    last = urlsplit(seen.target).path.rpartition("/")[2]
    return listed(last, title=last)


def ok(peer: Peer, seen: Seen) -> None:
    peer.send(answer(echoed(seen), headers=("Content-Type: application/json",)))


def saying(
    status: str, body: bytes = b"", *, headers: tuple[str, ...] = (), length: int = -1
) -> Behaviour:
    """Always the same answer."""
    whole = answer(body, status=status, headers=headers, length=length)
    return lambda peer, _seen: peer.send(whole)


def after(seconds: float, then: Behaviour = ok) -> Behaviour:
    """A slow answer."""

    def behave(peer: Peer, seen: Seen) -> object:
        peer.hang(seconds)
        return then(peer, seen)

    return behave


def reset(peer: Peer, seen: Seen) -> None:
    peer.reset()


def reset_within_headers(peer: Peer, seen: Seen) -> None:
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Le")
    peer.reset()


def reset_within_body(peer: Peer, seen: Seen) -> None:
    peer.send(answer(echoed(seen), length=500))
    time.sleep(0.005)
    peer.reset()


def hang(peer: Peer, seen: Seen) -> None:
    peer.hang()


def drip_headers(peer: Peer, seen: Seen) -> None:
    peer.send(b"HTTP/1.1 200 OK\r\nX-Drip: ")
    while True:
        peer.hang(0.03)
        peer.send(b"x")


def drip_body(peer: Peer, seen: Seen) -> None:
    peer.send(answer(b'{"items": ', length=100_000))
    while True:
        peer.hang(0.03)
        peer.send(b" ")


def truncated(peer: Peer, seen: Seen) -> bool:
    peer.send(answer(echoed(seen), length=5000))
    return False


def garbage(peer: Peer, seen: Seen) -> bool:
    peer.send(b"\x16\x03\x01\x00\xff not HTTP at all \x00\r\n\r\n")
    return False


def huge_headers(peer: Peer, seen: Seen) -> bool:
    peer.send(b"HTTP/1.1 200 OK\r\nX-Much: " + b"x" * 500_000 + b"\r\n\r\n")
    return False


def gzipped(peer: Peer, seen: Seen) -> None:
    peer.send(answer(gzip.compress(echoed(seen)), headers=("Content-Encoding: gzip",)))


def deflated(peer: Peer, seen: Seen) -> None:
    peer.send(answer(zlib.compress(echoed(seen)), headers=("Content-Encoding: deflate",)))


def truncated_gzip(peer: Peer, seen: Seen) -> None:
    whole = gzip.compress(listed(*(str(n) for n in range(1000))))
    peer.send(answer(whole[: len(whole) // 2], headers=("Content-Encoding: gzip",)))


def gzip_bomb(peer: Peer, seen: Seen) -> None:
    """Four megabytes on the wire for four gigabytes."""
    deflate = zlib.compressobj(9, wbits=31)
    block = b" " * (1 << 20)
    piece = deflate.compress(block * 4)
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(1024):
        piece += deflate.compress(block * 4)
        if len(piece) >= 1 << 16:
            peer.send(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            piece = b""


def endless(peer: Peer, seen: Seen) -> None:
    """A body without compression that does not end."""
    peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
    while True:
        peer.send(chunk)


def endless_after_gzip(peer: Peer, seen: Seen) -> None:
    """A well compressed list, and then bytes that mean nothing and do not end."""
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n")
    whole = gzip.compress(echoed(seen))
    peer.send(f"{len(whole):x}\r\n".encode() + whole + b"\r\n")
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    while True:
        peer.send(chunk)


def gzip_without_its_end(peer: Peer, seen: Seen) -> None:
    """All of the list, but not the checksum after it."""
    peer.send(answer(gzip.compress(echoed(seen))[:-8], headers=("Content-Encoding: gzip",)))


def close_after(peer: Peer, seen: Seen) -> bool:
    """Answer well, promise to keep the connection, and close it."""
    ok(peer, seen)
    return False


WAITING = json.dumps({"items": [], "status": "WaitingForData", "details": "not yet"}).encode()
HTML = b"<html><body>Bad gateway</body></html>"
ERROR = b'{"error": {"code": "ServiceUnavailable", "message": "Service is unavailable"}}'

#: What a primary can have that shows at once; the pair answers.
BAD_AT_ONCE: dict[str, Behaviour] = {
    "reset": reset,
    "reset within headers": reset_within_headers,
    "reset within body": reset_within_body,
    "truncated": truncated,
    "garbage": garbage,
    "huge headers": huge_headers,
    "wrong JSON": saying("200 OK", b'{"hello": "world"}'),
    "empty body": saying("200 OK"),
    "HTML with 200": saying("200 OK", HTML, headers=("Content-Type: text/html",)),
    "500": saying("500 Internal Server Error"),
    "502 with HTML": saying("502 Bad Gateway", HTML),
    "503": saying("503 Service Unavailable", ERROR),
    "503 with Retry-After": saying("503 Service Unavailable", ERROR, headers=("Retry-After: 9",)),
    "504": saying("504 Gateway Timeout"),
    "429": saying("429 Too Many Requests"),
    "429 with Retry-After": saying("429 Too Many Requests", headers=("Retry-After: 9",)),
    "WaitingForData": saying("200 OK", WAITING),
    "WaitingForData with 503": saying("503 Service Unavailable", WAITING),
    "unknown encoding": saying("200 OK", b"???", headers=("Content-Encoding: br",)),
    "truncated gzip": truncated_gzip,
    "redirect": saying("302 Found", headers=("Location: /elsewhere",)),
}
BAD_IN_TIME: dict[str, Behaviour] = {
    "hang": hang,
    "drip headers": drip_headers,
    "drip body": drip_body,
    "slow": after(30),
}


@dataclass(eq=False)
class Weather:
    """A server on a loopback port; set `now` to change its weather."""

    now: Behaviour = ok
    tls: ssl.SSLContext | None = None
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    _listener: socket.socket | None = None
    _stopped: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _peers: set[Peer] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def endpoint(self, account: str, *, tps: float = 10_000) -> ServiceEndpoint:
        return ServiceEndpoint(account, "web", tps=tps, url=self.url)

    def open(self) -> None:
        """Listen; on the port of before, if it was closed meanwhile."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(512)
        self.port = listener.getsockname()[1]
        self._listener, self._stopped = listener, threading.Event()
        self._run(self._accept, listener, self._stopped)

    def close(self) -> None:
        """Refuse connections from now on, and reset those that are open."""
        self._stopped.set()
        if self._listener is not None:
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
        for peer in list(self._peers):
            with suppress(OSError):
                socket.socket.shutdown(peer.socket, socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
        self._threads.clear()

    def _run(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, name="weather", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket, stopped: threading.Event) -> None:
        while not stopped.is_set():
            try:
                accepted, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            self._run(self._serve, Peer(accepted, stopped, self.connections))

    def _serve(self, peer: Peer) -> None:
        self._peers.add(peer)
        try:
            peer.socket.settimeout(10)
            peer.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.tls is not None:
                peer.socket = self.tls.wrap_socket(peer.socket, server_side=True)
            while (seen := peer.read_request()) is not None:
                self.seen.append(seen)
                if self.now(peer, seen) is False:
                    break
        except (Gone, OSError):
            pass
        finally:
            self._peers.discard(peer)
            peer.socket.close()


@contextmanager
def weather(now: Behaviour = ok, *, tls: ssl.SSLContext | None = None) -> Iterator[Weather]:
    """A server for the length of a block."""
    server = Weather(now, tls)
    server.open()
    try:
        yield server
    finally:
        server.close()
