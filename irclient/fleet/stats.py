"""What a process has asked of its fleet's server, counted."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FleetStats"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetStats:
    """Counts of one process since it began.

    Attributes:
        messages: What was sent to the server.
        lent: Starts in a second that the process has of its own at this moment, without asking;
            of all endpoints.
        slots: Slots that the server gave besides, one by one.
        given_back: Those of them that were not used.
        lost: Messages without an answer, and connections that could not be made.
        late: Messages that the server found given up already.
        alone_for: Seconds in which the server could not be reached.
        memory_hits: Recalls that found an answer of another process.
        memory_misses: Recalls that found none, so that this process asked.
        memory_waits: Recalls that found another process asking.
        memory_kept: Answers that this process kept for all.
    """

    messages: int
    lent: int
    slots: int
    given_back: int
    lost: int
    late: int
    alone_for: float
    memory_hits: int = 0
    memory_misses: int = 0
    memory_waits: int = 0
    memory_kept: int = 0
