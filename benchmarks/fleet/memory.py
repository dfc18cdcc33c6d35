"""What the memory of a fleet saves, and that it costs nothing where it is not needed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from benchmarks.measuring import calls_made
from benchmarks.promise.accounts import accounts, after
from benchmarks.promise.figures import at_most
from irclient import IRClient, StaticToken
from irclient.fleet import RedisFleet
from irclient.testing import ScriptedService, example_pair
from tests.fleet.servers import Server
from tests.fleet.told import fleet

if TYPE_CHECKING:
    from benchmarks.promise.figures import Figure

__all__ = ["fresh_answer", "hot_key"]


def hot_key() -> list[Figure]:
    """One list that all threads of all processes want, all the time."""
    with (
        Server() as server,
        accounts() as service,
        fleet(server, service, 4, fresh_for=1.0) as members,
    ):
        for member in members:
            member.ask(first=7)  # It connects.
        service.arrivals("a")
        service.behave("a", after(0.06))
        at = time.monotonic() + 0.3
        for member in members:
            member.begin("hammer", threads=8, seconds=4.0, at=at)
        told = [member.end() for member in members]
        asked = sum(len(service.arrivals(account)) for account in "ab")
    calls = sum(sum(each.values()) for each in told)
    where = "4 processes × 8 threads, 4 s, fresh for 1 s"
    return [at_most("one hot key: requests", where, asked, 5, note=f"{calls:,} calls")]


def fresh_answer() -> list[Figure]:
    """A fresh answer from a process's own memory, in functions called."""
    with Server() as server, RedisFleet(server.url, name="measured", workers=1) as joined:
        with_fleet, without = (_calls_of_a_fresh_answer(each) for each in (joined, None))
    return [
        at_most(
            "functions called",
            "fresh answer from the first level",
            with_fleet,
            without,
            note=f"{without} without a fleet",
        )
    ]


def _calls_of_a_fresh_answer(joined: RedisFleet | None) -> int:
    pair = example_pair(tps=1000)
    service = ScriptedService(pair)
    with IRClient(pair, credential=StaticToken("t"), transport=service, fleet=joined) as ir:
        for _ in range(3):
            ir.popular()
        return min(calls_made(ir.popular) for _ in range(5))
