"""Counting requests in exact one-second windows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irclient.emulator.http.arrivals import RateWindow, Traffic


def test_a_window_takes_its_rate_and_no_more():
    window = RateWindow(3)
    assert [window.accept(now) for now in (0.0, 0.1, 0.2, 0.3, 0.999)] == [True] * 3 + [False] * 2


def test_a_slot_is_free_again_exactly_one_second_later():
    window = RateWindow(1)
    assert window.accept(5.0)
    assert not window.accept(5.999_999)
    assert window.accept(6.0)


def test_a_refused_request_takes_no_room():
    window = RateWindow(1)
    assert window.accept(0.0)
    assert not any(window.accept(now / 100) for now in range(1, 100))
    assert window.accept(1.0)


def test_a_rate_below_one_a_second_has_a_longer_window():
    window = RateWindow(0.5)
    assert [window.accept(now) for now in (0.0, 1.5, 2.0)] == [True, False, True]


@pytest.mark.parametrize(
    ("rate", "in_four_seconds"), [(0.5, 2), (1.5, 6), (1.9, 8), (2.5, 10), (9.9, 40)]
)
def test_a_fraction_is_used_up_and_never_exceeded(rate, in_four_seconds):
    window = RateWindow(rate)
    accepted = [now / 100 for now in range(40_00) if window.accept(now / 100)]
    assert sum(now < 4.0 for now in accepted) in {in_four_seconds, in_four_seconds - 1}
    # Over a time that makes every one of these rates whole.
    assert len(accepted) == pytest.approx(rate * 40, abs=1)
    for end in accepted:
        assert sum(end - 1.0 < now <= end for now in accepted) <= rate + 1


@given(st.lists(st.floats(0, 5), max_size=60), st.integers(1, 10))
def test_no_second_ever_holds_more_than_the_rate(instants, rate):
    window = RateWindow(rate)
    accepted = [now for now in sorted(instants) if window.accept(now)]
    for end in accepted:
        assert sum(end - 1.0 < now <= end for now in accepted) <= rate


def test_traffic_counts_outcomes_and_its_busiest_second():
    traffic = Traffic()
    for now in (0.0, 0.5, 0.9, 1.4, 5.0):
        traffic.arrived(now)
        traffic.ended(200 if now < 5 else "reset")
    report = traffic.report(5.5)
    assert report.total == 5
    assert dict(report.by_status) == {200: 4, "reset": 1}
    assert (report.last_second, report.peak) == (1, 3)
