"""What is answered in a handler's place: errors, and how the client is doing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from starlette.responses import JSONResponse, Response

from irclient.integrations.error_answer import error_answer
from irclient.integrations.health_answer import health_answer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from irclient.aclient import AsyncIRClient
    from irclient.errors import IRError

__all__ = ["answer_error", "answer_gone", "answer_to", "health_route"]

#: nginx's status for it; only logs see it.
_SENDER_GONE: Final = 499


def answer_to(error: IRError) -> Response:
    """Return the answer for an error."""
    status, headers, body = error_answer(error)
    return JSONResponse(body, status_code=status, headers=headers)


async def answer_error(_request: Request, error: Exception) -> Response:
    """Answer an `IRError` that a handler let pass."""
    return answer_to(cast("IRError", error))


async def answer_gone(_request: Request, _error: Exception) -> Response:
    """Answer a sender who has gone, for the sake of logs."""
    return Response(status_code=_SENDER_GONE)


def health_route(
    client: Callable[[], AsyncIRClient],
) -> Callable[[Request], Awaitable[Response]]:
    """Return a handler that answers whether calls can succeed."""

    async def health(_request: Request) -> Response:
        status, headers, body = health_answer(client().readiness())
        return JSONResponse(body, status_code=status, headers=headers)

    return health
