"""Routing: the order in which a call tries endpoints."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from irclient._core.allowance import Allowance
from irclient._core.asides import Asides
from irclient._core.health import EndpointHealth
from irclient._core.priority import Priority
from irclient._core.routing import Choice, Full, Routes, choose, none_works
from irclient._core.verdict import Meaning, Verdict
from irclient.settings import Failover
from tests.scenarios.scenario import A, B, C

FAILOVER = Failover(consecutive_failures=1, eject_for=5.0, ramp_for=10.0)


def healths(**states: str) -> dict:
    """Endpoints a, b and c, each as it is at second 10: working when left out."""
    made = {}
    for endpoint in (A, B, C):
        health = made[endpoint.url] = EndpointHealth(endpoint.label, FAILOVER)
        match states.get(endpoint.account, "working"):
            case "failing":
                health.record(9.0, sent_at=9.0, ok=False, reason="down")
            case "failing since before":
                health.record(7.0, sent_at=7.0, ok=False, reason="down")
            case "due":
                health.record(4.0, sent_at=4.0, ok=False, reason="down")
            case "recovering":
                health.record(4.0, sent_at=4.0, ok=False, reason="down")
                health.record(9.9, sent_at=9.9, ok=True, reason="")
                health._credit = 0.95  # The next call is in its share ...
            case "held back":
                health.record(4.0, sent_at=4.0, ok=False, reason="down")
                health.record(9.9, sent_at=9.9, ok=True, reason="")
                health._credit = 0.0  # ... or it is not.
    return made


NO_SLOT: Any = None


def went_to(endpoint, *, fails=False, probe=None) -> Choice:
    """A choice, its slot left out: allowances have tests of their own."""
    return Choice(endpoint, NO_SLOT, probe, is_known_to_fail=fails)


def put_aside(*endpoints, at=9.0) -> Asides:
    asides = Asides(uniform=lambda: 0.5)
    for each in endpoints:
        asides.record(each, None, Verdict(Meaning.DENIED, "403"), at)
    return asides


def chosen(health, *, tried=(), endpoints=(A, B, C), asides=None) -> Choice | Full | None:
    allowances = {each.url: Allowance(100, adaptive=True) for each in endpoints}
    choice = choose(
        Routes(health, allowances, asides or put_aside()),
        endpoints,
        tried=set(tried),
        now=10.0,
        not_after=10.5,
        probe_for=1.0,
    )
    return replace(choice, slot=NO_SLOT) if isinstance(choice, Choice) else choice


@pytest.mark.parametrize(
    ("states", "tried", "expected"),
    [
        ({}, [], went_to(A)),
        ({}, [A], went_to(B)),
        ({}, [A, B], went_to(C)),
        ({}, [A, B, C], None),
        ({"a": "failing"}, [], went_to(B)),
        ({"a": "failing"}, [B, C], went_to(A, fails=True)),
        ({"a": "failing", "b": "failing"}, [], went_to(C)),
        ({"a": "recovering"}, [], went_to(A)),
        ({"a": "held back"}, [], went_to(B)),
        ({"a": "held back", "b": "failing", "c": "failing"}, [], went_to(A)),
        ({"a": "held back", "b": "held back", "c": "failing"}, [], went_to(A)),
        ({"a": "due"}, [], went_to(B, probe=A)),
        ({"a": "due"}, [A], went_to(B)),
        ({"a": "due", "b": "held back", "c": "failing"}, [], went_to(B, probe=A)),
        ({"a": "due", "b": "failing", "c": "failing"}, [], went_to(A, fails=True, probe=A)),
        ({"a": "failing", "b": "due"}, [C], went_to(B, fails=True, probe=B)),
        ({"a": "due", "b": "due"}, [], went_to(C, probe=A)),
        ({"a": "failing", "b": "failing since before", "c": "failing"}, [], went_to(B, fails=True)),
        ({"a": "failing", "b": "failing since before", "c": "failing"}, [B], went_to(A, fails=True)),  # noqa: E501
    ],
)  # fmt: skip
def test_the_next_endpoint(states, tried, expected) -> None:
    assert chosen(healths(**states), tried=tried) == expected


def test_of_two_that_are_due_one_is_probed_and_the_other_stays_due() -> None:
    health = healths(a="due", b="due")
    assert chosen(health) == went_to(C, probe=A)
    assert chosen(health) == went_to(C, probe=B)
    assert chosen(health) == went_to(C)


def test_of_several_that_are_due_the_one_that_has_been_for_longest_is_probed() -> None:
    health = healths(a="due")
    since_8, since_9, later = (put_aside(B, at=at) for at in (5.0, 6.0, 6.5))
    assert health[A.url].probe_at == 9.0
    assert chosen(health, asides=since_8) == went_to(C, probe=B)
    assert chosen(health, asides=later) == went_to(C, probe=A)
    health[A.url].release()
    assert chosen(health, asides=since_9) == went_to(C, probe=A)
    # The other was left to the next call.
    assert chosen(health, asides=since_9) == went_to(C, probe=B)
    assert chosen(health, asides=since_9) == went_to(C)


def test_an_endpoint_that_was_tried_is_not_asked_for_a_probe() -> None:
    health = healths(a="due")
    chosen(health, tried=[A])
    assert chosen(health) == went_to(B, probe=A)


def test_a_single_endpoint_is_tried_however_it_is_doing() -> None:
    for state in ("working", "failing", "due", "recovering", "held back"):
        choice = chosen(healths(a=state), endpoints=(A,))
        assert choice is not None
        assert choice.endpoint == A


def with_room(**slots: int) -> dict:
    """Allowances of which those named have only so many slots left at second 10."""
    allowances = {each.url: Allowance(100, adaptive=True) for each in (A, B, C)}
    for each in (A, B, C):
        for _ in range(100 - slots.get(each.account, 100)):
            allowances[each.url].reserve(10.0, not_after=10.0)
    return allowances


@pytest.mark.parametrize(
    ("states", "slots", "max_wait", "expected"),
    [
        # What works is full: the next that works, then waiting, then what fails.
        ({"b": "failing"}, {"a": 0}, 0.5, C),
        ({"b": "failing", "c": "failing"}, {"a": 0}, 5.0, A),
        ({"b": "failing since before", "c": "failing"}, {"a": 0}, 0.5, B),
        ({"b": "failing since before", "c": "failing"}, {"a": 0, "b": 0}, 0.5, C),
        ({"b": "due", "c": "failing"}, {"a": 0}, 0.5, B),
        # A failing one is tried at once or not at all, while another is alive.
        ({"b": "failing", "c": "failing"}, {"a": 0, "b": 0, "c": 0}, 0.5, None),
    ],
)
def test_what_works_is_full(states, slots, max_wait, expected) -> None:
    choice = choose(
        Routes(healths(**states), with_room(**slots), put_aside()),
        (A, B, C),
        tried=(),
        now=10.0,
        not_after=10.0 + max_wait,
        probe_for=1.0,
    )
    if expected is None:
        assert isinstance(choice, Full)
        assert 0.5 < choice.slot_after < 1.1
    else:
        assert isinstance(choice, Choice)
        assert choice.endpoint == expected


def test_what_is_put_aside_is_passed_by_and_probed_when_it_is_due() -> None:
    assert chosen(healths(), asides=put_aside(A)) == went_to(B)
    assert chosen(healths(), asides=put_aside(A, at=6.0)) == went_to(B, probe=A)


def test_what_fails_is_tried_before_what_is_put_aside() -> None:
    health = healths(b="failing", c="failing since before")
    assert chosen(health, asides=put_aside(A)) == went_to(C, fails=True)
    assert chosen(health, tried=[B, C], asides=put_aside(A)) == went_to(A, fails=True)


def test_what_is_put_aside_is_not_asked_because_others_are_full() -> None:
    routes = Routes(healths(b="failing"), with_room(b=0, c=0), put_aside(A))
    choice = choose(routes, (A, B, C), tried=(), now=10.0, not_after=10.5, probe_for=1.0)
    assert isinstance(choice, Full)


def test_what_is_put_aside_and_due_is_asked_by_a_call_that_would_find_all_others_full() -> None:
    asides = put_aside(A, at=6.0)
    routes = Routes(healths(b="failing"), with_room(b=0, c=0), asides)
    ask = partial(choose, routes, (A, B, C), tried=(), now=10.0, probe_for=1.0)
    choice = ask(not_after=10.5)
    assert isinstance(choice, Choice)
    assert (choice.endpoint, choice.probe, choice.is_known_to_fail) == (A, A, True)
    assert isinstance(ask(not_after=10.5), Full), "it was due once"


def test_a_call_that_can_wait_has_probed_what_is_put_aside_and_due() -> None:
    routes = Routes(healths(), with_room(b=0), put_aside(A, at=6.0))
    choice = choose(routes, (A, B), tried=(), now=10.0, not_after=12.0, probe_for=1.0)
    assert isinstance(choice, Choice)
    assert (choice.endpoint, choice.probe) == (B, A)


def test_who_is_full_says_when_what_works_has_a_slot() -> None:
    routes = Routes(healths(b="failing"), with_room(b=100, c=0), put_aside(A))
    choice = choose(routes, (A, C), tried=(), now=10.0, not_after=10.5, probe_for=1.0)
    assert isinstance(choice, Full)
    assert choice.slot_after > 0.5, "what is put aside has slots, and is no place to wait for"


def test_of_those_that_fail_the_one_that_was_asked_longest_ago_is_next() -> None:
    health = healths(a="failing", b="failing since before", c="failing")
    asked = []
    for second in range(6):
        choice = chosen(health)
        assert isinstance(choice, Choice)
        health[choice.endpoint.url].asked_though_failing_at = float(second)
        asked.append(choice.endpoint)
    assert asked == [B, A, C, B, A, C]


def test_a_refresh_goes_to_the_first_that_works_and_has_slots_to_spare_or_nowhere() -> None:
    def refreshed(**slots):
        routes = Routes(healths(c="failing"), with_room(**slots), put_aside())
        return choose(
            routes,
            (A, B, C),
            tried=(),
            now=10.0,
            not_after=10.0,
            probe_for=1.0,
            priority=Priority.REFRESH,
        )

    assert refreshed(a=100).endpoint == A
    assert refreshed(a=26).endpoint == A
    assert isinstance(refreshed(a=25, b=100), Full)


def test_none_works_once_all_fail_or_are_put_aside() -> None:
    allowances = with_room()
    assert not none_works(Routes(healths(a="failing"), allowances, put_aside(B)), (A, B, C), None)
    assert none_works(
        Routes(healths(a="failing", c="due"), allowances, put_aside(B)), (A, B, C), None
    )
    assert not none_works(Routes(healths(a="recovering"), allowances, put_aside(B)), (A, B), None)
