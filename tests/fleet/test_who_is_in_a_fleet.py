"""What a process says when others are in its fleet that it was not told of, or are not."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from prometheus_client import CollectorRegistry

from irclient import IRClient, ServiceEndpoint, StaticToken
from irclient._drivers.observing import tell
from irclient.cli.doctor.finding import Verdict
from irclient.cli.doctor.fleet import examine_fleet
from irclient.fleet import RedisFleet
from irclient.fleet.members import Members
from irclient.fleet.told_tps import ToldTps
from irclient.integrations.prometheus import PrometheusObserver
from irclient.observe import TpsUsedElsewhere
from irclient.testing import ScriptedService
from tests.fleet.processes import until
from tests.fleet.servers import free_port

if TYPE_CHECKING:
    from tests.fleet.servers import Server

AT = ServiceEndpoint("a", "web", tps=100)


def client_in(fleet: RedisFleet, **options: object) -> IRClient:
    return IRClient(
        AT, credential=StaticToken("t"), fleet=fleet, transport=ScriptedService(), **options
    )


def test_more_members_than_workers_are_warned_of_once_and_only_if_it_lasts(
    caplog: pytest.LogCaptureFixture,
) -> None:
    members = Members("shop", 2)
    for now, present in ((0.0, 3), (9.0, 3), (9.5, 2), (10.0, 3), (19.9, 3)):
        members.hear(present, now)
    assert caplog.text == ""
    for now in (20.0, 21.0, 50.0):
        members.hear(3, now)
    [said] = caplog.messages
    assert "'shop' has 3 processes, and workers says 2" in said


def test_a_fleet_hears_how_many_members_it_has(
    server: Server, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("irclient.fleet.members._LASTS_FOR", 0.0)
    with ExitStack() as stack:
        for _ in range(2):
            fleet = stack.enter_context(RedisFleet(server.url, name="shop", workers=1))
            stack.enter_context(client_in(fleet)).warm_up()
        until(lambda: "has 2 processes, and workers says 1" in caplog.text)


def test_the_doctor_compares_members_with_workers(server: Server) -> None:
    with ExitStack() as stack:
        for _ in range(3):
            fleet = stack.enter_context(RedisFleet(server.url, name="shop", workers=2))
            stack.enter_context(client_in(fleet)).warm_up()
        *_, finding = examine_fleet(fleet, [AT])
        assert finding.verdict is Verdict.WARNING
        assert finding.saw == "3 processes heard, workers says 2"
        right = RedisFleet(server.url, name="shop", workers=3)
        assert "workers says" not in " ".join(each.saw for each in examine_fleet(right, [AT]))


def test_the_doctor_compares_the_tps_of_all_processes_with_its_own(server: Server) -> None:
    with ExitStack() as stack:
        for tps in (100, 60):
            endpoint = ServiceEndpoint("a", "web", tps=tps)
            fleet = stack.enter_context(RedisFleet(server.url, name="shop", workers=2))
            credential, transport = StaticToken("t"), ScriptedService()
            stack.enter_context(
                IRClient(endpoint, credential=credential, fleet=fleet, transport=transport)
            ).warm_up()
        *_, finding = examine_fleet(fleet, [AT])
        assert finding.verdict is Verdict.WARNING
        assert finding.saw == (
            "a/web has a tps of 100 here, and processes of the fleet have one of 60"
        )
        *_, finding = examine_fleet(fleet, [ServiceEndpoint("a", "web", tps=80)])
        assert finding.saw.endswith("have one of 60 and 100")


def test_the_doctor_says_nothing_of_a_tps_that_all_processes_have(server: Server) -> None:
    with RedisFleet(server.url, name="shop", workers=2) as fleet:
        assert "tps" not in " ".join(each.saw for each in examine_fleet(fleet, [AT]))
        with client_in(fleet) as client:
            client.warm_up()
            assert "tps" not in " ".join(each.saw for each in examine_fleet(fleet, [AT]))


def test_another_tps_for_the_same_endpoint_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    fleet = RedisFleet(f"redis://127.0.0.1:{free_port()}/0", name="shop", workers=1)
    fleet.allowance(AT, adaptive=True)
    fleet.allowance(AT, adaptive=True)
    assert caplog.messages == []
    fleet.allowance(ServiceEndpoint("a", "web", tps=60), adaptive=True)
    [said] = caplog.messages
    assert "a tps of 100 in one client of fleet 'shop' and of 60 in another" in said


def test_another_tps_of_another_process_is_warned_of_once_and_only_if_it_lasts(
    caplog: pytest.LogCaptureFixture,
) -> None:
    told = ToldTps("shop", "a/web", 100)
    # A deployment that lowered it, and a day later another one.
    for now, tps in ((0.0, 60), (5.0, 100), (9.9, 60), (86_400.0, 80), (86_401.0, 100)):
        told.hear(tps, now)
    assert caplog.text == ""
    for now in range(90_000, 90_030, 3):
        told.hear(100 if now % 2 else 60, float(now))
    [said] = caplog.messages
    assert "a/web has a tps of 100 in this process and of 60 in another one of fleet 'shop'" in said


def test_a_fleet_hears_of_another_tps(
    server: Server, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("irclient.fleet.told_tps._LASTS_FOR", 0.0)
    with ExitStack() as stack:
        for tps in (100, 60):
            fleet = stack.enter_context(RedisFleet(server.url, name="shop", workers=2))
            endpoint = ServiceEndpoint("a", "web", tps=tps)
            stack.enter_context(
                IRClient(
                    endpoint, credential=StaticToken("t"), fleet=fleet, transport=ScriptedService()
                )
            ).warm_up()
        until(lambda: "a tps of 100 in this process and of 60 in another" in caplog.text)
        until(lambda: "a tps of 60 in this process and of 100 in another" in caplog.text)


@pytest.mark.parametrize(("members", "said"), [(None, "Give each its share"), (4, "fleet name")])
def test_a_429_has_the_advice_for_a_fleet_inside_one(
    caplog: pytest.LogCaptureFixture, members: int | None, said: str
) -> None:
    tell([], TpsUsedElsewhere(at=0, endpoint="a/web", used=5, allowed=100, members=members))
    assert said in caplog.text
    assert ("share=" in caplog.text) is (members is None)


def test_what_a_closed_fleet_could_not_have_forgotten_is_counted_and_logged(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    fleet = RedisFleet(server.url, name="shop", workers=1)
    with client_in(fleet) as client:
        client.warm_up()
        client.cache.forget_user("told")
        until(lambda: fleet.stats().to_forget == 0)
        server.kill()
        for user in ("ann", "bob"):
            client.cache.forget_user(user)
        with caplog.at_level(logging.WARNING, logger="irclient"):
            fleet.close()
    assert fleet.stats().to_forget == 2
    [said] = [each for each in caplog.messages if "to forget" in each]
    assert "2 things" in said
    assert "ann" not in said


def test_no_more_messages_are_lost_than_there_were() -> None:
    with RedisFleet(f"redis://127.0.0.1:{free_port()}/0", name="shop", workers=1) as fleet:
        with client_in(fleet) as client:
            client.similar("1")
        assert 0 < fleet.stats().lost <= fleet.stats().messages


def test_gauges_tell_the_mode_and_the_members_of_a_fleet(server: Server) -> None:
    registry = CollectorRegistry()
    observer = PrometheusObserver(registry=registry)
    mode, at = "irclient_fleet_mode", {"irclient_endpoint": "a/web"}
    with (
        RedisFleet(server.url, name="shop", workers=1) as fleet,
        client_in(fleet, observers=[observer]) as client,
    ):
        client.warm_up()
        client.similar("1")
        value = registry.get_sample_value
        assert value(mode, at | {"irclient_mode": "shared"}) == 1
        assert value("irclient_fleet_members", at) == 1
        server.kill()
        until(lambda: value(mode, at | {"irclient_mode": "alone"}) == 1)
        assert value(mode, at | {"irclient_mode": "shared"}) == 0


def test_a_client_without_a_fleet_has_no_gauges_of_one() -> None:
    registry = CollectorRegistry()
    with IRClient(
        AT,
        credential=StaticToken("t"),
        transport=ScriptedService(),
        observers=[PrometheusObserver(registry=registry)],
    ) as client:
        client.similar("1")
        at = {"irclient_endpoint": "a/web"}
        assert registry.get_sample_value("irclient_endpoint_share", at) == 1
        assert registry.get_sample_value("irclient_fleet_members", at) is None
