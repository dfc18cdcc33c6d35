"""A call as metrics count it when no records are made of what went well."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal, TypeVar

from irclient.observe import AttemptEnded, CallEnded

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from opentelemetry.trace import SpanContext

    from irclient.integrations.opentelemetry.meters import Meters
    from irclient.observe import Record
    from irclient.results import Served
    from irclient.topology import ServiceEndpoint

__all__ = ["CountedCall", "CountedRequest", "count_untold", "told_of"]


class CountedRequest:
    """A request, from when it is sent to when it ended.

    Args:
        label: The label of its endpoint.
        headers: What is sent along.
    """

    __slots__ = (
        "_began_at", "ended_at", "headers", "is_told", "label", "status", "took", "trouble"
    )  # fmt: skip

    def __init__(self, label: str, headers: Sequence[tuple[str, str]]) -> None:
        self.label = label
        self.headers = headers
        self._began_at = time.monotonic()
        #: In nanoseconds since the epoch, as spans have it.
        self.ended_at: int | None = None
        #: In seconds; of a clock that nobody sets.
        self.took = 0.0
        self.status: int | None = None
        self.trouble: str | None = None
        #: Whether there was a record of its attempt.
        self.is_told = False

    def end(self, status: int | None, trouble: str | None, ago: float) -> None:
        """Learn when it ended and how; what that means is known once its attempt is judged."""
        self.ended_at = time.time_ns() - int(ago * 1e9)
        self.took = time.monotonic() - ago - self._began_at
        self.status, self.trouble = status, trouble


RequestT = TypeVar("RequestT", bound=CountedRequest)


class CountedCall:
    """A call below a span that is not sampled, whose durations are measured all the same.

    Args:
        operation: What is asked.
        meters: What counts it.
        headers: What its requests carry.
        parent: The context of the span that it is below, or of its own, which nobody keeps.
    """

    __slots__ = ("_headers", "_is_told", "_meters", "_operation", "_parent", "_requests")

    def __init__(
        self,
        operation: str,
        meters: Meters,
        headers: tuple[tuple[str, str], ...],
        parent: SpanContext,
    ) -> None:
        self._operation = operation
        self._meters = meters
        self._headers = headers
        self._parent = parent
        self._requests: list[CountedRequest] = []
        self._is_told = False

    @property
    def attempts(self) -> Literal["failed"]:
        """The others are counted here: a record of each takes longer than to count it."""
        return "failed"

    def begin_request(
        self,
        endpoint: ServiceEndpoint,
        method: str,  # noqa: ARG002  (the protocol's)
        target: str,  # noqa: ARG002
        is_hedge: bool,  # noqa: ARG002, FBT001
    ) -> CountedRequest:
        """Begin a request, and say what is to be sent along."""
        request = CountedRequest(endpoint.label, self._headers)
        self._requests.append(request)
        return request

    def note(self, record: Record) -> None:
        """Learn what records tell of, which are counted on their own."""
        if isinstance(record, AttemptEnded):
            told_of(record, self._requests)
        elif isinstance(record, CallEnded):
            self._is_told = True

    def answered(self, served: Served, call_id: str) -> None:  # noqa: ARG002  (the protocol's)
        """Count what no records told of."""
        count_untold(self._meters, self._operation, self._requests)
        if not self._is_told:
            self._meters.count_answer(self._operation, served)

    def as_origin(self) -> SpanContext:
        """Return what the spans of work in the background link to."""
        return self._parent

    def end(self, *_: object) -> None:
        """Do nothing: all has been counted."""


def told_of(record: AttemptEnded, requests: Iterable[RequestT]) -> RequestT | None:
    """Return the request of a record's attempt, which from now on counts as told of."""
    label = record.attempt.endpoint
    for request in requests:
        if request.label == label and not request.is_told:
            request.is_told = True
            return request
    return None


def count_untold(meters: Meters, operation: str, requests: Iterable[CountedRequest]) -> None:
    """Count the requests of an answered call of which there are no records: all went well."""
    for each in requests:
        if each.status is not None and not each.is_told:
            meters.count_request(operation, each.label, each.status, each.took)
