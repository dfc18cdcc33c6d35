"""What a client of a fleet says of it: its figures, its health, its readiness, its warm-up."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from benchmarks.promise.accounts import accounts
from irclient import IRClient, StaticToken
from irclient.fleet import RedisFleet
from irclient.observe import FleetJoined, FleetLost, FleetReturned, Record
from irclient.settings import Settings, Throttling
from tests.fleet.servers import free_port
from tests.fleet.test_weathers import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fleet.servers import Server

SETTINGS = Settings(throttling=Throttling(max_wait=2.0))


@contextmanager
def client_of(url: str, *, records: list[Record] | None = None) -> Iterator[IRClient]:
    with (
        accounts("a") as service,
        RedisFleet(url, name="test", workers=2) as fleet,
        IRClient(
            service.endpoint("a", tps=100),
            credential=StaticToken("t"),
            settings=SETTINGS,
            fleet=fleet,
            observers=[] if records is None else [records.append],
        ) as client,
    ):
        yield client


def test_the_figures_of_a_client_have_those_of_its_fleet(server: Server) -> None:
    with client_of(server.url) as client:
        for number in range(5):
            client.similar(str(number))
        # Answers are kept soon, not at once.
        until(lambda: client.stats().fleet.lent > 0 and client.stats().fleet.memory_kept == 5)
        figures = client.stats().fleet
        assert figures.messages >= 1
        assert figures.slots >= figures.given_back
        assert figures.memory_misses == 5
        assert figures.alone_for == 0.0
        assert "memory_misses: 5" in client.stats()._repr_html_()
        server.kill()
        until(lambda: client.stats().fleet.lost > 0)
        time.sleep(0.2)
        assert client.stats().fleet.alone_for >= 0.2


def test_a_client_without_a_fleet_has_no_figures_of_one() -> None:
    with (
        accounts("a") as service,
        IRClient(service.endpoint("a"), credential=StaticToken("t")) as client,
    ):
        assert client.stats().fleet is None
        assert "fleet" not in client.stats()._repr_html_()


def test_a_client_that_has_warmed_up_has_joined(server: Server) -> None:
    with client_of(server.url) as client:
        assert client.health()["a"].allowance.mode == "joining"
        assert client.warm_up()
        assert client.health()["a"].allowance.mode == "shared"
        assert client.health()["a"].allowance.members == 1


def test_a_client_is_ready_though_the_server_is_away() -> None:
    with client_of(f"redis://127.0.0.1:{free_port()}/0") as client:
        began_at = time.monotonic()
        assert client.warm_up(strict=True)
        assert time.monotonic() - began_at < 1.5
        assert client.readiness()
        assert client.health()["a"].allowance.mode == "alone"


def test_a_client_stays_ready_while_the_server_is_killed_and_its_observers_are_told(
    server: Server,
) -> None:
    records = list[Record]()
    with client_of(server.url, records=records) as client:
        client.warm_up()
        server.kill()
        until(lambda: client.health()["a"].allowance.mode == "alone")
        assert client.readiness()
        server.start()
        until(lambda: client.health()["a"].allowance.mode == "shared")
        assert client.readiness()
        client.similar("1")
        kinds = [type(each) for each in records]
        told = [each for each in kinds if each in {FleetJoined, FleetLost, FleetReturned}]
        assert told[:3] == [FleetJoined, FleetLost, FleetReturned]
        [lost] = [each for each in records if isinstance(each, FleetLost)][:1]
        assert lost.reason
        assert lost.limit > 0
