"""What a server refuses, or says otherwise than it should, and what follows from it."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Self

import pytest

from irclient import ServiceEndpoint
from irclient.fleet import RedisFleet
from irclient.fleet.connecting import connector
from irclient.fleet.link import Link, Reply
from irclient.fleet.port import Port
from irclient.fleet.scripts import Script
from tests.fleet.processes import until
from tests.fleet.test_link import COUNT, run, values
from tests.fleet.virtual_fleet import member_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from irclient.observe import Record
    from tests.fleet.servers import Server

AT = ServiceEndpoint("a", "web", tps=100, url="http://127.0.0.1:1")
#: Its first write takes memory.
KEEP = Script("return {now, redis.call('SET', KEYS[1], ARGV[2])}")


def fill(server: Server, _: str) -> None:
    server.client().config_set("maxmemory", "1mb")


def put_something_else_there(server: Server, key: str) -> None:
    server.client().lpush(key, "a")


def take_a_right_away(server: Server, _: str) -> None:
    server.client().acl_setuser(
        "default", enabled=True, nopass=True, keys=["*"], commands=["+@all", "-set", "-incrby"]
    )


@pytest.mark.parametrize(
    ("script", "trouble", "words"),
    [
        (KEEP, fill, "maxmemory"),
        (COUNT, put_something_else_there, "WRONGTYPE"),
        (COUNT, take_a_right_away, "no permissions"),
    ],
    ids=["no memory left", "another type", "a right that is missing"],
)
def test_a_script_that_is_refused_costs_no_other_its_answer(
    link: Link, server: Server, script: Script, trouble: Callable[[Server, str], None], words: str
) -> None:
    well = Script("return {now, 'well'}")
    assert isinstance(run(link, well), Reply)
    trouble(server, link.key("count"))
    connections = server.client().info()["total_connections_received"]
    for _ in range(5):
        refused = run(link, script)
        assert isinstance(refused, str)
        assert words in refused
        assert link.is_present
        assert isinstance(run(link, well), Reply)
    # One is the test's own.
    assert server.client().info()["total_connections_received"] == connections + 1


def test_what_may_not_be_forgotten_is_tried_ten_times_in_a_second_not_more(server: Server) -> None:
    with RedisFleet(server.url, name="test", workers=2) as fleet:
        memory = fleet.shared_memory({"": "a"})
        memory.forget_user("first")
        until(lambda: not fleet.stats().to_forget)
        server.client().delete("irclient:{test}:forgotten")
        server.client().set("irclient:{test}:forgotten", "a string")
        memory.forget_user("second")
        lost, began_at = fleet.stats().lost, time.monotonic()
        until(lambda: fleet.stats().lost >= lost + 4)
        assert time.monotonic() - began_at >= 0.29
        server.client().delete("irclient:{test}:forgotten")
        until(lambda: not fleet.stats().to_forget)


def test_what_was_to_be_sent_before_the_connection_was_there_is_not_sent(server: Server) -> None:
    make = connector(server.url, None, patience=0.1)

    def connect() -> object:
        time.sleep(0.3)  # As a name service that hangs.
        return make()

    own = Link(connect, name="test", patience=0.1)
    assert run(own, wanted_for=0.1) == "it was given up before it was sent"
    assert own.is_present
    # The connection is there now.
    assert values(own) == [1]
    own.close()


def test_a_message_of_what_a_process_started_is_sent_at_once_or_not_at_all(link: Link) -> None:
    member, now = member_of(), 5.0
    member.reserve(now, not_after=now)
    request = Port(member, name="endpoint").next_request(link, now)
    assert request is not None
    assert request.wanted_until <= now + 0.1


def test_an_answer_that_cannot_be_read_is_none(link: Link) -> None:
    assert values(link) == [1]

    def answered(_: Reply) -> None:
        raise ValueError("invalid literal for int()")

    assert "invalid literal" in str(run(link, answered=answered))
    until(lambda: not link.is_present)
    time.sleep(0.11)
    assert values(link) == [3]


class Echo:
    """A server that knows no command, and repeats what it was sent, as Redis does."""

    def __enter__(self) -> Self:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.sent = b""
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                with connection:
                    sent = connection.recv(4096)
                    self.sent += sent
                    words = sent.split(b"\r\n")[2::2]
                    told = b", ".join(b"`%b`" % each for each in words[1:])
                    connection.sendall(
                        b"-ERR unknown command `%b`, with args beginning with: %b, \r\n"
                        % (words[0], told)
                    )


def test_a_password_that_the_server_repeats_is_in_no_record_and_no_report() -> None:
    told: list[Record] = []
    with (
        Echo() as echo,
        RedisFleet(f"redis://shop:hunter2@127.0.0.1:{echo.port}", name="test", workers=2) as fleet,
    ):
        fleet.join(told)
        allowance = fleet.allowance(AT, adaptive=True)
        now = time.monotonic()
        allowance.reserve(now, not_after=now + 1.0)
        until(lambda: bool(told))
        report = fleet.examine()
        assert b"hunter2" in echo.sent
    for each in (*told, report):
        assert "unknown command" in repr(each)
        assert "hunter2" not in repr(each)
