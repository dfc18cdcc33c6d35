"""The fleet that meets at a Redis or Valkey server."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NoReturn

from irclient.errors import ConfigurationError
from irclient.fleet.connecting import connector
from irclient.fleet.link import Link

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

__all__ = ["RedisFleet"]

_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
#: Seconds that an answer of the server is waited for: longer is worse than going on without it.
_PATIENCE: Final = 0.1


class RedisFleet:
    """Lets all processes that name the same fleet draw from one TPS.

    Make one in each process, or before a fork, and give it to every client of the process. No
    call fails because the server does: without it each process keeps to its part of the TPS.

    Args:
        url: Where the server is: ``redis://``, ``rediss://`` (TLS) or ``unix://``, with password
            and database as redis-py writes them.
        connect: Instead of a URL, makes a client of redis-py (`redis.Redis`, that of a Sentinel,
            `redis.RedisCluster`); it is called in a thread of its own, and again after a fork or
            an error. Give the client a `socket_timeout` of 0.1 s, and no retries.
        name: What all processes of the fleet call it; letters, digits, dots, dashes.
        workers: How many processes call, the master of preforking servers included if it does.

    Raises:
        ConfigurationError: An argument cannot be used.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        connect: Callable[[], Any] | None = None,
        name: str,
        workers: int,
    ) -> None:
        if not (isinstance(name, str) and _NAME.fullmatch(name)):
            raise ConfigurationError(
                f"name must be 1 to 64 letters, digits, dots, dashes or underscores, got {name!r}"
            )
        if not isinstance(workers, int) or isinstance(workers, bool) or workers < 1:
            raise ConfigurationError(
                f"workers must be how many processes call, at least 1, got {workers!r}"
            )
        self._name, self._workers = name, workers
        self._link = Link(
            connector(url, connect, patience=_PATIENCE), name=name, patience=_PATIENCE
        )

    def close(self) -> None:
        """Tell the others that this process has left; closing again does nothing."""
        self._link.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def __repr__(self) -> str:
        # The URL stays out: it may hold a password.
        return f"RedisFleet(name={self._name!r}, workers={self._workers})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a RedisFleet cannot be pickled; make one in each process")
