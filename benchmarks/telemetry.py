"""What telemetry adds to a call: `python -m benchmarks.telemetry`.

CPU microseconds of one call whose answer is there at once, without a network; the best of many
short rounds that take turns, so that a busy machine hits all alike. Beside it stands what
OpenTelemetry's SDK itself takes, used by hand, for two spans with the same attributes and for the
two durations: the floor. It is measured with a call before each, as it is in use: in a loop of its
own the SDK's code stays in the processor's caches, and takes two thirds of the time.

The bars, 60 µs for a sampled call and 5 µs for another, are those of a machine where a call takes
200 µs. So a call over loopback, from its begin to its answer, is measured in the same rounds.
"""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING

from opentelemetry import context, trace
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased
from opentelemetry.trace import SpanKind
from prometheus_client import CollectorRegistry

from benchmarks.serving import serving
from irclient import AsyncIRClient, Caching, IRClient, ServiceEndpoint, Settings, StaticToken
from irclient._wire.responses import Response
from irclient.integrations.opentelemetry import OpenTelemetry
from irclient.integrations.prometheus import PrometheusObserver
from irclient.queries import Similar
from irclient.testing import example_pair, list_body
from irclient.transports.own import OwnAsyncTransport, OwnTransport

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.metrics import Meter

ROUNDS, CALLS = 60, 200
ANSWER = Response(200, {}, json.dumps(list_body()).encode(), 0.0)
REQUEST = {
    "http.request.method": "GET", "server.address": "127.0.0.1", "server.port": 80,
    "url.full": "http://127.0.0.1/reco/v1.0/similar/1", "irclient.endpoint": "a/web",
}  # fmt: skip
ANSWERED = {"http.response.status_code": 200, "irclient.outcome": "served"}
CALL = {
    "irclient.attempts": 1, "irclient.call_id": "1", "irclient.source": "service",
    "irclient.degraded": False, "irclient.endpoint": "a/web",
}  # fmt: skip
OF_CALL = {"irclient.operation": "similar", "irclient.source": "service"}
OF_REQUEST = {
    "http.request.method": "GET", "server.address": "127.0.0.1", "server.port": 80,
    "http.response.status_code": 200, "irclient.endpoint": "a/web",
}  # fmt: skip


class AtOnce(OwnTransport):
    """Answers at once."""

    def exchange(self, send, look_up=None):  # noqa: ARG002  (the protocol's)
        return ANSWER

    def close(self):
        pass


class AtOnceToTasks(OwnAsyncTransport):
    """Answers tasks at once."""

    async def exchange(self, send):  # noqa: ARG002  (the protocol's)
        return ANSWER

    async def aclose(self):
        pass


def made(*observers, kind=IRClient, transport=None, endpoints=None):
    return kind(
        endpoints or example_pair(tps=1_000_000),
        credential=StaticToken("t"),
        settings=Settings(caching=Caching(enabled=False)),
        transport=transport,
        observers=observers,
    )


def blocking(ir: IRClient) -> Callable[[], None]:
    def ask() -> None:
        for number in range(CALLS):
            ir.fetch(Similar(str(number)))

    return ask


def client(*observers) -> Callable[[], None]:
    return blocking(made(*observers, transport=AtOnce()))


def tasks(loop: asyncio.AbstractEventLoop, ir: AsyncIRClient) -> Callable[[], None]:
    async def ask() -> None:
        for number in range(CALLS):
            await ir.fetch(Similar(str(number)))

    return lambda: loop.run_until_complete(ask())


def asks_one() -> Callable[[str], object]:
    ir = made(transport=AtOnce())
    return lambda item: ir.fetch(Similar(item))


def by_hand(tracer: trace.Tracer | None, meter: Meter | None = None) -> Callable[[], None]:
    ask = asks_one()
    spans = (lambda: None) if tracer is None else span_pair(tracer)
    durations = [meter.create_histogram(name, "s") for name in ("call", "request")] if meter else []

    def run() -> None:
        for number in range(CALLS):
            ask(str(number))
            spans()
            for each, labels in zip(durations, (OF_CALL, OF_REQUEST), strict=False):
                each.record(0.1, labels)

    return run


def unsampled_by_hand(tracers: TracerProvider) -> Callable[[], None]:
    ask, tracer = asks_one(), tracers.get_tracer("floor")

    def run() -> None:
        for number in range(CALLS):
            ask(str(number))
            tracer.start_span("irclient.similar", attributes={"irclient.operation": "similar"})

    return run


def span_pair(tracer: trace.Tracer) -> Callable[[], None]:
    def one() -> None:
        call = tracer.start_span("irclient.similar", attributes={"irclient.operation": "similar"})
        below = trace.set_span_in_context(call)
        attached = context.attach(below)
        request = tracer.start_span("GET", below, SpanKind.CLIENT, REQUEST)
        request.set_attributes(ANSWERED)
        request.end()
        call.set_attributes(CALL)
        context.detach(attached)
        call.end()

    return one


def main() -> None:
    loop = asyncio.new_event_loop()
    with serving() as url:
        measure(loop, ServiceEndpoint("a", "web", tps=1_000_000, url=url))
    loop.close()


def measure(loop: asyncio.AbstractEventLoop, real: ServiceEndpoint) -> None:
    sampled, unsampled = TracerProvider(), TracerProvider(sampler=ParentBased(ALWAYS_OFF))
    counted = MeterProvider(metric_readers=[InMemoryMetricReader()])
    no_metrics = NoOpMeterProvider()

    def telemetry(tracers, meters=no_metrics):
        return OpenTelemetry(tracer_provider=tracers, meter_provider=meters)

    def on_tasks(*observers):
        ir = made(*observers, kind=AsyncIRClient, transport=AtOnceToTasks())
        return tasks(loop, ir)

    asynchronous = made(kind=AsyncIRClient, endpoints=real)
    of_blocking = {
        "no observer": client(),
        "an observer that does nothing": client(lambda _: None),
        "OpenTelemetry, below a span that is not sampled": client(telemetry(unsampled)),
        "OpenTelemetry, not sampled": client(telemetry(unsampled)),
        "OpenTelemetry, not sampled, with metrics": client(telemetry(unsampled, counted)),
        "OpenTelemetry, sampled": client(telemetry(sampled)),
        "OpenTelemetry, sampled, with metrics": client(telemetry(sampled, counted)),
        "Prometheus": client(PrometheusObserver(registry=CollectorRegistry())),
        "the SDK by hand, not sampled: one decision": unsampled_by_hand(unsampled),
        "the SDK by hand: two spans": by_hand(sampled.get_tracer("floor")),
        "the SDK by hand: two spans, two durations": by_hand(
            sampled.get_tracer("floor"), counted.get_meter("floor")
        ),
    }
    of_tasks = {
        "tasks: no observer": on_tasks(),
        "tasks: below a span that is not sampled": on_tasks(telemetry(unsampled)),
        "tasks: not sampled": on_tasks(telemetry(unsampled)),
        "tasks: sampled": on_tasks(telemetry(sampled)),
    }
    over_loopback = {
        "over loopback": blocking(made(endpoints=real)),
        "tasks: over loopback": tasks(loop, asynchronous),
    }
    kinds = {**of_blocking, **of_tasks, **over_loopback}
    best = {name: (float("inf"), float("inf")) for name in kinds}
    for _ in range(ROUNDS):
        for name, ask in kinds.items():
            page = unsampled.get_tracer("page").start_as_current_span("page")
            with page if "below" in name else nullcontext():
                best[name] = tuple(map(min, best[name], timed(ask)))
    loop.run_until_complete(asynchronous.aclose())
    for group in (of_blocking, of_tasks):
        plain = best[next(iter(group))][0]
        for name in group:
            more = best[name][0] - plain
            print(f"{name:<50} {best[name][0]:7.1f} µs  +{more:.1f}")
    for name in over_loopback:
        cpu, wall = best[name]
        bars = ", ".join(f"{bar * wall / 200:.1f}" for bar in (60, 5))
        print(f"{name:<50} {cpu:7.1f} µs of CPU, {wall:.1f} µs in all: the bars are {bars} µs")


def timed(ask: Callable[[], None]) -> tuple[float, float]:
    """The microseconds of one call: of the processor, and of the clock."""
    began_at, used = time.perf_counter(), time.process_time()
    ask()
    used, took = time.process_time() - used, time.perf_counter() - began_at
    return used / CALLS * 1e6, took / CALLS * 1e6


if __name__ == "__main__":
    main()
