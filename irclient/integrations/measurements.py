"""What is measured: the metrics, their units and labels, and what a record counts towards.

Written once, for every way of telling it: OpenTelemetry uses the names as they stand here, and
Prometheus the names that OpenTelemetry's own translation makes of them, so that one dashboard
serves both. No label holds the id of a user or an item, or words without end.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias
from urllib.parse import urlsplit

from irclient.observe import (
    AttemptEnded,
    CallEnded,
    Ejected,
    FailedOver,
    FellBack,
    FlightJoined,
    Hedged,
    PutAside,
    Refreshed,
    SpilledOver,
    ThrottleWaited,
    TokenRenewalFailed,
    TokenRenewed,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from irclient.attempts import Attempt
    from irclient.instrument import Watched
    from irclient.observe import Record
    from irclient.topology import ServiceEndpoint

__all__ = [
    "METRICS",
    "STATES",
    "TOKEN_EXPIRY",
    "Label",
    "Measured",
    "Metric",
    "Places",
    "error_type",
    "gauged",
    "measured",
    "place_of",
]

Label: TypeAlias = str | int | bool

#: The states that `health()` tells of.
STATES: Final = ("working", "failing", "recovering", "not ready", "refusing", "slow")
#: As the semantic conventions advise for the duration of HTTP requests.
_SECONDS: Final = (
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Attributes:
        name: As OpenTelemetry names it.
        kind: What becomes of its measurements.
        unit: In the notation of UCUM.
        description: What it tells.
        labels: Those that a measurement of it may have.
        buckets: The upper bounds of a histogram.
        together: What one value stands for, where several clients of a process, or several
            processes, have one each.
    """

    name: str
    kind: Literal["counter", "histogram", "gauge"]
    unit: str
    description: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    together: Literal["sum", "min"] = "sum"


class Measured(NamedTuple):
    """A measurement: so much of a metric, with these labels."""

    metric: Metric
    value: float
    labels: Mapping[str, Label]


_OPERATION: Final = "irclient.operation"
_ENDPOINT: Final = "irclient.endpoint"
_ORIGIN: Final = "irclient.origin"
_TARGET: Final = "irclient.target"
_KIND: Final = "irclient.kind"
_SOURCE: Final = "irclient.source"
_VARIANT: Final = "irclient.variant"
_STATE: Final = "irclient.state"
_OUTCOME: Final = "irclient.outcome"
_ERROR: Final = "error.type"

REQUEST_DURATION: Final = Metric(
    "http.client.request.duration", "histogram", "s",
    "How long requests to the service took.",
    ("http.request.method", "server.address", "server.port", "http.response.status_code", _ERROR,
     _ENDPOINT),
    _SECONDS,
)  # fmt: skip
CALL_DURATION: Final = Metric(
    "irclient.call.duration", "histogram", "s",
    "How long calls took, those answered from memory included.",
    (_OPERATION, _SOURCE, _VARIANT, _ERROR), _SECONDS,
)  # fmt: skip
THROTTLE_WAIT: Final = Metric(
    "irclient.throttle.wait", "histogram", "s",
    "How long calls wait for a slot, because every endpoint is at its TPS.",
    (_ENDPOINT,), _SECONDS,
)  # fmt: skip
FAILOVERS: Final = Metric(
    "irclient.failovers", "counter", "{call}",
    "Calls that went on to another endpoint.", (_ORIGIN, _TARGET, _KIND),
)  # fmt: skip
SPILLOVERS: Final = Metric(
    "irclient.spillovers", "counter", "{call}",
    "Calls that went to another endpoint because the preferred one had no slot.",
    (_ORIGIN, _TARGET),
)  # fmt: skip
HEDGES: Final = Metric(
    "irclient.hedges", "counter", "{request}",
    "Requests that were sent to race a slow one, by whether they won.",
    (_ORIGIN, _TARGET, _OUTCOME),
)  # fmt: skip
FALLBACKS: Final = Metric(
    "irclient.fallbacks", "counter", "{call}",
    "Calls that were answered with less than they asked for.", (_OPERATION, _KIND),
)  # fmt: skip
JOINED_FLIGHTS: Final = Metric(
    "irclient.joined_flights", "counter", "{call}",
    "Calls that waited for an equal one instead of asking.", (_OPERATION,),
)  # fmt: skip
EJECTIONS: Final = Metric(
    "irclient.ejections", "counter", "{ejection}",
    "How often an endpoint was passed by from then on, by the state that it was then in.",
    (_ENDPOINT, _STATE),
)  # fmt: skip
THROTTLES: Final = Metric(
    "irclient.throttles", "counter", "{request}",
    "Requests that the service refused because it is at its TPS (429).", (_ENDPOINT,),
)  # fmt: skip
REFRESHES: Final = Metric(
    "irclient.refreshes", "counter", "{refresh}",
    "Answers in memory that were asked for anew in the background.", (_OPERATION, _ERROR),
)  # fmt: skip
TOKEN_RENEWALS: Final = Metric(
    "irclient.token.renewals", "counter", "{renewal}",
    "Tokens that were fetched, or could not be.", (_ERROR,),
)  # fmt: skip
ALLOWANCE_USED: Final = Metric(
    "irclient.allowance.used", "gauge", "{request}",
    "Requests that started in the last second, and those that a slot is held for.", (_ENDPOINT,),
)  # fmt: skip
ALLOWANCE_LIMIT: Final = Metric(
    "irclient.allowance.limit", "gauge", "{request}",
    "Requests that may start in a second, by what the service lets through now.", (_ENDPOINT,),
)  # fmt: skip
ENDPOINT_STATE: Final = Metric(
    "irclient.endpoint.state", "gauge", "{client}",
    "Clients for which an endpoint is in a state: 1 for the one that holds, of each client.",
    (_ENDPOINT, _STATE),
)  # fmt: skip
ENDPOINT_SHARE: Final = Metric(
    "irclient.endpoint.share", "gauge", "1",
    "The part of its traffic that an endpoint gets, from 0 to 1.", (_ENDPOINT,), together="min",
)  # fmt: skip
RETRY_BUDGET: Final = Metric(
    "irclient.retry_budget", "gauge", "{request}",
    "Requests that could be sent again now.", together="min",
)  # fmt: skip
CACHE_ENTRIES: Final = Metric("irclient.cache.entries", "gauge", "{entry}", "Answers in memory.")
CACHE_BYTES: Final = Metric(
    "irclient.cache.size", "gauge", "By", "Bytes that the answers in memory take."
)
TOKEN_EXPIRY: Final = Metric(
    "irclient.token.expiry", "gauge", "s",
    "When the token ends, as seconds since the epoch.", together="min",
)  # fmt: skip

#: Every metric, in the order of the reference page.
METRICS: Final = (
    CALL_DURATION, REQUEST_DURATION, FAILOVERS, SPILLOVERS, HEDGES, FALLBACKS, JOINED_FLIGHTS,
    REFRESHES, EJECTIONS, THROTTLES, THROTTLE_WAIT, TOKEN_RENEWALS, ALLOWANCE_USED,
    ALLOWANCE_LIMIT, ENDPOINT_STATE, ENDPOINT_SHARE, RETRY_BUDGET, CACHE_ENTRIES, CACHE_BYTES,
    TOKEN_EXPIRY,
)  # fmt: skip


class Places:
    """Where the endpoints of the watched clients are, by their labels."""

    def __init__(self) -> None:
        self._by_label: dict[str, Mapping[str, Label]] = {}
        #: Of attempts; there are few that differ, and one is wanted with each request.
        self._labels: dict[tuple[str, str, int | None, str], Mapping[str, Label]] = {}

    def add(self, endpoints: Iterable[ServiceEndpoint]) -> None:
        """Learn where more endpoints are."""
        self._by_label |= {each.label: place_of(each) for each in endpoints}
        self._labels = {}

    def labels_of(self, operation: str, attempt: Attempt) -> Mapping[str, Label]:
        """The labels of an attempt's duration."""
        key = (operation, attempt.endpoint, attempt.status, attempt.outcome)
        labels = self._labels.get(key)
        if labels is None:
            labels = self._labels[key] = _labels_of_attempt(operation, attempt, self)
        return labels

    def of(self, label: str) -> Mapping[str, Label]:
        """The labels that tell where an endpoint is; none of one that is not known."""
        return self._by_label.get(label, {})


def place_of(endpoint: ServiceEndpoint) -> Mapping[str, Label]:
    """The labels that tell where an endpoint is."""
    return _place_of(endpoint.url)


@lru_cache(maxsize=256)
def _place_of(url: str) -> Mapping[str, Label]:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return {"server.address": parts.hostname or "", "server.port": port}


def measured(record: Record, places: Places) -> tuple[Measured, ...]:
    """What a record counts towards.

    Args:
        record: What happened.
        places: Where the endpoints are.
    """
    count = _COUNTS.get(type(record))
    return () if count is None else tuple(count(record, places))


def _of_attempt(record: AttemptEnded, places: Places) -> Iterator[Measured]:
    attempt = record.attempt
    yield Measured(REQUEST_DURATION, attempt.elapsed, places.labels_of(record.operation, attempt))
    if attempt.outcome == "throttled":
        yield Measured(THROTTLES, 1, {_ENDPOINT: attempt.endpoint})


def _labels_of_attempt(operation: str, attempt: Attempt, places: Places) -> Mapping[str, Label]:
    labels: dict[str, Label] = {
        "http.request.method": "POST" if operation in _POSTED else "GET",
        **places.of(attempt.endpoint),
        _ENDPOINT: attempt.endpoint,
    }
    if attempt.status is not None:
        labels["http.response.status_code"] = attempt.status
    error = error_type(attempt.status, attempt.outcome)
    if error is not None:
        labels[_ERROR] = error
    return labels


def error_type(status: int | None, outcome: str) -> str | None:
    """The `error.type` of a request: its status, where that says it; else what came of it."""
    if status is not None and status >= 400:
        return str(status)
    return None if outcome in _WELL else outcome.replace(" ", "_")


def _of_call(record: CallEnded, _: Places) -> Iterator[Measured]:
    labels = _labels_of_call(record.operation, record.error, record.source, record.variant)
    yield Measured(CALL_DURATION, record.elapsed, labels)


@lru_cache(maxsize=1024)
def _labels_of_call(
    operation: str, error: str | None, source: str | None, variant: str | None
) -> Mapping[str, Label]:
    labels: dict[str, Label] = {_OPERATION: operation}
    if error is None:
        labels[_SOURCE] = source or "service"
    else:
        labels[_ERROR] = error
    if variant is not None:
        labels[_VARIANT] = variant
    return labels


def _of_failover(record: FailedOver, _: Places) -> Iterator[Measured]:
    labels = {_ORIGIN: record.origin, _TARGET: record.target, _KIND: record.kind}
    yield Measured(FAILOVERS, 1, labels)


def _of_spillover(record: SpilledOver, _: Places) -> Iterator[Measured]:
    yield Measured(SPILLOVERS, 1, {_ORIGIN: record.origin, _TARGET: record.target})


def _of_hedge(record: Hedged, _: Places) -> Iterator[Measured]:
    outcome = "won" if record.won else "lost"
    labels = {_ORIGIN: record.origin, _TARGET: record.target, _OUTCOME: outcome}
    yield Measured(HEDGES, 1, labels)


def _of_fallback(record: FellBack, _: Places) -> Iterator[Measured]:
    yield Measured(FALLBACKS, 1, {_OPERATION: record.operation, _KIND: record.kind})


def _of_joined(record: FlightJoined, _: Places) -> Iterator[Measured]:
    yield Measured(JOINED_FLIGHTS, 1, {_OPERATION: record.operation})


def _of_refresh(record: Refreshed, _: Places) -> Iterator[Measured]:
    error = {} if record.error is None else {_ERROR: record.error}
    yield Measured(REFRESHES, 1, {_OPERATION: record.operation, **error})


def _of_ejection(record: Ejected, _: Places) -> Iterator[Measured]:
    yield Measured(EJECTIONS, 1, {_ENDPOINT: record.endpoint, _STATE: "failing"})


def _of_aside(record: PutAside, _: Places) -> Iterator[Measured]:
    yield Measured(EJECTIONS, 1, {_ENDPOINT: record.endpoint, _STATE: record.state})


def _of_wait(record: ThrottleWaited, _: Places) -> Iterator[Measured]:
    yield Measured(THROTTLE_WAIT, record.wait, {_ENDPOINT: record.endpoint})


def _of_token(record: TokenRenewed, _: Places) -> Iterator[Measured]:
    yield Measured(TOKEN_RENEWALS, 1, {})
    yield Measured(TOKEN_EXPIRY, time.time() + record.lifetime, {})


def _of_no_token(record: TokenRenewalFailed, _: Places) -> Iterator[Measured]:
    yield Measured(TOKEN_RENEWALS, 1, {_ERROR: record.kind})


#: The outcomes of requests that were answered as they should be.
_WELL: Final = frozenset({"served", "accepted"})
#: The operations whose requests are posts.
_POSTED: Final = frozenset({"personalize", "trigger"})
_COUNTS: Final[dict[type[Record], Callable[..., Iterator[Measured]]]] = {
    AttemptEnded: _of_attempt,
    CallEnded: _of_call,
    FailedOver: _of_failover,
    SpilledOver: _of_spillover,
    Hedged: _of_hedge,
    FellBack: _of_fallback,
    FlightJoined: _of_joined,
    Refreshed: _of_refresh,
    Ejected: _of_ejection,
    PutAside: _of_aside,
    ThrottleWaited: _of_wait,
    TokenRenewed: _of_token,
    TokenRenewalFailed: _of_no_token,
}


def gauged(clients: Iterable[Watched]) -> list[Measured]:
    """How clients are doing now: one value for each gauge and labels, of all clients together."""
    found: dict[tuple[object, ...], Measured] = {}
    for client in clients:
        for one in _gauges(client):
            key = (one.metric.name, *one.labels.values())
            other = found.get(key)
            if other is not None:
                both = (one.value, other.value)
                value = min(both) if one.metric.together == "min" else sum(both)
                found[key] = one._replace(value=value)
            else:
                found[key] = one
    return list(found.values())


def _gauges(client: Watched) -> Iterator[Measured]:
    for each in client.health():
        label: dict[str, Label] = {_ENDPOINT: each.endpoint}
        yield Measured(ALLOWANCE_USED, each.allowance.used, label)
        yield Measured(ALLOWANCE_LIMIT, each.allowance.limit, label)
        yield Measured(ENDPOINT_SHARE, each.share, label)
        for state in STATES:
            yield Measured(ENDPOINT_STATE, float(state == each.state), {**label, _STATE: state})
    stats = client.stats()
    yield Measured(RETRY_BUDGET, stats.retry_budget, {})
    yield Measured(CACHE_ENTRIES, stats.cached, {})
    if stats.cached_bytes is not None:
        yield Measured(CACHE_BYTES, stats.cached_bytes, {})
