"""A stopwatch tells waiting, and work, from standing still."""

from __future__ import annotations

import time

import pytest

from tests.stopwatch import Stopwatch


def work(seconds: float) -> None:
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        pass


def hold_up_every_thread() -> None:
    sum(range(30_000_000))


@pytest.mark.timing
@pytest.mark.parametrize("busy", [time.sleep, work])
def test_what_the_code_waits_or_works_is_time_that_it_took(busy) -> None:
    with Stopwatch() as watch:
        busy(0.3)
    assert watch.elapsed >= 0.3
    assert watch.elapsed - 0.15 < watch.took + watch.stood <= watch.elapsed
    assert watch.stood < 0.15


@pytest.mark.timing
def test_what_holds_up_all_threads_is_not() -> None:
    with Stopwatch() as watch:
        time.sleep(0.1)
        hold_up_every_thread()
        time.sleep(0.1)
    assert watch.stood > watch.elapsed - 0.2 - 0.1
    assert 0.15 < watch.took < 0.35


def test_a_stopwatch_that_has_ended_goes_no_further() -> None:
    with Stopwatch() as watch:
        pass
    seen = watch.elapsed, watch.stood
    time.sleep(0.05)
    assert (watch.elapsed, watch.stood) == seen
