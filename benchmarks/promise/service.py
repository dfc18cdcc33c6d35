"""The accounts of the promise: a service on loopback that can be had in any weather.

Run as a program it opens one port for each account that it is told of, says so in one line, and
then takes one order a line: how an account behaves from now on, or what has arrived. It ends with
its input, and after ten minutes in any case.

An arrival is stamped by the kernel when the last byte of its request has come, so that a server
that gets its turn late tells no tales about who kept to the TPS.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import struct
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

__all__ = ["Behaviour"]

_LIVES_FOR: Final = 600.0
_SO_TIMESTAMPNS: Final = 35
_ROOM_FOR_A_STAMP: Final = socket.CMSG_SPACE(16)
_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)
_GARBAGE: Final = b"\x16\x03\x01\x00\xff this is no HTTP \x00\r\n\r\n"
_HALF_A_HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Le"
_HOSTILE_ROWS: Final = 130_000
_WAITING: Final = b'{"items":[],"status":"WaitingForData","details":"not cooked yet"}'
_REFUSED: Final = b'{"error":{"code":"Refused","message":"so it was ordered"}}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """How an account behaves.

    Attributes:
        kind: ``answer``, ``hang``, ``reset``, ``truncated``, ``garbage``, ``half head`` (of an
            answer, then a reset), ``refused`` (no connection).
        status: Of the answer.
        body: ``list``, ``waiting``, ``hostile`` (as many rows as the size of a body allows, each
            with a field of the wrong type) or ``error``.
        after: Seconds until the answer.
        from_request: The trouble begins with this request of a connection; those before it are
            answered well.
        shakes_hands_after: Seconds until the TLS handshake begins, where there is TLS.
    """

    kind: str = "answer"
    status: int = 200
    body: str = "list"
    after: float = 0.0
    from_request: int = 1
    shakes_hands_after: float = 0.0


@dataclass(slots=True, eq=False)
class _Account:
    name: str
    tls: ssl.SSLContext | None
    behaviour: Behaviour = field(default_factory=Behaviour)
    arrivals: list[tuple[float, str, int]] = field(default_factory=list[tuple[float, str, int]])
    connections: int = 0
    open_ones: set[_Connection] = field(default_factory=set["_Connection"])
    port: int = 0
    listener: socket.socket | None = None

    def open(self) -> None:
        """Listen; a port that was closed before is the same again."""
        self._take_port()
        assert self.listener is not None
        self.listener.listen(2_048)
        asyncio.get_running_loop().add_reader(self.listener, self._accept)

    def refuse(self) -> None:
        """Refuse connections from now on, and reset those that there are; the port stays ours."""
        if self.listener is not None:
            asyncio.get_running_loop().remove_reader(self.listener)
        self._take_port()
        for connection in list(self.open_ones):
            connection.reset()

    def behave(self, behaviour: Behaviour) -> None:
        was, self.behaviour = self.behaviour, behaviour
        if behaviour.kind == "refused":
            self.refuse()
        elif was.kind == "refused":
            self.open()

    def _take_port(self) -> None:
        if self.listener is not None:
            self.listener.close()
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.settimeout(0)
        self.listener.bind(("127.0.0.1", self.port))
        self.port = self.listener.getsockname()[1]

    def _accept(self) -> None:
        assert self.listener is not None
        while True:
            try:
                accepted, _ = self.listener.accept()
            except (BlockingIOError, ConnectionError):
                return
            self.connections += 1
            self.open_ones.add(_Connection(self, accepted, self.connections))


class _Connection:
    """One connection of a client, from its first byte to its last."""

    def __init__(self, account: _Account, accepted: socket.socket, number: int) -> None:
        self._account, self._socket, self._number = account, accepted, number
        self._received, self._to_send, self._requests = b"", b"", 0
        self._loop = asyncio.get_running_loop()
        accepted.settimeout(0)
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        accepted.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self._tls: ssl.SSLObject | None = None
        if account.tls is None:
            self._loop.add_reader(accepted, self._readable)
            return
        self._coming, self._going = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = account.tls.wrap_bio(self._coming, self._going, server_side=True)
        wait = account.behaviour.shakes_hands_after
        self._loop.call_later(wait, self._loop.add_reader, accepted, self._readable)

    def reset(self) -> None:
        with suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self.close()

    def close(self) -> None:
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
            self._socket.close()
        self._account.open_ones.discard(self)

    def _readable(self) -> None:
        try:
            data, notes, _, _ = self._socket.recvmsg(65_536, _ROOM_FOR_A_STAMP)
        except BlockingIOError:
            return
        except OSError:
            self.close()
            return
        if not data:
            self.close()
            return
        try:
            self._received += data if self._tls is None else self._deciphered(data)
        except ssl.SSLError:
            self.close()
            return
        self._take_requests(_stamp_of(notes))

    def _take_requests(self, stamp: float) -> None:
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = self._received[:end].lower()
            length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
            whole = end + 4 + int(length or b"0")
            if len(self._received) < whole:
                return
            target = self._received.split(b" ", 2)[1].decode()
            self._received = self._received[whole:]
            self._requests += 1
            self._account.arrivals.append((stamp, target, self._number))
            self._respond(target)

    def _respond(self, target: str) -> None:
        how = self._account.behaviour
        if self._requests < how.from_request:
            how = Behaviour()
        if how.after:
            self._loop.call_later(how.after, self._do, how, target)
        else:
            self._do(how, target)

    def _do(self, how: Behaviour, target: str) -> None:
        match how.kind:
            case "answer":
                self._send(_answer(how.status, _body(how.body, target)))
            case "truncated":
                self._send(_answer(200, _body("list", target), missing=500))
                self._loop.call_later(0.01, self.close)
            case "garbage":
                self._send(_GARBAGE)
                self._loop.call_later(0.01, self.close)
            case "half head":
                self._send(_HALF_A_HEAD)
                self._loop.call_later(0.01, self.reset)
            case "reset" | "refused":
                self.reset()
            case _:
                pass  # It hangs.

    def _send(self, data: bytes) -> None:
        if self._tls is not None:
            self._tls.write(data)
            data = self._going.read()
        self._to_send += data
        self._writable()

    def _writable(self) -> None:
        try:
            sent = self._socket.send(self._to_send) if self._to_send else 0
        except BlockingIOError:
            sent = 0
        except OSError:
            self.close()
            return
        self._to_send = self._to_send[sent:]
        if self._to_send:
            self._loop.add_writer(self._socket, self._writable)
        elif self._socket.fileno() >= 0:
            self._loop.remove_writer(self._socket)

    def _deciphered(self, data: bytes) -> bytes:
        assert self._tls is not None
        self._coming.write(data)
        plain = b""
        try:
            if self._tls.version() is None:
                self._tls.do_handshake()
            # Nothing is read once the other side has said goodbye.
            while piece := self._tls.read(65_536):
                plain += piece
        except ssl.SSLWantReadError:
            pass
        finally:
            self._to_send += self._going.read()
            self._writable()
        return plain


def _stamp_of(notes: list[tuple[int, int, bytes]]) -> float:
    """When the data came, by this process's monotonic clock."""
    for level, kind, data in notes:
        if (level, kind) == (socket.SOL_SOCKET, _SO_TIMESTAMPNS):
            seconds, nanoseconds = struct.unpack("qq", data)
            return seconds + nanoseconds / 1e9 - time.time() + time.monotonic()
    return time.monotonic()


_bodies: dict[str, bytes] = {}


def _body(kind: str, target: str) -> bytes:
    if kind == "list":
        item = urlsplit(target).path.rpartition("/")[2]
        return b'{"items":[{"id":%s}],"status":"Success"}' % json.dumps(item).encode()
    if kind not in _bodies:
        row = b'{"id":"6470100","trackingId":true}'
        _bodies[kind] = {
            "waiting": lambda: _WAITING,
            "error": lambda: _REFUSED,
            "hostile": lambda: b'{"items":[%b]}' % b",".join([row] * _HOSTILE_ROWS),
        }[kind]()
    return _bodies[kind]


def _answer(status: int, body: bytes, *, missing: int = 0) -> bytes:
    head = "HTTP/1.1 %d Ordered\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    return (head % (status, len(body) + missing)).encode() + body


async def _serve(accounts: dict[str, _Account]) -> None:
    for account in accounts.values():
        account.open()
    print(json.dumps({name: account.port for name, account in accounts.items()}), flush=True)
    loop, orders = asyncio.get_running_loop(), asyncio.StreamReader(limit=1 << 20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while line := await orders.readline():
        print(json.dumps(_carry_out(json.loads(line), accounts)), flush=True)


def _carry_out(order: dict[str, Any], accounts: dict[str, _Account]) -> Any:
    account = accounts[order["account"]]
    if "behave" in order:
        account.behave(Behaviour(**order["behave"]))
        return None
    arrivals, account.arrivals = account.arrivals, []
    return {"arrivals": arrivals, "connections": account.connections}


def _main(names: list[str]) -> None:
    """Serve accounts, each written as its name, or as name=file with its certificate and key."""
    accounts: dict[str, _Account] = {}
    for name, _, file in (each.partition("=") for each in names):
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH) if file else None
        if tls is not None:
            tls.load_cert_chain(file)
        accounts[name] = _Account(name, tls)
    with suppress(TimeoutError):
        asyncio.run(asyncio.wait_for(_serve(accounts), _LIVES_FOR))


if __name__ == "__main__":
    _main(sys.argv[1:])
