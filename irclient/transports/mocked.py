"""respx in the place of the network: in tests, its mocks answer for the default transports.

respx replaces methods of the classes that it is told of (`HTTPCoreMocker.add_targets`). The two
classes here notice that they are replaced, and only then stand between a transport and its
connections: a request in production passes nothing and asks nobody.
"""

from __future__ import annotations

import sys
import time
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

from irclient._wire.responses import Response
from irclient.transports.as_httpx import AsAsyncHTTPXTransport, AsHTTPXTransport
from irclient.transports.content_encoding import Body
from irclient.transports.httpx_seam import request_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from irclient._core.protocol import Failure, Send

__all__ = ["Mocked", "MockedAsync", "let_respx_know"]


def let_respx_know() -> None:
    """Tell respx of our transports, once it has been imported; it may be mocking already."""
    mocks = sys.modules.get("respx.mocks")
    if mocks is not None:
        mocks.HTTPCoreMocker.add_targets(f"{__name__}.Mocked", f"{__name__}.MockedAsync")


class _Noticing(type):
    """A class that notices when its method is replaced, and when it is put back."""

    def __setattr__(cls, name: str, value: object) -> None:
        super().__setattr__(name, value)
        transport, usual, mocked = _EXCHANGES[cls.__name__]
        transport.exchange = usual if value is _ORIGINALS[name] else mocked


class Mocked(metaclass=_Noticing):
    """What respx replaces for threads."""

    def handle_request(self, request: Any) -> Any:  # noqa: ANN401  (what httpcore's has)
        """Send a request for which a route says that it passes through."""
        return request.pass_through()


class MockedAsync(metaclass=_Noticing):
    """What respx replaces for tasks."""

    async def handle_async_request(self, request: Any) -> Any:  # noqa: ANN401  (as above)
        """Send a request for which a route says that it passes through."""
        return await request.pass_through()


def _exchange(
    transport: AsHTTPXTransport, send: Send, look_up: Callable[[], float] | None = None
) -> Response | Failure:
    unmocked = partial(_EXCHANGES["Mocked"][1], transport, send, look_up)
    response = Mocked().handle_request(_request_of(send, unmocked))
    if not hasattr(response, "stream"):
        outcome: Response | Failure = response
        return outcome
    headers = _headers_of(response)
    body = Body(headers.get("content-encoding"))
    for chunk in response.stream:
        body.take(chunk)
    return Response(response.status, headers, body.whole(), time.time())


async def _exchange_async(transport: AsAsyncHTTPXTransport, send: Send) -> Response | Failure:
    import anyio  # noqa: PLC0415  (only in tests)

    unmocked = partial(_EXCHANGES["MockedAsync"][1], transport, send)
    with anyio.fail_after(send.within):
        response = await MockedAsync().handle_async_request(_request_of(send, unmocked))
        if not hasattr(response, "stream"):
            unmocked_outcome: Response | Failure = response
            return unmocked_outcome
        headers = _headers_of(response)
        body = Body(headers.get("content-encoding"))
        async for chunk in response.stream:
            body.take(chunk)
        return Response(response.status, headers, body.whole(), time.time())


def _request_of(send: Send, unmocked: Callable[[], Any]) -> SimpleNamespace:
    """The request as httpcore's, which respx reads."""
    request, url = request_of(send), request_of(send).url
    target = SimpleNamespace(
        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
    )
    return SimpleNamespace(
        method=request.method,
        url=target,
        headers=request.headers.raw,
        stream=request.stream,
        extensions=request.extensions,
        pass_through=unmocked,
    )


def _headers_of(response: Any) -> dict[str, str]:  # noqa: ANN401  (httpcore is not ours to load)
    decoded = ((name.decode("latin-1"), text.decode("latin-1")) for name, text in response.headers)
    return {name.lower(): text for name, text in decoded}


_ORIGINALS: Final[dict[str, object]] = {
    "handle_request": Mocked.handle_request,
    "handle_async_request": MockedAsync.handle_async_request,
}
#: Whose exchange is replaced by respx's mocks, the usual one, and the mocked one.
_EXCHANGES: Final[dict[str, tuple[Any, Any, Any]]] = {
    "Mocked": (AsHTTPXTransport, AsHTTPXTransport.exchange, _exchange),
    "MockedAsync": (AsAsyncHTTPXTransport, AsAsyncHTTPXTransport.exchange, _exchange_async),
}
