"""The story of one call so far: what it is to do, what time it is, and what was tried."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from irclient._core import ending
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
    from irclient.settings import Settings
    from irclient.topology import ServiceEndpoint

__all__ = ["Story", "pause", "stop_unless_open", "tell"]


# Functions, because `dict[...]` as a factory takes several times as long as `{}`.
def _no_attempts() -> list[Attempt]:
    return []


def _no_verdicts() -> dict[ServiceEndpoint, Verdict]:
    return {}


def _no_instants() -> dict[ServiceEndpoint, float]:
    return {}


def _nothing_tried() -> set[ServiceEndpoint]:
    return set()


@dataclass(slots=True)
class Story:
    """One call; nothing else holds it, and it ends with the call."""

    query: Query
    state: ClientState
    settings: Settings
    now: float
    began_at: float
    deadline_at: float
    endpoints: Sequence[ServiceEndpoint]
    variant: str | None = None
    attempts: list[Attempt] = field(default_factory=_no_attempts)
    verdicts: dict[ServiceEndpoint, Verdict] = field(default_factory=_no_verdicts)
    ready_at: dict[ServiceEndpoint, float] = field(default_factory=_no_instants)
    tried: set[ServiceEndpoint] = field(default_factory=_nothing_tried)
    last_tried: ServiceEndpoint | None = None
    paid: int = 0
    waits: int = 0
    token_was_renewed: bool = False

    @property
    def elapsed(self) -> float:
        """Seconds since the call began."""
        return self.now - self.began_at

    @property
    def left(self) -> float:
        """Seconds until the deadline."""
        return self.deadline_at - self.now


def tell(story: Story, *records: Record) -> Call[None]:
    """Hand records to the observers, if there are any."""
    if story.state.has_observers:
        for record in records:
            story.now = (yield Tell(record)).now


def pause(
    story: Story, until: float, flight: Flight | None = None, *, waiting_for: str = ""
) -> Call[None]:
    """Wait, and end the call if the client was closed or the deadline passed meanwhile."""
    story.now = (yield Wait(min(until, story.deadline_at), flight)).now
    stop_unless_open(story, waiting_for=waiting_for)


def stop_unless_open(story: Story, *, waiting_for: str = "") -> None:
    """End the call if the client was closed or the deadline has passed.

    Raises:
        ClientClosed: The client was closed.
        DeadlineExceeded: The deadline has passed.
    """
    if story.state.is_closed:
        raise ClientClosed(
            "the client was closed; make a new one, and close it after its last call",
            attempts=tuple(story.attempts),
        )
    if story.left <= 0:
        raise ending.deadline_exceeded(
            story.settings.timeouts.deadline, story.attempts, waiting_for=waiting_for
        )
