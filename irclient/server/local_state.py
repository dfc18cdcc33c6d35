"""TPS and sessions of one machine: shared by its workers, unknown to other machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from irclient.server.sessions import SharedSessions
from irclient.server.window import SharedWindows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from irclient.server.configuration import Limits
    from irclient.server.served import ServedEndpoint

__all__ = ["LocalCapacity", "LocalSessions"]


class LocalCapacity:
    """Counts requests over the workers of this machine; made before they are forked."""

    def __init__(self, endpoints: Sequence[ServedEndpoint]) -> None:
        self._windows = SharedWindows([each.endpoint.tps for each in endpoints])

    async def take(self, endpoint: ServedEndpoint) -> float:
        """Take one request; 0, or the seconds until one will fit."""
        return self._windows.take(endpoint.place)


class LocalSessions:
    """Remembers views over the workers of this machine; made before they are forked."""

    def __init__(self, accounts: Iterable[str], limits: Limits) -> None:
        self._of = {
            name: SharedSessions(most=limits.sessions, live_for=limits.session_for)
            for name in accounts
        }

    async def record(self, account: str, session_id: str, item_id: str) -> None:
        """Note that an item was seen."""
        self._of[account].record(session_id, item_id)

    async def views(self, account: str, session_id: str) -> tuple[str, ...]:
        """The items that were seen, most recent first."""
        return self._of[account].views(session_id)
