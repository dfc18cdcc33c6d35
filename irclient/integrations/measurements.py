"""What is measured: what each record counts towards, and how clients are doing now.

Written once, for every way of telling it; `irclient.integrations.metrics` has the metrics.
"""

from __future__ import annotations

import time
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias
from urllib.parse import urlsplit

from irclient.integrations.metrics import (
    ALLOWANCE_LIMIT,
    ALLOWANCE_USED,
    CACHE_BYTES,
    CACHE_ENTRIES,
    CALL_DURATION,
    EJECTIONS,
    ENDPOINT,
    ENDPOINT_SHARE,
    ENDPOINT_STATE,
    ERROR,
    FAILOVERS,
    FALLBACKS,
    FLEET_MEMBERS,
    FLEET_MODE,
    HEDGES,
    JOINED_FLIGHTS,
    KIND,
    MODE,
    MODES,
    OPERATION,
    ORIGIN,
    OUTCOME,
    REFRESHES,
    REQUEST_DURATION,
    RETRY_BUDGET,
    SOURCE,
    SPILLOVERS,
    STATE,
    STATES,
    TARGET,
    THROTTLE_WAIT,
    THROTTLES,
    TOKEN_EXPIRY,
    TOKEN_RENEWALS,
    VARIANT,
)
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

    from irclient.health import AllowanceStatus
    from irclient.instrument import Watched
    from irclient.integrations.metrics import Metric
    from irclient.observe import Record
    from irclient.topology import ServiceEndpoint

__all__ = [
    "Label",
    "Measured",
    "Places",
    "error_type",
    "gauged",
    "labels_of_call",
    "measured",
    "place_of",
]

Label: TypeAlias = str | int | bool


class Measured(NamedTuple):
    """A measurement: so much of a metric, with these labels."""

    metric: Metric
    value: float
    labels: Mapping[str, Label]


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

    def labels_of(
        self, operation: str, endpoint: str, status: int | None, outcome: str
    ) -> Mapping[str, Label]:
        """The labels of an attempt's duration."""
        key = (operation, endpoint, status, outcome)
        labels = self._labels.get(key)
        if labels is None:
            labels = self._labels[key] = _labels_of_attempt(*key, self)
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
    endpoint, status, outcome = attempt.endpoint, attempt.status, attempt.outcome
    labels = places.labels_of(record.operation, endpoint, status, outcome)
    yield Measured(REQUEST_DURATION, attempt.elapsed, labels)
    if outcome == "throttled":
        yield Measured(THROTTLES, 1, {ENDPOINT: endpoint})


def _labels_of_attempt(
    operation: str, endpoint: str, status: int | None, outcome: str, places: Places
) -> Mapping[str, Label]:
    labels: dict[str, Label] = {
        "http.request.method": "POST" if operation in _POSTED else "GET",
        **places.of(endpoint),
        ENDPOINT: endpoint,
    }
    if status is not None:
        labels["http.response.status_code"] = status
    error = error_type(status, outcome)
    if error is not None:
        labels[ERROR] = error
    return labels


def error_type(status: int | None, outcome: str) -> str | None:
    """The `error.type` of a request: its status, where that says it; else what came of it."""
    if status is not None and status >= 400:
        return str(status)
    return None if outcome in _WELL else outcome.replace(" ", "_")


def _of_call(record: CallEnded, _: Places) -> Iterator[Measured]:
    labels = labels_of_call(record.operation, record.error, record.source, record.variant)
    yield Measured(CALL_DURATION, record.elapsed, labels)


@lru_cache(maxsize=1024)
def labels_of_call(
    operation: str, error: str | None, source: str | None, variant: str | None
) -> Mapping[str, Label]:
    """The labels of a call's duration."""
    labels: dict[str, Label] = {OPERATION: operation}
    if error is None:
        labels[SOURCE] = source or "service"
    else:
        labels[ERROR] = error
    if variant is not None:
        labels[VARIANT] = variant
    return labels


def _of_failover(record: FailedOver, _: Places) -> Iterator[Measured]:
    labels = {ORIGIN: record.origin, TARGET: record.target, KIND: record.kind}
    yield Measured(FAILOVERS, 1, labels)


def _of_spillover(record: SpilledOver, _: Places) -> Iterator[Measured]:
    yield Measured(SPILLOVERS, 1, {ORIGIN: record.origin, TARGET: record.target})


def _of_hedge(record: Hedged, _: Places) -> Iterator[Measured]:
    outcome = "won" if record.won else "lost"
    labels = {ORIGIN: record.origin, TARGET: record.target, OUTCOME: outcome}
    yield Measured(HEDGES, 1, labels)


def _of_fallback(record: FellBack, _: Places) -> Iterator[Measured]:
    yield Measured(FALLBACKS, 1, {OPERATION: record.operation, KIND: record.kind})


def _of_joined(record: FlightJoined, _: Places) -> Iterator[Measured]:
    yield Measured(JOINED_FLIGHTS, 1, {OPERATION: record.operation})


def _of_refresh(record: Refreshed, _: Places) -> Iterator[Measured]:
    error = {} if record.error is None else {ERROR: record.error}
    yield Measured(REFRESHES, 1, {OPERATION: record.operation, **error})


def _of_ejection(record: Ejected, _: Places) -> Iterator[Measured]:
    yield Measured(EJECTIONS, 1, {ENDPOINT: record.endpoint, STATE: "failing"})


def _of_aside(record: PutAside, _: Places) -> Iterator[Measured]:
    yield Measured(EJECTIONS, 1, {ENDPOINT: record.endpoint, STATE: record.state})


def _of_wait(record: ThrottleWaited, _: Places) -> Iterator[Measured]:
    yield Measured(THROTTLE_WAIT, record.wait, {ENDPOINT: record.endpoint})


def _of_token(record: TokenRenewed, _: Places) -> Iterator[Measured]:
    yield Measured(TOKEN_RENEWALS, 1, {})
    yield Measured(TOKEN_EXPIRY, time.time() + record.lifetime, {})


def _of_no_token(record: TokenRenewalFailed, _: Places) -> Iterator[Measured]:
    yield Measured(TOKEN_RENEWALS, 1, {ERROR: record.kind})


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
        label: dict[str, Label] = {ENDPOINT: each.endpoint}
        yield Measured(ALLOWANCE_USED, each.allowance.used, label)
        yield Measured(ALLOWANCE_LIMIT, each.allowance.limit, label)
        yield Measured(ENDPOINT_SHARE, each.share, label)
        for state in STATES:
            yield Measured(ENDPOINT_STATE, float(state == each.state), {**label, STATE: state})
        yield from _gauges_of_fleet(each.allowance, label)
    stats = client.stats()
    yield Measured(RETRY_BUDGET, stats.retry_budget, {})
    yield Measured(CACHE_ENTRIES, stats.cached, {})
    if stats.cached_bytes is not None:
        yield Measured(CACHE_BYTES, stats.cached_bytes, {})


def _gauges_of_fleet(allowance: AllowanceStatus, label: dict[str, Label]) -> Iterator[Measured]:
    if allowance.mode is None:
        return
    for mode in MODES:
        yield Measured(FLEET_MODE, float(mode == allowance.mode), {**label, MODE: mode})
    if allowance.members is not None:
        yield Measured(FLEET_MEMBERS, allowance.members, label)
