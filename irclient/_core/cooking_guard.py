"""The cooking guard: refuses here what the service's limits on triggers would refuse there.

| limit                          | source                                          |
|--------------------------------|-------------------------------------------------|
| one call every 30 minutes      | documented (contract section 13)                |
| five calls in any 24 hours     | documented                                      |
| counted for each modeling      | inferred: the documentation does not say        |
| refused calls do not count     | ours: whether the service counts them is unknown|

The guard knows the calls of its own client only; where others trigger the same modeling, the
service refuses what the guard cannot know of.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from irclient._runtime.forks import fork_safe_lock

__all__ = ["AT_MOST", "IN_ANY", "ONE_EVERY", "CookingGuard", "Ticket"]

#: Seconds between two accepted calls.
ONE_EVERY: Final = 30 * 60.0
#: Accepted triggers ...
AT_MOST: Final = 5
#: ... in any window of this many seconds.
IN_ANY: Final = 24 * 3600.0


@dataclass(eq=False, slots=True)
class Ticket:
    """One call that was let through; it counts until it is given back.

    Attributes:
        modeling: Whose cooking it triggers.
        at: When it was let through; once accepted, when the service answered.
    """

    modeling: str
    at: float


class CookingGuard:
    """Counts the accepted triggers of one service endpoint, by modeling.

    A call under way holds its place as if it were accepted, so that two at once cannot both be
    let through.
    """

    def __init__(self) -> None:
        self._lock = fork_safe_lock()
        self._tickets: dict[str, list[Ticket]] = {}

    def reserve(self, modeling: str, now: float) -> Ticket | None:
        """Let a call through, or return None when the limits forbid it; see `wait`."""
        with self._lock:
            if self._wait(modeling, now) > 0:
                return None
            ticket = Ticket(modeling, now)
            # No limit looks further back than this many triggers.
            self._tickets[modeling] = [*self._tickets.get(modeling, ()), ticket][-AT_MOST:]
            return ticket

    def accept(self, ticket: Ticket, at: float) -> None:
        """Count a trigger that the service accepted: the limits count from its answer on."""
        with self._lock:
            ticket.at = at

    def give_back(self, ticket: Ticket) -> None:
        """Free the place of a trigger that was not accepted, or whose fate is unknown."""
        with self._lock:
            tickets = self._tickets.get(ticket.modeling, [])
            if ticket in tickets:
                tickets.remove(ticket)

    def wait(self, modeling: str, now: float) -> float:
        """Seconds until the limits allow a call; 0 when they allow it now."""
        with self._lock:
            return self._wait(modeling, now)

    def _wait(self, modeling: str, now: float) -> float:
        tickets = self._tickets.get(modeling, [])
        allowed_at = [now]
        if tickets:
            allowed_at.append(tickets[-1].at + ONE_EVERY)
        if len(tickets) >= AT_MOST:
            allowed_at.append(tickets[-AT_MOST].at + IN_ANY)
        return max(allowed_at) - now

    def __repr__(self) -> str:
        counted = {modeling: len(tickets) for modeling, tickets in self._tickets.items()}
        return f"<CookingGuard: {counted}>"
