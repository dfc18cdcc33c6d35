"""What a process makes of what its fleet says of an endpoint, and what it tells."""

from __future__ import annotations

import pytest

from irclient._core.health import Admission, EndpointHealth
from irclient._core.shared_health import EndpointNews, event_of, hear
from irclient.observe import Ejected, Probed, Returned
from irclient.settings import Failover

SETTINGS = Failover(consecutive_failures=5, eject_for=5.0, ramp_for=10.0)


def subject() -> EndpointHealth:
    return EndpointHealth("contoso-a/web", SETTINGS)


def fail(health: EndpointHealth, now: float) -> tuple[object, ...]:
    return health.record(now, sent_at=now - 0.01, ok=False, reason="503")


def state(health: EndpointHealth, now: float) -> str:
    return health.status(now).state


DOUBTED = EndpointNews(others=1, is_doubted=True)
EJECTED = EndpointNews(number=1, kind="ejected", others=2)


def test_an_endpoint_in_doubt_is_ejected_at_one_failure() -> None:
    health = subject()
    assert hear(health, DOUBTED, None, 100.0) == ()
    assert state(health, 100.0) == "working"
    (record,) = fail(health, 101.0)
    assert isinstance(record, Ejected)


def test_a_doubt_ends_with_what_is_heard_next_or_soon_after_nothing_is() -> None:
    health = subject()
    hear(health, DOUBTED, None, 100.0)
    assert fail(health, 101.6) == ()
    hear(health, DOUBTED, DOUBTED, 102.0)
    hear(health, EndpointNews(), DOUBTED, 102.4)
    assert fail(health, 102.5) == ()


def test_an_endpoint_that_the_fleet_ejects_is_ejected_without_a_failure() -> None:
    health = subject()
    (record,) = hear(health, EJECTED, EndpointNews(), 100.0)
    assert record == Ejected(
        at=100.0,
        endpoint="contoso-a/web",
        kind="found elsewhere",
        reason="2 other members of the fleet find it failing",
        eject_for=5.0,
    )
    assert health.admit(104.9, probe_for=1.0) is Admission.PASS_BY
    assert health.admit(105.0, probe_for=1.0) is Admission.PROBE


def test_who_has_ejected_it_already_does_not_eject_it_again() -> None:
    health = subject()
    for _ in range(5):
        fail(health, 100.0)
    assert hear(health, EJECTED, EndpointNews(), 103.0) == ()
    assert health.admit(105.0, probe_for=1.0) is Admission.PROBE


def test_what_was_said_before_changes_nothing_a_second_time() -> None:
    health = subject()
    hear(health, EJECTED, EndpointNews(), 100.0)
    hear(health, EndpointNews(number=2, kind="recovered"), EJECTED, 105.0)
    assert state(health, 105.0) == "recovering"
    recovered = EndpointNews(number=2, kind="recovered")
    assert hear(health, recovered, recovered, 105.4) == ()


def test_a_process_acts_on_its_own_change_once_only() -> None:
    health = subject()
    own = EndpointNews(number=1, kind="ejected", is_own=True, others=1)
    assert hear(health, own, EndpointNews(), 100.0) == ()
    assert state(health, 100.0) == "working"


def test_a_process_that_starts_in_an_outage_ejects_what_the_fleet_ejects() -> None:
    health = subject()
    assert hear(health, EJECTED, None, 100.0)
    late = subject()
    assert hear(late, EndpointNews(number=7, kind="failed", others=2), None, 100.0)
    well = subject()
    assert hear(well, EndpointNews(number=8, kind="recovered"), None, 100.0) == ()


def test_anothers_probe_that_failed_puts_the_own_one_off() -> None:
    health = subject()
    hear(health, EJECTED, EndpointNews(), 100.0)
    records = hear(health, EndpointNews(number=2, kind="failed", others=2), EJECTED, 104.0)
    assert [type(each) for each in records] == [Ejected]
    assert health.admit(113.9, probe_for=1.0) is Admission.PASS_BY
    assert health.admit(114.0, probe_for=1.0) is Admission.PROBE


def test_anothers_probe_that_succeeded_begins_the_return() -> None:
    health = subject()
    hear(health, EJECTED, EndpointNews(), 100.0)
    records = hear(health, EndpointNews(number=2, kind="recovered"), EJECTED, 104.0)
    assert records == (Probed(at=104.0, endpoint="contoso-a/web", recovered=True),)
    admitted = [health.admit(104.0 + at / 1000, probe_for=1.0) for at in range(100)]
    assert 5 <= admitted.count(Admission.SERVE) <= 15
    assert not health.is_known_to_fail


def test_a_return_that_was_begun_is_not_begun_anew() -> None:
    health = subject()
    hear(health, EJECTED, EndpointNews(), 100.0)
    hear(health, EndpointNews(number=2, kind="recovered"), EJECTED, 104.0)
    before = health.status(112.0).share
    assert hear(health, EndpointNews(number=3, kind="recovered"), EJECTED, 112.0) == ()
    assert health.status(112.0).share == before


def test_a_server_that_lost_its_memory_does_not_end_an_ejection() -> None:
    health = subject()
    hear(health, EJECTED, EndpointNews(), 100.0)
    assert hear(health, EndpointNews(), EJECTED, 101.0) == ()
    assert state(health, 101.0) == "failing"


@pytest.mark.parametrize(
    ("records", "event"),
    [
        ([], ""),
        ([Returned(at=1.0, endpoint="a")], ""),
        ([Ejected(at=1.0, endpoint="a", kind="failed", reason="r", eject_for=5.0)], "ejected"),
        (
            [
                Probed(at=1.0, endpoint="a", recovered=False),
                Ejected(at=1.0, endpoint="a", kind="failed", reason="r", eject_for=5.0),
            ],
            "failed",
        ),
        ([Probed(at=1.0, endpoint="a", recovered=True)], "recovered"),
    ],
)
def test_what_there_is_to_tell(records: list[Ejected | Probed | Returned], event: str) -> None:
    assert event_of(records) == event
