"""The demo's figures and its verdict."""

from dataclasses import replace

import pytest

from irclient.cli.demo.summary import Outage, Percentiles, Summary, percentiles_of

WELL = Summary(
    answered=100,
    failed=0,
    by_account={"a": 60, "b": 40},
    latency=None,
    failed_over=3,
    failover=None,
    outages=(Outage(fault="down", noticed_after=0.1, home_after=2.0),),
    errors=(),
    elapsed=5.0,
)


def test_percentiles_are_those_of_the_nearest_rank():
    durations = [each / 1000 for each in range(100, 0, -1)]

    assert percentiles_of(durations) == Percentiles(p50=0.05, p99=0.099, longest=0.1)
    assert percentiles_of([0.5]) == Percentiles(p50=0.5, p99=0.5, longest=0.5)
    assert percentiles_of([]) is None


def test_the_promise_is_kept_when_nothing_failed_and_traffic_went_home():
    assert WELL.kept_its_promise


@pytest.mark.parametrize(
    "change",
    [
        {"failed": 1},
        {"answered": 0},
        {"outages": (Outage(fault="down", noticed_after=0.1, home_after=None),)},
        {"outages": (Outage(fault="down", noticed_after=None, home_after=2.0),)},
    ],
)
def test_the_promise_is_broken_by(change):
    assert not replace(WELL, **change).kept_its_promise
