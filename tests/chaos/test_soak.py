"""The soak's judgement: it sees a leak through the ups and downs of faults, and no other growth."""

from __future__ import annotations

from random import Random

import pytest

from benchmarks.soak import growth


def rising(per_minute: float, *, seed: int = 1, seconds: int = 180) -> list[tuple[float, float]]:
    """Descriptors of a stormy run: bursts of up to forty on top of what leaks."""
    random = Random(seed)
    return [
        (at, 20 + per_minute * at / 60 + random.choice((0, 0, random.uniform(0, 40))))
        for at in range(seconds)
    ]


@pytest.mark.parametrize("seed", range(20))
def test_what_comes_and_goes_is_steady(seed) -> None:
    assert growth(rising(0, seed=seed), bound=4).is_steady


@pytest.mark.parametrize("seed", range(20))
def test_a_leak_is_seen_through_bursts(seed) -> None:
    found = growth(rising(8, seed=seed), bound=4)
    assert not found.is_steady
    assert found.per_minute == pytest.approx(8, abs=2)


def test_what_is_filled_during_the_warm_up_does_not_count() -> None:
    samples = [(float(at), float(min(at * 10, 200))) for at in range(180)]
    found = growth(samples, bound=0.1)
    assert found.is_steady
    assert (found.first, found.least, found.most, found.last) == (200, 200, 200, 200)
