"""A connection of asyncio's: what arrives, what ends it, and that nothing of it stays behind."""

from __future__ import annotations

import asyncio
import gc
import socket
import ssl
import struct
import threading
import time
from contextlib import contextmanager, suppress
from functools import partial

import anyio
import httpcore
import pytest

from irclient.transports import asyncio_streams
from irclient.transports.asyncio_streams import _addresses, _first_of, _lookups, connect
from tests.certificates import Authority

LOCAL = "127.0.0.1"


@contextmanager
def serving(behave, *, host: str = LOCAL):
    """A port whose every connection is handed to a function on a thread of its own."""
    listener = socket.create_server((host, 0))
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
def unanswered(host: str = LOCAL):
    """A port that takes no connection more: its queue is full."""
    with socket.socket() as listener:
        listener.bind((host, 0))
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


def echo(peer: socket.socket) -> None:
    while data := peer.recv(65_536):
        peer.sendall(data)


def silent(peer: socket.socket) -> None:
    # Until the other side has gone.
    while peer.recv(65_536):
        pass


def deaf(peer: socket.socket) -> None:
    # Reads nothing, and finds out by what it sends that the other side has gone.
    while True:
        peer.sendall(b".")
        time.sleep(0.02)


def drip(peer: socket.socket) -> None:
    while True:
        peer.sendall(b".")
        time.sleep(0.01)


def flood(peer: socket.socket) -> None:
    while True:
        peer.sendall(bytes(65_536))


def reset(peer: socket.socket) -> None:
    peer.recv(1)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def opened(port: int, *, within: float = 10.0, context=None, host: str = LOCAL):
    until = asyncio.get_running_loop().time() + within
    return await connect(host, port, context=context, until=until)


def end_in(seconds: float) -> float:
    return asyncio.get_running_loop().time() + seconds


async def read_all(stream, most: int = 65_536) -> bytes:
    parts: list[bytes] = []
    while part := await stream.read(most):
        parts.append(part)
    return b"".join(parts)


async def read_on(stream) -> None:
    while await stream.read(65_536):
        pass


def test_what_arrives_is_read_in_parts_of_any_size_and_then_its_end() -> None:
    sent = bytes(range(256)) * 16_384

    def behave(peer) -> None:
        peer.sendall(sent)

    async def story() -> None:
        stream = await opened(port)
        # More than may wait arrives meanwhile: the loop stops receiving, and goes on again.
        await asyncio.sleep(0.2)
        assert stream._size < 1_000_000
        first = await stream.read(10)
        assert first == sent[:10]
        assert first + await read_all(stream, 1_000) == sent
        assert await stream.read(1) == b""
        assert stream.get_extra_info("is_readable")
        with pytest.raises(httpcore.WriteError):
            await stream.write(b"more")
        await stream.aclose()

    with serving(behave) as port:
        asyncio.run(story())


def test_what_was_written_arrives_also_when_it_has_to_wait() -> None:
    async def story() -> None:
        stream = await opened(port)
        sent = bytes(4_000_000)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(stream.write, sent)
            received = 0
            while received < len(sent):
                received += len(await stream.read(65_536, 5.0))
        assert stream.get_extra_info("server_addr") == (LOCAL, port)
        assert stream.get_extra_info("client_addr")[0] == LOCAL
        assert not stream.get_extra_info("is_readable")
        await stream.aclose()

    with serving(echo) as port:
        asyncio.run(story())


def test_a_reset_is_an_error_of_reading_and_of_writing() -> None:
    async def story() -> None:
        stream = await opened(port)
        await stream.write(b"x")
        with pytest.raises(httpcore.ReadError):
            await stream.read(100)
        with pytest.raises(httpcore.WriteError):
            await stream.write(b"x")
        await stream.aclose()

    with serving(reset) as port:
        asyncio.run(story())


@pytest.mark.parametrize("behave", [silent, drip, flood])
def test_reading_ends_by_the_end_whatever_the_server_does_and_so_does_the_connection(
    behave,
) -> None:
    async def story() -> None:
        stream = await opened(port)
        began_at = time.monotonic()
        stream.ends_by(end_in(0.2))
        with pytest.raises(httpcore.ReadTimeout):
            await read_on(stream)
        assert 0.19 < time.monotonic() - began_at < 1.0
        with pytest.raises(httpcore.ReadTimeout):
            await stream.read(1)
        with pytest.raises(httpcore.WriteTimeout):
            await stream.write(b"x")

    with serving(behave) as port:
        asyncio.run(story())


def test_writing_ends_by_the_end_when_nobody_reads() -> None:
    async def story() -> None:
        stream = await opened(port)
        stream.ends_by(end_in(0.2))
        with pytest.raises(httpcore.WriteTimeout):
            await stream.write(bytes(50_000_000))

    with serving(deaf) as port:
        asyncio.run(story())


def test_the_end_may_move_both_ways_and_be_lifted() -> None:
    async def story() -> None:
        stream = await opened(port)
        for seconds in (0.05, 10.0, 0.1):
            stream.ends_by(end_in(seconds))
        stream.ends_by(end_in(0.15))
        await stream.write(b"a")
        assert await stream.read(1) == b"a"
        stream.never_ends()
        await asyncio.sleep(0.2)
        await stream.write(b"b")
        assert await stream.read(1) == b"b"
        stream.ends_by(end_in(0.05))
        with pytest.raises(httpcore.ReadTimeout):
            await stream.read(1)

    with serving(echo) as port:
        asyncio.run(story())


def test_what_was_received_is_not_read_any_more_once_it_is_closed() -> None:
    async def story() -> None:
        stream = await opened(port)
        assert await stream.read(1) != b""
        assert stream._received
        await stream.aclose()
        assert await stream.read(1) == b""

    with serving(flood) as port:
        asyncio.run(story())


def test_a_timeout_of_httpcores_is_kept_and_the_connection_lives_on() -> None:
    async def story() -> None:
        stream = await opened(port)
        with pytest.raises(httpcore.ReadTimeout):
            await stream.read(1, 0.05)
        await stream.write(b"a", 5.0)
        assert await stream.read(1, 5.0) == b"a"
        await stream.aclose()
        with pytest.raises(httpcore.WriteError):
            await stream.write(b"a", 5.0)

    with serving(echo) as port:
        asyncio.run(story())


def test_a_writes_timeout_is_kept() -> None:
    async def story() -> None:
        stream = await opened(port)
        with pytest.raises(httpcore.WriteTimeout):
            await stream.write(bytes(50_000_000), 0.05)
        await stream.aclose()

    with serving(deaf) as port:
        asyncio.run(story())


def test_tls_reads_writes_and_tells_what_it_is(tmp_path) -> None:
    authority = Authority.made_in(tmp_path)
    server = authority.server()

    def behave(peer) -> None:
        with server.wrap_socket(peer, server_side=True) as secured:
            echo(secured)

    async def story() -> None:
        trusting = ssl.create_default_context(cafile=authority.ca_file)
        stream = await opened(port, context=trusting)
        sent = bytes(range(256)) * 4_096
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(stream.write, sent)
            received = b""
            while len(received) < len(sent):
                received += await stream.read(65_536, 5.0)
        assert received == sent
        assert stream.get_extra_info("ssl_object").version().startswith("TLS")
        assert not stream.get_extra_info("is_readable")
        await stream.aclose()
        with pytest.raises(httpcore.ConnectError, match="certificate"):
            await opened(port, context=ssl.create_default_context(), host="localhost")

    with serving(behave) as port:
        asyncio.run(story())


def test_nobody_there_and_no_such_name_are_errors_of_connecting() -> None:
    async def story() -> None:
        with pytest.raises(httpcore.ConnectError):
            await opened(free)
        with pytest.raises(httpcore.ConnectError):
            await opened(free, host="no-such-host.invalid")

    with socket.create_server((LOCAL, 0)) as server:
        free = server.getsockname()[1]
    asyncio.run(story())


# The server's side: Python leaves a socket open whose peer had gone when it was to be secured.
@pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_what_is_said_in_the_clear_before_the_handshake_is_never_read_as_secured(
    tmp_path, monkeypatch
) -> None:
    authority = Authority.made_in(tmp_path)
    server = authority.server()

    def behave(peer) -> None:
        peer.sendall(b"forged")
        with server.wrap_socket(peer, server_side=True) as secured:
            secured.sendall(b"real")

    async def story() -> None:
        trusting = ssl.create_default_context(cafile=authority.ca_file)
        # Between two addresses there is time for the loop to read.
        for addresses in [LOCAL], [LOCAL, "127.0.0.2"]:
            monkeypatch.setattr(asyncio_streams, "_addresses", partial(known, addresses))
            with pytest.raises(httpcore.ConnectError):
                await opened(port, context=trusting)

    async def known(addresses, _host, _port):
        return addresses

    with serving(behave) as port:
        asyncio.run(story())


def never_taken():
    return unanswered()


def never_secured():
    return serving(silent)


@pytest.mark.parametrize("port_of", [never_taken, never_secured])
def test_connecting_ends_by_its_time_with_the_handshake_in_it(port_of) -> None:
    async def story() -> None:
        began_at = time.monotonic()
        with pytest.raises(httpcore.ConnectTimeout):
            await opened(port, within=0.2, context=ssl.create_default_context())
        assert time.monotonic() - began_at < 1.0

    with port_of() as port:
        asyncio.run(story())


def test_the_next_address_is_tried_when_one_refuses_and_when_one_is_slow() -> None:
    async def story() -> None:
        began_at = time.monotonic()
        stream = await _first_of(["127.0.0.3", LOCAL, "127.0.0.4"], port)
        assert time.monotonic() - began_at < 0.2
        assert stream.get_extra_info("server_addr") == (LOCAL, port)
        await stream.aclose()
        stream = await _first_of(["127.0.0.2", LOCAL], port)
        assert 0.2 < time.monotonic() - began_at < 2.0
        assert stream.get_extra_info("server_addr") == (LOCAL, port)
        await stream.aclose()
        with pytest.raises(OSError, match="Connect call failed"):
            await _first_of(["127.0.0.3", "127.0.0.4"], port)
        with pytest.raises(OSError, match="no address"):
            await _first_of([], port)

    with unanswered("127.0.0.2") as port:
        listener = socket.create_server((LOCAL, port))
        with listener:
            asyncio.run(story())


def test_an_address_is_not_looked_up_and_families_take_turns(monkeypatch) -> None:
    asked: list[str] = []

    def found(host, *_, **__):
        asked.append(host)
        v4, v6 = socket.AF_INET, socket.AF_INET6
        rows = [(v6, "::1"), (v6, "::2"), (v6, "::1"), (v4, "1.1.1.1"), (v4, "1.1.1.2")]
        return [(family, None, None, "", (address, 80)) for family, address in rows]

    async def story() -> None:
        assert await _addresses("::1", 80) == ["::1"]
        assert await _addresses("host", 80) == ["::1", "1.1.1.1", "::2", "1.1.1.2"]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    asyncio.run(story())
    assert asked == ["host"]


def test_names_that_hang_keep_no_other_from_being_looked_up_and_no_loop_from_ending(
    monkeypatch,
) -> None:
    go_on, asked = threading.Event(), []

    def found(host, *_, **__):
        asked.append(host)
        if host != "host":
            go_on.wait(10)
        return [(socket.AF_INET, None, None, "", (LOCAL, 80))]

    async def story() -> None:
        async with anyio.create_task_group() as tasks:
            for n in range(100):
                # More than the loop has threads, and each asked for twice.
                tasks.start_soon(connecting_to_nobody, f"hangs{n // 2}")
        assert await _addresses("host", 80) == [LOCAL]

    async def connecting_to_nobody(host: str) -> None:
        with pytest.raises(httpcore.ConnectTimeout):
            await opened(80, host=host, within=0.2)

    monkeypatch.setattr(socket, "getaddrinfo", found)
    began_at = time.monotonic()
    asyncio.run(story())
    assert time.monotonic() - began_at < 5.0
    assert len(asked) == 51
    go_on.set()
    for thread in threading.enumerate():
        if thread.name == "irclient-resolve":
            thread.join(5)
    assert not _lookups


async def by_a_task(work) -> None:
    task = asyncio.ensure_future(work)
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def by_a_timeout(work) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await work


async def by_a_scope(work) -> None:
    with anyio.move_on_after(0.05) as scope:
        await work
    assert scope.cancelled_caught


async def connecting(port: int) -> None:
    await opened(port)


async def racing(port: int) -> None:
    await _first_of([LOCAL, "127.0.0.2"], port)


async def shaking_hands(port: int) -> None:
    await opened(port, context=ssl.create_default_context())


async def reading(port: int) -> None:
    stream = await opened(port)
    try:
        await stream.read(1)
    finally:
        await stream.aclose()


async def writing(port: int) -> None:
    stream = await opened(port)
    try:
        await stream.write(bytes(50_000_000))
    finally:
        await stream.aclose()


PHASES = {
    connecting: unanswered,
    racing: unanswered,
    shaking_hands: lambda: serving(silent),
    reading: lambda: serving(silent),
    writing: lambda: serving(deaf),
}


@pytest.mark.parametrize("cancelled", [by_a_task, by_a_timeout, by_a_scope])
@pytest.mark.parametrize("phase", PHASES)
def test_a_cancellation_in_any_phase_ends_it_at_once_and_leaves_nothing(phase, cancelled) -> None:
    async def story() -> None:
        for _ in range(3):
            began_at = time.monotonic()
            await cancelled(phase(port))
            assert time.monotonic() - began_at < 1.0

    with PHASES[phase]() as port:
        asyncio.run(story())
        # A socket that nobody closed would warn about it here.
        gc.collect()
