"""Several real processes that share one memory and one knowledge of health."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from benchmarks.promise.accounts import WELL, accounts, after
from benchmarks.promise.service import Behaviour
from tests.fleet.processes import until
from tests.fleet.told import fleet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.promise.accounts import Accounts
    from tests.fleet.servers import Server

FAILING = Behaviour(status=503, body="error")


@pytest.fixture(scope="module")
def service() -> Iterator[Accounts]:
    with accounts() as both:
        yield both


def asked(service: Accounts, account: str = "a") -> int:
    return len(service.arrivals(account))


@pytest.mark.timing
def test_a_hot_list_costs_one_request_in_each_time_that_it_is_fresh(
    server: Server, service: Accounts
) -> None:
    with fleet(server, service, 4, fresh_for=1.0) as members:
        for member in members:
            member.ask(first=7)  # It takes a moment to connect, on a busy machine.
        asked(service)
        service.behave("a", after(0.06))
        at = time.monotonic() + 0.3
        for member in members:
            member.begin("hammer", threads=8, seconds=4.0, at=at)
        told = [member.end() for member in members]
        assert asked(service) + asked(service, "b") <= 5
        assert set().union(*told) == {"service", "cache", "stale"}


def test_what_one_process_asked_for_another_recalls_and_forgets_when_told(
    server: Server, service: Accounts
) -> None:
    with fleet(server, service, 2) as (one, other):
        for member in (one, other):
            member.ask(first=7)  # It takes a moment to connect, on a busy machine.
        asked(service)
        assert one.ask(user="u1") == ["service"]
        assert one.ask(first=1) == ["service"]
        assert other.ask(user="u1") == ["cache"]
        assert other.ask(first=1) == ["cache"]
        one.do("forget_user", user="u1")
        time.sleep(1.0)
        assert asked(service) == 2
        assert other.ask(user="u1") == ["service"]
        assert one.ask(user="u1") == ["cache"]
        assert other.ask(first=1) == ["cache"]
        one.do("forget_item", item="1")
        time.sleep(1.0)
        assert other.ask(first=1) == ["service"]
        other.do("clear")
        time.sleep(1.0)
        assert one.ask(user="u1") == ["service"]


def test_a_process_that_is_killed_while_it_asks_passes_its_claim_on(
    server: Server, service: Accounts
) -> None:
    with fleet(server, service, 2) as (one, other):
        service.behave("a", after(0.3))
        one.begin("ask")
        until(lambda: server.client().keys("*:c:*"))
        one.process.kill()
        ((source, _, took),) = other.do("ask")
        assert source == "service"
        assert 0.3 < took < 2.5


def test_an_ejection_that_several_saw_is_everybodys(server: Server, service: Accounts) -> None:
    with fleet(server, service, 4) as members:
        for member in members:
            member.ask(times=2, first=1000)
        service.behave("a", FAILING)
        one, second, *others = members
        one.ask(times=8, first=100)
        second.ask(times=8, first=200)
        assert one.do("states")[0] == second.do("states")[0] == "failing"
        asked(service)
        time.sleep(1.2)
        sources = [
            source
            for number, member in enumerate(others)
            for source in member.ask(times=15, first=300 + 100 * number)
        ]
        assert sources == ["service"] * 30
        assert asked(service) <= 5


def test_one_process_that_cannot_reach_an_account_takes_it_from_no_other(
    server: Server, service: Accounts
) -> None:
    with fleet(server, service, 3) as (broken, *others):
        for member in others:
            member.ask(times=2, first=1000)
        service.behave("a", FAILING)
        broken.ask(times=8)
        service.behave("a", WELL)
        time.sleep(1.2)
        assert broken.do("states")[0] == "failing"
        for number, member in enumerate(others):
            told = member.do("ask", times=10, first=100 + 100 * number)
            assert [endpoint for _, endpoint, _ in told] == ["a/web"] * 10


def test_a_fleet_comes_back_to_an_account_by_one_probe(server: Server, service: Accounts) -> None:
    with fleet(server, service, 4) as members:
        for member in members:
            member.ask(times=2, first=1000)
        service.behave("a", FAILING)
        for number, member in enumerate(members[:2]):
            member.ask(times=8, first=100 * number)
        until(lambda: all(each.do("states")[0] == "failing" for each in members))
        service.behave("a", WELL)
        asked(service)
        first = 10_000
        states = list[str]()
        give_up_at = time.monotonic() + 9.0
        # Each goes on asking the other account; the first whose time has come probes.
        while "failing" in states or not states:
            assert time.monotonic() < give_up_at
            first += 100
            for number, member in enumerate(members):
                member.ask(first=first + number)
            states = [each.do("states")[0] for each in members]
        assert set(states) <= {"recovering", "working"}
        came = [each.target for each in service.arrivals("a")]
        assert came[0].endswith("popular?count=1")
        assert sum(each.endswith("popular?count=1") for each in came) == 1


def test_a_server_that_cannot_be_reached_costs_the_first_answer_little(
    server: Server, service: Accounts
) -> None:
    took = dict[str, float]()
    for weather in ("well", "refused", "stands still"):
        if weather == "refused":
            server.kill()
        elif weather == "stands still":
            server.start()
            server.stand_still()
        with fleet(server, service, 1) as (one,):
            ((source, _, took[weather]),) = one.do("ask", first=len(took))
            assert source == "service"
    server.go_on()
    assert took["refused"] <= took["well"] + 0.2
    assert took["stands still"] <= took["well"] + 0.2
