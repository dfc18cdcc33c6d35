"""What happened, as frozen records, and the observers that receive them."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from irclient._values.frozen import frozen_by_keyword
from irclient._values.record import Record, plain_values

if TYPE_CHECKING:
    from irclient.attempts import Attempt

__all__ = [
    "AttemptEnded",
    "CallEnded",
    "Ejected",
    "FailedOver",
    "FellBack",
    "FleetJoined",
    "FleetLost",
    "FleetReturned",
    "FlightJoined",
    "Hedged",
    "LoggingObserver",
    "MemoryUsed",
    "Observer",
    "Probed",
    "PutAside",
    "Record",
    "Refreshed",
    "Returned",
    "SecretRead",
    "SpilledOver",
    "ThrottleWaited",
    "TokenRejected",
    "TokenRenewalFailed",
    "TokenRenewed",
    "TpsUsedElsewhere",
    "TrafficReturned",
]


@frozen_by_keyword
class AttemptEnded(Record):
    """A request came to its end, one way or another."""

    operation: str
    attempt: Attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedOver(Record):
    """A call went on to another endpoint.

    Attributes:
        operation: What was asked.
        origin: The endpoint that did not answer, ``account/name``.
        target: The one that is asked next.
        kind: Why, in a word or two: the outcome of the attempt at `origin`.
        reason: The same in words.
    """

    operation: str
    origin: str
    target: str
    kind: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SpilledOver(Record):
    """A call went to another endpoint because the preferred one had no slot."""

    operation: str
    origin: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ThrottleWaited(Record):
    """A call waits `wait` seconds for its slot, because every endpoint is at its TPS."""

    endpoint: str
    wait: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TpsUsedElsewhere(Record):
    """The service throttled a process that was far below its allowance: others use the endpoint.

    Noted once by a client, and logged as a warning too, for programs that have no observers.

    Attributes:
        endpoint: Its label, ``account/name``.
        used: Requests of this process in the last second.
        allowed: How many its share of the TPS allows.
        members: The number of processes of its fleet, whose requests `used` counts then; or None.
    """

    endpoint: str
    used: int
    allowed: int
    members: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hedged(Record):
    """A request that was slow, `after` seconds under way, was raced against another endpoint."""

    operation: str
    origin: str
    target: str
    after: float
    won: bool


@frozen_by_keyword
class MemoryUsed(Record):
    """A call was answered from memory, `age` seconds after the service gave the answer."""

    operation: str
    source: str
    age: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightJoined(Record):
    """A call waits for an equal one under way, whose `call_id` is `leader`."""

    operation: str
    leader: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed(Record):
    """An answer in memory was refreshed in the background, or could not be.

    Attributes:
        operation: What was asked.
        error: The name of the error, or None.
        caused_by: The `call_id` of the call that was answered with the old one.
    """

    operation: str
    error: str | None
    caused_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FellBack(Record):
    """A call was answered with less than it asked for.

    Attributes:
        operation: What was asked.
        instead: The endpoint that answered a query of the fallback, or ``"fixed items"``.
        kind: The name of the error that stood in the way, or ``"outage"`` where every endpoint is
            known to fail.
        reason: The same in words.
    """

    operation: str
    instead: str
    kind: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ejected(Record):
    """An endpoint counts as failing from now on; calls do not ask it until its next probe.

    Attributes:
        endpoint: Its label, ``account/name``.
        kind: The outcome of its last attempt, in a word or two.
        reason: The same in words.
        eject_for: Seconds until its next probe.
    """

    endpoint: str
    kind: str
    reason: str
    eject_for: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PutAside(Record):
    """An endpoint that answers, but without a list or too slowly, is no longer asked.

    A single request now and then finds out when that ends.

    Attributes:
        endpoint: Its label, ``account/name``.
        state: ``"not ready"`` (it waits for its first cooking), ``"refusing"`` (401 or 403) or
            ``"slow"`` (much slower than the other account of its pair).
        kind: The outcome of its last attempt, in a word or two, or ``"slow"``.
        reason: What it answered, in words.
        ask_again_after: Seconds until it is asked again.
    """

    endpoint: str
    state: str
    kind: str
    reason: str
    ask_again_after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed(Record):
    """A probe found out whether a failing endpoint has recovered."""

    endpoint: str
    recovered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned(Record):
    """An endpoint is working again and has all of its traffic back."""

    endpoint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetJoined(Record):
    """A process, one of `members`, shares an endpoint's TPS with its fleet from now on."""

    endpoint: str
    members: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetLost(Record):
    """A fleet's server cannot be used: calls go on, with the process's own part of the TPS.

    Attributes:
        endpoint: The label of the endpoint whose TPS is shared there, ``account/name``.
        reason: Why, in words: the error of redis-py or of the server.
        limit: How many requests the process may start in a second without the server.
        fleet: The fleet's name.
        server: Host and port of the server, or its socket; None where ``connect=`` knows them.
    """

    endpoint: str
    reason: str
    limit: int
    fleet: str = ""
    server: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetReturned(Record):
    """A fleet's server answers again, after `after` seconds: it knows of `members` processes."""

    endpoint: str
    after: float
    members: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficReturned(Record):
    """A guard returned the weights of a traffic split to what they were.

    Attributes:
        weights: The weights that hold again, by variant.
        kind: What the candidate did too often: ``"failed"`` or ``"slow"``.
        reason: The same in words.
    """

    weights: dict[str, float]
    kind: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRenewed(Record):
    """A token was fetched; it lives for `lifetime` seconds."""

    lifetime: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRenewalFailed(Record):
    """A token could not be fetched; one that is still valid stays in use.

    Attributes:
        kind: ``"refused"`` (which stays so until it is mended) or ``"unanswered"``.
        reason: Why, in words.
        expires_in: Seconds for which calls still have a token; None when they have none, so that
            each ends in an error with this reason.
    """

    kind: str
    reason: str
    expires_in: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRejected(Record):
    """The service answered 401 to a token that seemed valid."""

    endpoint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretRead(Record):
    """The application secret was read from Key Vault."""

    vault_url: str
    secret_name: str


@frozen_by_keyword
class CallEnded(Record):
    """A call has ended; also one that was refused here, before anything was sent.

    Attributes:
        operation: What was asked; ``"fetch"`` where that was no query at all.
        endpoint: Who answered; after an error, who was asked last; or None.
        attempts: Requests that were sent.
        elapsed: Seconds that the call took.
        error: The name of its error, or None.
        source: Where the answer came from, as in `Served.source`; None after an error.
        variant: The variant of the traffic split, or None.
        degraded: Whether it is less than was asked for.
    """

    operation: str
    endpoint: str | None
    attempts: int
    elapsed: float
    error: str | None
    source: str | None = None
    variant: str | None = None
    degraded: bool = False


class Observer(Protocol):
    """Receives each record, on the thread or task where it happened.

    Keep it quick. An exception that it raises is logged and changes nothing for the call.
    """

    def __call__(self, record: Record, /) -> None:
        """Receive one record."""
        ...


class LoggingObserver:
    """Writes each record as one structured log line: the record's fields are the line's extras.

    Each extra is ``ir_`` and the field's name, and a plain value: a number, a text, None, or a dict
    of these. Those of an attempt stand for themselves (``ir_outcome``, ``ir_status``);
    ``ir_record`` is the record's kind, and ``ir_wall_time`` when it happened.

    Args:
        logger: Where to write; the logger ``irclient`` when left out.
    """

    def __init__(self, logger: logging.Logger | None = None) -> None:
        self._logger = logger or logging.getLogger("irclient")

    def __call__(self, record: Record, /) -> None:
        level = logging.WARNING if isinstance(record, _WARNINGS) else logging.DEBUG
        if not self._logger.isEnabledFor(level):
            return
        kind, values = type(record).__name__, plain_values(record)
        words = " ".join(
            # The extras have every digit; words are for people.
            f"{name}={round(value, 3) if isinstance(value, float) else value}"
            for name, value in values.items()
            if name != "at" and (name != "call_id" or value is not None)
        )
        values |= {"record": kind, "wall_time": record.wall_time}
        extra = {f"ir_{name}": value for name, value in values.items()}
        if isinstance(record, FleetLost):
            # The line names an endpoint, and must not read as if that were down.
            words += " (calls go on with this process's part of the TPS)"
        self._logger.log(level, "%s %s", kind, words, extra=extra)

    def __repr__(self) -> str:
        return f"LoggingObserver({self._logger.name!r})"


#: The end of a trouble goes where its beginning went: a log must say that an outage is over.
_WARNINGS = (
    Ejected,
    FailedOver,
    FellBack,
    FleetLost,
    FleetReturned,
    PutAside,
    Returned,
    TokenRejected,
    TokenRenewalFailed,
    TrafficReturned,
)
