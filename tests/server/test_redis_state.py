"""TPS and sessions over machines: one server of Redis counts for all, and is not needed."""

import asyncio
import logging
import time

from irclient.server.configuration import Account, Configuration, Endpoint, Limits
from irclient.server.local_state import LocalCapacity, LocalSessions
from irclient.server.redis_state import RedisCapacity, RedisServer, RedisSessions
from irclient.server.served import served_endpoints
from irclient.server.window import SECOND
from tests.fleet.conftest import server  # noqa: F401  (a fixture)


def endpoint_of(tps, tmp_path):
    account = Account(name="a", callers="anyone", endpoints=(Endpoint(name="web", tps=tps),))
    (found,) = served_endpoints(Configuration(accounts=(account,)), tmp_path)
    return found


class Machine:
    """One worker of one machine."""

    def __init__(self, url, endpoint):
        self.server = RedisServer(url, name="test", timeout=1.0)
        self.capacity = RedisCapacity(self.server, LocalCapacity([endpoint]))
        self.sessions = RedisSessions(self.server, LocalSessions(["a"], Limits()), Limits())

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        await self.server.close()


def test_machines_never_take_more_together_and_use_what_there_is(server, tmp_path):  # noqa: F811
    endpoint = endpoint_of(40, tmp_path)
    taken = []

    async def hammer(machine, until):
        while time.monotonic() < until:
            before = time.monotonic()
            if await machine.capacity.take(endpoint) == 0.0:
                taken.append((before, time.monotonic()))
            else:
                await asyncio.sleep(0.002)

    async def both():
        async with Machine(server.url, endpoint) as one, Machine(server.url, endpoint) as other:
            until = time.monotonic() + 4.0
            await asyncio.gather(*(hammer(each, until) for each in (one, other, one, other)))

    asyncio.run(both())
    for start, _ in taken:
        surely = [end for begin, end in taken if begin >= start and end < start + 1.0]
        assert len(surely) <= 40
    assert len(taken) >= 0.95 * 40 * 3.0


def test_a_refusal_says_when_and_fractions_are_exact(server, tmp_path):  # noqa: F811
    endpoint = endpoint_of(1.5, tmp_path)

    async def ask():
        async with Machine(server.url, endpoint) as machine:
            waits = [await machine.capacity.take(endpoint) for _ in range(3)]
            assert waits[:2] == [0.0, 0.0]
            assert 0.5 < waits[2] <= SECOND
            await asyncio.sleep(waits[2])
            assert await machine.capacity.take(endpoint) == 0.0
            assert 0.5 < await machine.capacity.take(endpoint) <= SECOND

    asyncio.run(ask())


def test_a_view_on_one_machine_is_known_on_the_other_and_ids_are_not_readable(
    server,  # noqa: F811
    tmp_path,
):
    endpoint = endpoint_of(10, tmp_path)

    async def ask():
        async with Machine(server.url, endpoint) as one, Machine(server.url, endpoint) as other:
            for item in ("a", "ü", "a"):
                await one.sessions.record("a", "a-personal-session", item)
            assert await other.sessions.views("a", "a-personal-session") == ("a", "ü")
            assert await other.sessions.views("a", "another") == ()
            keys = await one.server.client.keys("*")
            assert not any(b"personal" in key for key in keys)

    asyncio.run(ask())


def test_without_redis_each_machine_counts_for_itself_and_says_so(tmp_path, caplog):
    endpoint = endpoint_of(2, tmp_path)

    async def ask():
        async with Machine("redis://:a-password@127.0.0.1:1", endpoint) as machine:
            began_at = time.monotonic()
            taken = [await machine.capacity.take(endpoint) for _ in range(100)]
            assert [each == 0.0 for each in taken[:3]] == [True, True, False]
            # One failure, and then none for a second: requests do not wait for it.
            assert time.monotonic() - began_at < 0.9
            await machine.sessions.record("a", "s", "item")
            assert await machine.sessions.views("a", "s") == ("item",)

    with caplog.at_level(logging.INFO):
        asyncio.run(ask())
    assert [each.levelname for each in caplog.records if "Redis" in each.message] == ["ERROR"]
    assert "a-password" not in caplog.text
