"""What may become of a real server, and of the processes of a fleet, while they call."""

from __future__ import annotations

import os
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import redis
from redis.cluster import ClusterNode

from benchmarks.fleet.running import SATURATED, rates, run_fleet
from irclient import IRClient, ServiceEndpoint, Settings, StaticToken, Throttling
from irclient._core.allowance_protocol import Asked
from irclient.errors import ConfigurationError
from irclient.fleet import RedisFleet
from tests.fleet.servers import Server, free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from irclient._core.shared_allowance import SharedAllowance

AT = ServiceEndpoint("a", "web", tps=100, url="http://127.0.0.1:1")
TPS = 200


def use(allowance: SharedAllowance) -> None:
    """What a call does: reserve, wait for the fleet's word, start."""
    give_up_at = time.monotonic() + 3.0
    while True:
        now = time.monotonic()
        assert now < give_up_at, "no slot was to be had"
        slot = allowance.reserve(now, not_after=now + 1.0)
        if slot is None:
            time.sleep(0.005)
        elif isinstance(slot, Asked):
            woken = threading.Event()
            if slot.flight is None or slot.flight.join(woken.set):
                woken.wait(max(slot.until - now, 0.0))
        else:
            time.sleep(max(slot.starts_at - time.monotonic(), 0.0))
            if allowance.start(slot, time.monotonic()):
                return


def mode(allowance: SharedAllowance) -> str | None:
    return allowance.status(time.monotonic()).mode


def until(condition: Callable[[], bool], within: float = 5.0) -> None:
    give_up_at = time.monotonic() + within
    while not condition():
        assert time.monotonic() < give_up_at, "it did not come true"
        time.sleep(0.01)


@contextmanager
def member(connect: Callable[[], object] | str, workers: int = 2) -> Iterator[SharedAllowance]:
    given = {"url": connect} if isinstance(connect, str) else {"connect": connect}
    with RedisFleet(**given, name="test", workers=workers) as fleet:
        allowance = fleet.allowance(AT, adaptive=True)
        use(allowance)
        until(lambda: mode(allowance) == "shared")
        yield allowance


def goes_on_alone_and_comes_back(
    allowance: SharedAllowance, trouble: Callable[[], object], end: Callable[[], object]
) -> None:
    trouble()
    until(lambda: mode(allowance) == "alone")
    for _ in range(3):
        use(allowance)
    end()
    until(lambda: mode(allowance) == "shared")
    use(allowance)


def test_a_server_that_may_only_be_read_is_done_without(server: Server) -> None:
    own = server.client()
    with member(server.url) as allowance:
        goes_on_alone_and_comes_back(
            allowance,
            lambda: own.replicaof("127.0.0.1", free_port()),
            lambda: own.replicaof("NO", "ONE"),
        )


def test_a_password_that_was_changed_is_asked_for_again(server: Server) -> None:
    password = ["first"]
    own = server.client()
    own.acl_setuser("shop", enabled=True, passwords=["+first"], keys=["*"], commands=["+@all"])

    def connect() -> redis.Redis:
        return redis.Redis(
            port=server.port, username="shop", password=password[0], socket_timeout=0.1
        )

    def change() -> None:
        own.acl_setuser(
            "shop", enabled=True, reset_passwords=True, passwords=["+second"], keys=["*"]
        )
        own.client_kill_filter(_type="normal", skipme=True)

    with member(connect) as allowance:
        goes_on_alone_and_comes_back(allowance, change, lambda: password.__setitem__(0, "second"))


def test_an_answer_that_takes_longer_than_a_call_waits_is_done_without(server: Server) -> None:
    with member(server.url) as allowance:
        goes_on_alone_and_comes_back(allowance, server.stand_still, server.go_on)


def test_a_server_that_forgets_everything_is_told_what_there_is(server: Server) -> None:
    with member(server.url) as allowance:
        lent = allowance.lease.right(time.monotonic())
        server.client().flushall()
        time.sleep(0.5)
        use(allowance)
        assert allowance.lease.right(time.monotonic()) == lent
        until(lambda: not allowance._is_closed)


def test_a_forked_child_is_another_member(server: Server) -> None:
    with member(server.url) as allowance:
        child = os.fork()
        if child == 0:  # pragma: no cover  (the child's coverage is not counted)
            try:
                use(allowance)
                until(lambda: allowance.status(time.monotonic()).members == 2)
            except BaseException:  # noqa: BLE001  (it must not go on as a second pytest)
                os._exit(1)
            os._exit(0)
        until(lambda: allowance.status(time.monotonic()).members == 2)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0


def test_who_leaves_well_leaves_its_right_to_the_others(server: Server) -> None:
    with member(server.url) as allowance:
        with member(server.url):
            until(lambda: allowance.status(time.monotonic()).members == 2)
        until(lambda: allowance.status(time.monotonic()).members == 1)
        until(lambda: allowance.lease.right(time.monotonic()) >= 70)


def test_a_cluster_has_all_of_a_fleet_in_one_place() -> None:
    with cluster_of_three() as ports:
        node = ClusterNode("127.0.0.1", ports[0])
        with member(
            lambda: redis.RedisCluster(startup_nodes=[node], socket_timeout=0.1)
        ) as allowance:
            use(allowance)


@contextmanager
def cluster_of_three() -> Iterator[list[int]]:
    ports = [free_port() for _ in range(3)]
    servers = [
        Server(
            "--cluster-enabled", "yes", "--cluster-config-file", f"nodes-{port}.conf",
            "--cluster-port", str(free_port()), port=port,
        )
        for port in ports
    ]  # fmt: skip
    try:
        bounds = [0, 5461, 10923, 16384]
        for number, each in enumerate(servers):
            own = each.client()
            own.execute_command("CLUSTER", "ADDSLOTSRANGE", bounds[number], bounds[number + 1] - 1)
            for other in servers:
                bus = int(other.client().config_get("cluster-port")["cluster-port"])
                own.execute_command("CLUSTER", "MEET", "127.0.0.1", other.port, bus)
        until(
            lambda: all(
                "ok" in str(each.client().execute_command("CLUSTER INFO")) for each in servers
            ),
            within=15.0,
        )
        yield ports
    finally:
        for each in servers:
            each.stop()


def is_ready(server: Server) -> bool:
    return "ok" in str(server.client().execute_command("CLUSTER INFO"))


@pytest.mark.timing
@pytest.mark.parametrize("shape", ["uniform", "one busy"])
def test_four_processes_keep_to_one_tps_and_use_it(server: Server, shape: str) -> None:
    run = run_fleet(server.url, tps=TPS, rates=rates(shape, SATURATED, TPS), seconds=5.0)
    assert run.worst <= 1.0
    assert run.used(2.0, 5.0) >= 0.9
    assert run.messages_per_call <= 0.35


WEATHERS: dict[str, Callable[[Server], list[tuple[float, Callable[[], object]]]]] = {
    "FLUSHALL": lambda server: [(1.5, lambda: server.client().flushall())],
    "SCRIPT FLUSH": lambda server: [(1.5, lambda: server.client().script_flush())],
    "CLIENT KILL": lambda server: [
        (1.5, lambda: server.client().client_kill_filter(_type="normal", skipme=True))
    ],
    "SIGSTOP": lambda server: [(1.5, server.stand_still), (3.0, server.go_on)],
    "SIGKILL": lambda server: [(1.5, server.kill), (3.0, server.start)],
}


@pytest.mark.timing
@pytest.mark.parametrize("weather", WEATHERS.values(), ids=WEATHERS)
def test_no_call_fails_and_no_second_holds_more_in_this_weather(server: Server, weather) -> None:
    run = run_fleet(
        server.url,
        tps=TPS,
        rates=rates("uniform", 0.6, TPS),
        seconds=4.5,
        max_wait=2.0,
        clocks=[0.3, -0.3, 0.0, 0.15],
        happening=weather(server),
    )
    assert run.worst <= 1.0
    assert not run.failed()
    assert max(took for _, took, _ in run.calls) <= 5.0, "a call outlasted its deadline"


@pytest.mark.timing
def test_a_server_that_cannot_be_reached_costs_the_first_answer_a_moment() -> None:
    run = run_fleet(
        f"redis://127.0.0.1:{free_port()}/0", tps=TPS, rates=[20.0], seconds=1.5, workers=4
    )
    assert not run.failed()
    assert run.calls[0][1] <= 0.2


def test_a_share_beside_a_fleet_is_refused(server: Server) -> None:
    with (
        RedisFleet(server.url, name="test", workers=2) as fleet,
        pytest.raises(ConfigurationError, match=r"share is 0\.5.*leave share out"),
    ):
        IRClient(
            AT,
            credential=StaticToken("t"),
            settings=Settings(throttling=Throttling(share=0.5)),
            fleet=fleet,
        )
