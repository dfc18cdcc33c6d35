"""What every carrier does with a connection, in the clear and over TLS: use it again, or never."""

from __future__ import annotations

import asyncio
import gc
import socket
import threading
import time

import anyio
import anyio.lowlevel
import pytest

from irclient._core.protocol import Failure, Trouble
from irclient.transports import AsyncTransport, BlockingTransport, pool, sockets
from irclient.transports.exchange import exchange
from tests import weather as bad
from tests.certificates import Authority
from tests.stopwatch import Stopwatch
from tests.transports.carriers import (
    body,
    descriptors,
    on_each_carrier,
    own,
    request_to,
    send,
    serving,
)
from tests.weather import answer, echoed, listed, weather
from tests.worlds import ASYNC

on_each_loop = pytest.mark.parametrize("world", ASYNC, ids=lambda world: world.name)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority.made_in(tmp_path_factory.mktemp("tls"))


@pytest.fixture(params=["plain", "TLS"])
def server_in(request, authority):
    """What makes a server, in the clear or over TLS."""
    tls = authority.server() if request.param == "TLS" else None
    return lambda behave=bad.ok: weather(behave, tls=tls)


@on_each_carrier
def test_a_connection_is_used_again(world, server_in, authority) -> None:
    async def story() -> None:
        async with own(world, ca_file=authority.ca_file) as transport:
            outcomes = [
                await send(world, transport, request_to(server.url, f"/{n}")) for n in range(5)
            ]
            assert [each.opened_connection for each in outcomes] == [True, *[False] * 4]
            assert [f'"{n}"'.encode() in body(each) for n, each in enumerate(outcomes)] == [
                True
            ] * 5
            assert repr(transport).endswith("Transport(1 idle)")
        assert repr(transport).endswith("Transport(0 idle)")

    with server_in() as server:
        world.play(story)
    assert server.connections == 1


@on_each_carrier
def test_a_transport_that_was_closed_can_be_used_again(world) -> None:
    async def story() -> None:
        async with own(world) as transport:
            for _ in range(2):
                body(await send(world, transport, request_to(server.url)))
                for _ in range(2):
                    await world.ask(transport.close() if world.is_sync else transport.aclose())

    with weather() as server:
        world.play(story)
    assert server.connections == 2


@pytest.mark.parametrize(
    "where",
    [
        (sockets.SocketConnection, "is_quiet"),  # while it is taken
        (pool.Pool, "outcome_of"),
        (pool.Pool, "give_back"),
    ],
    ids=lambda where: where[1],
)
def test_a_thread_that_is_interrupted_loses_no_connection(
    server_in, authority, monkeypatch, where
) -> None:
    def interrupt(*_arguments, **_keywords):
        raise KeyboardInterrupt

    with server_in() as server, BlockingTransport(ca_file=authority.ca_file) as transport:
        request = request_to(server.url)
        body(exchange(transport, request))
        with monkeypatch.context() as patched:
            patched.setattr(*where, interrupt)
            with pytest.raises(KeyboardInterrupt):
                exchange(transport, request)
        [place] = transport._places.values()
        assert (place.pool.size, place.pool.free) == (0, 0)
        body(exchange(transport, request))
        assert (place.pool.size, place.pool.free) == (1, 1)
    # A socket that nobody closed would warn about it here.
    gc.collect()


@on_each_carrier
def test_a_new_connection_can_be_asked_for(world) -> None:
    async def story() -> None:
        async with own(world) as transport:
            first = request_to(server.url)
            anew = request_to(server.url, over_new_connection=True)
            outcomes = [await send(world, transport, each) for each in (first, anew, anew, first)]
            assert [each.opened_connection for each in outcomes] == [True, True, True, False]

    with weather() as server:
        world.play(story)
    assert server.connections == 3


@on_each_carrier
def test_endpoints_of_one_host_share_connections_and_hosts_do_not(world) -> None:
    async def story() -> None:
        async with own(world) as transport:
            for url in (server.url, f"{server.url}/v2", other.url):
                body(await send(world, transport, request_to(url, "/a/b")))

    with weather() as server, weather() as other:
        world.play(story)
    assert (server.connections, other.connections) == (1, 1)
    assert [each.target for each in server.seen] == ["/a/b", "/v2/a/b"]


@on_each_carrier
def test_an_idle_connection_that_the_server_closed_is_found_before_it_is_used(
    world, server_in, authority
) -> None:
    async def story() -> None:
        async with own(world, ca_file=authority.ca_file) as transport:
            for n in range(4):
                asked = request_to(server.url, f"/{n}", body=b"{}" if n == 2 else None)
                assert f'"{n}"'.encode() in body(await send(world, transport, asked))
                # The end of the connection is on its way.
                await world.pause(0.02)

    with server_in(bad.close_after) as server:
        world.play(story)
    assert (server.connections, len(server.seen)) == (4, 4)


def end_at_once(peer, seen) -> bool:
    return False


@on_each_carrier
@pytest.mark.parametrize("ending", [bad.reset, end_at_once])
def test_a_kept_connection_that_ends_unanswered_is_stale_and_nothing_is_sent_again(
    world, ending, server_in, authority
) -> None:
    async def story() -> None:
        async with own(world, ca_file=authority.ca_file) as transport:
            body(await send(world, transport, request_to(server.url)))
            server.now = ending
            for asked in (request_to(server.url), request_to(server.url, body=b"{}")):
                outcome = await send(world, transport, asked)
                assert isinstance(outcome, Failure)
                # The second connection is new: there is no telling what became of its request.
                is_first = asked.request.method == "GET"
                trouble = Trouble.STALE_CONNECTION if is_first else Trouble.BROKEN
                assert outcome.trouble is trouble, outcome
            server.now = bad.ok
            body(await send(world, transport, request_to(server.url, over_new_connection=True)))

    with server_in() as server:
        world.play(story)
    assert len(server.seen) == 4


@on_each_carrier
@pytest.mark.parametrize("half", [b"H", b"HTTP/1.1 200 OK\r\nContent-Le", b"HTTP/1.1 100 \r\n\r\n"])
def test_a_kept_connection_that_ends_after_half_an_answer_is_broken(world, half) -> None:
    def behave(peer, seen) -> None:
        peer.send(half)
        time.sleep(0.02)
        peer.reset()

    async def story() -> None:
        async with own(world) as transport:
            body(await send(world, transport, request_to(server.url)))
            server.now = behave
            outcome = await send(world, transport, request_to(server.url))
            assert outcome.trouble is Trouble.BROKEN, outcome

    with weather() as server:
        world.play(story)
    assert len(server.seen) == 2


def behind_it(peer, seen) -> None:
    peer.send(answer(echoed(seen)) + answer(listed("another's")))


def in_a_record_of_its_own(peer, seen) -> None:
    # In a record of its own, where there is TLS, but in the same packet.
    peer.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
    peer.send(answer(echoed(seen)))
    peer.send(answer(listed("another's")))
    peer.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)


#: Released when bytes have come behind an answer.
has_come = threading.Semaphore(0)


def while_it_is_idle(peer, seen) -> None:
    peer.send(answer(echoed(seen)))
    peer.hang(0.01)
    peer.send(answer(listed("another's")))
    has_come.release()


def a_line_end(peer, seen) -> None:
    peer.send(answer(echoed(seen)) + b"\r\n")


@on_each_carrier
@pytest.mark.parametrize(
    "forging", [behind_it, in_a_record_of_its_own, while_it_is_idle, a_line_end]
)
def test_what_comes_behind_an_answer_is_nobodys_answer(
    world, forging, server_in, authority
) -> None:
    async def story() -> None:
        async with own(world, ca_file=authority.ca_file) as transport:
            for n in range(5):
                outcome = await send(world, transport, request_to(server.url, f"/{n}"))
                assert f'"{n}"'.encode() in body(outcome)
                while forging is while_it_is_idle and not has_come.acquire(blocking=False):
                    await world.pause(0.005)

    with server_in(forging) as server:
        world.play(story)
    assert server.connections == 5


def test_sixteen_threads_are_given_no_list_of_another_caller() -> None:
    """One answer in five has a second one behind it, and each names its id."""
    numbers, wrong = iter(range(2_000)), []

    def behave(peer, seen) -> None:
        number = int(seen.target.rpartition("/")[2])
        surplus = answer(listed("another's")) if number % 5 == 0 else b""
        peer.send(answer(echoed(seen)) + surplus)

    def ask() -> None:
        for number in numbers:
            outcome = transport.exchange(request_to(server.url, f"/{number}"))
            if f'"{number}"'.encode() not in body(outcome):
                wrong.append(number)

    transport = BlockingTransport()
    with weather(behave) as server:
        threads = [threading.Thread(target=ask) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(50)
        transport.close()
    assert wrong == []
    assert len(server.seen) == 2_000
    assert server.connections >= 400


@on_each_carrier
def test_a_server_that_speaks_before_it_is_asked_is_not_believed(world) -> None:
    def speak(peer) -> None:
        peer.sendall(answer(listed("another's")))
        peer.recv(65_536)

    async def story() -> None:
        async with own(world) as transport:
            # Until what was said has arrived, a question may be sent: then it is one connection.
            outcome = await send(world, transport, request_to(f"http://127.0.0.1:{port}"))
            if isinstance(outcome, Failure):
                assert "before it was asked" in outcome.reason or "closed" in outcome.reason

    with serving(speak) as port:
        world.play(story)


LATE = {
    "hang": bad.hang,
    "drip headers": bad.drip_headers,
    "drip body": bad.drip_body,
}


@pytest.mark.timing
@on_each_carrier
@pytest.mark.parametrize("hostile", LATE)
def test_an_exchange_ends_on_time_and_its_connection_with_it(
    world, hostile, server_in, authority
) -> None:
    async def story() -> None:
        async with own(world, ca_file=authority.ca_file) as transport:
            body(await send(world, transport, request_to(server.url)))
            server.now = LATE[hostile]
            for _ in range(2):
                with Stopwatch() as watch:
                    outcome = await send(world, transport, request_to(server.url, within=0.2))
                assert outcome.trouble is Trouble.TIMED_OUT, outcome
                assert outcome.reason == "timed out: no complete answer within 0.2 s"
                assert watch.elapsed > 0.19
                assert watch.took < 0.3
            server.now = bad.ok
            body(await send(world, transport, request_to(server.url)))

    with server_in() as server:
        world.play(story)
    assert server.connections == 3


@on_each_carrier
def test_the_end_of_one_exchange_is_not_that_of_the_next_over_the_same_connection(world) -> None:
    async def story() -> None:
        async with own(world) as transport:
            body(await send(world, transport, request_to(server.url, within=0.2)))
            server.now = bad.after(0.4)
            body(await send(world, transport, request_to(server.url)))
            await world.pause(0.3)
            body(await send(world, transport, request_to(server.url, body=b"{}", within=0.7)))
            assert server.seen[-1].headers["content-length"] == "2"

    with weather() as server:
        world.play(story)
    assert server.connections == 1


def small_chunks(peer, seen) -> None:
    peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        peer.send(b"1\r\n \r\n" * 20_000)


def long_chunk_extensions(peer, seen) -> None:
    peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;")
    while True:
        peer.send(b"x" * 60_000)


def small_heads(peer, seen) -> None:
    while True:
        peer.send(b"HTTP/1.1 100 \r\n\r\n" * 5_000)


@pytest.mark.timing
@on_each_carrier
@pytest.mark.parametrize("flood", [small_chunks, long_chunk_extensions, small_heads, bad.endless])
def test_a_flood_ends_on_time_or_at_its_size(world, flood) -> None:
    async def overshoot() -> float:
        async with own(world) as transport:
            began_at = time.monotonic()
            outcome = await send(world, transport, request_to(server.url, within=0.3))
            took = time.monotonic() - began_at
            assert outcome.trouble in {Trouble.TIMED_OUT, Trouble.TOO_LARGE}, outcome
            return took - 0.3

    with weather(flood) as server:
        # The least of a few: what the machine adds is not what is measured.
        late = min(world.play(overshoot) for _ in range(5))
    # The server shares this process: what it does is part of the time.
    assert late < 0.1


@on_each_loop
def test_a_flood_lets_other_tasks_run(world) -> None:
    async def story() -> None:
        turns = 0

        async def others() -> None:
            nonlocal turns
            while True:
                await anyio.lowlevel.checkpoint()
                turns += 1

        async with own(world) as transport, anyio.create_task_group() as tasks:
            tasks.start_soon(others)
            await send(world, transport, request_to(server.url, within=0.3))
            tasks.cancel_scope.cancel()
        assert turns > 5

    with weather(small_chunks) as server:
        world.play(story)


@pytest.mark.timing
@on_each_carrier
def test_a_body_that_the_server_takes_slowly_ends_on_time(world) -> None:
    def sip(peer) -> None:
        while peer.recv(256_000):
            time.sleep(0.01)

    async def story() -> None:
        async with own(world) as transport:
            asked = request_to(f"http://127.0.0.1:{port}", body=b"x" * 20_000_000, within=0.3)
            with Stopwatch() as watch:
                outcome = await send(world, transport, asked)
            assert outcome.trouble is Trouble.TIMED_OUT
            assert watch.took < 0.5

    with serving(sip) as port:
        world.play(story)


@on_each_carrier
def test_a_refusal_that_comes_before_the_request_was_read_is_the_answer(world) -> None:
    def refuse(peer) -> None:
        peer.recv(1_000)
        peer.sendall(answer(b"too much", status="413 Content Too Large"))
        # Reads on until the other side has gone: closing with unread data would reset.
        while peer.recv(1 << 20):
            pass

    async def story() -> None:
        async with own(world) as transport:
            asked = request_to(f"http://127.0.0.1:{port}", body=b"x" * 5_000_000)
            outcome = await send(world, transport, asked)
            assert (outcome.status, outcome.body) == (413, b"too much")

    with serving(refuse) as port:
        world.play(story)


CANCELLED_IN = {
    "the head": bad.hang,
    "a dripping head": bad.drip_headers,
    "the body": bad.drip_body,
}


@on_each_loop
@pytest.mark.parametrize("phase", CANCELLED_IN)
def test_an_exchange_that_is_cancelled_closes_its_connection_in_any_phase(
    world, phase, server_in, authority
) -> None:
    async def story() -> None:
        async with own(world, ca_file=authority.ca_file) as transport:
            asked = request_to(server.url)
            body(await send(world, transport, asked))
            server.now = CANCELLED_IN[phase]
            with anyio.move_on_after(0.1) as scope:
                await send(world, transport, asked)
            assert scope.cancelled_caught
            if world.name == "asyncio":
                task = asyncio.ensure_future(send(world, transport, asked))
                await asyncio.sleep(0.1)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.1):
                        await send(world, transport, asked)
            assert repr(transport) == "AsyncTransport(0 idle)"
            server.now = bad.ok
            body(await send(world, transport, asked))

    with server_in() as server:
        world.play(story)
        # A connection that nobody closed would warn about it here.
        gc.collect()


@on_each_loop
def test_a_connection_in_use_while_the_transport_closes_is_closed_afterwards(world) -> None:
    async def story() -> None:
        transport = AsyncTransport()

        async def ask() -> None:
            body(await send(world, transport, request_to(server.url)))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask)
            await anyio.sleep(0.05)
            await transport.aclose()
        assert repr(transport) == "AsyncTransport(0 idle)"

    with weather(bad.after(0.1)) as server:
        world.play(story)
        # A connection that nobody closed would warn about it here.
        gc.collect()
    assert len(server.seen) == 1


@pytest.mark.timing
def test_threads_that_wait_for_an_answer_stop_as_the_transport_closes() -> None:
    transport, outcomes = BlockingTransport(), []
    with weather(bad.hang) as server:
        threads = [
            threading.Thread(
                target=lambda: outcomes.append(transport.exchange(request_to(server.url)))
            )
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        while len(server.seen) < 4:
            time.sleep(0.005)
        began_at = time.monotonic()
        transport.close()
        for thread in threads:
            thread.join(5)
        assert time.monotonic() - began_at < 1.0
    assert [each.trouble for each in outcomes] == [Trouble.BROKEN] * 4
    gc.collect()


@on_each_loop
def test_a_transport_made_before_a_loop_outlives_several_and_leaks_nothing(world) -> None:
    transport = AsyncTransport()

    async def story() -> None:
        body(await send(world, transport, request_to(server.url)))

    with weather() as server:
        world.play(story)
        before = descriptors()
        for _ in range(20):
            world.play(story)
            assert repr(transport) == "AsyncTransport(0 idle)"
        assert descriptors() <= before + 1


def test_a_loop_that_ends_without_closing_its_generators_is_forgotten() -> None:
    transport = AsyncTransport()

    async def story() -> None:
        body(await transport.exchange(request_to(server.url)))

    with weather() as server:
        loop = asyncio.new_event_loop()
        loop.run_until_complete(story())
        # What such a program leaks is its own; here it must not warn about it.
        known = transport._by_loop[loop]
        loop.run_until_complete(known.until_the_loop_ends.aclose())
        transport._by_loop[loop] = known
        loop.close()
        asyncio.run(story())
        assert loop not in transport._by_loop


def test_two_loops_in_two_threads_share_no_connection() -> None:
    transport, bodies = AsyncTransport(), {}

    def run(world) -> None:
        async def story() -> list[bytes]:
            asked = [request_to(server.url, f"/{world.name}{n}") for n in range(50)]
            return [body(await send(world, transport, each)) for each in asked]

        bodies[world.name] = world.play(story)

    with weather() as server:
        threads = [threading.Thread(target=run, args=(world,)) for world in ASYNC]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert len(bodies) == 2
    for name, found in bodies.items():
        assert all(f'"{name}{n}"'.encode() in each for n, each in enumerate(found))
    assert server.connections == 2


@on_each_carrier
def test_connections_that_are_old_or_were_idle_for_long_are_replaced(world, monkeypatch) -> None:
    async def story() -> None:
        async with own(world) as transport:
            for limit in ("_IDLE_FOR", "_OLDEST"):
                body(await send(world, transport, request_to(server.url)))
                with monkeypatch.context() as older:
                    older.setattr(pool, limit, -1.0)
                    outcome = await send(world, transport, request_to(server.url))
                    assert outcome.opened_connection

    with weather() as server:
        world.play(story)


@on_each_carrier
def test_a_limit_of_connections_is_waited_for_within_the_time_and_is_our_own_trouble(
    world,
) -> None:
    async def story() -> None:
        async with own(world, max_connections=1) as transport:
            outcomes = await at_once(
                world, transport, [request_to(server.url, within=w) for w in (2.0, 0.1, 2.0)]
            )
            assert sorted(type(each).__name__ for each in outcomes) == [
                "Failure",
                "Response",
                "Response",
            ]
            failure = next(each for each in outcomes if isinstance(each, Failure))
            assert failure.trouble is Trouble.LOCAL
            assert "max_connections" in failure.reason
            # A free connection to another host makes room.
            body(await send(world, transport, request_to(other.url)))
            assert repr(transport).endswith("(1 idle)")

    with weather(bad.after(0.3)) as server, weather() as other:
        world.play(story)
    assert server.connections == 1


async def at_once(world, transport, sends) -> list:
    outcomes: list = []

    async def one(each) -> None:
        outcomes.append(await send(world, transport, each))

    if world.is_sync:
        threads = [
            threading.Thread(target=lambda each=each: outcomes.append(exchange(transport, each)))
            for each in sends
        ]
        for thread in threads:
            thread.start()
            time.sleep(0.02)  # noqa: ASYNC251  (in the world of threads nothing else runs)
        for thread in threads:
            thread.join(10)
        return outcomes
    async with anyio.create_task_group() as tasks:
        for each in sends:
            tasks.start_soon(one, each)
            await anyio.sleep(0.02)
    return outcomes
