"""Freshness: how far an answer in memory may be used, by its age and its data set."""

from __future__ import annotations

import pytest

from irclient._core.entry import Entry
from irclient._core.freshness import Freshness, freshness
from irclient.results import RecommendationList
from irclient.settings import Caching

CACHING = Caching(fresh_for=60, stale_while_refresh_for=600, stale_if_error_for=86_400)
FRESH, USABLE, LAST_RESORT, EXPIRED = Freshness


def entry(version: str | None = None) -> Entry:
    return Entry(RecommendationList(items=()), 1000.0, ("a", None), version, (), ())


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (0.0, FRESH),
        (60.0, FRESH),
        (60.1, USABLE),
        (660.0, USABLE),
        (660.1, LAST_RESORT),
        (86_460.0, LAST_RESORT),
        (86_460.1, EXPIRED),
        # From the future: as old as it lies ahead, and never fresh.
        (-0.05, FRESH),
        (-0.2, USABLE),
        (-660.0, USABLE),
        (-660.1, LAST_RESORT),
        (-86_460.1, EXPIRED),
    ],
)
def test_age_decides(age, expected) -> None:
    assert freshness(entry(), CACHING, 1000.0 + age, newest=None) is expected


@pytest.mark.parametrize(
    ("version", "newest", "expected"),
    [
        ("20220104115104", "20220713231250", USABLE),
        ("20220713231250", "20220713231250", FRESH),
        ("20220713231250", "20220104115104", FRESH),
        (None, "20220713231250", FRESH),
        ("20220104115104", None, FRESH),
    ],
)
def test_a_newer_data_set_ends_its_freshness_at_once(version, newest, expected) -> None:
    assert freshness(entry(version), CACHING, 1001.0, newest=newest) is expected


def test_a_newer_data_set_makes_nothing_younger() -> None:
    older = entry("20220104115104")
    assert freshness(older, CACHING, 2000.0, newest="20220713231250") is LAST_RESORT
    assert freshness(older, CACHING, 99_000.0, newest="20220713231250") is EXPIRED


def test_without_stale_times_an_answer_is_fresh_or_expired() -> None:
    strict = Caching(fresh_for=10, stale_while_refresh_for=0, stale_if_error_for=0)
    assert freshness(entry(), strict, 1010.0, newest=None) is FRESH
    assert freshness(entry(), strict, 1010.1, newest=None) is EXPIRED
    outdated = freshness(entry("1"), strict, 1001.0, newest="2")
    assert outdated is USABLE
