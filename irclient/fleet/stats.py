"""What a process has asked of its fleet's server, counted."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FleetStats"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetStats:
    """Counts of one process since it began.

    Attributes:
        messages: What was sent to the server.
        slots: Slots that it gave.
        given_back: Slots that were not used.
        lost: Messages without an answer, and connections that could not be made.
        late: Messages that the server found given up already.
        alone_for: Seconds in which the server could not be reached.
    """

    messages: int
    slots: int
    given_back: int
    lost: int
    late: int
    alone_for: float
