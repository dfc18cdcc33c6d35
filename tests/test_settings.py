"""The settings: checked, frozen, and clear about what is wrong."""

from __future__ import annotations

import pickle
from datetime import timedelta

import pytest
import tenacity

from irclient import settings as module
from irclient.errors import ConfigurationError
from irclient.queries import New, Popular
from irclient.settings import (
    Caching,
    Failover,
    Fallback,
    Guard,
    Hedging,
    Retries,
    Settings,
    Throttling,
    Timeouts,
)

GROUPS = [Timeouts, Retries, Throttling, Caching, Hedging, Failover, Settings, Fallback]


@pytest.mark.parametrize("group", GROUPS)
def test_defaults_are_valid_and_equal_each_other(group) -> None:
    assert group() == group()
    again = group(**{name: getattr(group(), name) for name in group.model_fields})
    assert again == group()


@pytest.mark.parametrize("group", GROUPS)
def test_each_field_is_documented(group) -> None:
    for name in group.model_fields:
        assert f"{name}: " in group.__doc__


@pytest.mark.parametrize("group", GROUPS)
def test_settings_are_frozen_and_travel_between_processes(group) -> None:
    subject = group()
    with pytest.raises(ValueError, match="frozen"):
        setattr(subject, next(iter(group.model_fields)), None)
    assert pickle.loads(pickle.dumps(subject)) == subject


@pytest.mark.parametrize("group", [each for each in GROUPS if each is not Fallback])
def test_a_misspelt_setting_is_named(group) -> None:
    with pytest.raises(ConfigurationError, match=rf"{group.__name__}\.dedline is not a setting"):
        group(dedline=1)


def test_groups_nest_by_value_or_by_mapping() -> None:
    assert Settings(timeouts=Timeouts(deadline=1)).timeouts.deadline == 1.0
    assert Settings(timeouts={"deadline": 1}) == Settings(timeouts=Timeouts(deadline=1))
    with pytest.raises(ConfigurationError, match=r"Timeouts\.deadline: .* got -1"):
        Settings(timeouts={"deadline": -1})
    with pytest.raises(ConfigurationError, match=r"Settings\.timeouts: .* got 7"):
        Settings(timeouts=7)


@pytest.mark.parametrize(
    ("group", "name"),
    [
        (Timeouts, "deadline"), (Timeouts, "attempt"), (Timeouts, "connect"),
        (Throttling, "max_wait"), (Caching, "fresh_for"), (Caching, "stale_if_error_for"),
        (Caching, "stale_while_refresh_for"), (Hedging, "after"), (Failover, "window"),
        (Failover, "eject_for"), (Failover, "max_eject_for"), (Failover, "ramp_for"),
    ],
)  # fmt: skip
def test_a_duration_is_seconds_or_a_timedelta(group, name) -> None:
    subject = group(**{name: timedelta(minutes=1, milliseconds=500)})
    assert getattr(subject, name) == 60.5
    assert getattr(group(**{name: 7}), name) == 7.0
    for bad in (-1, float("nan"), float("inf"), "soon", timedelta(seconds=-1)):
        with pytest.raises(ConfigurationError) as caught:
            group(**{name: bad})
        assert str(caught.value).startswith(f"{group.__name__}.{name}: ")
        assert f"got {bad!r}" in str(caught.value)


@pytest.mark.parametrize(
    ("group", "values", "message"),
    [
        (Timeouts, {"deadline": 0}, "Timeouts.deadline: Input should be greater than 0, got 0"),
        (Retries, {"max_attempts": 0}, "Retries.max_attempts: Input should be greater than or"),
        (Retries, {"wait": 3}, "Retries.wait: Input should be callable, got 3"),
        (Retries, {"budget": -1}, "Retries.budget: "),
        (Throttling, {"share": 0}, "Throttling.share: Input should be greater than 0, got 0"),
        (Throttling, {"share": 1.1}, "Throttling.share: Input should be less than or equal to 1"),
        (Caching, {"max_entries": 0}, "Caching.max_entries: "),
        (Caching, {"enabled": "perhaps"}, "Caching.enabled: "),
        (Hedging, {"budget": 2}, "Hedging.budget: "),
        (Failover, {"min_success_rate": 80}, "Failover.min_success_rate: "),
        (Failover, {"consecutive_failures": 0}, "Failover.consecutive_failures: "),
        (Failover, {"min_calls": 1.5}, "Failover.min_calls: "),
    ],
)
def test_a_value_out_of_range_is_named_with_what_it_must_be(group, values, message) -> None:
    with pytest.raises(ConfigurationError) as caught:
        group(**values)
    assert str(caught.value).startswith(message)


def test_every_wrong_value_is_told_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Timeouts(deadline=0, attempt=-1)
    assert "Timeouts.deadline" in str(caught.value)
    assert "Timeouts.attempt" in str(caught.value)


def test_a_tenacity_wait_is_a_wait() -> None:
    wait = tenacity.wait_exponential_jitter()
    assert Retries(wait=wait).wait is wait


def test_the_class_of_a_tenacity_wait_is_refused_before_an_outage_calls_it() -> None:
    with pytest.raises(ConfigurationError, match=r"write wait_exponential\(\.\.\.\)"):
        Retries(wait=tenacity.wait_exponential)


def test_a_fallback_is_lists_and_ids() -> None:
    assert Fallback().queries == (Popular(),)
    assert Fallback(queries=[New(count=3)], items=["1"]).queries == (New(count=3),)
    assert Fallback(items=["1"]).items == ("1",)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"items": "123"}, "Fallback.items must be a list, got '123'; write ['123']"),
        ({"items": [1]}, "Fallback.items.0: "),
        ({"queries": Popular()}, "Fallback.queries must be a list, got Popular("),
        ({"queries": ["popular"]}, "Fallback.queries.0: "),
    ],
)
def test_a_bad_fallback_is_refused_with_its_value(values, message) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Fallback(**values)
    assert message in str(caught.value)


def test_every_group_is_public() -> None:
    assert {group.__name__ for group in (*GROUPS, Guard)} == set(module.__all__)
