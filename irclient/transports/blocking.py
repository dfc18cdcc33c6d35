"""The default transport for threads."""

from __future__ import annotations

import queue
import time
from typing import TYPE_CHECKING

from irclient._runtime.forks import fork_count
from irclient.transports.at_exit import close_at_exit
from irclient.transports.connecting import connected
from irclient.transports.failures import Late, Unsendable
from irclient.transports.kept import KeepsConnections
from irclient.transports.own import OwnTransport
from irclient.transports.pool import Pool
from irclient.transports.sockets import SocketConnection
from irclient.transports.waiting import Patience, on_thread

if TYPE_CHECKING:
    from collections.abc import Callable

    from irclient._core.protocol import Failure
    from irclient._wire.responses import Response
    from irclient.transports.request import Outgoing

__all__ = ["BlockingTransport"]


class BlockingTransport(KeepsConnections, OwnTransport):
    """Sends over connections that are kept, and that no server can hold beyond an attempt's time.

    Names are looked up on threads of their own, since Python cannot interrupt that, and waited
    for only so long. A forked child opens connections of its own. The proxy that ``HTTPS_PROXY``
    names is used, but for hosts in ``NO_PROXY`` and on loopback.

    It can be used with httpx as well: ``httpx.Client(transport=BlockingTransport())``.

    Args:
        ca_file: A PEM file of the only authorities to trust; None trusts the process's usual.
        max_connections: How many connections there may be at once; None for as many as the TPS
            of the endpoints asks for. Waiting for one is part of the attempt's time.

    Raises:
        ConfigurationError: A file of authorities is not there, or `max_connections` is below 1.
    """

    def _hold_none(self) -> None:
        self._places: dict[int, _Place] = {}
        close_at_exit(self)

    def carry(
        self, outgoing: Outgoing, look_up: Callable[[], float] | None = None
    ) -> Response | Failure:
        """Carry a request out and return what came of it; see `OwnTransport`."""
        patience = Patience(time.monotonic() + outgoing.within, look_up)
        place = self._place()
        if place.permits is None:
            return self._carry(outgoing, place.pool, patience)
        # The other half is for the answer: with less, the service would be blamed for our wait.
        half = time.monotonic() + outgoing.within / 2
        _wait_for(place.permits, patience.but_not_beyond(half))
        try:
            return self._carry(outgoing, place.pool, patience)
        finally:
            place.permits.put(None)

    def _carry(
        self, outgoing: Outgoing, pool: Pool[SocketConnection], patience: Patience
    ) -> Response | Failure:
        connection = None
        if not outgoing.over_new_connection:
            connection = pool.take(outgoing.origin, time.monotonic())
        is_kept = connection is not None
        if connection is None:
            connection = self._open(outgoing, pool, patience)
        try:
            steps = connection.exchange_in_steps(outgoing.request, is_kept=is_kept)
            on_thread(steps, patience)
        except BaseException:
            pool.discard(connection)
            raise
        return pool.outcome_of(connection, time.monotonic(), is_kept=is_kept)

    def _open(
        self, outgoing: Outgoing, pool: Pool[SocketConnection], patience: Patience
    ) -> SocketConnection:
        context = self._ready_to_open(outgoing.origin, pool)
        connecting = patience.but_not_beyond(time.monotonic() + outgoing.connect_within)
        try:
            sock = on_thread(connected(outgoing.origin, context), connecting)
        except Late:
            within = min(outgoing.connect_within, outgoing.within)
            raise Late(f"no connection within {within:.3g} s") from None
        connection = SocketConnection(outgoing.origin, sock, time.monotonic())
        pool.add(connection)
        if pool.is_closed:
            # Meanwhile, so that nobody else would close it.
            pool.discard(connection)
            raise Unsendable("the transport was closed")
        return connection

    def close(self) -> None:
        """Close all connections; calls under way end, and the next one opens new connections."""
        place = self._places.pop(fork_count(), None)
        if place is not None:
            place.pool.close()
            for connection in place.pool.connections:
                connection.interrupt()

    def _place(self) -> _Place:
        forks = fork_count()
        place = self._places.get(forks)
        if place is None:
            place = self._places.setdefault(forks, _Place(self._max_connections))
            for each in list(self._places):
                if each != forks:
                    # The parent's: closed here, they stay open there.
                    self._places.pop(each, _Place(None)).pool.abandon()
        return place

    def __repr__(self) -> str:
        place = self._places.get(fork_count())
        return f"BlockingTransport({place.pool.free if place else 0} idle)"


class _Place:
    """The connections of one process, and as many permits as it may have of them."""

    def __init__(self, max_connections: int | None) -> None:
        self.pool: Pool[SocketConnection] = Pool()
        self.permits: queue.SimpleQueue[None] | None = None
        if max_connections is not None:
            self.permits = queue.SimpleQueue()
            for _ in range(max_connections):
                self.permits.put(None)


def _wait_for(permits: queue.SimpleQueue[None], patience: Patience) -> None:
    while True:
        try:
            permits.get(timeout=patience.seconds())
        except queue.Empty:
            continue
        except Late:
            raise Unsendable("no connection was free in time: max_connections is too low") from None
        return
