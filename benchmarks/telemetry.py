"""What telemetry adds to a call: `python -m benchmarks.telemetry`.

CPU microseconds of one blocking call whose answer is there at once, without a network; the best of
many short rounds that take turns, so that a busy machine hits all alike. Beside it stands what
OpenTelemetry's SDK itself takes, used by hand, for two spans with the same attributes and for the
two durations: the floor. It is measured with a call before each, as it is in use: in a loop of its
own the SDK's code stays in the processor's caches, and takes two thirds of the time.
"""

from __future__ import annotations

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

from irclient import Caching, IRClient, Settings, StaticToken
from irclient._wire.responses import Response
from irclient.integrations.opentelemetry import OpenTelemetry
from irclient.integrations.prometheus import PrometheusObserver
from irclient.queries import Similar
from irclient.testing import example_pair, list_body
from irclient.transports.own import OwnTransport

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


def made(*observers) -> IRClient:
    return IRClient(
        example_pair(tps=1_000_000),
        credential=StaticToken("t"),
        settings=Settings(caching=Caching(enabled=False)),
        transport=AtOnce(),
        observers=observers,
    )


def client(*observers) -> Callable[[], None]:
    ir = made(*observers)

    def ask() -> None:
        for number in range(CALLS):
            ir.fetch(Similar(str(number)))

    return ask


def asks_one() -> Callable[[str], object]:
    ir = made()
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
    sampled, unsampled = TracerProvider(), TracerProvider(sampler=ParentBased(ALWAYS_OFF))
    counted = MeterProvider(metric_readers=[InMemoryMetricReader()])
    no_metrics = NoOpMeterProvider()

    def traced(tracers, meters=no_metrics):
        return client(OpenTelemetry(tracer_provider=tracers, meter_provider=meters))

    kinds = {
        "no observer": client(),
        "an observer that does nothing": client(lambda _: None),
        "OpenTelemetry, below a span that is not sampled": traced(unsampled),
        "OpenTelemetry, not sampled": traced(unsampled),
        "OpenTelemetry, sampled": traced(sampled),
        "OpenTelemetry, sampled, with metrics": traced(sampled, counted),
        "Prometheus": client(PrometheusObserver(registry=CollectorRegistry())),
        "the SDK by hand, not sampled: one decision": unsampled_by_hand(unsampled),
        "the SDK by hand: two spans": by_hand(sampled.get_tracer("floor")),
        "the SDK by hand: two spans, two durations": by_hand(
            sampled.get_tracer("floor"), counted.get_meter("floor")
        ),
    }
    best = dict.fromkeys(kinds, float("inf"))
    for _ in range(ROUNDS):
        for name, ask in kinds.items():
            below = "below" in name
            page = unsampled.get_tracer("page").start_as_current_span("page")
            with page if below else nullcontext():
                began_at = time.process_time()
                ask()
                took = (time.process_time() - began_at) / CALLS * 1e6
            best[name] = min(best[name], took)
    for name, took in best.items():
        more = "" if name.startswith("no ") else f"+{took - best['no observer']:.1f}"
        print(f"{name:<50} {took:7.1f} µs  {more}")


if __name__ == "__main__":
    main()
