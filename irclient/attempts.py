"""One attempt of a call, as it is remembered: the record that errors and observers carry."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Attempt"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """The outcome of one request to one service endpoint.

    Attributes:
        endpoint: The label of the service endpoint, ``account/name``.
        outcome: The verdict in one word, for example ``"throttled"`` or ``"timed out"``.
        status: The HTTP status, or None when no complete answer came.
        reason: What happened, in words fit for a log line: never a token, never a user id.
        started_after: Seconds from the start of the call to the start of this attempt.
        elapsed: Seconds that the attempt took.
    """

    endpoint: str
    outcome: str
    status: int | None
    reason: str
    started_after: float
    elapsed: float

    def __str__(self) -> str:
        return f"{self.endpoint}: {self.reason} ({self.elapsed * 1000:.0f} ms)"
