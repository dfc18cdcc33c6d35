"""The allowance: never more starts in a second than the TPS, and nearly as many where wanted."""

from __future__ import annotations

import heapq
import itertools
import math
import random
import time
from collections import deque
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from irclient._core.allowance import Allowance
from irclient._core.reservation import PLAY

if TYPE_CHECKING:
    from irclient._core.allowance import Reservation

FOREVER = math.inf
TPS = [0.1, 0.5, 1.0, 1.7, 2.5, 4.0, 40.0, 100.0]


def limit_of(tps: float) -> tuple[int, float]:
    """So many starts, in any so many seconds."""
    return max(math.floor(tps), 1), max(1.0, 1.0 / tps)


def over_the_limit(starts: list[float], tps: float) -> list[tuple[float, float]]:
    """The first and the last of each too close group of starts."""
    limit, seconds = limit_of(tps)
    ranked = sorted(starts)
    pairs = zip(ranked, ranked[limit:], strict=False)
    return [(first, last) for first, last in pairs if last - first < seconds - 1e-9]


def start_now(allowance: Allowance, now: float) -> bool:
    slot = allowance.reserve(now, not_after=now)
    return slot is not None and allowance.start(slot, now)


def saturated(tps: float, *, until: float, callers: int, lateness=lambda: 0.0, max_wait=FOREVER):
    """The starts of so many callers that ask again and again, each late by a little."""
    allowance, starts = Allowance(tps, adaptive=True), []
    due: list[tuple[float, int, Reservation | None]] = [(0.0, n, None) for n in range(callers)]
    while True:
        now, number, slot = heapq.heappop(due)
        if now > until:
            return starts
        if slot is not None and allowance.start(slot, now):
            starts.append(now)
            slot = None
        slot = allowance.reserve(now, not_after=now + max_wait)
        wake_at = now + 0.05 if slot is None else max(slot.starts_at, now) + lateness()
        heapq.heappush(due, (wake_at, number, slot))


# One caller.


def test_a_free_slot_is_now_and_the_first_beyond_the_limit_is_a_second_later() -> None:
    allowance = Allowance(3, adaptive=True)
    slots = [allowance.reserve(10.0, not_after=FOREVER).starts_at for _ in range(7)]
    assert slots == pytest.approx([10.0] * 3 + [11.045] * 3 + [12.09])


def test_a_slot_that_is_too_late_is_not_reserved() -> None:
    allowance = Allowance(1, adaptive=True)
    assert start_now(allowance, 10.0)
    assert allowance.reserve(10.0, not_after=11.0) is None
    assert allowance.first_slot(10.0) == pytest.approx(11.045)
    assert allowance.reserve(10.0, not_after=11.05).starts_at == pytest.approx(11.045)


def test_starts_long_ago_count_for_nothing() -> None:
    allowance = Allowance(2, adaptive=True)
    assert [start_now(allowance, now) for now in (1.0, 1.0, 1.0, 2.1, 2.1, 2.1)] == [
        True, True, False, True, True, False,
    ]  # fmt: skip


@pytest.mark.parametrize("tps", TPS)
def test_the_status_tells_of_the_last_second_only(tps) -> None:
    allowance = Allowance(tps, adaptive=True)
    limit, seconds = limit_of(tps)
    while start_now(allowance, 50.0):
        pass
    full = allowance.status(50.0)
    assert (full.limit, full.full_limit, full.used) == (limit, limit, limit)
    assert full.next_slot_after == pytest.approx(seconds + 0.045)
    later = allowance.status(51.1 * seconds + 50.0)
    assert (later.used, later.next_slot_after) == (0, 0.0)


def test_its_repr_tells_the_limit() -> None:
    allowance = Allowance(100, adaptive=True)
    allowance.throttled(1.0, retry_after=None)
    assert repr(allowance) == "<Allowance 70 of 100 a second>"


# Order, and slots that are given back.


def test_slots_are_handed_out_first_come_first_served() -> None:
    allowance = Allowance(5, adaptive=True)
    asked_at = [n * 0.03 for n in range(40)]
    slots = [allowance.reserve(now, not_after=FOREVER).starts_at for now in asked_at]
    assert slots == sorted(slots)


def test_a_thread_that_read_its_clock_first_and_comes_second_is_served_at_once() -> None:
    allowance = Allowance(3, adaptive=True)
    assert start_now(allowance, 10.001)
    assert start_now(allowance, 10.0)
    assert start_now(allowance, 9.99)
    assert not start_now(allowance, 9.995)


def test_a_slot_that_is_given_back_goes_to_the_next_caller() -> None:
    allowance = Allowance(2, adaptive=True)
    held = [allowance.reserve(10.0, not_after=FOREVER) for _ in range(6)]
    allowance.give_back(held[2], 10.1)
    assert allowance.reserve(10.2, not_after=FOREVER).starts_at == held[2].starts_at
    assert allowance.reserve(10.2, not_after=FOREVER).starts_at > held[5].starts_at


def test_a_slot_between_others_is_used_again_at_any_time_of_the_clock() -> None:
    for began_at in (1000.0, 98_765.4321, 1e7 / 3):
        allowance = Allowance(1, adaptive=True)
        held = [allowance.reserve(began_at, not_after=FOREVER) for _ in range(3)]
        allowance.give_back(held[1], began_at)
        again = allowance.reserve(began_at + 0.1, not_after=FOREVER)
        assert again.starts_at == held[1].starts_at


def test_the_last_slot_given_back_leaves_no_trace() -> None:
    allowance = Allowance(1, adaptive=True)
    assert start_now(allowance, 10.0)
    for _ in range(1000):
        slot = allowance.reserve(10.0, not_after=FOREVER)
        assert slot.starts_at == pytest.approx(11.045)
        allowance.give_back(slot, 10.0)
    assert len(allowance._starts) == 1
    assert len(allowance._given_back) <= 1


def test_a_slot_is_given_back_once_and_never_after_its_use() -> None:
    allowance = Allowance(2, adaptive=True)
    used, unused, same_instant = (allowance.reserve(10.0, not_after=FOREVER) for _ in range(3))
    other = allowance.reserve(10.0, not_after=FOREVER)
    assert same_instant.starts_at == other.starts_at
    assert allowance.start(used, 10.0)
    allowance.give_back(used, 10.0)
    for _ in range(3):
        allowance.give_back(unused, 10.0)
        allowance.give_back(same_instant, 10.0)
    # The first that was used, and the other of the two at one instant, are still counted.
    assert sorted(allowance._starts) == [10.0, other.starts_at]


def test_a_late_start_counts_from_when_it_is() -> None:
    allowance = Allowance(1, adaptive=True)
    late = allowance.reserve(10.0, not_after=10.0)
    assert allowance.start(late, 10.9)
    assert allowance.first_slot(10.9) == pytest.approx(11.93)


def test_a_start_too_late_for_those_behind_it_must_reserve_again() -> None:
    allowance = Allowance(1, adaptive=True)
    late, behind = (allowance.reserve(10.0, not_after=FOREVER) for _ in range(2))
    assert not allowance.start(late, 10.5)
    allowance.give_back(late, 10.5)
    assert allowance.start(behind, behind.starts_at)
    assert allowance.reserve(10.6, not_after=FOREVER).starts_at == pytest.approx(12.09)


def test_a_start_so_late_that_those_behind_it_have_gone_keeps_its_distance_to_them() -> None:
    allowance = Allowance(1, adaptive=True)
    late, behind = (allowance.reserve(10.0, not_after=FOREVER) for _ in range(2))
    assert allowance.start(behind, 11.045)
    assert not allowance.start(late, 11.5)
    assert allowance.start(allowance.reserve(11.5, not_after=FOREVER), 12.09)


def test_nobody_in_a_long_queue_loses_its_place_by_being_a_little_late() -> None:
    allowance = Allowance(4, adaptive=True)
    held = [allowance.reserve(10.0, not_after=FOREVER) for _ in range(40)]
    assert all(allowance.start(slot, slot.starts_at + 0.003) for slot in held)


# Any schedule.

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["reserve", "reserve", "start", "start", "give back", "429", "429 wait"]),
        st.floats(0.0, 0.4),  # Seconds since the step before.
        st.integers(0, 7),  # Which of the slots that are held.
        st.sampled_from([0.0, 0.5, 3.0]),  # The longest wait for a slot, or a Retry-After.
    ),
    max_size=120,
)


@settings(max_examples=300)
@given(st.sampled_from(TPS[:6]), STEPS)
def test_whatever_callers_do_no_window_holds_more_than_the_limit(tps, steps) -> None:
    allowance, now, held, starts = Allowance(tps, adaptive=True), 100.0, [], []
    blocked_until = 0.0
    for step, seconds, which, wait in steps:
        now += seconds
        if step == "reserve":
            slot = allowance.reserve(now, not_after=now + wait)
            held += [slot] if slot is not None else []
            assert slot is None or now <= slot.starts_at <= now + wait
        elif step.startswith("429"):
            advice = wait if step == "429 wait" else None
            blocked_until = max(blocked_until, now + (advice or 0.0))
            allowance.throttled(now, retry_after=advice)
        elif held:
            slot = held.pop(which % len(held))
            if step == "start" and slot.starts_at <= now and allowance.start(slot, now):
                starts.append(now)
                assert now >= blocked_until
            allowance.give_back(slot, now)
    assert over_the_limit(starts, tps) == []
    for slot in held:
        allowance.give_back(slot, now)
    # Nothing that was not used is left, and the next caller is served within a window.
    assert len(allowance._starts) <= len(starts)
    _, per_start = limit_of(tps)
    latest = max(now, blocked_until, *allowance._starts) + per_start + 0.045
    assert allowance.first_slot(now) <= latest + 1e-9
    status = allowance.status(latest + 60.0)
    assert (status.limit, status.used) == (status.full_limit, 0)


@settings(max_examples=30)
@given(
    st.sampled_from([1.0, 2.5, 10.0, 40.0]),
    st.integers(2, 60),
    st.sampled_from([0.0, 0.001, 0.01]),
    st.randoms(use_true_random=False),
)
def test_at_saturation_nearly_all_of_it_is_used_and_never_more(tps, callers, late, chance) -> None:
    limit, _ = limit_of(tps)
    starts = saturated(tps, until=20.0, callers=callers, lateness=lambda: late * chance.random())
    assert over_the_limit(starts, tps) == []
    # The start of the first second is for free, so twenty seconds hold twenty of them.
    assert len(starts) >= 0.95 * limit * 20.0


def test_threads_that_wake_very_late_stay_under_the_limit_and_go_on() -> None:
    chance = random.Random(7)
    starts = saturated(
        40, until=30.0, callers=30, lateness=lambda: 0.2 * chance.random() ** 4, max_wait=0.5
    )
    assert over_the_limit(starts, 40) == []
    assert len(starts) > 0.6 * 40 * 30


@pytest.mark.parametrize("tps", [0.1, 0.25, 0.5])
def test_below_one_a_second_there_is_one_start_in_each_so_many_seconds(tps) -> None:
    starts = saturated(tps, until=100.0, callers=3)
    assert over_the_limit(starts, tps) == []
    assert len(starts) == pytest.approx(100 * tps, abs=1 + 3 * tps)


def test_ten_thousand_a_second_are_reserved_and_started_without_effort() -> None:
    allowance = Allowance(10_000, adaptive=True)
    began_at = time.process_time()
    for n in range(30_000):
        now = 5.0 + n / 10_500
        slot = allowance.reserve(now, not_after=FOREVER)
        # Every other caller wakes late: the dear way.
        assert allowance.start(slot, slot.starts_at + (n % 2) * 0.0004)
    # About 0.2 s on an idle machine; a scan of the second at each would take minutes.
    assert time.process_time() - began_at < 3.0


# 429.


def test_a_429_shrinks_it_and_time_lets_it_grow_back() -> None:
    allowance = Allowance(100, adaptive=True)
    allowance.throttled(10.0, retry_after=None)
    assert allowance.status(10.0).limit == 70
    assert allowance.status(11.0).limit == 75
    assert allowance.status(15.9).limit == 99
    assert allowance.status(16.0).limit == 100
    assert allowance.status(60.0).limit == 100


def test_a_burst_of_429_shrinks_it_twice_a_second_at_most() -> None:
    allowance = Allowance(100, adaptive=True)
    for n in range(40):
        allowance.throttled(10.0 + n / 100, retry_after=None)
    assert allowance.status(10.4).limit == 72
    allowance.throttled(10.5, retry_after=None)
    assert allowance.status(10.5).limit == math.floor(0.7 * 72.5)


def test_it_never_shrinks_to_nothing() -> None:
    allowance = Allowance(3, adaptive=True)
    for n in range(50):
        allowance.throttled(10.0 + n, retry_after=None)
    assert allowance.status(60.0).limit >= 1
    assert start_now(allowance, 60.0)


def test_what_was_reserved_before_it_shrank_is_held_to_the_smaller_limit() -> None:
    allowance = Allowance(10, adaptive=True)
    for _ in range(10):
        start_now(allowance, 10.0)
    held = [allowance.reserve(10.0, not_after=FOREVER) for _ in range(10)]
    allowance.throttled(10.1, retry_after=None)
    started = [slot for slot in held if allowance.start(slot, slot.starts_at + 0.02)]
    assert len(started) == 7


def test_one_that_does_not_adapt_only_waits_as_it_is_told() -> None:
    allowance = Allowance(100, adaptive=False)
    allowance.throttled(10.0, retry_after=2.0)
    assert allowance.status(10.0).limit == 100
    assert allowance.first_slot(10.0) == 12.0


@pytest.mark.parametrize(("advice", "blocked_for"), [(0.0, 0.0), (7.5, 7.5), (86_400.0, 60.0)])
def test_nothing_starts_before_a_retry_after_is_over(advice, blocked_for) -> None:
    allowance = Allowance(100, adaptive=True)
    allowance.throttled(10.0, retry_after=advice)
    assert allowance.first_slot(10.0) == 10.0 + blocked_for
    allowance.throttled(10.0, retry_after=advice / 2)
    assert allowance.first_slot(10.0) == 10.0 + blocked_for


def test_a_slot_held_before_the_429_does_not_start_within_its_retry_after() -> None:
    allowance = Allowance(1, adaptive=True)
    assert start_now(allowance, 10.0)
    held = allowance.reserve(10.0, not_after=FOREVER)
    allowance.throttled(10.5, retry_after=5.0)
    assert not allowance.start(held, held.starts_at)
    assert allowance.reserve(11.1, not_after=FOREVER).starts_at == 15.5


@pytest.mark.parametrize(("tps", "real"), [(4, 2), (20, 10), (40, 20), (100, 50)])
def test_an_endpoint_stricter_than_its_tps_is_settled_on(tps, real) -> None:
    allowance = Allowance(tps, adaptive=True)
    accepted: deque[float] = deque()
    sent = refused = served = 0
    now = 0.0
    for _ in itertools.count():
        slot = allowance.reserve(now, not_after=FOREVER)
        now = max(now, slot.starts_at)
        if now > 120.0:
            break
        assert allowance.start(slot, now)
        while accepted and accepted[0] <= now - 1.0:
            accepted.popleft()
        is_refused = len(accepted) >= real
        if is_refused:
            allowance.throttled(now, retry_after=None)
        else:
            accepted.append(now)
        if now > 20.0:
            sent, refused, served = sent + 1, refused + is_refused, served + (not is_refused)
    assert refused / sent < 0.25
    assert served > 0.7 * real * 100


def test_it_is_calm_with_half_of_it_free_and_no_429_of_late() -> None:
    allowance = Allowance(4, adaptive=True)
    assert allowance.is_calm(10.0, since=0.0)
    for _ in range(2):
        start_now(allowance, 10.0)
    assert allowance.is_calm(10.0, since=0.0)
    start_now(allowance, 10.0)
    assert not allowance.is_calm(10.0, since=0.0)
    assert allowance.is_calm(11.1, since=1.1)
    allowance.throttled(12.0, retry_after=None)
    assert not allowance.is_calm(15.0, since=5.0)
    assert allowance.is_calm(23.0, since=13.0)


# Workers that have a share each, as the service counts them: by when their requests arrive.


@pytest.mark.parametrize(
    ("on_the_way_for", "is_kept"),
    [(0.0, True), (0.03, True), (0.09, False)],
    ids=["at once", "what is left of the margin", "far more, as on a machine that is overloaded"],
)
@pytest.mark.parametrize("workers", [1, 4])
def test_the_shares_hold_where_the_service_counts_while_requests_are_as_late_as_the_margin(
    workers, on_the_way_for, is_kept
) -> None:
    draw, tps, seconds, arrivals = random.Random(workers), 20.0, 60.0, []
    for _ in range(workers):
        starts = saturated(
            tps / workers, until=seconds, callers=8, lateness=lambda: draw.uniform(0.0, PLAY)
        )
        # The worst that can be: all of one second take the whole time, and those of the next none.
        arrivals += [each + on_the_way_for * (int(each) % 2) for each in starts]
    assert (not over_the_limit(arrivals, tps)) is is_kept
    assert len(arrivals) > 0.93 * tps * seconds


def test_of_two_calls_of_one_instant_one_finds_out_that_the_limit_has_shrunk() -> None:
    allowance = Allowance(2.0, adaptive=False)
    held = [allowance.reserve(0.0, not_after=2.0) for _ in range(2)]
    allowance.resize(1)
    assert sum(allowance.start(each, 0.0) for each in held) == 1
