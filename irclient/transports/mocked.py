"""respx in the place of the network: in tests, its mocks answer for the default transports.

respx replaces methods of the classes that it is told of (`HTTPCoreMocker.add_targets`). The class
here notices that it is replaced, and only then do requests go through httpx's own transport, for
which respx answers, or lets pass: a request in production passes nothing and asks nobody.
"""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

from irclient._runtime.tls import ssl_context
from irclient.transports.httpx_seam import over_httpx, over_httpx_async
from irclient.transports.own import OwnAsyncTransport, OwnTransport

if TYPE_CHECKING:
    from collections.abc import Callable

    from irclient._core.protocol import Failure, Send
    from irclient._wire.responses import Response

__all__ = ["Mocked", "let_respx_know"]


def let_respx_know() -> None:
    """Tell respx of our transports, once it has been imported; it may be mocking already."""
    mocks = sys.modules.get("respx.mocks")
    if mocks is not None:
        mocks.HTTPCoreMocker.add_targets(f"{__name__}.Mocked")


class _Noticing(type):
    """A class that notices when its method is replaced, and when it is put back."""

    def __setattr__(cls, name: str, value: object) -> None:
        super().__setattr__(name, value)
        is_mocked = value is not _ORIGINAL
        OwnTransport.exchange, OwnAsyncTransport.exchange = _OURS_MOCKED if is_mocked else _OURS  # type: ignore[method-assign]


class Mocked(metaclass=_Noticing):
    """What respx replaces, and calls nowhere."""

    def handle_request(self, request: Any) -> Any:  # noqa: ANN401  (what httpcore's has)
        """Have the name that respx looks for."""
        raise NotImplementedError(request)


def _exchange(
    transport: Any,  # noqa: ANN401  (either knows whom it trusts)
    send: Send,
    look_up: Callable[[], float] | None = None,  # noqa: ARG001  (what is mocked is there at once)
) -> Response | Failure:
    import httpx  # noqa: PLC0415  (only in tests)

    with httpx.HTTPTransport(verify=ssl_context(ca_file=transport.ca_file)) as mocked:
        return over_httpx(_with(handle_request=mocked.handle_request), send)


async def _exchange_async(transport: Any, send: Send) -> Response | Failure:  # noqa: ANN401
    import httpx  # noqa: PLC0415  (only in tests)

    async with httpx.AsyncHTTPTransport(verify=ssl_context(ca_file=transport.ca_file)) as mocked:
        asked = _with(handle_async_request=mocked.handle_async_request)
        return await over_httpx_async(asked, send)


#: A transport with this method; httpx's own would be said to have had no connection free.
_with: Final[Any] = SimpleNamespace
_ORIGINAL: Final = Mocked.handle_request
_OURS: Final[tuple[Any, Any]] = (OwnTransport.exchange, OwnAsyncTransport.exchange)
_OURS_MOCKED: Final[tuple[Any, Any]] = (_exchange, _exchange_async)
