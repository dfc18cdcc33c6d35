"""What happened, as frozen records, and the observers that receive them."""

from __future__ import annotations

import logging
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from irclient.attempts import Attempt

__all__ = [
    "AttemptEnded",
    "CallEnded",
    "Ejected",
    "FailedOver",
    "FellBack",
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
    "TrafficReturned",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Something that happened; `at` is the driver's monotonic clock, in seconds."""

    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptEnded(Record):
    """A request came to its end, one way or another."""

    operation: str
    attempt: Attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedOver(Record):
    """A call went on to another endpoint."""

    operation: str
    origin: str
    target: str
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
class Hedged(Record):
    """A request that was slow, `after` seconds under way, was raced against another endpoint."""

    operation: str
    origin: str
    target: str
    after: float
    won: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryUsed(Record):
    """A call was answered from memory, `age` seconds after the service gave the answer."""

    operation: str
    source: str
    age: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightJoined(Record):
    """A call waits for an equal one that is under way."""

    operation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed(Record):
    """An answer in memory was refreshed in the background, or could not be."""

    operation: str
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FellBack(Record):
    """A call was answered with less than it asked for, because of `reason`."""

    operation: str
    instead: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ejected(Record):
    """An endpoint counts as failing from now on; calls pass it by until its next probe."""

    endpoint: str
    reason: str
    eject_for: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PutAside(Record):
    """An endpoint that is alive is passed by from now on, but for a question now and then.

    Attributes:
        endpoint: Its label, ``account/name``.
        state: ``"not ready"`` (it waits for its first cooking), ``"refusing"`` (401 or 403) or
            ``"slow"`` (much slower than the other account of its pair).
        reason: What it answered, in words.
        ask_again_after: Seconds until it is asked again.
    """

    endpoint: str
    state: str
    reason: str
    ask_again_after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed(Record):
    """A probe told whether a failing endpoint has recovered."""

    endpoint: str
    recovered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned(Record):
    """An endpoint is working again and has all of its traffic back."""

    endpoint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficReturned(Record):
    """A guard returned the weights of a traffic split to what they were, because of `reason`."""

    weights: dict[str, float]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRenewed(Record):
    """A token was fetched; it lives for `lifetime` seconds."""

    lifetime: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRenewalFailed(Record):
    """A token could not be fetched; one that is still valid stays in use."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRejected(Record):
    """The service answered 401 to a token that we held to be valid."""

    endpoint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretRead(Record):
    """The application secret was read from Key Vault."""

    vault_url: str
    secret_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded(Record):
    """A call came to its end; `error` is the name of its error, or None."""

    operation: str
    endpoint: str | None
    attempts: int
    elapsed: float
    error: str | None


class Observer(Protocol):
    """Receives each record, on the thread or task where it happened.

    Keep it quick. An exception that it raises is logged and changes nothing for the call.
    """

    def __call__(self, record: Record, /) -> None:
        """Receive one record."""
        ...


class LoggingObserver:
    """Writes each record as one structured log line: the record's fields are the line's extras.

    Args:
        logger: Where to write; the logger ``irclient`` when left out.
    """

    def __init__(self, logger: logging.Logger | None = None) -> None:
        self._logger = logger or logging.getLogger("irclient")

    def __call__(self, record: Record, /) -> None:
        level = logging.WARNING if isinstance(record, _WARNINGS) else logging.DEBUG
        if not self._logger.isEnabledFor(level):
            return
        values = {each.name: getattr(record, each.name) for each in fields(record)}
        words = " ".join(f"{name}={value}" for name, value in values.items() if name != "at")
        extra = {f"ir_{name}": value for name, value in values.items()}
        self._logger.log(level, "%s %s", type(record).__name__, words, extra=extra)

    def __repr__(self) -> str:
        return f"LoggingObserver({self._logger.name!r})"


_WARNINGS = (
    Ejected,
    FailedOver,
    FellBack,
    PutAside,
    TokenRejected,
    TokenRenewalFailed,
    TrafficReturned,
)
