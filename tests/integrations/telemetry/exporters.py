"""The SDK's in-memory exporters, and what their spans and metrics say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from irclient.integrations.opentelemetry import OpenTelemetry

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan


@dataclass
class Telemetry:
    """One program's providers."""

    sampler: Any = None
    exporter: InMemorySpanExporter = field(default_factory=InMemorySpanExporter)
    reader: InMemoryMetricReader = field(default_factory=InMemoryMetricReader)

    def __post_init__(self) -> None:
        self.tracers = TracerProvider(sampler=self.sampler)
        self.tracers.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.meters = MeterProvider(metric_readers=[self.reader])
        self.tracer = self.tracers.get_tracer("the program")

    def instrument(self, **options: Any) -> OpenTelemetry:
        return OpenTelemetry(tracer_provider=self.tracers, meter_provider=self.meters, **options)

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        return self.exporter.get_finished_spans()

    def named(self, name: str) -> list[ReadableSpan]:
        return [each for each in self.spans if each.name == name]

    def children(self, of: ReadableSpan) -> list[ReadableSpan]:
        below = [each for each in self.spans if each.parent and is_parent(of, each)]
        return sorted(below, key=lambda each: each.start_time)

    def tree(self, of: ReadableSpan) -> Any:
        """A span as its name, with what is below it."""
        below = [self.tree(each) for each in self.children(of)]
        return (of.name, below) if below else of.name

    def total(self, name: str) -> float:
        """The sum of a histogram, whatever its labels."""
        data = self.reader.get_metrics_data()
        return sum(
            point.sum
            for resource in (data.resource_metrics if data else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
            for point in metric.data.data_points
        )

    def points(self, name: str) -> dict[tuple[Any, ...], float]:
        """The values of a metric, by the values of its labels in the order of their names."""
        found = {}
        data = self.reader.get_metrics_data()
        for resource in data.resource_metrics if data else ():
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    if metric.name == name:
                        for point in metric.data.data_points:
                            labels = tuple(value for _, value in sorted(point.attributes.items()))
                            found[labels] = point.count if hasattr(point, "count") else point.value
        return found


def is_parent(of: ReadableSpan, below: ReadableSpan) -> bool:
    return (
        below.parent.span_id == of.context.span_id and below.context.trace_id == of.context.trace_id
    )


def events(span: ReadableSpan) -> list[str]:
    return [each.name for each in span.events]


def is_linked(span: ReadableSpan, to: ReadableSpan) -> bool:
    return any(each.context.span_id == to.context.span_id for each in span.links)
