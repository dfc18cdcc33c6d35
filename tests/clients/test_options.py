"""Options: what a copy may have of its own, what it may not, and what equal options cost."""

from __future__ import annotations

import time
from datetime import timedelta
from timeit import timeit

import pytest
from tenacity import wait_fixed

from irclient import IRClient, Pair, ServiceEndpoint, StaticToken, errors
from irclient._clients.options import Options
from irclient.settings import Caching, Hedging, Retries, Settings, Throttling, Timeouts
from irclient.testing import ScriptedService
from tests.worlds import in_each_world

HOME = Pair(ServiceEndpoint("a", "web", tps=100), ServiceEndpoint("b", "web", tps=100))
OWN = Settings(
    throttling=Throttling(share=0.25, adaptive=False),
    retries=Retries(budget=0.77),
    caching=Caching(max_entries=50, max_bytes=1_000_000),
)


def applied(base: Settings = OWN, *, deadline=None, options=None, **groups) -> Settings:
    options = Options(OWN) if options is None else options
    return options.applied(base, groups, deadline=deadline)


def test_only_what_was_given_changes() -> None:
    before = Settings(timeouts=Timeouts(deadline=9, attempt=2), caching=Caching(enabled=False))
    options, hedging = Options(before), Hedging(enabled=True)
    after = applied(before, options=options, hedging=hedging, caching=None, deadline=5)
    assert after.timeouts == Timeouts(deadline=5, attempt=2)
    assert after.hedging.enabled
    assert (after.caching, after.failover) == (before.caching, before.failover)
    assert (before.timeouts.deadline, before.hedging.enabled) == (9, False)


def test_a_deadline_goes_over_the_timeouts_that_come_with_it() -> None:
    after = applied(timeouts=Timeouts(deadline=9, attempt=2), deadline=5)
    assert after.timeouts == Timeouts(deadline=5, attempt=2)


@pytest.mark.parametrize("group", [3, 0, "", Caching()])
def test_a_group_of_the_wrong_kind_is_refused(group) -> None:
    options = Options(OWN)
    applied(options=options, timeouts=None, deadline=5)
    with pytest.raises(errors.ConfigurationError, match=r"Settings\.timeouts"):
        applied(options=options, timeouts=group, deadline=5)


@pytest.mark.parametrize(
    ("name", "group", "words"),
    [
        ("throttling", Throttling(share=1.0), r"throttling\.share must be 0\.25, .* got 1\.0"),
        (
            "throttling",
            Throttling(adaptive=True),
            r"throttling\.adaptive must be False, .*got True",
        ),
        ("retries", Retries(budget=0.5), r"retries\.budget must be 0.77, .*got 0.5"),
        ("caching", Caching(max_entries=10_000), r"caching\.max_entries must be 50, .*got 10000"),
        ("caching", Caching(max_bytes=None), r"caching\.max_bytes must be 1000000, .*got None"),
    ],
)
def test_what_all_copies_share_is_refused_with_the_value_and_the_fix(name, group, words) -> None:
    options = Options(OWN)
    # The same group in which that was left out: it equals the one that is refused.
    applied(options=options, **{name: type(group)()})
    with pytest.raises(errors.ConfigurationError, match=rf"with_options: {words}"):
        applied(options=options, **{name: group})
    with pytest.raises(errors.ConfigurationError, match="leave it out, or make another client"):
        applied(options=options, **{name: group})


def test_what_all_copies_share_may_be_said_again_or_left_out() -> None:
    after = applied(
        throttling=Throttling(max_wait=2.0, share=0.25),
        retries=Retries(max_attempts=1),
        caching=Caching(enabled=False, max_entries=50),
    )
    assert after.throttling == Throttling(max_wait=2.0, share=0.25, adaptive=False)
    assert after.retries == Retries(max_attempts=1, budget=0.77)
    assert after.caching == Caching(enabled=False, max_entries=50, max_bytes=1_000_000)


def test_a_copy_of_a_copy_shares_it_too() -> None:
    options = Options(OWN)
    first = applied(options=options, throttling=Throttling(max_wait=2.0))
    second = applied(first, options=options, caching=Caching(enabled=False), deadline=1)
    assert (second.throttling, second.caching.max_entries) == (first.throttling, 50)
    with pytest.raises(errors.ConfigurationError, match=r"throttling\.share"):
        applied(second, options=options, throttling=Throttling(share=1.0))


@pytest.mark.parametrize(
    "given",
    [
        lambda: {"deadline": 2},
        lambda: {"deadline": timedelta(seconds=2)},
        lambda: {"deadline": 2.0, "caching": Caching(enabled=False)},
        lambda: {"throttling": Throttling(max_wait=1.0)},
        lambda: {"retries": Retries(max_attempts=2)},
    ],
)
def test_equal_options_give_the_same_settings(given) -> None:
    options = Options(OWN)
    assert applied(options=options, **given()) is applied(options=options, **given())
    assert applied(options=Options(OWN), **given()) == applied(options=options, **given())


def test_options_of_another_base_are_of_that_base() -> None:
    options = Options(OWN)
    patient = applied(options=options, deadline=9)
    for _ in range(2):
        assert applied(options=options, caching=Caching(enabled=False)).timeouts.deadline == 3.0
        without = applied(patient, options=options, caching=Caching(enabled=False))
        assert without.timeouts.deadline == 9


class Unhashable:
    """A wait of a user's own."""

    __hash__ = None

    def __call__(self, state: object) -> float:
        return 0.0


def test_a_wait_that_cannot_be_looked_up_is_used_all_the_same() -> None:
    wait = Unhashable()
    for _ in range(2):
        assert applied(retries=Retries(wait=wait), deadline=1).retries.wait is wait
    assert applied(retries=Retries(wait=wait_fixed(1))).retries.budget == 0.77


def test_no_more_than_some_settings_are_remembered() -> None:
    options = Options(OWN)
    for number in range(1, 2_000):
        assert applied(options=options, deadline=number / 7).timeouts.deadline == number / 7
    assert len(options._known) <= 256


@in_each_world
def test_a_copy_is_refused_before_anything_is_sent(world) -> None:
    async def story() -> None:
        service = ScriptedService()
        async with world.client(HOME, transport=service, settings=OWN) as ir:
            for _ in range(2):
                with pytest.raises(errors.ConfigurationError, match="share"):
                    ir.with_options(throttling=Throttling(share=0.5))
            copy = ir.with_options(throttling=Throttling(max_wait=0.1))
            assert copy.health()["a"].allowance.full_limit == 25
        assert service.requests == ()

    world.play(story)


def test_a_copy_of_equal_options_costs_no_more_than_five_answers_from_memory() -> None:
    with IRClient(HOME, credential=StaticToken("t"), transport=ScriptedService()) as ir:
        ir.similar("1", count=10)
        answered = fastest(lambda: ir.similar("1", count=10))
        assert fastest(lambda: ir.with_options(deadline=2.0)) < 5 * answered
        together = {"deadline": 2.0, "caching": Caching(enabled=False)}
        assert fastest(lambda: ir.with_options(**together)) < 5 * answered


def fastest(work) -> float:
    """Seconds of the processor, which a busy machine does not stretch much."""
    return min(timeit(work, number=500, timer=time.thread_time) for _ in range(7))
