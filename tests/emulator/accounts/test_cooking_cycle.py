"""Cooking by the clock, and the documented limits of its trigger."""

from concurrent.futures import Executor, Future

import pytest

from irclient.emulator.accounts.cooking_cycle import CookingCycle
from tests.emulator.fake_data import FakeCooked

MINUTE, HOUR = 60.0, 3600.0


class AtOnce(Executor):
    """Runs what it is given before submit returns."""

    def submit(self, function, /, *arguments):
        future = Future()
        try:
            future.set_result(function(*arguments))
        except ValueError as problem:
            future.set_exception(problem)
        return future


def cycle(cook=FakeCooked, **options):
    return CookingCycle("shop", cook=cook, takes=10.0, executor=AtOnce(), **options)


def test_data_is_served_when_the_cooking_is_over_and_not_before():
    cooking = cycle()
    assert cooking.report(0.0).phase == "never cooked"
    assert cooking.trigger(0.0)
    assert cooking.report(9.9).phase == "cooking"
    assert cooking.data(9.9) is None
    assert cooking.data(10.0).interactions_version == "19700101000010"
    assert cooking.report(10.0).phase == "cooked"


def test_the_old_data_is_served_while_the_new_is_cooked():
    cooking = cycle()
    old = FakeCooked()
    cooking.serve(old)
    cooking.trigger(0.0)
    assert cooking.data(5.0) is old
    assert cooking.data(10.0).interactions_version != old.interactions_version


def test_a_trigger_is_refused_while_cooking_and_for_half_an_hour():
    cooking = cycle()
    times = (0.0, 5.0, 10.0, 30 * MINUTE - 1, 30 * MINUTE)
    assert [cooking.trigger(now) for now in times] == [True, False, False, False, True]


def test_the_sixth_trigger_of_a_day_is_refused_until_the_first_is_a_day_old():
    cooking = cycle()
    assert [cooking.trigger(hour * HOUR) for hour in range(6)] == [True] * 5 + [False]
    assert not cooking.trigger(24 * HOUR - 1)
    assert cooking.trigger(24 * HOUR)


@pytest.mark.parametrize(("refused", "accepted"), [("free", True), ("counted", False)])
def test_refused_triggers_use_up_the_day_only_if_the_switch_says_so(refused, accepted):
    cooking = cycle(refused_triggers=refused)
    cooking.trigger(0.0)
    for now in range(1, 5):
        assert not cooking.trigger(float(now))
    assert cooking.trigger(HOUR) is accepted


def test_a_cooking_that_fails_keeps_the_old_data_and_says_why():
    def fail(cooked_at):
        raise ValueError("no model.json")

    cooking = cycle(fail)
    old = FakeCooked()
    cooking.serve(old)
    cooking.trigger(0.0)
    assert cooking.data(10.0) is old
    assert cooking.report(10.0).problem == "no model.json"
    assert cooking.report(10.0).phase == "cooked"


def test_a_cooking_still_at_work_is_not_over_when_its_time_is():
    future = Future()

    class Busy(Executor):
        def submit(self, function, /, *arguments):
            return future

    cooking = CookingCycle("shop", cook=FakeCooked, takes=10.0, executor=Busy())
    cooking.start(0.0)
    assert cooking.report(20.0).phase == "cooking"
    future.set_result(FakeCooked())
    assert cooking.report(20.0).phase == "cooked"
