"""The durations of calls of which no records are made: the same as those that records tell of."""

from __future__ import annotations

import contextlib

import pytest
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased

from irclient import Pair
from irclient.errors import IRError
from irclient.settings import Caching, Hedging
from tests import weather as bad
from tests.integrations.telemetry.exporters import Telemetry
from tests.weather import weather
from tests.worlds import in_each_world, options

DURATIONS = ("irclient.call.duration", "http.client.request.duration")
#: What the first account does, and what the client is made with beside it.
CASES = {
    "answered": (bad.ok, {}),
    "answered from memory": (bad.ok, {"caching": Caching()}),
    "failed over": (bad.BAD_AT_ONCE["503"], {}),
    "throttled": (bad.BAD_AT_ONCE["429"], {}),
    "not a list": (bad.BAD_AT_ONCE["wrong JSON"], {}),
    "reset": (bad.reset, {}),
}
HEDGED = Hedging(enabled=True, after=0.3, budget=1.0)


@in_each_world
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("below", [False, True], ids=["root", "below a span"])
@pytest.mark.parametrize("sampler", [ALWAYS_ON, ALWAYS_OFF], ids=["sampled", "unsampled"])
def test_durations_are_counted_as_records_tell_them(world, case, below, sampler) -> None:
    first, groups = CASES[case]
    with weather(first) as one, weather() as other:

        def counted(*observers) -> list[dict]:
            seen = Telemetry(sampler=ParentBased(sampler))

            async def story() -> None:
                async with world.client(
                    Pair(one.endpoint("a"), other.endpoint("b")),
                    observers=[seen.instrument(), *observers],
                    settings=options(**groups),
                ) as ir:
                    page = seen.tracer.start_as_current_span("page")
                    with page if below else contextlib.nullcontext():
                        for _ in range(2):
                            await world.ask(ir.similar("64702"))

            world.play(story)
            return [seen.points(name) for name in DURATIONS]

        alone = counted()
        assert alone == counted(lambda _: None)
        assert sum(alone[0].values()) == 2


@in_each_world
@pytest.mark.parametrize("sampler", [ALWAYS_ON, ALWAYS_OFF], ids=["sampled", "unsampled"])
def test_of_a_race_each_request_is_counted_once(world, sampler) -> None:
    seen = Telemetry(sampler=ParentBased(sampler))
    with weather(bad.hang) as silent, weather() as good:

        async def story() -> None:
            pair = Pair(silent.endpoint("a"), good.endpoint("b"))
            settings = options(hedging=HEDGED)
            observers = [seen.instrument()]
            async with world.client(pair, observers=observers, settings=settings) as ir:
                await world.ask(ir.similar("64702"))

        world.play(story)
    assert seen.points("irclient.call.duration") == {("similar", "service"): 1}
    requests = seen.points("http.client.request.duration")
    assert sorted((labels[0], count) for labels, count in requests.items()) == [
        ("GET", 1),
        ("overtaken", 1),
    ]


@in_each_world
@pytest.mark.parametrize("sampler", [ALWAYS_ON, ALWAYS_OFF], ids=["sampled", "unsampled"])
def test_a_call_without_an_answer_is_counted_once(world, sampler) -> None:
    seen = Telemetry(sampler=ParentBased(sampler))
    with weather(bad.BAD_AT_ONCE["503"]) as broken:

        async def story() -> None:
            async with world.client(broken.endpoint("a"), observers=[seen.instrument()]) as ir:
                with contextlib.suppress(IRError):
                    await world.ask(ir.similar("64702"))

        world.play(story)
        sent = len(broken.seen)
    assert seen.points("irclient.call.duration") == {("Unavailable", "similar"): 1}
    (requests,) = seen.points("http.client.request.duration").values()
    assert requests == sent


@in_each_world
def test_a_duration_is_that_of_the_request(world) -> None:
    seen = Telemetry()
    with weather(bad.after(0.3)) as slow:

        async def story() -> None:
            async with world.client(slow.endpoint("a"), observers=[seen.instrument()]) as ir:
                answer = await world.ask(ir.similar("64702"))
                assert seen.total("irclient.call.duration") == answer.served.elapsed

        world.play(story)
    assert seen.total("http.client.request.duration") > 0.25
