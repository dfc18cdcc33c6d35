"""Backoff: the waits before a second round."""

from __future__ import annotations

import pytest
import tenacity
from hypothesis import given
from hypothesis import strategies as st

from irclient._core.backoff import backoff
from irclient._core.verdict import Meaning, Verdict

FAILED = Verdict(Meaning.FAILED, "500")
THROTTLED = Verdict(Meaning.THROTTLED, "429")


@pytest.mark.parametrize(
    ("verdict", "waits", "least", "most"),
    [
        (FAILED, 0, 0.0, 0.05),
        (FAILED, 1, 0.0, 0.1),
        (FAILED, 2, 0.0, 0.2),
        (FAILED, 4, 0.0, 0.8),
        (FAILED, 5, 0.0, 1.0),
        (FAILED, 5000, 0.0, 1.0),
        (THROTTLED, 0, 0.25, 0.5),
        (THROTTLED, 1, 0.5, 1.0),
        (THROTTLED, 3, 2.0, 4.0),
        (THROTTLED, 5000, 2.0, 4.0),
    ],
)
def test_the_wait_lies_between_two_bounds_that_double(verdict, waits, least, most) -> None:
    assert backoff(verdict, waits, uniform=lambda: 0.0) == pytest.approx(least)
    assert backoff(verdict, waits, uniform=lambda: 1.0) == pytest.approx(most)
    middle = (least + most) / 2
    assert backoff(verdict, waits, uniform=lambda: 0.5) == pytest.approx(middle)


@pytest.mark.parametrize("meaning", [Meaning.FAILED, Meaning.THROTTLED])
def test_the_services_own_advice_is_a_floor(meaning) -> None:
    advised = Verdict(meaning, "wait", retry_after=7.0)
    assert backoff(advised, 0, uniform=lambda: 1.0) == 7.0
    short = Verdict(meaning, "wait", retry_after=0.001)
    assert backoff(short, 0, uniform=lambda: 1.0) > 0.001


@given(st.integers(0, 10**6), st.floats(0, 1), st.sampled_from([FAILED, THROTTLED]))
def test_no_wait_is_negative_or_longer_than_its_cap(waits, draw, verdict) -> None:
    assert 0.0 <= backoff(verdict, waits, uniform=lambda: draw) <= 4.0


@pytest.mark.parametrize(
    ("wait", "waits", "expected"),
    [
        (tenacity.wait_fixed(0.3), 0, 0.3),
        (tenacity.wait_incrementing(start=1, increment=2), 2, 5.0),
        (tenacity.wait_exponential(multiplier=1), 3, 8.0),
        (tenacity.wait_chain(tenacity.wait_fixed(1), tenacity.wait_fixed(9)), 1, 9.0),
        (tenacity.wait_none(), 0, 0.0),
    ],
)
def test_a_tenacity_wait_is_asked_for_the_wait_of_its_round(wait, waits, expected) -> None:
    assert backoff(FAILED, waits, uniform=lambda: 1.0, wait=wait) == pytest.approx(expected)


def test_a_tenacity_wait_may_look_at_the_failure_and_the_time() -> None:
    def wait(state: tenacity.RetryCallState) -> float:
        assert "500" in str(state.outcome.exception())
        return state.seconds_since_start

    assert backoff(FAILED, 0, uniform=lambda: 0.0, wait=wait, elapsed=0.7) == pytest.approx(0.7)


@pytest.mark.skipif(
    not hasattr(tenacity, "wait_exception"), reason="this tenacity waits by no exception"
)
def test_a_tenacity_wait_may_depend_on_the_exception() -> None:
    wait = tenacity.wait_exception(lambda error: 2.0 if "500" in str(error) else 0.0)
    assert backoff(FAILED, 0, uniform=lambda: 0.0, wait=wait) == 2.0


def test_a_tenacity_wait_does_not_undercut_the_services_advice() -> None:
    advised = Verdict(Meaning.THROTTLED, "429", retry_after=3.0)
    wait = tenacity.wait_fixed(1)
    assert backoff(advised, 0, uniform=lambda: 0.0, wait=wait) == 3.0
