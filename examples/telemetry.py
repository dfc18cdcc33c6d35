"""A failover as a trace and as metrics: OpenTelemetry's spans, and what Prometheus would scrape."""

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import CollectorRegistry

from irclient import Caching, IRClient, Settings
from irclient.emulator import Emulator
from irclient.integrations.opentelemetry import OpenTelemetry
from irclient.integrations.prometheus import PrometheusObserver

# Your program has these already; here they keep what they are given, to be shown below.
spans, tracers, registry = InMemorySpanExporter(), TracerProvider(), CollectorRegistry()
tracers.add_span_processor(SimpleSpanProcessor(spans))


def show(span: ReadableSpan, depth: int = 0) -> None:
    """Print a span, what happened in it, and what is below it."""
    endpoint = (span.attributes or {}).get("irclient.endpoint", "")
    took = ((span.end_time or 0) - (span.start_time or 0)) / 1e6
    print(f"{'  ' * depth}{span.name:<{24 - 2 * depth}} {endpoint:<16} {took:6.1f} ms")
    for event in span.events:
        print(f"{'  ' * depth}  ! {event.name}: {(event.attributes or {})['irclient.reason']}")
    for below in spans.get_finished_spans():
        if below.parent is not None and below.parent.span_id == span.context.span_id:
            show(below, depth + 1)


with (
    Emulator() as emulator,
    IRClient(
        emulator.home,
        credential=emulator.credential(),
        settings=Settings(caching=Caching(enabled=False)),
        transport=emulator.transport(),
        observers=[
            OpenTelemetry(tracer_provider=tracers),
            PrometheusObserver(registry=registry),
        ],
    ) as ir,
):
    ir.popular(count=1)  # the token is there from here on
    emulator.account("contoso-a").fail("status:503")
    with tracers.get_tracer("shop").start_as_current_span("GET /product"):
        ir.similar("64702", count=5)

show(next(span for span in spans.get_finished_spans() if span.name == "GET /product"))
print()
for family in registry.collect():
    for sample in family.samples:
        if sample.name in {"irclient_failovers_total", "irclient_call_duration_seconds_count"}:
            words = {name: value for name, value in sample.labels.items() if value}
            print(f"{sample.name} {sample.value:g}  {words}")
