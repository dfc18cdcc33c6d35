"""What a member and the server of its fleet say to each other about an endpoint."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from irclient._core.reservation import Reservation
from irclient._values.momentary import value

__all__ = ["AHEAD", "Answer", "FleetSlot", "Message"]

#: So far ahead the server gives slots: what is promised for later could not be lent meanwhile.
AHEAD: Final = 0.1


@dataclass(slots=True, eq=False)
class FleetSlot(Reservation):
    """A slot that the server gave.

    Attributes:
        number: Its name on the server.
        came_at: When it came.
    """

    number: int = field(kw_only=True)
    came_at: float = field(kw_only=True)


@value
class Message:
    """What a member says and asks. Instants are the process's own.

    Attributes:
        sequence: Higher than that of any message before.
        right: How many starts in a window the member believes to have of its own.
        part: How many it believes to have once it has lost the server for long.
        spare: How many more it believes to have once it has lost the server for a while.
        has_heard: Whether an answer came recently. A member that hears none soon takes its spare
            and its part, even if the server receives all its messages.
        used: How many the last window holds, whatever it believes now.
        demand: How many it wanted of late, in a window.
        met: The `Answer.met` of the last answer; zero for a new member.
        epoch: The `Answer.epoch` of the same answer; empty for a new member.
        want: How many slots it asks for.
        within: Seconds in which they must have started.
        blocked_for: Seconds in which nothing may start, as a 429 said.
        shrinks: Whether a 429 came since the last message.
        added: Starts that the server is to count besides, in seconds from now.
        returned: Numbers of slots that are not used.
    """

    sequence: int
    right: int
    part: int
    used: int
    demand: int
    met: int
    epoch: str
    want: int = 0
    within: float = 0.0
    blocked_for: float = 0.0
    shrinks: bool = False
    added: tuple[float, ...] = ()
    returned: tuple[int, ...] = ()
    spare: int = 0
    has_heard: bool = True


@value
class Answer:
    """What the server says. Instants are the process's own by then.

    Attributes:
        epoch: Another one than before means that the server has forgotten everything.
        right: How many starts in a window are the member's own from now on.
        spare: How many more it may start once it has lost the server for a while.
        first_at: The first slot that it could give.
        blocked_until: No start before.
        limit: How many the fleet may start in a window.
        present: How many members there are.
        demand: How many starts all of them wanted of late, in a window.
        met: How many members there are, counting those that have been silent for a while.
        is_closed: Whether it gives nothing yet, because it has forgotten everything.
        renews: Whether the right is the member's for another lease. A new server that misses
            members of the one before renews nothing: they may still reach that one.
        slots: Starts and numbers of the slots that it gives.
    """

    epoch: str
    right: int
    first_at: float
    blocked_until: float
    limit: int
    present: int
    demand: int
    met: int
    is_closed: bool = False
    renews: bool = True
    spare: int = 0
    slots: tuple[tuple[float, int], ...] = ()
