"""Both clients against a pair in every kind of weather, over real sockets."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from irclient import Caching, IRClient, Pair, StaticToken, errors
from irclient.observe import AttemptEnded, CallEnded, Ejected, Probed, Returned
from irclient.settings import Retries, Timeouts
from irclient.testing import ScriptedService, example_pair
from tests import weather as bad
from tests.stopwatch import Stopwatch
from tests.weather import weather
from tests.worlds import WORLDS, Records, in_each_world, options, quick_failover

if TYPE_CHECKING:
    from tests.weather import Weather

#: The bar for the pair's answer after a failure; the best of a few calls, as machines are busy.
AT_ONCE = 0.02
#: What a busy machine may add to anything.
LATE = 0.4


@pytest.fixture(scope="module")
def good():
    with weather() as server:
        yield server


def pair_of(primary: Weather, secondary: Weather) -> Pair:
    return Pair(primary.endpoint("a"), secondary.endpoint("b"))


async def lag_after_the_failure(world, primary, secondary) -> float:
    """Seconds from the failed attempt to the end of its call, which the pair answers."""
    told = Records()
    with Stopwatch() as watch:
        async with world.client(pair_of(primary, secondary), observers=[told]) as ir:
            answer = await world.ask(ir.similar("64702"))
    assert answer.served.endpoint == "b/web"
    assert answer.ids == ["64702"]
    failed, served = told.of(AttemptEnded)
    assert (failed.attempt.endpoint, served.attempt.outcome) == ("a/web", "served")
    (end,) = told.of(CallEnded)
    return end.at - failed.at - watch.stood


@pytest.mark.timing
@in_each_world
@pytest.mark.parametrize("name", [*bad.BAD_AT_ONCE, "refused"])
def test_the_pair_answers_at_once_when_the_primary_fails(world, name, good) -> None:
    with weather(bad.BAD_AT_ONCE.get(name, bad.ok)) as primary:
        if name == "refused":
            primary.close()

        async def story() -> None:
            lags = [await lag_after_the_failure(world, primary, good) for _ in range(3)]
            assert min(lags) < AT_ONCE
            assert max(lags) < LATE

        world.play(story)


@pytest.mark.timing
@in_each_world
@pytest.mark.parametrize("name", bad.BAD_IN_TIME)
def test_the_pair_answers_after_one_attempt_and_at_once_when_the_account_is_known_to_hang(
    world, name, good
) -> None:
    settings = options(
        timeouts=Timeouts(deadline=5, attempt=0.15, connect=1),
        failover=quick_failover(eject_for=30, max_eject_for=30),
    )

    async def story() -> None:
        async with world.client(pair_of(primary, good), settings=settings) as ir:
            with Stopwatch() as watch:
                first = await world.ask(ir.popular())
            assert (first.served.endpoint, first.served.attempts) == ("b/web", 2)
            assert watch.elapsed > 0.14
            assert watch.took < 0.15 + LATE
            assert ir.health()["a"].state == "failing"
            later = [await world.ask(ir.similar(str(n))) for n in range(5)]
            assert {each.served.attempts for each in later} == {1}
            assert min(each.served.elapsed for each in later) < AT_ONCE

    with weather(bad.BAD_IN_TIME[name]) as primary:
        world.play(story)


@in_each_world
def test_traffic_goes_home_by_itself_and_gradually(world, good) -> None:
    told = Records()
    settings = options(failover=quick_failover(ramp_for=0.6))

    async def story() -> None:
        async with world.client(pair_of(primary, good), settings=settings, observers=[told]) as ir:
            for n in range(4):
                answer = await world.ask(ir.similar(str(n)))
                assert answer.served.account == "b"
            primary.now = bad.ok
            accounts = ""
            until = time.monotonic() + 8
            while not told.of(Returned) and time.monotonic() < until:
                accounts += (await world.ask(ir.popular())).served.account
                await world.pause(0.01)
            assert told.of(Ejected)
            assert told.of(Probed)[-1].recovered
            assert told.of(Returned), "it never came home"
            # Its share grew: both accounts answered while it was coming back.
            coming_back = accounts[accounts.index("a") :]
            assert "b" in coming_back
            assert ir.health()["a"].state == "working"
            assert (await world.ask(ir.popular())).served.account == "a"

    with weather(bad.BAD_AT_ONCE["500"]) as primary:
        world.play(story)


@pytest.mark.timing
@in_each_world
@pytest.mark.parametrize("name", bad.BAD_IN_TIME)
def test_the_deadline_holds_whatever_the_server_does(world, name) -> None:
    settings = options(
        timeouts=Timeouts(deadline=0.7, attempt=10, connect=10), retries=Retries(max_attempts=2)
    )

    async def story() -> None:
        async with world.client(server.endpoint("a"), settings=settings) as ir:
            with Stopwatch() as watch:
                error = await world.error(ir.popular)
        assert isinstance(error, errors.DeadlineExceeded)
        assert [each.outcome for each in error.attempts] == ["timed out"]
        assert watch.elapsed > 0.69
        assert watch.took < 0.75

    with weather(bad.BAD_IN_TIME[name]) as server:
        world.play(story)


@pytest.mark.timing
@in_each_world
def test_several_drips_in_a_row_end_by_the_deadline(world) -> None:
    settings = options(timeouts=Timeouts(deadline=0.5, attempt=0.15, connect=1))

    async def story() -> None:
        async with world.client(pair_of(one, two), settings=settings) as ir:
            with Stopwatch() as watch:
                error = await world.error(ir.popular)
            assert watch.took < 0.5 + LATE
            assert isinstance(error, errors.IRError)
            assert len(error.attempts) >= 2

    with weather(bad.drip_headers) as one, weather(bad.drip_body) as two:
        world.play(story)


@in_each_world
@pytest.mark.parametrize("bomb", [bad.gzip_bomb, bad.endless], ids=["gzip bomb", "endless"])
def test_an_answer_that_is_too_large_is_an_unexpected_answer(world, bomb) -> None:
    async def story() -> None:
        async with world.client(server.endpoint("a"), settings=settings) as ir:
            error = await world.error(ir.popular)
        assert isinstance(error, errors.UnexpectedAnswer)
        assert "too large" in str(error)

    settings = options(
        timeouts=Timeouts(deadline=20, attempt=10, connect=5), retries=Retries(max_attempts=1)
    )
    with weather(bomb) as server:
        world.play(story)


@in_each_world
@pytest.mark.parametrize("behaviour", [bad.gzipped, bad.deflated, bad.close_after])
def test_what_http_allows_is_read(world, behaviour) -> None:
    async def story() -> None:
        async with world.client(server.endpoint("a")) as ir:
            for n in ("1", "2", "3"):
                answer = await world.ask(ir.similar(n))
                assert answer.ids == [n]
                # A connection may turn out to be closed only once something was sent over it.
                assert answer.served.attempts <= (2 if behaviour is bad.close_after else 1)

    with weather(behaviour) as server:
        world.play(story)


@in_each_world
def test_a_redirect_is_never_followed(world) -> None:
    async def story() -> None:
        async with world.client(origin.endpoint("a")) as ir:
            error = await world.error(ir.popular)
        assert isinstance(error, errors.UnexpectedAnswer)
        assert "302" in str(error)

    with weather() as target:
        location = f"Location: {target.url}/reco/v1.0/popular"
        with weather(bad.saying("302 Found", headers=(location,))) as origin:
            world.play(story)
        assert target.connections == 0


def test_every_weather_is_tried_in_every_world() -> None:
    assert len(WORLDS) == 3
    assert len(bad.BAD_AT_ONCE) + len(bad.BAD_IN_TIME) >= 24


def test_an_account_that_hangs_from_the_first_call_on_is_passed_by_though_deadlines_are_short():
    service = ScriptedService()
    service.on("contoso-a").hang()
    ir = IRClient(example_pair(), credential=StaticToken("t"), transport=service)
    impatient = ir.with_options(deadline=0.1, caching=Caching(enabled=False))
    for item in range(40):
        assert impatient.similar(str(item)).served.account == "contoso-b"
    # Twenty answers tell how long the pair takes, and five failures are enough.
    assert ir.health()["contoso-a"].state == "failing"
    ir.close()
