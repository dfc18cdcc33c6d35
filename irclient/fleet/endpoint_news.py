"""What this process has to tell its fleet of an endpoint, and which of its clients hear of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from irclient._core.shared_health import hear

if TYPE_CHECKING:
    import weakref

    from irclient._core.health import EndpointHealth
    from irclient._core.shared_health import EndpointNews
    from irclient.observe import Record

__all__ = ["Listener", "NewsOfEndpoint"]

_MOST_UNTOLD: Final = 1000
#: That an endpoint was asked is told once in this many seconds, and known for ten.
_ASKED_AFTER: Final = 4.0
#: What happened longer ago, while the server was away, is not told any more.
_OLD_AFTER: Final = 30.0


@dataclass(slots=True, eq=False)
class Listener:
    """A client's health of an endpoint, and what it has been told of it.

    Attributes:
        health: It lives as long as its client.
        untold: Records that wait for the client's next call.
        known: What the fleet said last.
    """

    health: weakref.ref[EndpointHealth]
    untold: list[Record]
    known: EndpointNews | None = None

    def hear(self, news: EndpointNews, now: float) -> None:
        """Take in what the fleet says."""
        health = self.health()
        if health is not None:
            records = hear(health, news, self.known, now)
            if len(self.untold) < _MOST_UNTOLD:
                self.untold.extend(records)
        self.known = news


@dataclass(slots=True, eq=False)
class NewsOfEndpoint:
    """An endpoint, who in this process wants to hear of it, and what is to be told of it.

    Attributes:
        name: What the server calls it.
        listeners: A client's knowledge each.
        was_asked: Whether it was asked since that was told.
        asked_told_at: When that was told.
        event: The latest of what happened; what came before it does not matter any more.
        event_at: When that was.
    """

    name: str
    listeners: list[Listener] = field(default_factory=list[Listener])
    was_asked: bool = False
    asked_told_at: float = float("-inf")
    event: str = ""
    event_at: float = 0.0

    def take_news(self, now: float) -> tuple[bool, str]:
        """Return whether to tell that it was asked, and what happened; then they are told."""
        is_told = self.was_asked and now - self.asked_told_at >= _ASKED_AFTER
        if is_told:
            self.asked_told_at, self.was_asked = now, False
        event, self.event = self.event, ""
        return is_told, "" if now - self.event_at > _OLD_AFTER else event
