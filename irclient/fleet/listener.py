"""What one client of this process knows of an endpoint, and hears of it from the fleet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from irclient._core.shared_health import hear

if TYPE_CHECKING:
    import weakref

    from irclient._core.health import EndpointHealth
    from irclient._core.shared_health import EndpointNews
    from irclient.observe import Record

__all__ = ["Listener"]

_MOST_UNTOLD: Final = 1000


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
