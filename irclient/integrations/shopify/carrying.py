"""Carries requests and responses: ASGI by starlette, and WSGI."""

from __future__ import annotations

import http
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, TypeAlias

from irclient.errors import ConfigurationError
from irclient.integrations.shopify.messages import MOST_BODY, Request

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from starlette.requests import Request as StarletteRequest
    from starlette.responses import Response as StarletteResponse
    from starlette.types import ASGIApp

    from irclient.integrations.shopify.messages import Response

    AsgiApplication: TypeAlias = ASGIApp
    Answer: TypeAlias = Callable[[Request], Awaitable[Response]]

_METHODS = ["GET", "HEAD", "POST"]


def asgi_application(answer: Answer) -> AsgiApplication:
    """An ASGI application of a function that answers requests.

    Raises:
        ConfigurationError: The extra ``shopify`` is not installed.
    """
    try:
        # Loaded here: WSGI does without.
        from starlette.applications import Starlette  # noqa: PLC0415
        from starlette.requests import ClientDisconnect  # noqa: PLC0415
        from starlette.responses import Response as Reply  # noqa: PLC0415
        from starlette.routing import Route  # noqa: PLC0415
    except ModuleNotFoundError:
        raise ConfigurationError(
            "AppProxy needs starlette to be an ASGI application: pip install 'irclient[shopify]'"
        ) from None

    async def endpoint(arrived: StarletteRequest) -> StarletteResponse:
        try:
            request = await _request_of(arrived)
        except ClientDisconnect:
            return Reply(status_code=400)
        if request is None:
            return Reply("Too large", status_code=413)
        response = await answer(request)
        body = b"" if request.method == "HEAD" else response.body
        headers = {**response.headers, "Content-Length": str(len(response.body))}
        return Reply(body, status_code=response.status, headers=headers)

    return Starlette(routes=[Route("/{path:path}", endpoint, methods=_METHODS)])


async def _request_of(arrived: StarletteRequest) -> Request | None:
    """The request; None if its body is larger than any that is read."""
    body = bytearray()
    async with aclosing(arrived.stream()) as parts:
        async for part in parts:
            body += part
            if len(body) > MOST_BODY:
                return None
    return Request(
        method=arrived.method,
        path=arrived.scope["path"],
        # Every byte is one character: what is not ASCII is refused later.
        query=arrived.scope["query_string"].decode("latin-1"),
        headers=arrived.headers,
        body=bytes(body),
    )


def answer_wsgi(
    answer: Callable[[Request], Response],
    environ: Mapping[str, Any],
    start_response: Callable[..., object],
) -> Iterable[bytes]:
    """Answer a request of WSGI."""
    request = Request.from_environ(environ)
    response = answer(request)
    body = b"" if request.method == "HEAD" else response.body
    headers = [*response.headers.items(), ("Content-Length", str(len(response.body)))]
    start_response(f"{response.status} {http.HTTPStatus(response.status).phrase}", headers)
    return [body]
