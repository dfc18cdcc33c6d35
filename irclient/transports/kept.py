"""What both default transports are made of, and what they do before they open a connection."""

from __future__ import annotations

from abc import abstractmethod
from functools import partial
from typing import TYPE_CHECKING, Any

from irclient._runtime.tls import check_authorities, ssl_context
from irclient.transports.mocked import let_respx_know
from irclient.transports.pool import checked_limit

if TYPE_CHECKING:
    import os
    import ssl

    from irclient.transports.pool import Pool
    from irclient.transports.request import Origin

__all__ = ["KeepsConnections"]


class KeepsConnections:
    """Opens connections, and keeps them for the requests that follow.

    Args:
        ca_file: A PEM file of the only authorities to trust; None trusts the process's usual.
        max_connections: How many connections there may be at once; None for no limit.
    """

    def __init__(
        self,
        *,
        ca_file: str | os.PathLike[str] | None = None,
        max_connections: int | None = None,
    ) -> None:
        self.ca_file = check_authorities(ca_file)
        self._max_connections = checked_limit(max_connections)
        let_respx_know()
        self._hold_none()

    @abstractmethod
    def _hold_none(self) -> None:
        """Begin without a connection."""

    def _ready_to_open(self, origin: Origin, pool: Pool[Any]) -> ssl.SSLContext | None:
        """Make room for a connection, and say whom it may trust; None without TLS."""
        if self._max_connections is not None and pool.size >= self._max_connections:
            pool.discard_a_free_one()
        let_respx_know()
        return ssl_context(ca_file=self.ca_file) if origin.is_secure else None

    def __reduce__(self) -> tuple[Any, ...]:
        made = partial(type(self), ca_file=self.ca_file, max_connections=self._max_connections)
        return made, ()
