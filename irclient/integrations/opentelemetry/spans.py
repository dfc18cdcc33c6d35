"""The spans: one for each call, one for each of its requests, and roots for the background."""

from __future__ import annotations

import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal

from opentelemetry import context, trace
from opentelemetry.context import Context
from opentelemetry.trace import (
    DEFAULT_TRACE_STATE,
    INVALID_SPAN,
    Link,
    SpanContext,
    SpanKind,
    StatusCode,
)

from irclient.integrations.measurements import error_type, place_of
from irclient.integrations.opentelemetry.counted import CountedRequest, count_untold, told_of
from irclient.integrations.opentelemetry.events import event_of
from irclient.integrations.opentelemetry.urls import shown
from irclient.observe import AttemptEnded, CallEnded, MemoryUsed, Probed, Refreshed, TokenRenewed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opentelemetry.trace import Span, Tracer

    from irclient.instrument import Purpose
    from irclient.integrations.opentelemetry.meters import Meters
    from irclient.observe import Record
    from irclient.results import Served
    from irclient.topology import ServiceEndpoint

__all__ = ["CallSpan", "RequestSpan", "headers_of", "outcome_of"]

#: Under this key the instrumentation of an HTTP library, below a user's own transport, finds that
#: a request has its span already. The API has no public name for it yet.
_SUPPRESS_HTTP: Final[str] = getattr(
    context, "_SUPPRESS_HTTP_INSTRUMENTATION_KEY", "suppress_http_instrumentation"
)
#: Under this key a context holds its span. It is looked up so that the context of a call can be
#: made at once: the API's functions add one value each, and copy all the others.
_SPAN: Final = next(iter(trace.set_span_in_context(INVALID_SPAN, Context())))
_NAMES: Final = {
    "refresh": "irclient.refresh",
    "probe": "irclient.probe",
    "renewal": "irclient.token",
}


class CallSpan:
    """A call, or work in the background, as a span.

    The span of a call begins with the first thing to tell beside a look into memory, dated back:
    a call that memory answers has none.

    Args:
        tracer: What makes spans.
        operation: What is asked.
        meters: What counts it; None where no metrics are kept, and where records tell of all.
        under: The context in which it is made.
        propagate: Whether its requests tell the service which trace they belong to.
        span: Its span, where it had to be begun to learn whether it is sampled.
    """

    __slots__ = (
        "_attached", "_attributes", "_began_at", "_context", "_is_recording", "_meters",
        "_operation", "_propagate", "_requests", "_span", "_tracer", "_under",
    )  # fmt: skip

    def __init__(
        self,
        tracer: Tracer,
        operation: str,
        meters: Meters | None,
        under: Context,
        *,
        propagate: bool,
        span: Span | None = None,
    ) -> None:
        self._tracer = tracer
        self._operation = operation
        self._meters = meters
        self._propagate = propagate
        self._under = under
        self._began_at = time.time_ns() if span is None else None
        self._span = span
        self._context: Context | None = None
        self._attached: Any = None
        self._is_recording = False
        #: Set when it ends, all at once: each time, the SDK takes as long as for three of them.
        self._attributes: dict[str, str | float | bool] = {"irclient.operation": operation}
        self._requests: list[RequestSpan] = []

    @property
    def attempts(self) -> Literal["failed"]:
        """The others are counted here: a record of each takes longer than to count it."""
        return "failed"

    @classmethod
    def in_background(
        cls, tracer: Tracer, operation: str, purpose: Purpose, origin: object, *, propagate: bool
    ) -> CallSpan:
        """Begin a trace: what runs in the background outlives the call that had it begun.

        Args:
            tracer: What makes spans.
            operation: What is asked.
            purpose: What for.
            origin: The context of the span that had it begun.
            propagate: Whether its requests tell the service which trace they belong to.
        """
        links = [Link(origin)] if isinstance(origin, SpanContext) and origin.is_valid else None
        under = Context()
        span = tracer.start_span(_NAMES[purpose], under, links=links)
        call = cls(tracer, operation, None, under, propagate=propagate, span=span)
        if purpose == "renewal":
            call._attributes = {}
        call._attach(span, is_own=purpose != "renewal")
        return call

    def begin_request(
        self,
        endpoint: ServiceEndpoint,
        method: str,
        target: str,
        is_hedge: bool,  # noqa: FBT001  (the protocol's)
    ) -> RequestSpan:
        """Begin the span of a request, and say what is to be sent along."""
        span = self._begun()
        label, fixed = _of_endpoint(endpoint)
        if self._is_recording:
            attributes: dict[str, Any] = {
                "http.request.method": method,
                **fixed,
                "url.full": shown(endpoint.url, target),
            }
            if self._requests:
                attributes["http.request.resend_count"] = len(self._requests)
            if is_hedge:
                attributes["irclient.hedge"] = True
            span = self._tracer.start_span(method, self._context, SpanKind.CLIENT, attributes)
        headers = headers_of(span.get_span_context()) if self._propagate else ()
        request = RequestSpan(label, headers)
        request.span = span
        self._requests.append(request)
        return request

    def note(self, record: Record) -> None:
        """Keep what the span will say in the end, and make an event of the rest."""
        if isinstance(record, CallEnded):
            self._attributes |= outcome_of(record)
            return
        if isinstance(record, MemoryUsed) and record.source == "cache":
            return
        span = self._begun()
        if isinstance(record, AttemptEnded):
            request = told_of(record, self._requests)
            if request is not None and self._is_recording:
                request.finish(record.attempt.outcome)
        elif not self._is_recording:
            return
        elif isinstance(record, Refreshed | Probed | TokenRenewed):
            self._attributes |= _told(record)
        elif (event := event_of(record)) is not None:
            span.add_event(*event)

    def answered(self, served: Served, call_id: str) -> None:
        """Count what no records told of, and keep what the span will say in the end."""
        is_told = "irclient.attempts" in self._attributes
        if self._meters is not None:
            count_untold(self._meters, self._operation, self._requests)
            if not is_told:
                self._meters.count_answer(self._operation, served)
        if not is_told:
            self._attributes |= _outcome_of(served, call_id)

    def as_origin(self) -> SpanContext:
        """Return what the spans of work in the background link to."""
        return self._begun().get_span_context()

    def end(self, error: BaseException | None) -> None:
        """End the span, and those of its requests that have not been ended."""
        span = self._span
        if span is None or self._context is None:
            # Nothing to tell, unless it failed: a span that was begun to learn whether it is
            # sampled is dropped without an end, and so is never exported.
            if error is None:
                return
            span = self._begun()
        context.detach(self._attached)
        if self._is_recording:
            for request in self._requests:
                if not request.is_told:
                    request.finish(request.trouble or "served")
            if error is not None:
                self._attributes["error.type"] = _type_of(error)
                span.set_status(StatusCode.ERROR)
            span.set_attributes(self._attributes)
        span.end()

    def _begun(self) -> Span:
        """Return the span, as the current one; begin it if that has not been done."""
        span = self._span
        if span is None:
            span = self._span = self._tracer.start_span(
                f"irclient.{self._operation}",
                self._under,
                start_time=self._began_at,
            )
        if self._context is None:
            self._attach(span, is_own=True)
        return span

    def _attach(self, span: Span, *, is_own: bool) -> None:
        self._is_recording = span.is_recording()
        values = {**self._under, _SPAN: span}
        if is_own:
            values[_SUPPRESS_HTTP] = "ours"
        self._context = Context(values)
        self._attached = context.attach(self._context)


class RequestSpan(CountedRequest):
    """A request as a span."""

    __slots__ = ("span",)

    #: The span; the call's own, which is not ended here, where nothing is recorded.
    span: Span

    def finish(self, outcome: str) -> None:
        """End the span, when it ended.

        Args:
            outcome: What its attempt came to.
        """
        span, status = self.span, self.status
        # One by one: the SDK takes longer for a mapping of two.
        span.set_attribute("irclient.outcome", outcome)
        if status is not None:
            span.set_attribute("http.response.status_code", status)
        error = error_type(status, outcome)
        if error is not None:
            span.set_attribute("error.type", error)
            # Neither is a fault of the request: another was quicker, or its caller had left.
            if outcome not in {"overtaken", "cancelled"}:
                span.set_status(StatusCode.ERROR)
        span.end(self.ended_at)


def headers_of(span: SpanContext) -> tuple[tuple[str, str], ...]:
    """The headers by which a request tells which trace it belongs to (W3C Trace Context, level 1).

    As `TraceContextTextMapPropagator` writes them, for a quarter of the time. What a program puts
    into its baggage is not for a service of others.
    """
    # Taken apart at once: each of its properties is a call.
    trace_id, span_id, _, flags, state, is_valid = span
    if not is_valid:
        return ()
    parent = "00-%032x-%016x-%02x" % (trace_id, span_id, flags)  # noqa: UP031  (two thirds)
    # Its length is asked of no trace without one.
    if state is DEFAULT_TRACE_STATE or not state:
        return (("traceparent", parent),)
    return ("traceparent", parent), ("tracestate", state.to_header())


@lru_cache(maxsize=256)
def _of_endpoint(endpoint: ServiceEndpoint) -> tuple[str, Mapping[str, str | int]]:
    """The label of an endpoint, and the attributes that all requests to it have."""
    attributes = {**place_of(endpoint), "irclient.endpoint": endpoint.label}
    if endpoint.region is not None:
        attributes["irclient.region"] = endpoint.region
    return endpoint.label, attributes


def outcome_of(ended: CallEnded) -> dict[str, str | int | bool]:
    """The attributes that tell how a call ended."""
    return _outcome_of(ended, ended.call_id)


def _outcome_of(told: CallEnded | Served, call_id: str | None) -> dict[str, str | int | bool]:
    attributes: dict[str, str | int | bool] = {"irclient.attempts": told.attempts}
    if call_id is not None:
        attributes["irclient.call_id"] = call_id
    if told.source is not None:
        attributes["irclient.source"] = told.source
        attributes["irclient.degraded"] = told.degraded
    if told.endpoint is not None:
        attributes["irclient.endpoint"] = told.endpoint
    if told.variant is not None:
        attributes["irclient.variant"] = told.variant
    return attributes


def _told(record: Refreshed | Probed | TokenRenewed) -> dict[str, str | float | bool]:
    match record:
        case Refreshed():
            return {} if record.error is None else {"error.type": record.error}
        case Probed():
            return {"irclient.endpoint": record.endpoint, "irclient.recovered": record.recovered}
        case TokenRenewed():
            return {"irclient.token.lifetime": record.lifetime}


def _type_of(error: BaseException) -> str:
    return type(error).__name__ if isinstance(error, Exception) else "cancelled"
