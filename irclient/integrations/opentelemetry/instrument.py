"""`OpenTelemetry`: the instrument."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Final, Literal

from opentelemetry import trace
from opentelemetry.trace import TraceFlags

from irclient import __version__
from irclient.instrument import NotTold
from irclient.integrations.opentelemetry.meters import Meters
from irclient.integrations.opentelemetry.spans import (
    CallSpan,
    Untraced,
    headers_of,
    outcome_of,
)
from irclient.observe import CallEnded

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import SpanContext, TracerProvider

    from irclient.instrument import Purpose, Watched
    from irclient.observe import Record

__all__ = ["OpenTelemetry"]

_NAME: Final = "irclient"


class OpenTelemetry:
    """Traces calls and requests, and keeps metrics of them: pass it among a client's observers.

    Each call is a span, below the one that is current; each of its requests is a span below that,
    by the semantic conventions for HTTP clients. What runs in the background (renewals of the
    token, refreshes, probes) begins traces of its own, linked to the call that had it begun.

    Args:
        tracer_provider: What makes the tracer; the program's own when left out.
        meter_provider: What makes the meter; the program's own when left out.
        cache_spans: Whether calls that memory answers have spans as well. They take a few
            microseconds, and a span takes longer.
        propagate: Whether requests carry the header ``traceparent``, by which the service, or
            what stands before it, can go on with the trace.
    """

    def __init__(
        self,
        *,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
        cache_spans: bool = False,
        propagate: bool = True,
    ) -> None:
        self._has_providers = tracer_provider is not None or meter_provider is not None
        self._tracer = trace.get_tracer(_NAME, __version__, tracer_provider)
        self._meters = Meters.of(meter_provider)
        self._cache_spans = cache_spans
        self._propagate = propagate
        #: The span that the last call was below which is not sampled, and what was answered: the
        #: other calls of a page, and of `fetch_many`, are below it too.
        self._last_untraced: tuple[SpanContext | None, Untraced | NotTold] = None, NotTold()

    def watch(self, client: Watched, /) -> None:
        """Learn which client this is an observer of."""
        self._meters.watch(client)

    def begin_call(
        self, operation: str, purpose: Purpose, origin: object, /
    ) -> CallSpan | Untraced | NotTold:
        """Begin a span, unless it is not sampled."""
        if purpose != "call":
            return CallSpan.in_background(
                self._tracer, operation, purpose, origin, propagate=self._propagate
            )
        parent, span = trace.get_current_span().get_span_context(), None
        are_counted, last = self._meters.are_kept, self._last_untraced
        if parent is last[0] and are_counted is isinstance(last[1], Untraced):
            return last[1]
        _, _, is_remote, flags, _, is_valid = parent
        if not is_valid or is_remote:
            # The sampler's to judge; a span of this program was judged.
            attributes = {"irclient.operation": operation}
            span = self._tracer.start_span(f"irclient.{operation}", attributes=attributes)
            if not span.is_recording():
                return self._untraced(span.get_span_context(), are_counted=are_counted)
        elif not flags & TraceFlags.SAMPLED:
            untraced = self._untraced(parent, are_counted=are_counted)
            self._last_untraced = parent, untraced
            return untraced
        attempts: Literal["all", "failed"] = "all" if are_counted else "failed"
        return CallSpan(self._tracer, operation, attempts, propagate=self._propagate, span=span)

    def _untraced(self, where: SpanContext, *, are_counted: bool) -> Untraced | NotTold:
        headers = headers_of(where) if self._propagate else ()
        return Untraced(where, headers) if are_counted else NotTold(headers)

    def __call__(self, record: Record, /) -> None:
        """Count one record."""
        self._meters.count(record)
        if self._cache_spans and isinstance(record, CallEnded) and record.source == "cache":
            self._trace_answer_of_memory(record)

    def _trace_answer_of_memory(self, ended: CallEnded) -> None:
        now = time.time_ns()
        span = self._tracer.start_span(
            f"irclient.{ended.operation}",
            attributes={"irclient.operation": ended.operation, **outcome_of(ended)},
            start_time=now - int(ended.elapsed * 1e9),
        )
        span.end(now)

    def __repr__(self) -> str:
        return f"OpenTelemetry(cache_spans={self._cache_spans}, propagate={self._propagate})"

    def __reduce__(self) -> tuple[Callable[[], OpenTelemetry], tuple[()]]:
        if self._has_providers:
            raise TypeError("it has providers of its own, which no other process has")
        again = partial(OpenTelemetry, cache_spans=self._cache_spans, propagate=self._propagate)
        return again, ()
