"""The guard lets through what the documented limits allow, by whatever clock it is asked."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irclient._core.cooking_guard import CookingGuard

MINUTE, HOUR = 60.0, 3600.0


def accepted(guard, *instants):
    for instant in instants:
        ticket = guard.reserve("m", instant)
        assert ticket is not None, instant
        guard.accept(ticket, instant)


def test_the_first_call_is_let_through():
    assert CookingGuard().wait("m", 0.0) == 0.0
    assert CookingGuard().reserve("m", 0.0) is not None


def test_the_next_call_is_let_through_30_minutes_after_an_accepted_one():
    guard = CookingGuard()
    accepted(guard, 100.0)
    assert guard.reserve("m", 100.0 + 29 * MINUTE) is None
    assert guard.wait("m", 100.0 + 29 * MINUTE) == MINUTE
    assert guard.reserve("m", 100.0 + 30 * MINUTE) is not None


def test_the_sixth_call_is_let_through_24_hours_after_the_first():
    guard = CookingGuard()
    accepted(guard, 0.0, 1 * HOUR, 2 * HOUR, 3 * HOUR, 4 * HOUR)
    assert guard.wait("m", 5 * HOUR) == 19 * HOUR
    assert guard.reserve("m", 24 * HOUR - 1) is None
    accepted(guard, 24 * HOUR)
    assert guard.wait("m", 24 * HOUR + 31 * MINUTE) == 29 * MINUTE


def test_the_limits_count_from_the_answer():
    guard = CookingGuard()
    ticket = guard.reserve("m", 0.0)
    guard.accept(ticket, 5.0)
    assert guard.wait("m", 30 * MINUTE) == 5.0


def test_a_call_under_way_holds_its_place():
    guard = CookingGuard()
    ticket = guard.reserve("m", 0.0)
    assert guard.reserve("m", 1.0) is None
    guard.give_back(ticket)
    guard.give_back(ticket)
    assert guard.reserve("m", 1.0) is not None


def test_modelings_are_counted_apart():
    guard = CookingGuard()
    accepted(guard, 0.0)
    assert guard.reserve("other", 1.0) is not None
    assert repr(guard) == "<CookingGuard: {'m': 1, 'other': 1}>"


def test_giving_back_to_another_guard_changes_nothing():
    ticket = CookingGuard().reserve("m", 0.0)
    guard = CookingGuard()
    guard.give_back(ticket)
    assert guard.wait("m", 0.0) == 0.0


@given(st.lists(st.floats(min_value=0, max_value=6 * HOUR), min_size=1, max_size=60))
def test_whenever_it_is_asked_the_accepted_calls_keep_both_limits(gaps):
    guard, now, through = CookingGuard(), 0.0, []
    for gap in gaps:
        now += gap
        wait = guard.wait("m", now)
        ticket = guard.reserve("m", now)
        assert (ticket is None) == (wait > 0)
        if ticket is not None:
            through.append(now)
        else:
            # What it says is honest: then, and not before, a call is let through.
            assert guard.wait("m", now + wait) == pytest.approx(0.0, abs=1e-6)
    for earlier, later in itertools.pairwise(through):
        assert later - earlier >= 30 * MINUTE - 1e-6
    for first, sixth in zip(through, through[5:], strict=False):
        assert sixth - first >= 24 * HOUR - 1e-6
