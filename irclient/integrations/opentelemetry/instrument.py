"""`OpenTelemetry`: the instrument."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Final
from weakref import ref

from opentelemetry import context, trace
from opentelemetry.context import Context
from opentelemetry.trace import TraceFlags

from irclient import __version__
from irclient.instrument import NotTold
from irclient.integrations.opentelemetry.counted import CountedCall
from irclient.integrations.opentelemetry.meters import Meters
from irclient.integrations.opentelemetry.spans import CallSpan, headers_of, outcome_of
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
        #: The context of the last call below a span that is not sampled, that span, and what such
        #: calls send along: the other calls of a page, and of `fetch_many`, are in it too. Held
        #: weakly, since a context may hold anything.
        self._last_untraced: tuple[Callable[[], Context | None], SpanContext, NotTold] = (
            ref(Context()),
            trace.INVALID_SPAN_CONTEXT,
            NotTold(),
        )

    def watch(self, client: Watched, /) -> None:
        """Learn which client this is an observer of."""
        self._meters.watch(client)

    def begin_call(
        self, operation: str, purpose: Purpose, origin: object, /
    ) -> CallSpan | CountedCall | NotTold:
        """Begin a span, unless it is not sampled."""
        if purpose != "call":
            return CallSpan.in_background(
                self._tracer, operation, purpose, origin, propagate=self._propagate
            )
        under, span = context.get_current(), None
        meters = self._meters if self._meters.are_kept else None
        last_under, parent, not_told = self._last_untraced
        if last_under() is not under:
            # Most roots have an empty context, in which there is nothing to look for.
            current = trace.get_current_span(under) if under else trace.INVALID_SPAN
            parent = current.get_span_context()
            _, _, is_remote, flags, _, is_valid = parent
            if not is_valid or is_remote:
                # The sampler's to judge; a span of this program was judged.
                span = self._tracer.start_span(f"irclient.{operation}", under)
                is_traced, parent = span.is_recording(), span.get_span_context()
            else:
                is_traced = bool(flags & TraceFlags.SAMPLED)
            if is_traced:
                return CallSpan(
                    self._tracer, operation, meters, under, propagate=self._propagate, span=span
                )
            not_told = NotTold(headers_of(parent) if self._propagate else ())
            if span is None:
                self._last_untraced = ref(under), parent, not_told
        if meters is None:
            return not_told
        return CountedCall(operation, meters, not_told.headers, parent)

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
