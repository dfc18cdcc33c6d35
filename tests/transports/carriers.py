"""The three carriers told as one: a contract is written once, and each has to keep it."""

from __future__ import annotations

import gc
import os
import socket
import threading
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from irclient import ServiceEndpoint
from irclient._core.protocol import Send
from irclient._values.secret import Secret
from irclient._wire.requests import Request
from irclient._wire.responses import Response
from irclient.transports import AsyncTransport, BlockingTransport
from irclient.transports.exchange import exchange, exchange_async
from tests.worlds import TOKEN, WORLDS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from irclient._core.protocol import Failure
    from tests.worlds import World

__all__ = [
    "body",
    "descriptors",
    "on_each_carrier",
    "own",
    "request_to",
    "send",
    "serving",
    "unanswered",
]

LOCAL = "127.0.0.1"

on_each_carrier = pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)


@asynccontextmanager
async def own(world: World, **arguments) -> AsyncIterator[BlockingTransport | AsyncTransport]:
    """The default transport of a world, for the length of a block."""
    transport = (BlockingTransport if world.is_sync else AsyncTransport)(**arguments)
    try:
        yield transport
    finally:
        await world.ask(transport.close() if world.is_sync else transport.aclose())


def request_to(
    url: str,
    target: str = "/x",
    *,
    body: bytes | None = None,
    within: float = 5.0,
    connect_within: float = 5.0,
    over_new_connection: bool = False,
) -> Send:
    """A `Send` to a server at this URL."""
    endpoint = ServiceEndpoint("a", "web", tps=10_000, url=url)
    request = Request("GET" if body is None else "POST", target, body)
    return Send(endpoint, request, Secret(TOKEN), within, connect_within, over_new_connection)


async def send(
    world: World, transport, command: Send, look_up: Callable[[], float] | None = None
) -> Response | Failure:
    """Carry a `Send` out."""
    if world.is_sync:
        return exchange(transport, command, look_up=look_up)
    return await exchange_async(transport, command)


def body(outcome: Response | Failure) -> bytes:
    """The body of an answer that must have come."""
    assert isinstance(outcome, Response), outcome
    return outcome.body


def descriptors() -> int:
    """How many files and sockets this process has open."""
    gc.collect()
    return len(list(Path(f"/proc/{os.getpid()}/fd").iterdir()))


@contextmanager
def serving(behave, *, host: str = LOCAL, port: int = 0):
    """A port whose every connection is handed to a function on a thread of its own."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family)
    threads: list[threading.Thread] = []

    def run(peer: socket.socket) -> None:
        peer.settimeout(5)
        with peer, suppress(OSError):
            behave(peer)

    def take() -> None:
        with suppress(OSError):
            while True:
                threads.append(threading.Thread(target=run, args=(listener.accept()[0],)))
                threads[-1].start()

    accepting = threading.Thread(target=take)
    accepting.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        accepting.join()
        for thread in threads:
            # Each ends with its connection, which nobody but the client closes.
            thread.join(2)
            assert not thread.is_alive()


@contextmanager
def unanswered(host: str = LOCAL, port: int = 0):
    """A port that takes no connection more: its queue is full."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            with suppress(BlockingIOError):
                each.connect(listener.getsockname())
        try:
            yield listener.getsockname()[1]
        finally:
            for each in waiting:
                each.close()
