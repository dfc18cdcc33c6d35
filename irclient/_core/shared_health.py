"""The health of endpoints as a fleet knows it: what a process tells, and what it makes of the rest.

| the fleet           | and this process                 | the process                           |
|---------------------|----------------------------------|---------------------------------------|
| doubts an endpoint  | finds it working                 | ejects it at its next failure         |
| ejects it           | finds it working, or back        | ejects it                             |
| ejects it anew      | waits for its own probe          | waits longer, as if it had been its   |
| begins to return    | has ejected it                   | begins to return                      |

One process probes for all: it claims to. What the server has not said is what a process finds out
for itself, as it would without a fleet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from irclient._core.flights import Flight
from irclient._values.momentary import value
from irclient.observe import Ejected, Probed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from irclient._core.health import EndpointHealth
    from irclient.observe import Record

__all__ = ["EndpointNews", "ProbeClaim", "SharedHealth", "event_of", "hear"]

#: Seconds for which a process that hears of no news any more goes on doubting.
_DOUBTS_FOR: Final = 1.5


@value
class EndpointNews:
    """What the fleet says of an endpoint.

    Attributes:
        number: Which of the fleet's changes was the latest.
        kind: ``ejected``, ``failed`` (a probe), ``recovered``, or nothing yet.
        is_own: Whether this process made it.
        others: How many other members eject the endpoint.
        is_doubted: Whether one of them began to a moment ago.
    """

    number: int = 0
    kind: str = ""
    is_own: bool = False
    others: int = 0
    is_doubted: bool = False


class ProbeClaim(Flight):
    """The wish to probe for all; it lands when the server has said who does.

    Attributes:
        is_granted: Whether this process is to probe; so it is if the server says nothing.
    """

    __slots__ = ("is_granted",)

    def __init__(self) -> None:
        super().__init__()
        self.is_granted = True


class SharedHealth(Protocol):
    """What a fleet knows of its endpoints; nothing here waits, and nothing raises."""

    @property
    def patience(self) -> float:
        """Seconds that a probe waits for its claim."""
        ...

    def join(self, url: str, health: EndpointHealth, untold: list[Record]) -> None:
        """Have a process's own knowledge of an endpoint hear of the others'.

        Args:
            url: The endpoint's.
            health: What the process knows.
            untold: Where records go that the next call tells the observers.
        """
        ...

    def asked(self, url: str) -> None:
        """Learn that an endpoint was asked."""
        ...

    def changed(self, url: str, records: Sequence[Record]) -> None:
        """Tell the others what an attempt has changed."""
        ...

    def claim_probe(self, url: str, *, claim_for: float) -> ProbeClaim | None:
        """Claim to probe for all; None if there is no server to ask."""
        ...


def event_of(records: Sequence[Record]) -> str:
    """What there is to tell of the changes that an attempt has made; empty if nothing."""
    event = ""
    for record in records:
        match record:
            case Probed():
                event = "recovered" if record.recovered else "failed"
            case Ejected() if not event:
                event = "ejected"
            case _:
                pass
    return event


def hear(
    health: EndpointHealth, news: EndpointNews, known: EndpointNews | None, now: float
) -> tuple[Record, ...]:
    """Take in what a fleet says of an endpoint, and return what changed by it.

    Args:
        health: What the process knows itself.
        news: What the fleet says.
        known: What it said before; None at first.
        now: The time.
    """
    health.doubt(until=now + _DOUBTS_FOR if news.is_doubted else now)
    number = 0 if known is None else known.number
    # A server that lost its memory begins to count anew.
    if news.number == number or news.is_own:
        return ()
    reason = f"{news.others} other members of the fleet find it failing"
    match news.kind:
        case "ejected":
            return health.hear_ejected(now, reason)
        case "failed":
            return health.hear_probe_failed(now, reason)
        case "recovered" if known is not None:
            return health.hear_recovered(now)
        case _:
            return ()
