"""A manual clock moves when told, forwards only."""

import doctest

import pytest

from irclient.testing import ManualClock, clock


def test_the_example_in_the_docstring_runs():
    assert doctest.testmod(clock).failed == 0


def test_it_stands_still_until_told():
    now = ManualClock(100)
    assert (now(), now()) == (100.0, 100.0)
    now.advance(1.5, minutes=1, hours=1)
    assert now() == 3761.5
    assert repr(now) == "ManualClock(3761.5)"


def test_time_does_not_go_back():
    with pytest.raises(ValueError, match="does not go back: -1 s"):
        ManualClock().advance(-1)
