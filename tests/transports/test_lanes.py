"""Lanes: connections of tasks, their loops and their ends."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import threading
import time
from pathlib import Path

import anyio
import httpcore
import httpx
import pytest
import respx

from irclient._core.protocol import Failure, Send, Trouble
from irclient._wire import Request
from irclient.transports import Lanes
from irclient.transports.exchange import exchange_async
from tests import weather as bad
from tests.certificates import Authority
from tests.weather import answer, echoed, listed, weather
from tests.worlds import ASYNC

each_loop = pytest.mark.parametrize("world", ASYNC, ids=lambda world: world.name)


async def get(lanes: Lanes, server, path: str = "/x") -> bytes:
    timeout = dict.fromkeys(("connect", "read", "write", "pool"), 5.0)
    request = httpx.Request("GET", server.url + path, extensions={"timeout": timeout})
    response = await lanes.handle_async_request(request)
    try:
        return b"".join([chunk async for chunk in response.stream])
    finally:
        await response.aclose()


def descriptors() -> int:
    gc.collect()
    return len(list(Path(f"/proc/{os.getpid()}/fd").iterdir()))


@each_loop
def test_a_lane_is_used_again_the_last_one_first(world) -> None:
    async def story() -> None:
        lanes = Lanes()
        async with anyio.create_task_group() as tasks:
            for n in range(3):
                tasks.start_soon(get, lanes, server, f"/{n}")
        assert server.connections <= 3
        opened = server.connections
        for _ in range(5):
            await get(lanes, server)
        assert server.connections == opened
        assert len({seen.connection for seen in server.seen[-5:]}) == 1
        assert repr(lanes) == f"Lanes({opened} idle)"
        await lanes.aclose()
        await lanes.aclose()
        assert repr(lanes) == "Lanes(0 idle)"
        # It can still be used.
        await get(lanes, server)
        await lanes.aclose()

    with weather(bad.after(0.02)) as server:
        world.play(story)


@each_loop
def test_a_lane_whose_request_was_cancelled_is_closed(world) -> None:
    async def story() -> None:
        lanes = Lanes()
        await get(lanes, server)
        server.now = bad.drip_body
        with anyio.move_on_after(0.1):
            await get(lanes, server)
        assert repr(lanes) == "Lanes(0 idle)"
        server.now = bad.ok
        await get(lanes, server)
        await lanes.aclose()

    with weather() as server:
        world.play(story)
    assert server.connections == 2


@each_loop
def test_a_lane_that_comes_back_after_the_close_is_closed(world) -> None:
    async def story() -> None:
        lanes = Lanes()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(get, lanes, server)
            await anyio.sleep(0.05)
            await lanes.aclose()
        assert repr(lanes) == "Lanes(0 idle)"

    with weather(bad.after(0.1)) as server:
        world.play(story)
        # A connection that nobody closed would warn about it here.
        gc.collect()
    assert len(server.seen) == 1


@each_loop
def test_lanes_made_before_a_loop_outlive_several_and_leak_nothing(world) -> None:
    lanes = Lanes()
    with weather() as server:
        world.play(lambda: get(lanes, server))
        before = descriptors()
        for _ in range(20):
            world.play(lambda: get(lanes, server))
            assert repr(lanes) == "Lanes(0 idle)"
        assert descriptors() <= before + 1


def test_a_loop_that_ends_without_closing_its_generators_is_forgotten() -> None:
    lanes = Lanes()
    with weather() as server:
        loop = asyncio.new_event_loop()
        loop.run_until_complete(get(lanes, server))
        # What such a program leaks is its own; here it must not warn about it.
        lanes_of_loop = lanes._by_loop[loop]
        loop.run_until_complete(lanes_of_loop.until_the_loop_ends.aclose())
        lanes._by_loop[loop] = lanes_of_loop
        loop.close()
        asyncio.run(get(lanes, server))
        assert loop not in lanes._by_loop


def test_two_loops_in_two_threads_share_no_lane() -> None:
    lanes = Lanes()
    bodies: list[list[bytes]] = []

    def run(name: str) -> None:
        async def story() -> list[bytes]:
            return [await get(lanes, server, f"/{name}{n}") for n in range(50)]

        bodies.append(anyio.run(story, backend=name))

    with weather() as server:
        threads = [threading.Thread(target=run, args=(each.name,)) for each in ASYNC]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert len(bodies) == 2
    for found in bodies:
        name = "trio" if b"trio0" in found[0] else "asyncio"
        assert all(f'"{name}{n}"'.encode() in body for n, body in enumerate(found))
    assert server.connections == 2


@each_loop
def test_an_idle_connection_that_the_server_closed_is_replaced_unseen(world) -> None:
    async def story() -> None:
        lanes = Lanes()
        for n in range(5):
            assert f'"{n}"'.encode() in await get(lanes, server, f"/{n}")
        await lanes.aclose()

    with weather(bad.close_after) as server:
        world.play(story)
    assert server.connections == 5


@each_loop
def test_a_server_that_closes_every_connection_is_not_asked_for_ever(world) -> None:
    async def story() -> None:
        lanes = Lanes()
        await get(lanes, server)
        server.now = lambda peer, seen: False
        with pytest.raises(httpcore.RemoteProtocolError):
            await get(lanes, server)
        await lanes.aclose()

    with weather() as server:
        world.play(story)
    assert len(server.seen) == 3


def behind_it(peer, seen) -> None:
    peer.send(answer(echoed(seen)) + answer(listed("another's")))


def right_after_it(peer, seen) -> None:
    # In a record of its own, where there is TLS, but in the same packet.
    peer.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
    peer.send(answer(echoed(seen)))
    peer.send(answer(listed("another's")))
    peer.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)


@each_loop
@pytest.mark.parametrize("is_secure", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize("forging", [behind_it, right_after_it])
def test_what_comes_behind_an_answer_is_nobodys_answer(world, forging, is_secure, tmp_path) -> None:
    async def story() -> None:
        lanes = Lanes(ca_file=authority.ca_file)
        for n in range(5):
            assert f'"{n}"'.encode() in await get(lanes, server, f"/{n}")
        await lanes.aclose()

    authority = Authority.made_in(tmp_path)
    with weather(forging, tls=authority.server() if is_secure else None) as server:
        world.play(story)
    assert server.connections == 5


def a_send(server, *, method: str = "GET", within: float = 5.0) -> Send:
    body = None if method == "GET" else b"{}"
    return Send(server.endpoint("a"), Request(method, "/x", body), "token", within, within)


@each_loop
@pytest.mark.parametrize(
    "hostile",
    [bad.hang, bad.drip_headers, bad.drip_body, bad.endless],
    ids=lambda each: each.__name__,
)
def test_an_attempt_over_a_lane_ends_on_time_and_its_lane_with_it(world, hostile) -> None:
    async def story() -> None:
        lanes = Lanes()
        for _ in range(2):
            began_at = time.monotonic()
            outcome = await exchange_async(lanes, a_send(server, within=0.2))
            assert isinstance(outcome, Failure)
            assert outcome.trouble in {Trouble.TIMED_OUT, Trouble.TOO_LARGE}
            assert time.monotonic() - began_at < 1.0
            assert repr(lanes) == "Lanes(0 idle)"
        server.now = bad.ok
        assert (await exchange_async(lanes, a_send(server))).status == 200
        await lanes.aclose()

    with weather(hostile) as server:
        world.play(story)
    assert server.connections == 3


@each_loop
def test_the_end_of_one_attempt_is_not_that_of_the_next_over_the_same_lane(world) -> None:
    async def story() -> None:
        lanes = Lanes()
        assert (await exchange_async(lanes, a_send(server, within=0.2))).status == 200
        server.now = bad.after(0.4)
        assert (await exchange_async(lanes, a_send(server))).status == 200
        await anyio.sleep(0.3)
        assert (await exchange_async(lanes, a_send(server, method="POST"))).status == 200
        assert server.seen[-1].headers["content-length"] == "2"
        await lanes.aclose()

    with weather() as server:
        world.play(story)
    assert server.connections == 1


def small_chunks(peer, seen) -> None:
    peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        peer.send(b"1\r\n \r\n" * 20_000)


def small_heads(peer, seen) -> None:
    while True:
        peer.send(b"HTTP/1.1 100 \r\n\r\n" * 5_000)


@pytest.mark.parametrize("flood", [small_chunks, small_heads])
def test_a_flood_of_small_parts_ends_on_time_and_lets_others_run(flood) -> None:
    async def overshoot() -> float:
        lanes, turns = Lanes(), 0

        async def others() -> None:
            nonlocal turns
            while True:
                await asyncio.sleep(0)
                turns += 1

        other = asyncio.ensure_future(others())
        began_at = time.monotonic()
        outcome = await exchange_async(lanes, a_send(server, within=0.3))
        took = time.monotonic() - began_at
        other.cancel()
        assert isinstance(outcome, Failure)
        assert outcome.trouble is Trouble.TIMED_OUT
        assert turns > 5
        await lanes.aclose()
        return took - 0.3

    with weather(flood) as server:
        late = asyncio.run(overshoot())
        for _ in range(3):
            if late >= 0.05:
                # The machine may have been busy; a missing limit stays missing.
                late = asyncio.run(overshoot())
    assert late < 0.05


CANCELLED_IN = {
    "the head": bad.hang,
    "a dripping head": bad.drip_headers,
    "the body": bad.drip_body,
}


@each_loop
@pytest.mark.parametrize("phase", CANCELLED_IN)
def test_an_exchange_that_is_cancelled_closes_its_lane_in_any_phase(world, phase) -> None:
    async def story() -> None:
        lanes = Lanes()
        assert (await exchange_async(lanes, a_send(server))).status == 200
        server.now = CANCELLED_IN[phase]
        with anyio.move_on_after(0.1) as scope:
            await exchange_async(lanes, a_send(server))
        assert scope.cancelled_caught
        if world.name == "asyncio":
            task = asyncio.ensure_future(exchange_async(lanes, a_send(server)))
            await asyncio.sleep(0.1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await exchange_async(lanes, a_send(server))
        assert repr(lanes) == "Lanes(0 idle)"
        server.now = bad.ok
        assert (await exchange_async(lanes, a_send(server))).status == 200
        await lanes.aclose()

    with weather() as server:
        world.play(story)
        # A connection that nobody closed would warn about it here.
        gc.collect()


@each_loop
def test_respx_answers_for_lanes_that_are_already_open(world) -> None:
    async def story() -> None:
        lanes = Lanes()
        assert (await exchange_async(lanes, a_send(server))).status == 200
        with respx.mock() as mock:
            mock.get(f"{server.endpoint('a').url}/x").respond(404)
            assert (await exchange_async(lanes, a_send(server))).status == 404
            mock.route().pass_through()
            assert (await exchange_async(lanes, a_send(server, method="POST"))).status == 200
        assert repr(lanes) == "Lanes(1 idle)"
        assert (await exchange_async(lanes, a_send(server))).status == 200
        await lanes.aclose()

    with weather() as server:
        world.play(story)
    assert len(server.seen) == 3
