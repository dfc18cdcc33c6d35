"""One listening port: accepts connections, speaks HTTP/1.1 over TLS, and lets faults strike."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import sys
import time
from email.utils import formatdate
from typing import TYPE_CHECKING, Final

import h11

from irclient.contract.messages import Response, json_response, read_request
from irclient.emulator.faults import BlackHole, Down, ExpiredCertificate, FaultSlot, Reset
from irclient.emulator.http.arrivals import Traffic
from irclient.emulator.http.breakage import reset, send_broken, substitute, wait_for_end

if TYPE_CHECKING:
    from collections.abc import Callable

    from irclient.contract.messages import Handler, Request
    from irclient.emulator.faults import Fault
    from irclient.emulator.http.arrivals import Requests
    from irclient.emulator.http.certificates import ServerContexts

__all__ = ["Listener"]

_BACKLOG: Final = 512
_MOST_CONNECTIONS: Final = 2_000
_MOST_HEAD_BYTES: Final = 64 * 1024
_MOST_BODY_BYTES: Final = 1024 * 1024
_CHUNK: Final = 64 * 1024
_HANDSHAKE_WITHIN: Final = 10.0
#: Seconds for a request to come in, once it has begun.
_REQUEST_WITHIN: Final = 30.0
#: Seconds until the next attempt when no connection could be accepted.
_AFTER_A_REFUSAL: Final = 0.01
#: What ends a connection without anybody being at fault.
_GONE: Final = (OSError, asyncio.IncompleteReadError, ssl.SSLError, TimeoutError)


class Listener:
    """A port with one service behind it.

    All of it runs on one event loop.

    Args:
        name: What this is, for the seed of its faults and for messages.
        handle: The service.
        host: A loopback address.
        port: The port; 0 lets the system choose one, which is then kept.
        contexts: The TLS contexts; None for plain HTTP.
        clock: Seconds since the epoch, for the ``Date`` of its answers.
        request_within: Seconds for a request to come in, once it has begun.
    """

    def __init__(
        self,
        name: str,
        *,
        handle: Handler,
        host: str,
        port: int = 0,
        contexts: ServerContexts | None = None,
        clock: Callable[[], float] = time.time,
        request_within: float = _REQUEST_WITHIN,
    ) -> None:
        self.name = name
        self.faults = FaultSlot(seed=sum(name.encode()))
        self._handle = handle
        self._host = host
        self._port = port
        self._contexts = contexts
        self._clock = clock
        self._request_within = request_within
        self._traffic = Traffic()
        self._socket: socket.socket | None = None
        self._accepting: asyncio.Task[None] | None = None
        self._connections: dict[asyncio.Task[None], asyncio.StreamWriter | None] = {}

    @property
    def port(self) -> int:
        """The port, once started."""
        return self._port

    @property
    def url(self) -> str:
        """The base URL, without a trailing slash."""
        host = "localhost" if self._contexts else self._host
        return f"{'https' if self._contexts else 'http'}://{host}:{self._port}"

    def requests(self) -> Requests:
        """What arrived so far."""
        return self._traffic.report(time.monotonic())

    def bind(self) -> None:
        """Take the port, refusing connections until `listen`."""
        bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            if sys.platform != "win32":
                # There it would let another process take the port away.
                bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.settimeout(0)
            bound.bind((self._host, self._port))
        except OSError as problem:
            bound.close()
            what = f"{self.name} cannot take {self._host}:{self._port}: {problem.strerror}"
            raise OSError(problem.errno, what) from None
        self._port = bound.getsockname()[1]
        self._socket = bound

    def listen(self) -> None:
        """Accept connections from now on."""
        if self._socket is None:
            self.bind()
        assert self._socket is not None  # noqa: S101  (bind has just set it)
        self._socket.listen(_BACKLOG)
        try:
            asyncio.get_running_loop().add_reader(self._socket, self._accept, self._socket)
        except NotImplementedError:
            # The loop of Windows can wait for a connection, but not for there to be one.
            self._accepting = asyncio.create_task(self._accept_from(self._socket))

    async def close(self) -> None:
        """Give the port back and break every connection off."""
        await self._stop_listening()
        await self._break_off()

    async def put_fault(self, fault: Fault | None) -> None:
        """Let a fault strike from now on, open connections included; None ends it."""
        was_down = isinstance(self.faults.fault, Down)
        self.faults.put(fault)
        if isinstance(fault, Down):
            await self._stop_listening()
            # A bound socket that does not listen refuses connections and keeps the port.
            self.bind()
            await self._break_off()
        elif was_down:
            self.listen()
        elif fault is not None and fault.stage == "accept":
            # The fault strikes new connections; nobody may go on with an old one.
            await self._break_off()

    async def _stop_listening(self) -> None:
        if self._accepting is not None:
            await _cancel([self._accepting])
        elif self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
        self._accepting = None
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    async def _break_off(self) -> None:
        for writer in self._connections.values():
            if writer is not None:
                reset(writer)
        await _cancel(list(self._connections))

    def _accept(self, listening: socket.socket) -> None:
        # The caller may be gone already, or there are no descriptors: the service goes on.
        with contextlib.suppress(OSError):
            accepted, _ = listening.accept()
            self._take(accepted)

    async def _accept_from(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, _ = await loop.sock_accept(listening)
            except OSError:
                await asyncio.sleep(_AFTER_A_REFUSAL)
            else:
                self._take(accepted)

    def _take(self, accepted: socket.socket) -> None:
        if len(self._connections) >= _MOST_CONNECTIONS:
            accepted.close()
            return
        accepted.settimeout(0)
        task = asyncio.create_task(self._serve(accepted))
        self._connections[task] = None
        task.add_done_callback(self._connections.pop)
        # A task that is cancelled before its first step has no chance to close anything.
        task.add_done_callback(lambda _: accepted.close())

    async def _serve(self, accepted: socket.socket) -> None:
        fault = self.faults.draw("accept")
        if isinstance(fault, BlackHole | Reset):
            await _turn_away(accepted, fault)
            return
        writer: asyncio.StreamWriter | None = None
        try:
            reader, writer = await self._open(accepted, fault)
            task = asyncio.current_task()
            if task in self._connections:
                self._connections[task] = writer
            await self._converse(reader, writer)
        except _GONE:
            pass
        finally:
            if writer is None:
                accepted.close()
            else:
                await _shut(writer)

    async def _open(
        self, accepted: socket.socket, fault: Fault | None
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, opened = asyncio.StreamReader(), list[asyncio.StreamWriter]()
        protocol = asyncio.StreamReaderProtocol(reader, lambda _, writer: opened.append(writer))
        context = None
        if self._contexts is not None:
            expired = isinstance(fault, ExpiredCertificate)
            context = self._contexts.expired if expired else self._contexts.valid
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: protocol,
                accepted,
                ssl=context,
                ssl_handshake_timeout=_HANDSHAKE_WITHIN if context else None,
            )
        except BaseException:
            # After a cancellation just when the handshake has ended, asyncio would wait half a
            # minute for TLS's close_notify, on a descriptor that is another connection's by then.
            for writer in opened:
                writer.transport.abort()
            raise
        return reader, opened[0]

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        parser = h11.Connection(h11.SERVER, max_incomplete_event_size=_MOST_HEAD_BYTES)
        while True:
            try:
                request = await _read(parser, reader, within=self._request_within)
            except h11.RemoteProtocolError as problem:
                _refuse_nonsense(parser, writer, problem, now=self._clock())
                return
            if request is None or not await self._answer(request, parser, reader, writer):
                return
            await writer.drain()
            if parser.our_state is not h11.DONE or parser.their_state is not h11.DONE:
                return
            parser.start_next_cycle()

    async def _answer(
        self,
        request: Request,
        parser: h11.Connection,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> bool:
        self._traffic.arrived(time.monotonic())
        fault = self.faults.draw("request")
        response = (substitute(fault) if fault else None) or await self._handled(request)
        head, body = _encode(parser, response, method=request.method, now=self._clock())
        if fault is None:
            writer.write(head + body)
            self._traffic.ended(response.status)
            return True
        goes_on = await send_broken(fault, head=head, body=body, reader=reader, writer=writer)
        self._traffic.ended(response.status if goes_on else fault.kind)
        return goes_on

    async def _handled(self, request: Request) -> Response:
        try:
            response = self._handle(request)
            return response if isinstance(response, Response) else await response
        except Exception as problem:  # noqa: BLE001  (a bug of a service must not end the server)
            content = {
                "error": {
                    "code": "InternalServerError",
                    "message": f"the emulator's own {self.name} failed: {problem!r}",
                }
            }
            return json_response(500, content)


async def _read(
    parser: h11.Connection, reader: asyncio.StreamReader, *, within: float
) -> Request | None:
    """A request, or None at the end of the connection; its time counts from its first byte."""
    async with asyncio.timeout(None) as limit:
        head: h11.Request | None = None
        body = bytearray()
        while True:
            event = parser.next_event()
            match event:
                case h11.NEED_DATA:
                    if limit.when() is None and (head is not None or parser.trailing_data[0]):
                        limit.reschedule(asyncio.get_running_loop().time() + within)
                    parser.receive_data(await reader.read(_CHUNK))
                case h11.Request():
                    head = event
                case h11.Data():
                    body += event.data
                    if len(body) > _MOST_BODY_BYTES:
                        raise h11.RemoteProtocolError("body too large", error_status_hint=413)
                case h11.EndOfMessage() if head is not None:
                    return _request_of(head, bytes(body))
                case _:
                    return None


def _request_of(head: h11.Request, body: bytes) -> Request:
    headers = {key.decode(): value.decode("latin-1") for key, value in head.headers}
    target = head.target.decode("latin-1")
    return read_request(head.method.decode(), target, headers=headers, body=body)


def _encode(
    parser: h11.Connection, response: Response, *, method: str, now: float
) -> tuple[bytes, bytes]:
    headers = [
        ("date", formatdate(now, usegmt=True)),
        ("content-length", str(len(response.body))),
        *response.headers,
    ]
    reply = h11.Response(status_code=response.status, headers=headers)
    head = parser.send(reply) or b""
    body = b"" if method == "HEAD" else parser.send(h11.Data(data=response.body)) or b""
    parser.send(h11.EndOfMessage())
    return head, body


def _refuse_nonsense(
    parser: h11.Connection,
    writer: asyncio.StreamWriter,
    problem: h11.RemoteProtocolError,
    *,
    now: float,
) -> None:
    if parser.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
        headers = (("connection", "close"),)
        answer = Response(status=problem.error_status_hint, headers=headers)
        writer.write(b"".join(_encode(parser, answer, method="GET", now=now)))


async def _turn_away(accepted: socket.socket, fault: BlackHole | Reset) -> None:
    """Leave a connection without its TLS handshake."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    protocol = asyncio.StreamReaderProtocol(reader)
    transport, _ = await loop.connect_accepted_socket(lambda: protocol, accepted)
    writer = asyncio.StreamWriter(transport, protocol, reader, loop)
    try:
        if isinstance(fault, BlackHole):
            await wait_for_end(reader)
    except OSError:
        pass
    finally:
        reset(writer)


async def _shut(writer: asyncio.StreamWriter) -> None:
    """Say goodbye for a moment, then leave."""
    try:
        writer.close()
        async with asyncio.timeout(0.5):
            await writer.wait_closed()
    except _GONE:
        pass
    finally:
        writer.transport.abort()


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.gather(*tasks, return_exceptions=True)
