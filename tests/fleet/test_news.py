"""The health of endpoints that a fleet shares, over a real server."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from irclient._core.health import Admission, EndpointHealth
from irclient.settings import Failover
from tests.fleet.processes import Process, until, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from irclient.observe import Record
    from tests.fleet.servers import Server

URL = "https://contoso-a-web.example"
SETTINGS = Failover(consecutive_failures=5, eject_for=1.0, ramp_for=10.0)


class Member:
    """A process, and what it knows of one endpoint."""

    def __init__(self, server: Server) -> None:
        self.process = Process(server, patience=0.1)
        self.health = EndpointHealth("contoso-a/web", SETTINGS)
        self.untold: list[Record] = []
        self.process.news.join(URL, self.health, self.untold)

    def ask(self, *, ok: bool) -> None:
        now, news = time.monotonic(), self.process.news
        news.asked(URL)
        news.changed(URL, self.health.record(now, sent_at=now, ok=ok, reason="503"))

    @property
    def state(self) -> str:
        return self.health.status(time.monotonic()).state


@contextmanager
def members(server: Server, count: int) -> Iterator[list[Member]]:
    made = [Member(server) for _ in range(count)]
    for each in made:
        each.ask(ok=True)
    time.sleep(0.5)
    try:
        yield made
    finally:
        for each in made:
            each.process.close()


def eject(member: Member) -> None:
    for _ in range(5):
        member.ask(ok=False)
    assert member.state == "failing"


def test_one_workers_word_takes_an_endpoint_from_no_other(server: Server) -> None:
    with members(server, 4) as (one, *others):
        eject(one)
        time.sleep(0.9)
        assert [each.state for each in others] == ["working"] * 3
        assert not any(each.untold for each in others)


def test_others_eject_at_their_next_failure_and_then_all_do(server: Server) -> None:
    with members(server, 4) as (one, second, *others):
        eject(one)
        time.sleep(0.5)
        second.ask(ok=False)
        assert second.state == "failing"
        heard_at = time.monotonic()
        until(lambda: all(each.state == "failing" for each in others))
        assert time.monotonic() - heard_at < 0.8
        assert all(type(each.untold[-1]).__name__ == "Ejected" for each in others)


def test_two_of_many_are_not_enough(server: Server) -> None:
    with members(server, 11) as (one, second, *others):
        eject(one)
        eject(second)
        time.sleep(0.9)
        assert [each.state for each in others] == ["working"] * 9
        eject(others[0])
        until(lambda: all(each.state == "failing" for each in others))


def test_a_doubt_passes(server: Server) -> None:
    with members(server, 4) as (one, second, *_):
        eject(one)
        time.sleep(0.5)
        server.client().hset(
            next(iter(server.client().keys("*:state"))), "doubted", int((time.time() - 6.0) * 1e6)
        )
        time.sleep(0.5)
        second.ask(ok=False)
        assert second.state == "working"


def test_one_probes_for_all_and_its_success_starts_everybodys_return(server: Server) -> None:
    with members(server, 4) as all_of_them:
        one, second, *_ = all_of_them
        eject(one)
        eject(second)
        until(lambda: all(each.state == "failing" for each in all_of_them))
        claims = [each.process.news.claim_probe(URL, claim_for=1.0) for each in all_of_them]
        for claim in claims:
            assert claim is not None
            wait_for(claim)
        assert [claim.is_granted for claim in claims if claim is not None].count(True) == 1
        time.sleep(1.2)
        prober = all_of_them[
            next(at for at, claim in enumerate(claims) if claim is not None and claim.is_granted)
        ]
        assert prober.health.admit(time.monotonic(), probe_for=1.0) is Admission.PROBE
        prober.ask(ok=True)
        until(lambda: all(each.state == "recovering" for each in all_of_them), within=1.0)
        assert not any(each.health.is_known_to_fail for each in all_of_them)


def test_a_probe_that_failed_puts_off_the_others(server: Server) -> None:
    with members(server, 3) as all_of_them:
        one, second, third = all_of_them
        eject(one)
        eject(second)
        until(lambda: third.state == "failing")
        time.sleep(1.05)
        assert one.health.admit(time.monotonic(), probe_for=1.0) is Admission.PROBE
        one.ask(ok=False)
        until(lambda: third.health.probe_in(time.monotonic()) > 1.2, within=1.0)
        claim = third.process.news.claim_probe(URL, claim_for=1.0)
        assert claim is not None
        wait_for(claim)
        assert not claim.is_granted


def test_a_broken_workers_probe_puts_off_no_other(server: Server) -> None:
    with members(server, 3) as (broken, second, third):
        eject(broken)
        time.sleep(1.05)
        assert broken.health.admit(time.monotonic(), probe_for=1.0) is Admission.PROBE
        broken.ask(ok=False)
        time.sleep(0.6)
        assert [second.state, third.state] == ["working", "working"]


def test_without_a_server_each_probes_for_itself(server: Server) -> None:
    with members(server, 2) as (one, _):
        server.kill()
        until(lambda: not one.process.link.is_present)
        assert one.process.news.claim_probe(URL, claim_for=1.0) is None


def test_a_server_that_stands_still_lets_a_probe_go_on(server: Server) -> None:
    with members(server, 2) as (one, _):
        server.stand_still()
        claim = one.process.news.claim_probe(URL, claim_for=1.0)
        assert claim is not None
        wait_for(claim)
        assert claim.is_granted
        server.go_on()


def test_an_ejection_is_told_when_the_server_is_back(server: Server) -> None:
    with members(server, 3) as (one, second, third):
        server.stand_still()
        eject(one)
        eject(second)
        time.sleep(0.3)
        assert third.state == "working"
        server.go_on()
        until(lambda: third.state == "failing", within=2.0)


def test_all_that_is_known_of_endpoints_expires(server: Server) -> None:
    with members(server, 2) as (one, second):
        eject(one)
        eject(second)
        client = server.client()
        until(lambda: len(client.keys("*:health:*")) == 3)
        for name in client.keys("*:health:*"):
            assert 0 < client.pttl(name) <= 90_000


def test_no_address_is_in_clear_on_the_server(server: Server) -> None:
    with members(server, 2) as (one, second):
        eject(one)
        eject(second)
        time.sleep(0.2)
        assert not [each for each in server.client().keys("*") if "contoso" in each]


@pytest.mark.parametrize("rounds", [3])
def test_a_server_that_forgets_everything_is_heard_anew(server: Server, rounds: int) -> None:
    with members(server, 2) as (one, second):
        for _ in range(rounds):
            server.client().flushall()
            time.sleep(0.1)
        eject(one)
        time.sleep(0.5)
        second.ask(ok=False)
        assert second.state == "failing"
