"""The other side of every benchmark: a service on loopback that costs as little as Python can.

It reads requests without looking at their headers and answers one list of ten items that it has
kept ready. A path that begins with ``/after-100ms`` is answered that much later; one that begins
with ``/noted`` has the instant of its arrival noted, and ``/arrivals`` answers those, as JSON. One
that begins with ``/1mib`` is answered a mebibyte more. With a folder as its argument the server
speaks TLS, by a certificate of the authority there.
"""

from __future__ import annotations

import asyncio
import gc
import json
import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    import ssl

__all__ = ["BODY", "ITEMS", "body_of"]

ITEMS: Final = 10
_DELAY: Final = re.compile(rb"/after-(\d{1,4})ms/")


def body_of(items: int) -> bytes:
    """A list of so many items, as the service sends it (contract section 4)."""
    return json.dumps(
        {
            "id": "Lists",
            "name": "Lists",
            "version": "v1.0",
            "interactionsVersion": "20260104115104",
            "items": [
                {"id": str(64701 + index), "trackingId": "00000000-0000-0000-0000-000000000003"}
                for index in range(items)
            ],
            "title": "Similar",
            "longTitle": "Similar",
            "pagingInfo": {"totalItems": items},
            "status": "Success",
        }
    ).encode()


def _answer(body: bytes) -> bytes:
    return (
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json; charset=utf-8\r\n"
        b"date: Sun, 04 Jan 2026 11:51:04 GMT\r\nserver: loopback\r\n"
        b"content-length: %d\r\n\r\n%b" % (len(body), body)
    )


BODY: Final = body_of(ITEMS)
_LIST: Final = _answer(BODY)
_LARGE: Final = _answer(BODY[:-1] + b', "padding": "%b"}' % (b"x" * (1 << 20)))


class _Connection(asyncio.Protocol):
    def __init__(self, arrivals: list[float]) -> None:
        self._arrivals = arrivals
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._loop = asyncio.get_running_loop()

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head, self._received = self._received[:end], self._received[end + 4 :]
            self._respond(head.split(b" ", 2)[1])

    def _respond(self, target: bytes) -> None:
        if target.startswith(b"/noted"):
            self._arrivals.append(time.monotonic())
        elif target.startswith(b"/arrivals"):
            self._send(_answer(json.dumps(self._arrivals).encode()))
            self._arrivals.clear()
            return
        elif target.startswith(b"/1mib"):
            self._send(_LARGE)
            return
        elif delay := _DELAY.match(target):
            self._loop.call_later(int(delay[1]) / 1000, self._send, _LIST)
            return
        self._send(_LIST)

    def _send(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)


def _context() -> ssl.SSLContext | None:
    if len(sys.argv) < 2:
        return None
    from irclient.emulator.http.certificates import make_contexts  # noqa: PLC0415

    return make_contexts(Path(sys.argv[1])).valid


async def _serve() -> None:
    arrivals: list[float] = []
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: _Connection(arrivals), "127.0.0.1", 0, backlog=2_048, ssl=_context()
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    # What it makes for an answer is gone with it: there is nothing to collect.
    gc.disable()
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())
