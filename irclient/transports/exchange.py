"""One exchange with any transport: a request out, a complete and bounded answer back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from irclient._core.protocol import Trouble
from irclient.errors import ConfigurationError
from irclient.transports.failures import Late, failed, failure_of, is_interruption
from irclient.transports.own import OwnAsyncTransport, OwnTransport

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from irclient._core.protocol import Failure, Send
    from irclient._wire.responses import Response

__all__ = ["exchange", "exchange_async", "timed_out"]


def exchange(
    transport: httpx.BaseTransport | OwnTransport,
    send: Send,
    *,
    look_up: Callable[[], float] | None = None,
) -> Response | Failure:
    """Carry out a `Send`, blocking; it ends within `send.within`, or one read later.

    Our own transport ends on time to the millisecond; one that a user brought is only asked
    between two reads, because a blocked thread cannot be interrupted.

    Args:
        transport: What to send it through.
        send: What to send.
        look_up: Called before each wait, if the transport is ours: returns after how many
            seconds to be called again, and may raise to stop.

    Raises:
        ConfigurationError: The authorities to trust cannot be read.
    """
    try:
        if isinstance(transport, OwnTransport):
            return transport.exchange(send, look_up)
        from irclient.transports.httpx_seam import over_httpx  # noqa: PLC0415  (loads httpx)

        return over_httpx(transport, send)
    except Exception as error:  # noqa: BLE001  (whatever a transport raises is an outcome)
        return _outcome_of(error, transport, send)


async def exchange_async(
    transport: httpx.AsyncBaseTransport | OwnAsyncTransport, send: Send
) -> Response | Failure:
    """Carry out a `Send` on a task; it ends within `send.within`, whatever the server does.

    Raises:
        ConfigurationError: The authorities to trust cannot be read.
    """
    try:
        if isinstance(transport, OwnAsyncTransport):
            return await transport.exchange(send)
        from irclient.transports.httpx_seam import over_httpx_async  # noqa: PLC0415

        return await over_httpx_async(transport, send)
    except Exception as error:  # noqa: BLE001  (whatever a transport raises is an outcome)
        return _outcome_of(error, transport, send)


def _outcome_of(error: Exception, transport: object, send: Send) -> Failure:
    is_ours = isinstance(transport, OwnTransport | OwnAsyncTransport)
    if is_interruption(error) or (is_ours and isinstance(error, ConfigurationError)):
        raise error
    failure = failure_of(error, token=send.token)
    if failure.trouble is Trouble.TIMED_OUT and not (isinstance(error, Late) and str(error)):
        return timed_out(send)
    return failure


def timed_out(send: Send) -> Failure:
    """The failure of an exchange whose time passed."""
    return failed(Trouble.TIMED_OUT, f"no complete answer within {send.within:.3g} s")
