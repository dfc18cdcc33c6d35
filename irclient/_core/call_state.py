"""The state of one call: what it is to do, what time it is, and what was tried."""

from __future__ import annotations

from typing import TYPE_CHECKING

from irclient._core import call_errors
from irclient._core.priority import Priority
from irclient._core.protocol import Tell, Wait
from irclient.errors import ClientClosed

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

__all__ = ["CallState", "pause", "stop_unless_open", "tell"]


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
        generation: Of the memory when the call began: what is forgotten since is not kept.
        records: What happened and the observers have not been told yet.
    """

    __slots__ = (
        "answered_by", "attempts", "began_at", "deadline_at", "endpoints", "generation",
        "last_tried", "modeling", "now", "priority", "query", "ready_at", "records", "sent",
        "settings", "source", "stale", "state", "token_was_renewed", "tried", "variant", "verdicts",
        "waits",
    )  # fmt: skip

    def __init__(
        self,
        query: Query,
        state: ClientState,
        settings: Settings,
        now: float,
        endpoints: Sequence[ServiceEndpoint],
        *,
        variant: str | None = None,
        deadline_at: float | None = None,
        priority: Priority = Priority.INTERACTIVE,
    ) -> None:
        self.query = query
        self.modeling = query.modeling
        self.state = state
        self.settings = settings
        self.now = self.began_at = now
        self.deadline_at = now + settings.timeouts.deadline if deadline_at is None else deadline_at
        self.endpoints = endpoints
        self.variant = variant
        self.priority = priority
        self.source: Source = "service"
        self.answered_by: str | None = None
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

    @property
    def elapsed(self) -> float:
        """Seconds since the call began."""
        return self.now - self.began_at

    @property
    def left(self) -> float:
        """Seconds until the deadline."""
        return self.deadline_at - self.now

    def prefer(self) -> None:
        """Look along the endpoints in the order that is preferred now."""
        preference = self.state.preferences[self.variant]
        self.endpoints = preference.order(self.query.operation, self.now)

    def note(self, record: Record | None) -> None:
        """Keep a record until the observers are told, if there are any."""
        if record is not None and self.state.has_observers:
            self.records.append(record)


def tell(call: CallState, *records: Record) -> Call[None]:
    """Hand what was noted to the observers, and these records after it, if there are any."""
    if not call.state.has_observers:
        return
    untold = call.state.untold
    noted = [*call.records, *records]
    call.records.clear()
    while untold:
        # Noted by calls whose callers went away, and which could not tell the observers.
        noted.insert(0, untold.pop())
    for record in noted:
        call.now = (yield Tell(record)).now


def pause(
    call: CallState, until: float, flight: Flight | None = None, *, waiting_for: str = ""
) -> Call[None]:
    """Wait, and end the call if the client was closed or the deadline passed meanwhile."""
    call.now = (yield Wait(min(until, call.deadline_at), flight)).now
    stop_unless_open(call, waiting_for=waiting_for)


def stop_unless_open(call: CallState, *, waiting_for: str = "") -> None:
    """End the call if the client was closed or the deadline has passed.

    Raises:
        ClientClosed: The client was closed.
        DeadlineExceeded: The deadline has passed.
    """
    if call.state.is_closed:
        raise ClientClosed(
            "the client was closed; make a new one, and close it after its last call",
            attempts=tuple(call.attempts),
        )
    if call.now >= call.deadline_at:
        raise call_errors.deadline_exceeded(
            call.settings.timeouts.deadline, call.attempts, waiting_for=waiting_for
        )
