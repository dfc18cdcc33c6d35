"""The link of a process to its fleet's server, over a real one."""

from __future__ import annotations

import os
import queue
import threading
import time
from typing import TYPE_CHECKING

import pytest

from irclient.fleet.connecting import connector
from irclient.fleet.link import Link, Reply, Request
from irclient.fleet.scripts import Script

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fleet.servers import Server

COUNT = Script("return {now, redis.call('INCRBY', KEYS[1], ARGV[2])}")


def run(
    link: Link,
    script: Script = COUNT,
    *,
    wanted_for: float = 5.0,
    answered: Callable[[Reply], None] | None = None,
) -> Reply | str:
    """The reply, or why there is none."""
    return run_with(
        link, script, [link.key("count")], [1], wanted_for=wanted_for, answered=answered
    )


def run_with(
    link: Link,
    script: Script,
    keys: list[str],
    arguments: list[str | int],
    *,
    wanted_for: float = 5.0,
    answered: Callable[[Reply], None] | None = None,
) -> Reply | str:
    """The reply to a request of other keys, or why there is none."""
    got: queue.SimpleQueue[Reply | str] = queue.SimpleQueue()
    asked = Request(
        script,
        keys,
        arguments,
        answered or got.put,
        lambda reason, _: got.put(reason),
        wanted_until=time.monotonic() + wanted_for,
    )
    assert link.send(asked)
    return got.get(timeout=5.0)


def values(link: Link) -> object:
    reply = run(link)
    assert isinstance(reply, Reply), reply
    return reply.values


def test_a_request_gets_its_reply_and_the_servers_time(link: Link) -> None:
    assert values(link) == [1]
    reply = run(link)
    assert isinstance(reply, Reply)
    assert reply.here(int(time.time() * 1e6)) == pytest.approx(time.monotonic(), abs=0.1)


def test_a_server_that_forgot_its_scripts_is_sent_them_again(link: Link, server: Server) -> None:
    assert values(link) == [1]
    server.client().script_flush()
    assert values(link) == [2]


def test_the_keys_of_a_fleet_have_one_hash_tag(link: Link) -> None:
    assert link.key("a", "b") == "irclient:{test}:a:b"


def test_a_connection_that_was_cut_costs_one_reply(link: Link, server: Server) -> None:
    assert values(link) == [1]
    server.client().client_kill_filter(_type="normal", skipme=True)
    assert isinstance(run(link), str)
    assert not link.is_present
    time.sleep(0.11)
    assert values(link) == [2]
    assert link.is_present


def test_what_a_server_that_stood_still_is_left_with_changes_nothing(
    link: Link, server: Server
) -> None:
    assert values(link) == [1]
    server.stand_still()
    began = time.monotonic()
    assert isinstance(run(link), str)
    assert time.monotonic() - began < 0.3
    time.sleep(0.2)
    server.go_on()
    time.sleep(0.1)
    assert values(link) == [2]


def test_nor_does_what_came_first_on_a_connection(server: Server) -> None:
    client = connector(server.url, None, patience=0.1)()
    client.script_load(COUNT.text)
    own = Link(lambda: client, name="test", patience=0.1)
    server.stand_still()
    assert isinstance(run(own), str)
    time.sleep(0.2)
    server.go_on()
    time.sleep(0.1)
    assert values(own) == [1]
    own.close()


def test_a_server_that_is_gone_is_asked_now_and_then(link: Link, server: Server) -> None:
    server.kill()
    assert isinstance(run(link), str)
    began = time.monotonic()
    for _ in range(100):
        assert isinstance(run(link), str)
    assert time.monotonic() - began < 0.5
    server.start()
    time.sleep(0.11)
    assert values(link) == [1]


def test_a_forked_child_has_a_link_of_its_own(link: Link) -> None:
    assert values(link) == [1]
    member = link.member
    child = os.fork()
    if child == 0:  # pragma: no cover  (the child's coverage is not counted)
        try:
            is_good = values(link) == [2] and link.member != member
        except BaseException:  # noqa: BLE001  (it must not go on as a second pytest)
            is_good = False
        os._exit(0 if is_good else 1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert values(link) == [3]


def test_a_link_that_was_let_go_ends_its_thread(server: Server) -> None:
    own = Link(connector(server.url, None, patience=0.1), name="test", patience=0.1)
    values(own)
    before = threading.active_count()
    del own
    deadline = time.monotonic() + 8.0
    while threading.active_count() >= before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert threading.active_count() < before


def test_a_closed_link_takes_no_more(link: Link) -> None:
    link.close()
    assert not link.send(Request(COUNT, ["x"], (1,), lambda _: None, lambda *_: None))


def test_a_client_that_hands_out_text_is_refused_with_the_reason(server: Server) -> None:
    own = Link(server.client, name="test", patience=0.1)
    assert "decode_responses" in str(run(own))
    own.close()
