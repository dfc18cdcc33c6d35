"""The metrics, with their units and labels, and the order in which the reference page lists them.

OpenTelemetry uses the names as they stand here, and Prometheus the names that OpenTelemetry's own
translation makes of them, so that one dashboard serves both. No label holds the id of a user or an
item, or words without end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

__all__ = [
    "ALLOWANCE_LIMIT",
    "ALLOWANCE_USED",
    "CACHE_BYTES",
    "CACHE_ENTRIES",
    "CALL_DURATION",
    "EJECTIONS",
    "ENDPOINT",
    "ENDPOINT_SHARE",
    "ENDPOINT_STATE",
    "ERROR",
    "FAILOVERS",
    "FALLBACKS",
    "FLEET_MEMBERS",
    "FLEET_MODE",
    "HEDGES",
    "JOINED_FLIGHTS",
    "KIND",
    "METRICS",
    "MODE",
    "MODES",
    "OPERATION",
    "ORIGIN",
    "OUTCOME",
    "REFRESHES",
    "REQUEST_DURATION",
    "RETRY_BUDGET",
    "SOURCE",
    "SPILLOVERS",
    "STATE",
    "STATES",
    "TARGET",
    "THROTTLES",
    "THROTTLE_WAIT",
    "TOKEN_EXPIRY",
    "TOKEN_RENEWALS",
    "VARIANT",
    "Metric",
]

#: The states that `health()` tells of.
STATES: Final = ("working", "failing", "recovering", "not ready", "refusing", "slow")
#: How an endpoint's TPS is shared, as `health()` tells it of a fleet.
MODES: Final = ("joining", "shared", "alone")
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


OPERATION: Final = "irclient.operation"
ENDPOINT: Final = "irclient.endpoint"
ORIGIN: Final = "irclient.origin"
TARGET: Final = "irclient.target"
KIND: Final = "irclient.kind"
SOURCE: Final = "irclient.source"
VARIANT: Final = "irclient.variant"
STATE: Final = "irclient.state"
MODE: Final = "irclient.mode"
OUTCOME: Final = "irclient.outcome"
ERROR: Final = "error.type"

REQUEST_DURATION: Final = Metric(
    "http.client.request.duration", "histogram", "s",
    "How long requests to the service took.",
    ("http.request.method", "server.address", "server.port", "http.response.status_code", ERROR,
     ENDPOINT),
    _SECONDS,
)  # fmt: skip
CALL_DURATION: Final = Metric(
    "irclient.call.duration", "histogram", "s",
    "How long calls took, those answered from memory included.",
    (OPERATION, SOURCE, VARIANT, ERROR), _SECONDS,
)  # fmt: skip
THROTTLE_WAIT: Final = Metric(
    "irclient.throttle.wait", "histogram", "s",
    "How long calls wait for a slot, because every endpoint is at its TPS.",
    (ENDPOINT,), _SECONDS,
)  # fmt: skip
FAILOVERS: Final = Metric(
    "irclient.failovers", "counter", "{call}",
    "Calls that went on to another endpoint.", (ORIGIN, TARGET, KIND),
)  # fmt: skip
SPILLOVERS: Final = Metric(
    "irclient.spillovers", "counter", "{call}",
    "Calls that went to another endpoint because the preferred one had no slot.",
    (ORIGIN, TARGET),
)  # fmt: skip
HEDGES: Final = Metric(
    "irclient.hedges", "counter", "{request}",
    "Requests that were sent to race a slow one, by whether they won.",
    (ORIGIN, TARGET, OUTCOME),
)  # fmt: skip
FALLBACKS: Final = Metric(
    "irclient.fallbacks", "counter", "{call}",
    "Calls that were answered with less than they asked for.", (OPERATION, KIND),
)  # fmt: skip
JOINED_FLIGHTS: Final = Metric(
    "irclient.joined_flights", "counter", "{call}",
    "Calls that waited for an equal one instead of asking.", (OPERATION,),
)  # fmt: skip
EJECTIONS: Final = Metric(
    "irclient.ejections", "counter", "{ejection}",
    "How often an endpoint was ejected or put aside, by its new state.",
    (ENDPOINT, STATE),
)  # fmt: skip
THROTTLES: Final = Metric(
    "irclient.throttles", "counter", "{request}",
    "Requests that the service refused because it is at its TPS (429).", (ENDPOINT,),
)  # fmt: skip
REFRESHES: Final = Metric(
    "irclient.refreshes", "counter", "{refresh}",
    "Answers in memory that were refreshed in the background.", (OPERATION, ERROR),
)  # fmt: skip
TOKEN_RENEWALS: Final = Metric(
    "irclient.token.renewals", "counter", "{renewal}",
    "Tokens that were fetched, or could not be.", (ERROR,),
)  # fmt: skip
ALLOWANCE_USED: Final = Metric(
    "irclient.allowance.used", "gauge", "{request}",
    "Requests that started in the last second, and those that hold a slot.", (ENDPOINT,),
)  # fmt: skip
ALLOWANCE_LIMIT: Final = Metric(
    "irclient.allowance.limit", "gauge", "{request}",
    "Requests that may start in a second, reduced by throttles.", (ENDPOINT,),
)  # fmt: skip
ENDPOINT_STATE: Final = Metric(
    "irclient.endpoint.state", "gauge", "{client}",
    "How many clients see an endpoint in this state.",
    (ENDPOINT, STATE),
)  # fmt: skip
ENDPOINT_SHARE: Final = Metric(
    "irclient.endpoint.share", "gauge", "1",
    "The part of its traffic that an endpoint gets, from 0 to 1.", (ENDPOINT,), together="min",
)  # fmt: skip
FLEET_MODE: Final = Metric(
    "irclient.fleet.mode", "gauge", "{client}",
    "How many clients share an endpoint's TPS with their fleet, or do without its server.",
    (ENDPOINT, MODE),
)  # fmt: skip
FLEET_MEMBERS: Final = Metric(
    "irclient.fleet.members", "gauge", "{process}",
    "How many processes a fleet has at an endpoint, as far as its server knows.",
    (ENDPOINT,), together="min",
)  # fmt: skip
RETRY_BUDGET: Final = Metric(
    "irclient.retry_budget", "gauge", "{request}",
    "How many repeated requests could be sent now.", together="min",
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
    ALLOWANCE_LIMIT, ENDPOINT_STATE, ENDPOINT_SHARE, FLEET_MODE, FLEET_MEMBERS, RETRY_BUDGET,
    CACHE_ENTRIES, CACHE_BYTES, TOKEN_EXPIRY,
)  # fmt: skip
