"""The guard of a canary: finds a worse candidate, and seldom blames a good one."""

from __future__ import annotations

import random

import pytest

from irclient._core.canary_guard import Watch
from irclient._core.splitting import Split
from irclient.errors import ConfigurationError
from irclient.observe import TrafficReturned
from irclient.settings import Guard

GUARD = Guard(candidate="green", control="blue", calls=100, slow_after=0.5)


def alarm_after(
    candidate: float, control: float, *, seed: int, guard=GUARD, calls=6000, slow=False
):
    """After how many calls the guard gives an alarm, or None."""
    chance = random.Random(seed)
    watch = Watch(guard)
    for number in range(calls):
        variant = "green" if chance.random() < 0.2 else "blue"
        bad = chance.random() < (candidate if variant == "green" else control)
        elapsed = 1.0 if bad and slow else 0.1
        if watch.note(variant, failed=bad and not slow, elapsed=elapsed):
            return number
    return None


@pytest.mark.parametrize("slow", [False, True])
def test_a_candidate_that_is_clearly_worse_is_found_at_the_first_looks(slow) -> None:
    found = [alarm_after(0.3, 0.01, seed=seed, slow=slow) for seed in range(20)]
    assert all(after is not None and after < 1500 for after in found)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.2])
def test_a_candidate_that_is_no_worse_is_left_alone(share) -> None:
    strict = Guard(candidate="green", control="blue", calls=100, margin=0.0, false_alarms=0.05)
    alarms = [alarm_after(share, share, seed=seed, guard=strict) for seed in range(60)]
    assert sum(after is not None for after in alarms) <= 6  # 5 % of 60, and chance.


def test_worse_by_less_than_the_margin_is_accepted() -> None:
    assert not any(alarm_after(0.02, 0.01, seed=seed) for seed in range(20))


def test_nothing_is_said_before_the_stated_number_of_calls() -> None:
    watch = Watch(GUARD)
    for _ in range(500):
        watch.note("blue", failed=False, elapsed=0.1)
    assert [watch.note("green", failed=True, elapsed=0.1) for _ in range(99)] == [None] * 99
    worse = watch.note("green", failed=True, elapsed=0.1)
    assert worse is not None
    assert worse.kind == "failed"
    assert worse.reason == "100 of 100 calls of 'green' failed, but 0 of 500 of 'blue'"


def test_a_third_variant_is_nobodys_business() -> None:
    assert Watch(GUARD).note("red", failed=True, elapsed=9.0) is None


def test_the_weights_go_back_to_what_they_were_before_the_shift() -> None:
    split = Split({"blue": 95.0, "green": 5.0}, salt="")
    split.shift({"green": 50}, guard=GUARD)
    for _ in range(200):
        split.note("blue", failed=False, elapsed=0.1, now=1.0)
    records = [split.note("green", failed=True, elapsed=0.1, now=2.0) for _ in range(150)]
    (returned,) = [record for record in records if record is not None]
    assert isinstance(returned, TrafficReturned)
    assert split.weights == returned.weights == {"blue": 95.0, "green": 5.0}


def test_a_later_shift_ends_the_watch_of_the_one_before() -> None:
    split = Split({"blue": 95.0, "green": 5.0}, salt="")
    split.shift({"green": 50}, guard=GUARD)
    split.switch("green")
    split.note("blue", failed=False, elapsed=0.1, now=1.0)
    assert not any(split.note("green", failed=True, elapsed=0.1, now=2.0) for _ in range(300))
    assert split.weights == {"blue": 0.0, "green": 1.0}


def test_a_guard_of_unknown_variants_is_refused_and_changes_nothing() -> None:
    split = Split({"blue": 1.0, "red": 1.0}, salt="")
    with pytest.raises(ConfigurationError, match="green"):
        split.shift({"red": 2}, guard=GUARD)
    assert split.weights == {"blue": 1.0, "red": 1.0}
