"""A handshake that is broken off leaves no socket behind, under either event loop."""

from __future__ import annotations

import gc
import socket
import ssl
import threading
import warnings

import anyio
import httpcore
import pytest

from irclient.transports.handshakes import ClosingHandshakes

BACKENDS = {"asyncio": httpcore.AnyIOBackend, "trio": httpcore.TrioBackend}


@pytest.fixture
def silent_port():
    """A port that takes connections and never says a word; and the connections it took."""
    listener = socket.create_server(("127.0.0.1", 0))
    taken: list[socket.socket] = []

    def take() -> None:
        while True:
            try:
                taken.append(listener.accept()[0])
            except OSError:
                return

    thread = threading.Thread(target=take)
    thread.start()
    yield listener.getsockname()[1], taken
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()
    for each in taken:
        each.close()


async def break_off(backend, port) -> None:
    network = ClosingHandshakes(BACKENDS[backend]())
    stream = await network.connect_tcp("127.0.0.1", port)
    with anyio.move_on_after(0.05) as scope:
        await stream.start_tls(ssl.create_default_context(), "localhost", 5.0)
    assert scope.cancelled_caught


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_cancelled_handshake_closes_its_connection(backend, silent_port) -> None:
    port, taken = silent_port
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        anyio.run(break_off, backend, port, backend=backend)
        gc.collect()
    taken[0].settimeout(2)
    while taken[0].recv(65_536):
        pass  # the client's hello; after it the end


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_connection_without_tls_reads_and_writes(backend) -> None:
    async def story() -> None:
        network = ClosingHandshakes(BACKENDS[backend]())
        stream = await network.connect_tcp("127.0.0.1", server.getsockname()[1])
        assert stream.get_extra_info("server_addr")[1] == server.getsockname()[1]
        await stream.write(b"hello")
        assert await stream.read(100, 2.0) == b"hello"
        await stream.aclose()

    def echo() -> None:
        accepted, _ = server.accept()
        with accepted:
            accepted.sendall(accepted.recv(100))

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=echo)
        thread.start()
        anyio.run(story, backend=backend)
        thread.join()
