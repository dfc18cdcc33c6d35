"""A body that was made to take long: the call ends in time, and nobody else waits for it."""

from __future__ import annotations

import json
import time

import anyio
import anyio.lowlevel
import pytest

from irclient import Fallback, Timeouts
from irclient.settings import Retries
from tests.stopwatch import Stopwatch
from tests.weather import answer, weather
from tests.worlds import ASYNC, WORLDS, options

MOST = 4 * 1024 * 1024


def filled(begin: bytes, piece: bytes, end: bytes) -> bytes:
    return begin + piece * ((MOST - len(begin + end)) // len(piece)) + end


WRONG = b'{"id":"1","trackingId":true}'
HOSTILE = {
    "wrong rows": filled(b'{"items":[', WRONG + b",", WRONG + b"]}"),
    "rows": filled(b'{"items":[', b'{"id":"1","trackingId":"t"},', b'{"id":"1"}]}'),
    "few rows among spaces": filled(b'{"items":[', WRONG + b"," + b" " * 4_000, WRONG + b"]}"),
    "nesting": filled(b'{"items":', b"[", b""),
    "long numbers": filled(b'{"items":[', b'{"id":' + b"9" * 4_200 + b"},", b'{"id":1}]}'),
    "many keys": b'{"items":[{"id":"1"' + b"".join(b',"%d":1' % n for n in range(380_000)) + b"}]}",
    "one string": filled(b'{"items":[{"id":"1"}],"title":"', rb"\u00e9", b'"}'),
    "an error of any length": filled(b'{"error":"', b"x", b'"}'),
}
SETTINGS = options(
    timeouts=Timeouts(deadline=1.0, attempt=1.0, connect=1.0), retries=Retries(max_attempts=1)
)


@pytest.mark.timing
@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.parametrize("world", WORLDS)
def test_a_hostile_body_does_not_outlive_the_deadline(world, what) -> None:
    async def story() -> None:
        fallback = Fallback(queries=(), items=["9"])
        with weather(lambda peer, _: peer.send(answer(HOSTILE[what]))) as here:
            async with world.client(here.endpoint("a"), settings=SETTINGS, fallback=fallback) as ir:
                await world.ask(ir.with_options(deadline=10.0).popular())
                with Stopwatch() as watch:
                    got = await world.ask(ir.popular())
                assert watch.took < 1.1
                assert got.ids[0] in {"1", "9"}

    world.play(story)


@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.parametrize("world", ASYNC)
def test_a_hostile_body_does_not_stop_the_loop(world, what) -> None:
    async def story() -> None:
        held = [0.0]

        async def watch() -> None:
            while True:
                # Of the processor's time, which a busy machine does not stretch.
                before = time.thread_time()
                await anyio.lowlevel.checkpoint()
                held[0] = max(held[0], time.thread_time() - before)

        fallback = Fallback(queries=(), items=["9"])
        with weather(lambda peer, _: peer.send(answer(HOSTILE[what]))) as here:
            async with (
                world.client(here.endpoint("a"), settings=SETTINGS, fallback=fallback) as ir,
                anyio.create_task_group() as tasks,
            ):
                await ir.popular()  # What is made once is made before the measurement.
                tasks.start_soon(watch)
                await ir.popular()
                tasks.cancel_scope.cancel()
        assert held[0] < 0.1

    world.play(story)


@pytest.mark.parametrize("world", WORLDS)
def test_a_long_list_that_was_asked_for_is_read(world) -> None:
    body = json.dumps({"items": [{"id": str(n), "trackingId": "t"} for n in range(9_000)]}).encode()

    async def story() -> None:
        with weather(lambda peer, _: peer.send(answer(body))) as here:
            async with world.client(here.endpoint("a")) as ir:
                for count in (None, 9_000):
                    assert len(await world.ask(ir.popular(count=count))) == 9_000

    world.play(story)
