"""Errors as answers to a browser: which status, which headers, and how much of the reason.

| error                                                 | status | Retry-After    | says why       |
|-------------------------------------------------------|--------|----------------|----------------|
| `QueryError`, refused here                            | 400    |                | its message    |
| `QueryError`, refused by the service                  | 400    |                | no             |
| `Throttled`                                           | 503    | yes            | no             |
| `NotReady`, `Unavailable`, `ClientClosed`             | 503    | where known    | no             |
| `DeadlineExceeded`                                    | 504    |                | no             |
| `DeadlineExceeded`, while the first token was fetched | 503    | yes            | no             |
| `AuthenticationError`, `AccessDenied`,                | 502    |                | no             |
| `UnexpectedAnswer`                                    |        |                |                |
| `ConfigurationError`, and any other                   | 500    |                | no             |

The messages of errors name accounts, URLs and what these answered. That belongs into a log and
not into a browser, so no body quotes them, but for a parameter that was refused here.
"""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from irclient.errors import (
    AccessDenied,
    AuthenticationError,
    ClientClosed,
    DeadlineExceeded,
    QueryError,
    Throttled,
    Unavailable,
    UnexpectedAnswer,
)

if TYPE_CHECKING:
    from irclient.errors import IRError

__all__ = ["ErrorResponse", "response_for"]

_DETAILS: Final = {
    HTTPStatus.BAD_REQUEST: "The recommendations that were asked for cannot be given.",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many recommendations are asked for at the moment.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Recommendations are not set up correctly.",
    HTTPStatus.BAD_GATEWAY: "Recommendations could not be had.",
    HTTPStatus.SERVICE_UNAVAILABLE: "Recommendations are not available at the moment.",
    HTTPStatus.GATEWAY_TIMEOUT: "Recommendations did not come in time.",
}


class ErrorResponse(NamedTuple):
    """An answer to a browser that says that there are no recommendations.

    Attributes:
        status: The HTTP status.
        headers: Its media type, that it may not be cached, and ``Retry-After`` where that is known.
        body: A problem (RFC 9457), to be sent as JSON: ``type``, ``title``, ``status``, ``detail``.
    """

    status: int
    headers: dict[str, str]
    body: dict[str, str | int]


def response_for(error: IRError, *, throttled: Literal[503, 429] = 503) -> ErrorResponse:
    """Return how a web application may answer instead of an error.

    Args:
        error: What a call raised.
        throttled: The status for `Throttled`. 429 blames the browser for a rate that all visitors
            share, and some CDNs then turn the visitor away.

    Returns:
        A status, headers and a body; they can be unpacked as a tuple.
    """
    status = _status(error, throttled)
    headers = {"Content-Type": "application/problem+json", "Cache-Control": "no-store"}
    after = getattr(error, "retry_after", None)
    if after is not None:
        headers["Retry-After"] = str(max(math.ceil(after), 1))
    was_refused_here = isinstance(error, QueryError) and error.status is None
    body: dict[str, str | int] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": int(status),
        "detail": str(error) if was_refused_here else _DETAILS[status],
    }
    return ErrorResponse(int(status), headers, body)


def _status(error: IRError, throttled: Literal[503, 429]) -> HTTPStatus:
    match error:
        case QueryError():
            return HTTPStatus.BAD_REQUEST
        case Throttled():
            return HTTPStatus(throttled)
        case Unavailable() | ClientClosed():
            return HTTPStatus.SERVICE_UNAVAILABLE
        case DeadlineExceeded():
            is_starting = error.retry_after is not None
            return HTTPStatus.SERVICE_UNAVAILABLE if is_starting else HTTPStatus.GATEWAY_TIMEOUT
        case AuthenticationError() | AccessDenied() | UnexpectedAnswer():
            return HTTPStatus.BAD_GATEWAY
        case _:
            return HTTPStatus.INTERNAL_SERVER_ERROR
