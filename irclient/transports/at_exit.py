"""Closing what is still open when the process ends.

A client of a module has no block that it leaves, so its connections would be found open by the
interpreter, which warns of each. They are closed instead; a call that somebody makes still later
opens a connection of its own.
"""

from __future__ import annotations

import atexit
import weakref
from typing import Final, Protocol

__all__ = ["close_at_exit", "close_connections"]


class _Closable(Protocol):
    def close(self) -> None: ...


_transports: Final[weakref.WeakSet[_Closable]] = weakref.WeakSet()


def close_at_exit(transport: _Closable) -> None:
    """Close a transport when the process ends, unless it has gone by then."""
    _transports.add(transport)


def close_connections() -> None:
    """Close the connections of every `IRClient` of this process.

    That happens by itself when a process ends in the usual way. What calls one of them later opens
    a connection anew.
    """
    for transport in list(_transports):
        transport.close()


atexit.register(close_connections)
