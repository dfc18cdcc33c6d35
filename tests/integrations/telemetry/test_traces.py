"""Traces: the tree of spans that each kind of call makes, in threads, asyncio and trio."""

from __future__ import annotations

import pickle
import re
import sys
import threading
from functools import partial

import anyio
import pytest
from opentelemetry import trace
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from benchmarks.measuring import calls_made
from irclient import IRClient, Pair, ServiceEndpoint, StaticToken, TrafficSplit, errors
from irclient.integrations.opentelemetry import OpenTelemetry, urls
from irclient.integrations.opentelemetry.spans import headers_of
from irclient.integrations.opentelemetry.urls import shown
from irclient.modeling import ModelingClient
from irclient.queries import Similar
from irclient.settings import Caching, Fallback, Hedging
from irclient.testing import ScriptedService, example_pair, quick_settings
from tests import weather as bad
from tests.integrations.telemetry.exporters import Telemetry, events, is_linked, is_parent
from tests.weather import weather
from tests.worlds import World, in_each_world, options, quick_failover


@pytest.fixture(scope="module")
def good():
    with weather() as server:
        yield server


def is_sampled(traceparent: str) -> bool:
    return bool(int(traceparent.rpartition("-")[2], 16) & 1)


class Vault:
    """A credential that has to be asked; it opens a span of its own, as instrumented ones do."""

    def __init__(self, tracer=None) -> None:
        self.tracer = tracer

    def get_token(self, *scopes, **_):
        from azure.core.credentials import AccessToken  # noqa: PLC0415  (only here)

        if self.tracer is not None:
            self.tracer.start_span("POST of the vault").end()
        return AccessToken("token-of-the-vault", 4_000_000_000)


@in_each_world
def test_a_plain_call_is_a_span_with_its_request_below_it(world, good) -> None:
    seen = Telemetry()

    async def story() -> None:
        async with world.client(good.endpoint("a"), observers=[seen.instrument()]) as ir:
            with seen.tracer.start_as_current_span("page"):
                await world.ask(ir.similar("64702", user_id="personal-77"))

    world.play(story)
    (page,) = seen.named("page")
    assert seen.tree(page) == ("page", [("irclient.similar", ["GET"])])
    (call,) = seen.named("irclient.similar")
    assert call.kind is SpanKind.INTERNAL
    told = dict(call.attributes)
    assert told.pop("irclient.call_id")
    assert told == {
        "irclient.operation": "similar",
        "irclient.source": "service",
        "irclient.degraded": False,
        "irclient.attempts": 1,
        "irclient.endpoint": "a/web",
    }
    (request,) = seen.named("GET")
    assert request.kind is SpanKind.CLIENT
    assert dict(request.attributes) == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "server.address": "127.0.0.1",
        "server.port": good.port,
        "url.full": f"{good.url}/reco/v1.0/similar/64702?userId=REDACTED",
        "irclient.endpoint": "a/web",
        "irclient.outcome": "served",
    }
    assert call.start_time <= request.start_time <= request.end_time <= call.end_time
    sent = good.seen[-1].headers["traceparent"]
    assert sent.startswith(f"00-{request.context.trace_id:032x}-{request.context.span_id:016x}-")
    assert is_sampled(sent)


@in_each_world
def test_a_failover_is_an_event_between_two_requests(world, good) -> None:
    seen = Telemetry()
    with weather(bad.BAD_AT_ONCE["503"]) as broken:

        async def story() -> None:
            pair = Pair(broken.endpoint("a"), good.endpoint("b"))
            async with world.client(pair, observers=[seen.instrument()]) as ir:
                await world.ask(ir.similar("64702"))

        world.play(story)
    (call,) = seen.named("irclient.similar")
    assert call.parent is None
    assert events(call) == ["irclient.failover"]
    (event,) = call.events
    assert event.attributes["irclient.origin"] == "a/web"
    assert event.attributes["irclient.kind"] == "failed"
    first, second = seen.children(call)
    assert first.attributes["error.type"] == "503"
    assert first.status.status_code is StatusCode.ERROR
    assert "http.request.resend_count" not in first.attributes
    assert second.attributes["http.request.resend_count"] == 1
    assert call.status.status_code is StatusCode.UNSET


@in_each_world
def test_what_no_answer_came_to_names_what_came(world) -> None:
    seen = Telemetry()
    with weather(bad.reset) as broken:

        async def story() -> None:
            async with world.client(broken.endpoint("a"), observers=[seen.instrument()]) as ir:
                await world.error(ir.similar, "64702")

        world.play(story)
    request = seen.named("GET")[0]
    assert request.attributes["error.type"] == "broken"
    assert "http.response.status_code" not in request.attributes
    (call,) = seen.named("irclient.similar")
    assert call.attributes["error.type"] == "Unavailable"
    assert call.status.status_code is StatusCode.ERROR
    assert "irclient.source" not in call.attributes


@in_each_world
@pytest.mark.parametrize("slow_for", [0.0, 3.0], ids=["not sent", "won"])
def test_the_requests_of_a_race_keep_their_parent(world, good, slow_for) -> None:
    seen = Telemetry()
    with weather(bad.after(slow_for) if slow_for else bad.ok) as primary:

        async def story() -> None:
            pair = Pair(primary.endpoint("a"), good.endpoint("b"))
            settings = options(hedging=Hedging(enabled=True, after=0.5 - slow_for / 7, budget=1.0))
            observers = [seen.instrument()]
            async with world.client(pair, observers=observers, settings=settings) as ir:
                with seen.tracer.start_as_current_span("page"):
                    await world.ask(ir.similar("64702"))

        world.play(story)
    (page,) = seen.named("page")
    (call,) = seen.children(page)
    requests = seen.children(call)
    if not slow_for:
        assert len(requests) == 1
        return
    first, second = requests
    assert (first.attributes["irclient.outcome"], second.attributes["irclient.outcome"]) == (
        "overtaken",
        "served",
    )
    assert second.attributes["irclient.hedge"] is True
    assert first.status.status_code is StatusCode.UNSET
    assert events(call) == ["irclient.hedge"]
    assert call.events[0].attributes["irclient.won"] is True
    assert good.seen[-1].headers["traceparent"].split("-")[2] == f"{second.context.span_id:016x}"


def test_calls_in_many_threads_keep_the_parent_of_the_one_that_began_them(good) -> None:
    seen = Telemetry()
    world = World("threads")
    with (
        world.make(good.endpoint("a"), observers=[seen.instrument()]) as ir,
        seen.tracer.start_as_current_span("page"),
    ):
        ir.fetch_many([Similar(str(number)) for number in range(8)])
    (page,) = seen.named("page")
    assert seen.tree(page) == ("page", [("irclient.similar", ["GET"])] * 8)


@in_each_world
@pytest.mark.parametrize("cache_spans", [False, True])
def test_an_answer_of_memory_has_a_span_only_where_that_is_asked_for(
    world, good, cache_spans
) -> None:
    seen = Telemetry()

    async def story() -> None:
        instrument = seen.instrument(cache_spans=cache_spans)
        settings = options(caching=Caching())
        async with world.client(
            good.endpoint("a"), observers=[instrument], settings=settings
        ) as ir:
            await world.ask(ir.similar("64702"))
            with seen.tracer.start_as_current_span("page"):
                answer = await world.ask(ir.similar("64702"))
            assert answer.served.source == "cache"

    world.play(story)
    (page,) = seen.named("page")
    if cache_spans:
        (call,) = seen.children(page)
        assert call.attributes["irclient.source"] == "cache"
    else:
        assert seen.children(page) == []
    assert seen.points("irclient.call.duration")["similar", "cache"] == 1


@in_each_world
def test_an_answer_of_memory_in_a_split_has_no_span_either(world, good) -> None:
    seen = Telemetry()

    async def story() -> None:
        split = TrafficSplit({"blue": good.endpoint("a")}, weights={"blue": 1.0}, salt="s")
        settings = options(caching=Caching())
        async with world.client(split, observers=[seen.instrument()], settings=settings) as ir:
            for _ in range(2):
                await world.ask(ir.similar("64702"))

    world.play(story)
    (call,) = seen.named("irclient.similar")
    assert call.attributes["irclient.variant"] == "blue"
    assert seen.points("irclient.call.duration")["similar", "cache", "blue"] == 1


@in_each_world
def test_a_stale_answer_is_a_span_and_its_refresh_a_linked_trace(world, good) -> None:
    seen = Telemetry()

    async def story() -> None:
        settings = options(caching=Caching(fresh_for=0.05, stale_while_refresh_for=60))
        async with world.client(
            good.endpoint("a"), observers=[seen.instrument()], settings=settings
        ) as ir:
            await world.ask(ir.similar("64702"))
            await world.pause(0.1)
            with seen.tracer.start_as_current_span("page"):
                await world.ask(ir.similar("64702"))
            for _ in range(200):
                if seen.named("irclient.refresh"):
                    break
                await world.pause(0.02)

    world.play(story)
    (page,) = seen.named("page")
    (call,) = seen.children(page)
    assert call.attributes["irclient.source"] == "stale"
    assert events(call) == ["irclient.memory"]
    (refresh,) = seen.named("irclient.refresh")
    assert refresh.parent is None
    assert refresh.context.trace_id != page.context.trace_id
    assert is_linked(refresh, call)
    assert seen.tree(refresh) == ("irclient.refresh", ["GET"])
    assert refresh.attributes["irclient.operation"] == "similar"


@in_each_world
def test_a_probe_is_a_linked_trace(world, good) -> None:
    seen = Telemetry()
    with weather(bad.reset) as broken:

        async def story() -> None:
            pair = Pair(broken.endpoint("a"), good.endpoint("b"))
            settings = options(failover=quick_failover())
            async with world.client(pair, observers=[seen.instrument()], settings=settings) as ir:
                for _ in range(200):
                    await world.ask(ir.similar("64702"))
                    if seen.named("irclient.probe"):
                        break
                    await world.pause(0.02)

        world.play(story)
    probe = seen.named("irclient.probe")[0]
    assert probe.parent is None
    assert any(is_linked(probe, call) for call in seen.named("irclient.similar"))
    assert seen.tree(probe) == ("irclient.probe", ["GET"])


@in_each_world
def test_the_renewal_of_a_token_is_a_linked_trace_with_the_credentials_spans(world, good) -> None:
    seen = Telemetry()

    async def story() -> None:
        async with world.client(
            good.endpoint("a"), observers=[seen.instrument()], credential=Vault(seen.tracer)
        ) as ir:
            await world.ask(ir.similar("64702"))

    world.play(story)
    (renewal,) = seen.named("irclient.token")
    (call,) = seen.named("irclient.similar")
    assert renewal.parent is None
    assert is_linked(renewal, call)
    assert seen.tree(renewal) == ("irclient.token", ["POST of the vault"])
    assert seen.tree(call) == ("irclient.similar", ["GET"])
    assert renewal.attributes["irclient.token.lifetime"] > 0


@in_each_world
def test_a_fallback_is_an_event(world) -> None:
    seen = Telemetry()
    with weather(bad.reset) as broken:

        async def story() -> None:
            async with world.client(
                broken.endpoint("a"),
                observers=[seen.instrument()],
                fallback=Fallback(queries=(), items=("1",)),
            ) as ir:
                await world.ask(ir.similar("64702"))

        world.play(story)
    (call,) = seen.named("irclient.similar")
    assert events(call) == ["irclient.fallback"]
    assert call.attributes["irclient.degraded"] is True
    assert call.attributes["irclient.source"] == "fallback"
    assert seen.points("irclient.call.duration") == {("similar", "fallback"): 1}
    assert call.status.status_code is StatusCode.UNSET


def test_a_joined_call_says_whose_answer_it_has() -> None:
    seen = Telemetry()
    world = World("asyncio")
    with weather(bad.after(0.3)) as slow:

        async def story() -> None:
            settings = options(caching=Caching())
            async with (
                world.client(
                    slow.endpoint("a"), observers=[seen.instrument()], settings=settings
                ) as ir,
                anyio.create_task_group() as tasks,
            ):
                tasks.start_soon(ir.similar, "64702")
                await anyio.sleep(0.1)
                tasks.start_soon(ir.similar, "64702")

        world.play(story)
    joined, leader = sorted(seen.named("irclient.similar"), key=lambda each: -each.start_time)
    (event,) = joined.events
    assert event.name == "irclient.joined_flight"
    assert event.attributes["irclient.leader"] == leader.attributes["irclient.call_id"]
    assert seen.children(joined) == []


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_cancelled_call_ends_its_spans_and_leaves_no_context(backend) -> None:
    seen = Telemetry()
    world = World(backend)
    with weather(bad.hang) as silent:

        async def story() -> None:
            async with world.client(silent.endpoint("a"), observers=[seen.instrument()]) as ir:
                with anyio.move_on_after(0.1):
                    await ir.similar("64702")
                assert trace.get_current_span() is trace.INVALID_SPAN

        world.play(story)
    (request,) = seen.named("GET")
    assert request.attributes["error.type"] == "cancelled"
    (call,) = seen.named("irclient.similar")
    assert call.attributes["error.type"] == "cancelled"


@in_each_world
def test_an_unsampled_page_makes_no_span_and_says_so_to_the_service(world, good) -> None:
    seen = Telemetry(sampler=ParentBased(ALWAYS_OFF))

    async def story() -> None:
        async with world.client(good.endpoint("a"), observers=[seen.instrument()]) as ir:
            with seen.tracer.start_as_current_span("page"):
                await world.ask(ir.similar("64702"))

    world.play(story)
    assert seen.spans == ()
    sent = good.seen[-1].headers["traceparent"]
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", sent)
    assert not is_sampled(sent)
    assert seen.points("irclient.call.duration")["similar", "service"] == 1


@in_each_world
def test_an_unsampled_root_says_so_as_well(world, good) -> None:
    seen = Telemetry(sampler=ParentBased(ALWAYS_OFF))

    async def story() -> None:
        async with world.client(good.endpoint("a"), observers=[seen.instrument()]) as ir:
            await world.ask(ir.similar("64702"))
            assert trace.get_current_span() is trace.INVALID_SPAN

    world.play(story)
    assert seen.spans == ()
    assert not is_sampled(good.seen[-1].headers["traceparent"])


@in_each_world
def test_nothing_is_sent_along_where_that_is_not_wanted(world, good) -> None:
    seen = Telemetry()

    async def story() -> None:
        instrument = seen.instrument(propagate=False)
        async with world.client(good.endpoint("a"), observers=[instrument]) as ir:
            await world.ask(ir.similar("64702"))

    world.play(story)
    assert "traceparent" not in good.seen[-1].headers
    assert len(seen.named("GET")) == 1


def test_the_header_is_the_one_that_the_library_writes() -> None:
    state = trace.TraceState([("vendor", "1"), ("other", "2")])
    for flags in (0, 1):
        span = trace.SpanContext(2**127 + 5, 2**63 + 7, False, trace.TraceFlags(flags), state)
        carrier: dict[str, str] = {}
        context = trace.set_span_in_context(trace.NonRecordingSpan(span))
        TraceContextTextMapPropagator().inject(carrier, context)
        assert dict(headers_of(span)) == carrier
    assert headers_of(trace.INVALID_SPAN_CONTEXT) == ()


@pytest.mark.parametrize(
    ("target", "url"),
    [
        ("/reco/v1.0/popular", "/reco/v1.0/popular"),
        ("/reco/v1.0/picks?userId=ann%40x&count=5", "/reco/v1.0/picks?userId=REDACTED&count=5"),
        ("/x?SessionId=s&modeling=m", "/x?SessionId=REDACTED&modeling=m"),
        ("/x?Category=Shoes", "/x?Category=REDACTED"),
        ("/x?token=secret&flag", "/x?token=REDACTED&flag=REDACTED"),
        ("/x?seedItemIds=1,2", "/x?seedItemIds=1,2"),
        ("/x?count=5&COUNT=ann", "/x?count=REDACTED&COUNT=REDACTED"),
    ],
)
def test_a_url_shows_no_value_that_may_tell_of_a_user(target: str, url: str) -> None:
    assert shown("https://h", target) == "https://h" + url


def test_what_tells_of_a_user_is_not_kept_and_what_is_kept_is_bounded() -> None:
    for number in range(200):
        shown("https://h", f"/picks?userId=personal-{number}&count=5")
        shown("https://h", f"/picks?count={number}")
    kept = [
        each
        for name, module in sys.modules.items()
        if name.startswith("irclient.integrations.opentelemetry")
        for value in vars(module).values()
        for each in (value if isinstance(value, set | dict | list) else ())
    ]
    assert "count=199" in kept
    assert not [each for each in kept if "personal" in str(each)]
    assert len([each for each in kept if str(each).startswith("count=")]) <= 64
    assert not hasattr(urls._shown, "cache_info")


@in_each_world
def test_stock_instrumentation_below_a_transport_of_ones_own_does_not_double(world) -> None:
    import httpx  # noqa: PLC0415  (it is patched here)
    from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor  # noqa: PLC0415

    seen = Telemetry()
    stock = HTTPXClientInstrumentor()
    with weather() as server:
        stock.instrument(tracer_provider=seen.tracers)
        try:
            kind = httpx.HTTPTransport if world.is_sync else httpx.AsyncHTTPTransport
            transport = kind()

            async def story() -> None:
                async with world.client(
                    server.endpoint("a"), observers=[seen.instrument()], transport=transport
                ) as ir:
                    await world.ask(ir.similar("64702"))
                    with seen.tracer.start_as_current_span("page"):
                        await world.ask(ir.similar("64702"))
                if world.is_sync:
                    transport.close()
                else:
                    await transport.aclose()

            world.play(story)
        finally:
            stock.uninstrument()
        assert [each.name for each in seen.spans if each.kind is SpanKind.CLIENT] == ["GET"] * 2
        request = seen.named("GET")[-1]
        parent = server.seen[-1].headers["traceparent"]
    assert parent.split("-")[2] == f"{request.context.span_id:016x}"


def test_a_call_refused_before_it_is_sent_has_no_request(good) -> None:
    seen = Telemetry()
    world = World("threads")
    with world.make(good.endpoint("a"), observers=[seen.instrument()]) as ir:
        ir.close()
        with pytest.raises(errors.ClientClosed):
            ir.similar("64702")
    (call,) = seen.named("irclient.similar")
    assert call.attributes["error.type"] == "ClientClosed"
    assert seen.children(call) == []


def test_spans_of_no_sdk_are_nothing_and_harm_nothing() -> None:
    pair = example_pair()
    service = ScriptedService(pair)

    with IRClient(
        pair,
        credential=StaticToken("t"),
        transport=service,
        settings=quick_settings(),
        observers=[OpenTelemetry()],
    ) as ir:
        assert ir.similar("1").ids


def test_it_goes_into_another_process_unless_it_has_providers_of_its_own() -> None:
    again = pickle.loads(pickle.dumps(OpenTelemetry(cache_spans=True, propagate=False)))
    assert repr(again) == "OpenTelemetry(cache_spans=True, propagate=False)"
    with pytest.raises(TypeError, match="providers of its own"):
        pickle.dumps(Telemetry().instrument())


def test_a_parent_of_another_thread_is_not_taken(good) -> None:
    seen = Telemetry()
    world = World("threads")
    with (
        world.make(good.endpoint("a"), observers=[seen.instrument()]) as ir,
        seen.tracer.start_as_current_span("page"),
    ):
        thread = threading.Thread(target=ir.similar, args=["64702"])
        thread.start()
        thread.join()
    (call,) = seen.named("irclient.similar")
    assert call.parent is None
    assert not is_parent(seen.named("page")[0], call) if call.parent else True


def test_an_unsampled_call_makes_few_calls_of_functions_more_than_an_observed_one() -> None:
    pair = example_pair(tps=10_000)
    seen = Telemetry(sampler=ParentBased(ALWAYS_OFF))

    def made(*observers) -> int:
        with World("threads").make(
            pair, observers=observers, transport=ScriptedService(pair)
        ) as ir:
            ir.similar("0")
            queries = [Similar(str(number)) for number in range(1, 4)]
            return min(calls_made(partial(ir.fetch, query)) for query in queries)

    with seen.tracer.start_as_current_span("page"):
        instrument = OpenTelemetry(tracer_provider=seen.tracers, meter_provider=NoOpMeterProvider())
        assert made(instrument) - made(lambda _: None) < 120


def test_a_trigger_is_a_span_with_its_request_below_it(good) -> None:
    seen = Telemetry()
    client = ModelingClient(
        ServiceEndpoint("a", "web", tps=1, url=good.url),
        credential=StaticToken("t"),
        observers=[seen.instrument()],
    )
    with client, pytest.raises(errors.IRError):
        client.trigger()  # This server knows of no trigger, and answers with a list.
    (call,) = seen.named("irclient.trigger")
    assert [each.name for each in seen.children(call)] == ["POST"]
    assert call.attributes["error.type"] == "UnexpectedAnswer"
    sent = good.seen[-1].headers["traceparent"]
    assert sent.split("-")[2] == f"{seen.children(call)[0].context.span_id:016x}"


@in_each_world
def test_a_warm_up_is_a_span(world, good) -> None:
    seen = Telemetry()

    async def story() -> None:
        async with world.client(
            good.endpoint("a"), observers=[seen.instrument()], credential=Vault(seen.tracer)
        ) as ir:
            await world.ask(ir.warm_up())

    world.play(story)
    (call,) = seen.named("irclient.warm_up")
    (renewal,) = seen.named("irclient.token")
    assert is_linked(renewal, call)
