"""The spans: one for each call, one for each of its requests, and roots for the background."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from opentelemetry import context, trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, SpanContext, SpanKind, StatusCode

from irclient.integrations.measurements import error_type, place_of
from irclient.integrations.opentelemetry.events import event_of
from irclient.integrations.opentelemetry.urls import shown
from irclient.observe import AttemptEnded, CallEnded, MemoryUsed, Probed, Refreshed, TokenRenewed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opentelemetry.trace import Span, Tracer

    from irclient.instrument import Purpose
    from irclient.observe import Record
    from irclient.results import Served
    from irclient.topology import ServiceEndpoint

__all__ = ["CallSpan", "RequestSpan", "Untraced", "headers_of", "outcome_of"]

#: Under this key the instrumentation of an HTTP library, below a user's own transport, finds that
#: a request has its span already. The API has no public name for it yet.
_SUPPRESS_HTTP: Final[str] = getattr(
    context, "_SUPPRESS_HTTP_INSTRUMENTATION_KEY", "suppress_http_instrumentation"
)
_NAMES: Final = {
    "refresh": "irclient.refresh",
    "probe": "irclient.probe",
    "renewal": "irclient.token",
}


class Untraced:
    """A call below a span that is not sampled, and so is not sampled either.

    It has no spans: not to make them is most of what an unsampled call costs. Its requests say
    which trace they belong to, and that it is not kept.

    Args:
        parent: The context of the span that it is below, or of its own, which nobody keeps.
        headers: What its requests carry.
    """

    __slots__ = ("_parent", "headers")

    def __init__(self, parent: SpanContext, headers: tuple[tuple[str, str], ...]) -> None:
        self._parent = parent
        self.headers = headers

    @property
    def attempts(self) -> Literal["all"]:
        """Metrics count all of them."""
        return "all"

    def begin_request(
        self,
        endpoint: ServiceEndpoint,  # noqa: ARG002  (the protocol's)
        method: str,  # noqa: ARG002
        target: str,  # noqa: ARG002
        is_hedge: bool,  # noqa: ARG002, FBT001
    ) -> Untraced:
        """Say what is to be sent along."""
        return self

    def note(self, record: Record) -> None:
        """Keep nothing."""

    def answered(self, *_: object) -> None:
        """Keep nothing."""

    def as_origin(self) -> SpanContext:
        """Return what the spans of work in the background link to."""
        return self._parent

    def end(self, *_: object) -> None:
        """Do nothing: for the call, and for its requests."""


class CallSpan:
    """A call, or work in the background, as a span.

    The span of a call begins with the first thing to tell beside a look into memory, dated back:
    a call that memory answers has none.

    Args:
        tracer: What makes spans.
        operation: What is asked.
        attempts: Of which attempts it wants records.
        propagate: Whether its requests tell the service which trace they belong to.
        span: Its span, where it had to be begun to learn whether it is sampled.
    """

    __slots__ = (
        "_answered", "_attached", "_began_at", "_context", "_ended", "_is_recording", "_operation",
        "_propagate", "_requests", "_span", "_tracer", "attempts",
    )  # fmt: skip

    def __init__(
        self,
        tracer: Tracer,
        operation: str,
        attempts: Literal["all", "failed"],
        *,
        propagate: bool,
        span: Span | None = None,
    ) -> None:
        self._tracer = tracer
        self._operation = operation
        self._propagate = propagate
        self._began_at = time.time_ns()
        self._span = span
        self._context: Context | None = None
        self._attached: Any = None
        self._is_recording = False
        self._ended: CallEnded | None = None
        self._answered: tuple[Served, str] | None = None
        self._requests: list[RequestSpan] = []
        self.attempts: Literal["all", "failed"] = attempts

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
        attributes = {} if purpose == "renewal" else {"irclient.operation": operation}
        under = Context()
        span = tracer.start_span(_NAMES[purpose], under, attributes=attributes, links=links)
        call = cls(tracer, operation, "all", propagate=propagate, span=span)
        call._attach(span, under, is_own=purpose != "renewal")
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
        if self._is_recording:
            attributes: dict[str, Any] = {
                "http.request.method": method,
                **place_of(endpoint),
                "url.full": shown(endpoint.url, target),
                "irclient.endpoint": endpoint.label,
            }
            if endpoint.region is not None:
                attributes["irclient.region"] = endpoint.region
            if self._requests:
                attributes["http.request.resend_count"] = len(self._requests)
            if is_hedge:
                attributes["irclient.hedge"] = True
            span = self._tracer.start_span(
                method, self._context, kind=SpanKind.CLIENT, attributes=attributes
            )
        headers = headers_of(span.get_span_context()) if self._propagate else ()
        request = RequestSpan(endpoint.label, span, headers)
        if self._is_recording:
            self._requests.append(request)
        return request

    def note(self, record: Record) -> None:
        """Keep what the span will say in the end, and make an event of the rest."""
        if isinstance(record, CallEnded):
            self._ended = record
            return
        if isinstance(record, MemoryUsed) and record.source == "cache":
            return
        span = self._begun()
        if not self._is_recording:
            return
        if isinstance(record, AttemptEnded):
            self._end_request(record)
        elif isinstance(record, Refreshed | Probed | TokenRenewed):
            span.set_attributes(_told(record))
        elif (event := event_of(record)) is not None:
            span.add_event(*event)

    def answered(self, served: Served, call_id: str) -> None:
        """Keep what the span will say in the end, of an answer that no record tells of."""
        self._answered = served, call_id

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
                request.finish()
            if self._ended is not None:
                span.set_attributes(outcome_of(self._ended))
            elif self._answered is not None:
                span.set_attributes(_outcome_of(*self._answered))
            if error is not None:
                span.set_attribute("error.type", _type_of(error))
                span.set_status(StatusCode.ERROR)
        span.end()

    def _begun(self) -> Span:
        """Return the span, as the current one; begin it if that has not been done."""
        span = self._span
        if self._context is None:
            under = context.get_current()
            if span is None:
                span = self._span = self._tracer.start_span(
                    f"irclient.{self._operation}",
                    under,
                    attributes={"irclient.operation": self._operation},
                    start_time=self._began_at,
                )
            self._attach(span, under, is_own=True)
        return cast("Span", span)

    def _attach(self, span: Span, under: Context, *, is_own: bool) -> None:
        self._is_recording = span.is_recording()
        inner = trace.set_span_in_context(span, under)
        if is_own:
            inner = context.set_value(_SUPPRESS_HTTP, "ours", inner)
        self._context = inner
        self._attached = context.attach(inner)

    def _end_request(self, record: AttemptEnded) -> None:
        for request in self._requests:
            if request.label == record.attempt.endpoint and not request.is_finished:
                request.finish(record)
                return


class RequestSpan:
    """A request as a span.

    Args:
        label: The label of its endpoint.
        span: The span; the call's own, which is not ended here, where nothing is recorded.
        headers: What is sent along.
    """

    __slots__ = ("_ended_at", "_span", "_status", "_trouble", "headers", "is_finished", "label")

    def __init__(self, label: str, span: Span, headers: Sequence[tuple[str, str]]) -> None:
        self.label = label
        self.headers = headers
        self.is_finished = False
        self._span = span
        self._ended_at: int | None = None
        self._status: int | None = None
        self._trouble: str | None = None

    def end(self, status: int | None, trouble: str | None, ago: float) -> None:
        """Learn when it ended and how; what that means is known once its attempt is judged."""
        self._ended_at = time.time_ns() - int(ago * 1e9)
        self._status, self._trouble = status, trouble

    def finish(self, record: AttemptEnded | None = None) -> None:
        """End the span, when it ended.

        Args:
            record: What its attempt came to, if that was told.
        """
        span = self._span
        if self.is_finished:
            return
        self.is_finished = True
        outcome = record.attempt.outcome if record is not None else self._trouble or "served"
        # One by one: the SDK takes longer for a mapping of two.
        span.set_attribute("irclient.outcome", outcome)
        if self._status is not None:
            span.set_attribute("http.response.status_code", self._status)
        error = error_type(self._status, outcome)
        if error is not None:
            span.set_attribute("error.type", error)
            # Neither is a fault of the request: another was quicker, or its caller had left.
            if outcome not in {"overtaken", "cancelled"}:
                span.set_status(StatusCode.ERROR)
        span.end(self._ended_at)


def headers_of(span: SpanContext) -> tuple[tuple[str, str], ...]:
    """The headers by which a request tells which trace it belongs to (W3C Trace Context, level 1).

    As `TraceContextTextMapPropagator` writes them, for a quarter of the time. What a program puts
    into its baggage is not for a service of others.
    """
    # Taken apart at once: each of its properties is a call.
    trace_id, span_id, _, flags, state, is_valid = span
    if not is_valid:
        return ()
    parent = f"00-{trace_id:032x}-{span_id:016x}-{flags:02x}"
    if not state:
        return (("traceparent", parent),)
    return ("traceparent", parent), ("tracestate", state.to_header())


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
