"""What observers may look at: the state that a client and its copies share."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from irclient.instrument import Instrument, Watcher

if TYPE_CHECKING:
    from collections.abc import Sequence

    from irclient._core.state import ClientState
    from irclient.health import HealthSnapshot
    from irclient.observe import Observer
    from irclient.stats import Stats
    from irclient.topology import ServiceEndpoint

__all__ = ["WatchedState", "instruments_of"]


class WatchedState:
    """The state of a client, to look at; it lives as long as the client or a copy of it does.

    Args:
        state: What all calls of the client share.
        observers: Those of them that are instruments are told of it.
    """

    def __init__(self, state: ClientState, observers: Sequence[Observer]) -> None:
        self._state = state
        for observer in observers:
            if isinstance(observer, Watcher):
                observer.watch(self)

    @property
    def endpoints(self) -> Sequence[ServiceEndpoint]:
        """Every service endpoint once, in the order in which they were given."""
        return self._state.endpoints

    def health(self) -> HealthSnapshot:
        """Return how each endpoint is doing."""
        return self._state.snapshot(time.monotonic())

    def stats(self) -> Stats:
        """Return what the client has done since it was made, counted."""
        return self._state.count_up(time.monotonic())


def instruments_of(observers: Sequence[Observer]) -> tuple[Instrument, ...]:
    """Those of the observers that are told when something begins as well."""
    return tuple(each for each in observers if isinstance(each, Instrument))
