"""The health of an endpoint: a table of situations, and the rules that move it along."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irclient._core.health import Admission, EndpointHealth
from irclient._core.health_transitions import TRANSITIONS, Happening, State
from irclient.observe import Ejected, Probed, Returned
from irclient.settings import Failover

FAILOVER = Failover(consecutive_failures=3, eject_for=5.0, max_eject_for=30.0, ramp_for=10.0)


def health(settings: Failover = FAILOVER) -> EndpointHealth:
    return EndpointHealth("a/web", settings)


def fail(subject: EndpointHealth, now: float, *, times: int = 1, sent_at: float | None = None):
    changes = ()
    for _ in range(times):
        changes = subject.record(
            now, sent_at=now if sent_at is None else sent_at, ok=False, reason="500 no"
        )
    return changes


def succeed(subject: EndpointHealth, now: float, *, sent_at: float | None = None):
    return subject.record(now, sent_at=now if sent_at is None else sent_at, ok=True, reason="")


def admit(subject: EndpointHealth, now: float) -> Admission:
    return subject.admit(now, probe_for=1.0)


def failing(at: float = 0.0) -> EndpointHealth:
    subject = health()
    fail(subject, at, times=3)
    return subject


def recovering(at: float = 5.0) -> EndpointHealth:
    subject = failing(at - 5.0)
    assert admit(subject, at) is Admission.PROBE
    succeed(subject, at)
    return subject


def test_the_table_is_exactly_the_one_in_the_docs() -> None:
    assert {
        (State.WORKING, Happening.TOO_MANY_FAILURES): State.FAILING,
        (State.FAILING, Happening.EJECTION_OVER): State.RECOVERING,
        (State.RECOVERING, Happening.PROBE_FAILED): State.FAILING,
        (State.RECOVERING, Happening.PROBE_SUCCEEDED): State.RECOVERING,
        (State.RECOVERING, Happening.TOO_MANY_FAILURES): State.FAILING,
        (State.RECOVERING, Happening.FULLY_BACK): State.WORKING,
    } == TRANSITIONS


@pytest.mark.parametrize(
    ("state", "happening"),
    sorted(set(itertools.product(State, Happening)) - set(TRANSITIONS), key=str),
)
def test_what_is_no_transition_changes_nothing(state: State, happening: Happening) -> None:
    subject = health()
    subject._state = state
    assert not subject._move(happening)
    assert subject._state is state


def test_a_new_endpoint_is_working_and_serves() -> None:
    assert admit(health(), 0.0) is Admission.SERVE
    status = health().status(0.0)
    assert (status.state, status.share, status.success_rate, status.calls) == (
        "working", 1.0, None, 0,
    )  # fmt: skip
    assert status.next_probe_after is None
    assert status.reason is None


def test_consecutive_failures_eject_and_say_why() -> None:
    subject = health()
    assert fail(subject, 1.0, times=2) == ()
    changes = fail(subject, 1.0)
    assert changes == (
        Ejected(at=1.0, endpoint="a/web", kind="failed", reason="500 no", eject_for=5.0),
    )
    status = subject.status(2.0)
    assert (status.state, status.share, status.consecutive_failures) == ("failing", 0.0, 3)
    assert (status.next_probe_after, status.reason) == (4.0, "500 no")


def test_a_success_between_failures_starts_the_count_anew() -> None:
    subject = health()
    fail(subject, 0.0, times=2)
    assert succeed(subject, 0.0) == ()
    assert fail(subject, 0.0, times=2) == ()
    assert admit(subject, 0.0) is Admission.SERVE


RATE = Failover(consecutive_failures=100, min_calls=10, min_success_rate=0.8, window=30.0)


def test_a_low_success_rate_ejects_though_no_failures_follow_each_other() -> None:
    subject = health(RATE)
    changes = ()
    for second in range(5):
        assert changes == ()
        succeed(subject, second)
        changes = fail(subject, second)
    assert isinstance(changes[0], Ejected)


def test_the_success_rate_means_nothing_below_min_calls() -> None:
    subject = health(RATE)
    fail(subject, 0.0, times=9)
    assert subject.status(0.0).state == "working"


def test_a_success_rate_at_the_limit_is_good_enough() -> None:
    subject = health(RATE)
    for _ in range(8):
        succeed(subject, 0.0)
    fail(subject, 0.0, times=2)
    assert subject.status(0.0).success_rate == pytest.approx(0.8)
    assert subject.status(0.0).state == "working"
    fail(subject, 0.0)
    assert subject.status(0.0).state == "failing"


def test_the_success_rate_forgets_what_is_older_than_the_window() -> None:
    subject = health(RATE)
    fail(subject, 0.0, times=9)
    for _ in range(5):
        succeed(subject, 31.0)
    fail(subject, 31.0)
    status = subject.status(31.0)
    assert (status.calls, status.state) == (6, "working")


def test_the_window_is_kept_in_a_bounded_number_of_slots() -> None:
    subject = health(RATE)
    for tenth in range(2000):
        succeed(subject, tenth / 10)
    assert len(subject._rate) <= 11
    assert subject.status(200.0).calls == pytest.approx(300, abs=31)


def test_a_failing_endpoint_is_passed_by_until_its_time_is_over() -> None:
    subject = failing()
    assert admit(subject, 4.999) is Admission.PASS_BY
    assert subject.probe_in(4.0) == pytest.approx(1.0)
    assert admit(subject, 5.0) is Admission.PROBE
    assert subject.probe_in(5.0) == 0.0


def test_one_probe_at_a_time() -> None:
    subject = failing()
    admissions = [admit(subject, 5.0) for _ in range(10)]
    assert admissions == [Admission.PROBE] + [Admission.PASS_BY] * 9


def test_a_probe_that_never_ends_makes_way_for_another() -> None:
    subject = failing()
    assert admit(subject, 5.0) is Admission.PROBE
    assert admit(subject, 5.999) is Admission.PASS_BY
    assert admit(subject, 6.0) is Admission.PROBE


def test_a_released_probe_makes_way_at_once() -> None:
    subject = failing()
    assert admit(subject, 5.0) is Admission.PROBE
    subject.release()
    assert admit(subject, 5.0) is Admission.PROBE


def test_failed_probes_double_the_ejection_up_to_its_cap() -> None:
    subject = failing()
    now, times = 0.0, []
    for _ in range(5):
        now += subject.probe_in(now)
        assert admit(subject, now) is Admission.PROBE
        probed, ejected = fail(subject, now)
        assert probed == Probed(at=now, endpoint="a/web", recovered=False)
        times.append(ejected.eject_for)
    assert times == [10.0, 20.0, 30.0, 30.0, 30.0]


def test_an_outage_of_any_length_does_not_overflow_the_doubling() -> None:
    subject, now = failing(), 0.0
    for _ in range(2000):
        now += subject.probe_in(now)
        admit(subject, now)
        fail(subject, now)
    assert subject.probe_in(now) == 30.0


def test_a_successful_probe_starts_the_ramp() -> None:
    subject = failing()
    admit(subject, 5.0)
    assert succeed(subject, 5.0) == (Probed(at=5.0, endpoint="a/web", recovered=True),)
    status = subject.status(5.0)
    assert (status.state, status.share) == ("recovering", 0.1)
    assert status.reason == "500 no"
    assert status.next_probe_after is None


@pytest.mark.parametrize(
    ("after", "share"), [(0.0, 0.1), (1.0, 0.1), (2.5, 0.25), (5.0, 0.5), (9.0, 0.9)]
)
def test_the_share_of_a_recovering_endpoint_grows_with_time(after: float, share: float) -> None:
    subject = recovering(at=5.0)
    assert subject.status(5.0 + after).share == pytest.approx(share)
    served = [admit(subject, 5.0 + after) for _ in range(1000)].count(Admission.SERVE)
    assert served == pytest.approx(1000 * share, abs=2)


def test_the_share_is_spread_evenly() -> None:
    subject = recovering(at=5.0)
    admissions = [admit(subject, 10.0) for _ in range(40)]
    assert set(admissions) == {Admission.SERVE, Admission.HELD_BACK}
    assert all(one is not two for one, two in itertools.pairwise(admissions[2:]))


def test_a_success_at_full_share_ends_the_recovery() -> None:
    subject = recovering(at=5.0)
    assert succeed(subject, 14.9) == ()
    assert succeed(subject, 15.0) == (Returned(at=15.0, endpoint="a/web"),)
    status = subject.status(15.0)
    assert (status.state, status.share, status.reason) == ("working", 1.0, None)


def test_who_has_all_of_its_traffic_back_is_working_though_none_comes_to_it() -> None:
    subject = recovering(at=5.0)
    assert subject.status(14.9).state == "recovering"
    status = subject.status(15.0)
    assert (status.state, status.share, status.reason) == ("working", 1.0, None)


def test_without_a_ramp_a_good_probe_is_a_full_return() -> None:
    subject = health(FAILOVER.model_copy(update={"ramp_for": 0.0}))
    fail(subject, 0.0, times=3)
    admit(subject, 5.0)
    assert [type(each) for each in succeed(subject, 5.0)] == [Probed, Returned]
    assert admit(subject, 5.0) is Admission.SERVE


def test_too_many_failures_during_the_ramp_eject_for_longer() -> None:
    subject = recovering(at=5.0)
    assert fail(subject, 6.0, times=2) == ()
    (ejected,) = fail(subject, 6.0)
    assert ejected.eject_for == 10.0


def test_a_full_return_resets_the_doubling() -> None:
    subject = recovering(at=5.0)
    succeed(subject, 15.0)
    (ejected,) = fail(subject, 16.0, times=3)
    assert ejected.eject_for == 5.0


def test_what_failed_before_the_probe_does_not_count_after_it() -> None:
    subject = health(RATE)
    for second in range(5):
        succeed(subject, second)
        fail(subject, second)
    now = 4.0 + subject.probe_in(4.0)
    admit(subject, now)
    succeed(subject, now)
    assert subject.status(now).success_rate == 1.0
    assert fail(subject, now) == ()


@pytest.mark.parametrize("ok", [True, False])
def test_attempts_from_before_the_ejection_tell_nothing(ok: bool) -> None:
    subject = failing(at=10.0)
    assert subject.record(12.0, sent_at=9.9, ok=ok, reason="late") == ()
    status = subject.status(12.0)
    assert (status.state, status.reason) == ("failing", "500 no")


def test_a_success_while_failing_is_as_good_as_a_probe() -> None:
    subject = failing()
    (probed,) = succeed(subject, 1.0)
    assert probed.recovered
    assert subject.status(1.0).state == "recovering"


def test_another_failure_while_failing_changes_nothing() -> None:
    subject = failing()
    assert fail(subject, 1.0) == ()
    assert subject.probe_in(1.0) == 4.0


def test_an_admission_looks_again_once_it_has_the_lock() -> None:
    # Another thread may have brought the endpoint home between the two looks.
    assert health()._admit(0.0, 1.0) is Admission.SERVE


def test_its_repr_says_how_it_is_doing() -> None:
    assert repr(failing()) == "<EndpointHealth a/web failing, 3 failed in a row>"


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["admit", "ok", "not ok", "stale", "release"]),
        st.floats(0.0, 20.0, allow_nan=False),
    ),
    max_size=60,
)


@given(STEPS)
def test_whatever_happens_the_state_is_legal_and_the_records_tell_of_it(steps) -> None:
    subject, now = health(), 0.0
    state = "working"
    for what, passes in steps:
        now += passes
        changes = ()
        if what == "admit":
            admission = admit(subject, now)
            assert (admission is Admission.SERVE) or state != "working"
        elif what == "release":
            subject.release()
        else:
            sent_at = now - 15.0 if what == "stale" else now
            changes = subject.record(now, sent_at=sent_at, ok=what == "ok", reason="no")
        status = subject.status(now)
        ejected = any(isinstance(each, Ejected) for each in changes)
        returned = any(isinstance(each, Returned) for each in changes)
        assert ejected <= (status.state == "failing")
        assert (status.state == "failing") <= (ejected or state == "failing")
        assert returned <= (status.state == "working")
        assert 0.0 <= status.share <= 1.0
        assert (status.share == 0.0) >= (status.state == "failing")
        # But for what is rounded when an instant is made of a length of time, and that again of it.
        assert 0.0 <= (status.next_probe_after or 0.0) <= FAILOVER.max_eject_for + 1e-9
        state = status.state


@pytest.mark.parametrize(("draw", "eject_for"), [(0.0, 4.0), (0.5, 5.0), (1.0, 6.0)])
def test_a_fleet_does_not_come_back_all_at_once(draw, eject_for) -> None:
    settings = Failover(consecutive_failures=1, eject_for=5.0)
    subject = EndpointHealth("a/web", settings, uniform=lambda: draw)
    (ejected,) = subject.record(10.0, sent_at=10.0, ok=False, reason="down")
    assert ejected.eject_for == pytest.approx(eject_for)
    assert subject.probe_in(10.0) == pytest.approx(eject_for)
