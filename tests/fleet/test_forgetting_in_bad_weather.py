"""What was forgotten stays so on a server that is full, or that has lost its last writes."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from irclient._core.shared_memory import Finding
from irclient.fleet import RedisFleet
from irclient.fleet.link import Reply
from irclient.fleet.memory_scripts import RECALL
from irclient.queries import Picks
from tests.fleet.processes import Process, until
from tests.fleet.test_link import run_with

if TYPE_CHECKING:
    from tests.fleet.servers import Server

QUERY = Picks("user-4711")


def test_what_a_server_has_lost_in_a_failover_is_forgotten_again(server: Server) -> None:
    with closing(Process(server)) as one, closing(Process(server)) as other:
        one.ask(QUERY)
        one.shared.forget_item("a first one, so that there is a stream")
        one.settle()
        raw = server.client()
        raw.connection_pool.connection_kwargs["decode_responses"] = False
        replica = {key: raw.dump(key) for key in raw.keys("*")}
        one.shared.forget_user("user-4711")
        one.settle()
        assert not raw.keys("irclient:{test}:u:*")
        # The replica that takes over did not have the last writes.
        for key in raw.keys("*"):
            raw.delete(key)
        for key, kept in replica.items():
            raw.restore(key, 0, kept)
        assert raw.keys("irclient:{test}:u:*")
        until(lambda: not raw.keys("irclient:{test}:u:*"))
        assert other.recall(QUERY).finding is Finding.ASK


@pytest.mark.parametrize("what", ["user", "item", "everything"])
def test_a_server_that_is_full_forgets(server: Server, what: str) -> None:
    with RedisFleet(server.url, name="test", workers=2) as fleet:
        memory = fleet.shared_memory({"": "a"})
        server.client().config_set("maxmemory", "1mb")
        match what:
            case "user":
                memory.forget_user("user-4711")
            case "item":
                memory.forget_item("item-1")
            case _:
                memory.clear()
        until(lambda: not fleet.stats().to_forget)
        assert not fleet.stats().lost
        assert server.client().xlen("irclient:{test}:forgotten") == 1


def test_a_process_that_ends_has_told_all_that_is_to_be_forgotten(server: Server) -> None:
    with RedisFleet(server.url, name="test", workers=2) as fleet:
        memory = fleet.shared_memory({"": "a"})
        memory.forget_user("user-4711")
        until(lambda: not fleet.stats().to_forget)
        for number in range(2000):
            memory.forget_user(f"user-{number}")
    assert not fleet.stats().to_forget
    assert server.client().xlen("irclient:{test}:forgotten") == 2001


def test_a_claim_that_is_sent_twice_is_the_same_claim(server: Server) -> None:
    with closing(Process(server)) as one:
        keys = [one.link.key(each) for each in ("entry", "claim", "forgotten", "newest")]
        for _ in range(2):
            reply = run_with(one.link, RECALL, keys, ["", 0, 0, 0, 5000, "who", -1, 0, "0-0", ""])
            assert isinstance(reply, Reply)
            assert reply.text(0) == "ask"
        reply = run_with(one.link, RECALL, keys, ["", 0, 0, 0, 5000, "other", -1, 0, "0-0", ""])
        assert isinstance(reply, Reply)
        assert reply.text(0) == "wait"
