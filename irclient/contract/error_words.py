"""The code and the words of the service's error bodies, by HTTP status (contract section 14)."""

from collections.abc import Mapping
from typing import Final

__all__ = ["ERROR_WORDS"]

#: Those of 429 and 503 were seen; the others' wording is inferred from them.
ERROR_WORDS: Final[Mapping[int, tuple[str, str]]] = {
    400: ("BadRequest", "Bad request"),
    403: ("Forbidden", "Forbidden"),
    404: ("NotFound", "Not found"),
    405: ("MethodNotAllowed", "Method not allowed"),
    413: ("RequestEntityTooLarge", "Request entity too large"),
    429: ("TooManyRequests", "Too many requests"),
    500: ("InternalServerError", "Internal server error"),
    502: ("BadGateway", "Bad gateway"),
    503: ("ServiceUnavailable", "Service is unavailable"),
    504: ("GatewayTimeout", "Gateway timeout"),
}
