"""What marks our own transports: they carry out a whole exchange, without httpx's objects.

Nothing is imported for it, so that an exchange can tell whose transport it has without loading
what carries one out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from irclient._core.protocol import Failure, Send
    from irclient._wire.responses import Response

__all__ = ["OwnAsyncTransport", "OwnTransport"]


class OwnTransport:
    """A transport of ours for threads: it ends on time, and looks up while it waits."""

    def exchange(
        self, send: Send, look_up: Callable[[], float] | None = None
    ) -> Response | Failure:
        """Send a request once and return what came of it, or raise why it was not sent.

        Args:
            send: The request, and how long it may take.
            look_up: Called before each wait, those for a connection included: returns after how
                many seconds to be called again, and may raise to stop.
        """
        raise NotImplementedError


class OwnAsyncTransport:
    """A transport of ours for tasks: it ends on time by itself."""

    def exchange(self, send: Send) -> Coroutine[Any, Any, Response | Failure]:
        """Send a request once and return what came of it, or raise why it was not sent."""
        raise NotImplementedError
