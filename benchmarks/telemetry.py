"""What telemetry adds to a call: `python -m benchmarks.telemetry`.

CPU microseconds of one blocking call whose answer is there at once, without a network; the best of
many short rounds that take turns, so that a busy machine hits all alike. Beside it stands what
OpenTelemetry's SDK itself takes for two spans with the same attributes: the floor.
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


class AtOnce(OwnTransport):
    """Answers at once."""

    def exchange(self, send, look_up=None):  # noqa: ARG002  (the protocol's)
        return ANSWER

    def close(self):
        pass


def client(*observers) -> Callable[[], None]:
    ir = IRClient(
        example_pair(tps=1_000_000),
        credential=StaticToken("t"),
        settings=Settings(caching=Caching(enabled=False)),
        transport=AtOnce(),
        observers=observers,
    )

    def ask() -> None:
        for number in range(CALLS):
            ir.fetch(Similar(str(number)))

    return ask


def two_spans(tracer: trace.Tracer) -> Callable[[], None]:
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

    return lambda: [one() for _ in range(CALLS)] and None


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
        "two spans of the SDK, without a call": two_spans(sampled.get_tracer("floor")),
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
        more = "" if name.startswith(("no ", "two")) else f"+{took - best['no observer']:.1f}"
        print(f"{name:<50} {took:7.1f} µs  {more}")


if __name__ == "__main__":
    main()
