"""The state of one call: what it is to do, what time it is, and what was tried."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from irclient._core import call_errors
from irclient._core.priority import Priority
from irclient._core.protocol import Tell, Wait
from irclient.errors import ClientClosed
from irclient.observe import Ejected, PutAside, Returned, TrafficReturned

if TYPE_CHECKING:
    from collections.abc import Sequence

    from irclient._core.flights import Flight
    from irclient._core.protocol import Call
    from irclient._core.state import ClientState
    from irclient._core.verdict import Verdict
    from irclient.attempts import Attempt
    from irclient.observe import Record
    from irclient.queries import Query
    from irclient.results import Source
    from irclient.settings import Settings
    from irclient.topology import ServiceEndpoint

__all__ = [
    "CallState",
    "Noted",
    "pause",
    "stop_if_closed",
    "stop_unless_open",
    "tell",
]


#: Which records are made of a call: all; all but those of which its answer tells as much, that an
#: attempt and the call were answered as they should be; none.
Noted: TypeAlias = Literal["all", "but what the answer tells", "nothing"]

#: Noted where nobody listens, too: a log must say when an account left, and when it came back.
_ALWAYS_NOTED: Final = (Ejected, PutAside, Returned, TrafficReturned)
#: Seconds after which a token may be there that is being fetched.
_TOKEN_SOON: Final = 1.0


class CallState:
    """One call; nothing else holds it, and it ends with the call.

    Args:
        query: What is asked.
        state: What all calls of the client share.
        settings: How to go about it.
        now: The time.
        endpoints: Whom to ask, in the order of preference.
        variant: The variant of a traffic split that they are.
        deadline_at: When it must be over; by default as the settings say.
        priority: Who gets a slot first.
        call_id: That of the call that this is a part of.
        ends_by: When it must be over whatever else is said, as its caller's block has it.
        noted: Which records are made of it; by default all where anybody listens.
        headers: What its requests carry besides; they have been checked.

    Attributes:
        source: Where its answer comes from.
        answered_by: The label of the endpoint that gave it, or None.
        sent: How many requests were sent.
        attempts: Those that somebody may want to read about: all that failed, and with observers
            those that did not.
        tried: The endpoints that are not to be asked again in this round.
        verdicts: What each of them last came to.
        ready_at: When each may be asked again.
        stale: The endpoints whose kept connection was found closed: they get a new one.
        waits: How often the call waited before another round.
        degraded: Whether its answer is less than was asked for.
        call_id: What joins its records; None where no observer listens.
        generation: Of the memory when the call began: what is forgotten since is not kept.
        slot_wanted_at: Since when it has waited for a fleet to give it a slot, or None.
        records: What happened and the observers have not been told yet.
    """

    __slots__ = (
        "answered_by", "attempts", "began_at", "call_id", "deadline_at", "degraded", "endpoints",
        "ends_by", "generation", "headers", "last_tried", "modeling", "noted", "now", "priority",
        "query", "ready_at",
        "records", "sent", "settings", "slot_wanted_at", "source", "stale", "state",
        "token_was_renewed", "tried", "variant", "verdicts", "waits",
    )  # fmt: skip

    def __init__(  # noqa: PLR0917  (Python makes a dict of what a class is given by keyword)
        self,
        query: Query,
        state: ClientState,
        settings: Settings,
        now: float,
        endpoints: Sequence[ServiceEndpoint],
        variant: str | None = None,
        priority: Priority = Priority.INTERACTIVE,
        ends_by: float | None = None,
        noted: Noted | None = None,
        headers: tuple[tuple[str, str], ...] = (),
        call_id: str | None = None,
        deadline_at: float | None = None,
    ) -> None:
        self.query = query
        self.modeling = query.modeling
        self.state = state
        self.settings = settings
        self.now = self.began_at = now
        if deadline_at is None:
            deadline_at = now + settings.timeouts.deadline
        if ends_by is not None and ends_by < deadline_at:
            deadline_at = ends_by
        self.deadline_at = deadline_at
        self.ends_by = ends_by
        self.endpoints = endpoints
        self.variant = variant
        self.priority = priority
        self.source: Source = "service"
        self.answered_by: str | None = None
        self.degraded = False
        if noted is None:
            noted = "all" if state.has_observers else "nothing"
        self.noted: Noted = noted
        self.headers = headers
        if call_id is None and noted != "nothing":
            call_id = state.new_call_id()
        self.call_id = call_id
        self.sent = self.waits = 0
        self.attempts: list[Attempt] = []
        self.tried: set[ServiceEndpoint] = set()
        self.verdicts: dict[ServiceEndpoint, Verdict] = {}
        self.ready_at: dict[ServiceEndpoint, float] = {}
        self.stale: set[ServiceEndpoint] = set()
        self.generation = state.memory.generation
        self.records: list[Record] = []
        self.last_tried: ServiceEndpoint | None = None
        self.token_was_renewed = False
        self.slot_wanted_at: float | None = None

    @property
    def elapsed(self) -> float:
        """Seconds since the call began."""
        return self.now - self.began_at

    @property
    def allowed_for(self) -> float:
        """Seconds that the call had, from its beginning to its deadline."""
        if self.ends_by is None or self.ends_by > self.deadline_at:
            return self.settings.timeouts.deadline
        return max(self.ends_by - self.began_at, 0.0)

    @property
    def left(self) -> float:
        """Seconds until the deadline."""
        return self.deadline_at - self.now

    def prefer(self) -> None:
        """Look along the endpoints in the order that is preferred now."""
        preference = self.state.preferences[self.variant]
        self.endpoints = preference.order(self.query.operation, self.now)

    def note(self, record: Record | None) -> None:
        """Keep a record until it is told; where nobody listens, only what is logged then."""
        if record is not None and (self.noted != "nothing" or isinstance(record, _ALWAYS_NOTED)):
            self.records.append(self.own(record))

    def own(self, record: Record) -> Record:
        """Return a record as one of this call's."""
        if record.call_id is None:
            # It was made for this call just now: not worth a copy, which takes as long as five.
            object.__setattr__(record, "call_id", self.call_id)
        return record


def tell(call: CallState, *records: Record) -> Call[None]:
    """Hand what was noted to the observers, and these records after it, if there are any."""
    untold = call.state.untold
    if call.noted == "nothing":
        if not call.records and not untold:
            return
        records = ()
    if not call.records and not untold:
        for record in records:
            call.now = (yield Tell(call.own(record))).now
        return
    noted = [*call.records, *map(call.own, records)]
    call.records.clear()
    others: list[Record] = []
    while untold:
        # Noted by calls whose callers went away, and which could not tell the observers.
        others.insert(0, untold.pop())
    for record in others:
        call.now = (yield Tell(record, is_own=False)).now
    for record in noted:
        call.now = (yield Tell(record)).now


def pause(
    call: CallState, until: float, flight: Flight | None = None, *, waiting_for: str = ""
) -> Call[None]:
    """Wait, and end the call if the client was closed or the deadline passed meanwhile."""
    call.now = (yield Wait(min(until, call.deadline_at), flight)).now
    stop_unless_open(call, waiting_for=waiting_for)


def stop_if_closed(call: CallState) -> None:
    """End the call if the client was closed.

    Raises:
        ClientClosed: The client was closed.
    """
    if call.state.is_closed:
        raise ClientClosed(
            "the client was closed; make a new one, and close it after its last call",
            attempts=tuple(call.attempts),
        )


def stop_unless_open(call: CallState, *, waiting_for: str = "") -> None:
    """End the call if the client was closed or the deadline has passed.

    Raises:
        ClientClosed: The client was closed.
        DeadlineExceeded: The deadline has passed.
    """
    stop_if_closed(call)
    if call.now >= call.deadline_at:
        raise call_errors.deadline_exceeded(
            call.allowed_for,
            call.attempts,
            waiting_for=waiting_for,
            retry_after=_TOKEN_SOON
            if waiting_for == call_errors.FOR_TOKEN and not call.sent
            else None,
        )
