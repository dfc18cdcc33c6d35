"""The connections of one place: which of them may serve another request, and for how long.

Free ones are taken last in, first out, so that those that are not needed grow old and are closed.
Nothing here takes a lock: each step is one operation on a list or a set.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar
from weakref import ref

from irclient.errors import ConfigurationError

if TYPE_CHECKING:
    from irclient._core.protocol import Failure
    from irclient._wire.responses import Response
    from irclient.transports.answers import Answers
    from irclient.transports.request import Origin

__all__ = ["Connection", "Pool", "checked_limit"]

#: Free connections kept for one origin; more are closed as they come back.
_MOST_FREE: Final = 1_024
#: Shorter than the idle time of common front ends, so that we close first.
_IDLE_FOR: Final = 30.0
#: A name may have moved to another address since: connections do not live for ever.
_OLDEST: Final = 300.0


class Connection(Protocol):
    """What a pool knows of a connection.

    Attributes:
        origin: What it is connected to.
        answers: What has come over it.
        opened_at: When it was opened, in the time of its pool.
        free_at: When it was last given back.
    """

    origin: Origin
    answers: Answers
    opened_at: float
    free_at: float

    def is_quiet(self) -> bool:
        """Whether it is open, and nothing came over it since the last answer."""
        ...

    def close(self) -> None:
        """Close it at once, without waiting for the other side."""
        ...


C = TypeVar("C", bound=Connection)


class Pool(Generic[C]):
    """Connections that are used by one process, on threads or on one event loop.

    Attributes:
        is_closed: Whether it is closed: nothing is kept any more.
    """

    def __init__(self) -> None:
        self.is_closed = False
        # Weakly: one whose user was interrupted (Ctrl-C), so that it came back by no way, closes
        # when nobody has it any more.
        self._all: set[ref[C]] = set()
        self._free: dict[Origin, list[C]] = {}

    @property
    def connections(self) -> list[C]:
        """All that are open, those in use included."""
        found = [each() for each in list(self._all)]
        return [each for each in found if each is not None]

    @property
    def size(self) -> int:
        """How many connections are open."""
        return len(self._all)

    @property
    def free(self) -> int:
        """How many of them are idle."""
        return sum(map(len, self._free.values()))

    def take(self, origin: Origin, now: float) -> C | None:
        """Take the connection that was used last, if there is one that may be used again."""
        free = self._free.get(origin)
        while free:
            try:
                connection = free.pop()
            except IndexError:
                return None
            # What came while it was idle would be read as the answer to the next request, which
            # is another caller's (RFC 9112, section 9.2).
            if not _is_over(connection, now) and connection.is_quiet():
                return connection
            self.discard(connection)
        return None

    def add(self, connection: C) -> None:
        """Know a new connection, which is in use."""
        self._all.add(ref(connection, self._all.discard))

    def outcome_of(self, connection: C, now: float, *, is_kept: bool) -> Response | Failure:
        """Return what came of an exchange that is over, and keep its connection if it may be used.

        Args:
            connection: What it was made over.
            now: The time.
            is_kept: Whether the connection had been used before.
        """
        answers = connection.answers
        if answers.may_be_used_again:
            self.give_back(connection, now)
        else:
            self.discard(connection)
        return answers.failure or answers.response(
            received_on=time.time(), opened_connection=not is_kept
        )

    def give_back(self, connection: C, now: float) -> None:
        """Keep a connection, whose last exchange ended as it should, for another one."""
        free = self._free.setdefault(connection.origin, [])
        if self.is_closed or len(free) >= _MOST_FREE or now - connection.opened_at > _OLDEST:
            self.discard(connection)
            return
        connection.free_at = now
        free.append(connection)
        if now - free[0].free_at > _IDLE_FOR:
            # The one that waits longest; another thread may have taken it meanwhile.
            self._discard_first(free)
        if self.is_closed:
            # While it was given back.
            self._discard_first(free)

    def discard(self, connection: C) -> None:
        """Close a connection, and know it no more."""
        self._all.discard(ref(connection))
        connection.close()

    def discard_a_free_one(self) -> None:
        """Make room: close an idle connection."""
        for free in list(self._free.values()):
            if free:
                self._discard_first(free)
                return

    def close(self) -> None:
        """Close the free connections; those in use are closed as they come back."""
        self.is_closed = True
        for free in list(self._free.values()):
            while free:
                self._discard_first(free)

    def abandon(self) -> None:
        """Close all connections in a forked child, whose parent still uses them."""
        self.is_closed = True
        self._free.clear()
        while self._all:
            connection = self._all.pop()()
            if connection is not None:
                connection.close()

    def _discard_first(self, free: list[C]) -> None:
        try:
            connection = free.pop(0)
        except IndexError:
            return
        self.discard(connection)


def checked_limit(max_connections: int | None) -> int | None:
    """Return how many connections there may be at once.

    Raises:
        ConfigurationError: It is below 1.
    """
    if max_connections is not None and max_connections < 1:
        raise ConfigurationError(
            f"max_connections must be at least 1, or None for no limit, got {max_connections!r}"
        )
    return max_connections


def _is_over(connection: Connection, now: float) -> bool:
    return now - connection.free_at > _IDLE_FOR or now - connection.opened_at > _OLDEST
