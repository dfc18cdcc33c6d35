"""Responses: the parts of an answer, its own words about an error, and its advice to wait.

Nothing here knows an HTTP library. Facts about the protocol come from the contract (`docs/
reference/contract.md`): its section numbers stand beside them.
"""

from __future__ import annotations

import re
from datetime import UTC
from typing import TYPE_CHECKING, Final

from pydantic_core import from_json

from irclient._values.momentary import value
from irclient._wire.body_limits import SMALL_BODY
from irclient._wire.malformed import BOM, excerpt

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Response", "error_message", "retry_after"]

#: Longer waits than a day are not advice that anyone can follow.
_LONGEST_RETRY_AFTER: Final = 86_400.0


@value
class Response:
    """A complete answer.

    Attributes:
        status: The HTTP status.
        headers: The headers; names in lower case.
        body: The decoded body.
        received_on: When it was received, as seconds since the epoch.
        opened_connection: Whether a connection had to be opened first, so that the request
            reached the service long after it was started.
        sent_at: When its request had been written, by the monotonic clock; 0 if that is not known.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    received_on: float
    opened_connection: bool = False
    sent_at: float = 0.0

    def __repr__(self) -> str:
        # What is echoed may be the token.
        return f"Response({self.status}, {len(self.body)} B)"


def error_message(body: bytes) -> str | None:
    """The service's own words in an error body (contract section 14), or None."""
    if len(body) > SMALL_BODY:
        return None
    try:
        error = from_json(body.removeprefix(BOM))["error"]
        code, message = error.get("code"), error.get("message")
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    words = ": ".join(part for part in (code, message) if isinstance(part, str) and part)
    return excerpt(words.encode()) if words else None


def retry_after(response: Response) -> float | None:
    """Seconds that an answer asks to wait, or None without advice that makes sense.

    Neither header is documented for IR (contract section 12); milliseconds win, as the more
    exact, then RFC 9110's seconds or date. Negative or unreadable advice is ignored.
    """
    for name in ("retry-after-ms", "x-ms-retry-after-ms"):
        milliseconds = _as_number(response.headers.get(name))
        if milliseconds is not None:
            return min(milliseconds / 1000, _LONGEST_RETRY_AFTER)
    given = response.headers.get("retry-after")
    seconds = _as_number(given)
    if seconds is None and given is not None:
        seconds = _until(given, response)
    return None if seconds is None else min(seconds, _LONGEST_RETRY_AFTER)


def _as_number(text: str | None) -> float | None:
    if text is None or not re.fullmatch(r"\s*\d{1,12}(\.\d{1,9})?\s*", text, re.ASCII):
        return None
    return float(text)


def _until(date: str, response: Response) -> float | None:
    then = _instant(date)
    if then is None:
        return None
    # The server's own clock, where it tells it, makes the difference free of skew.
    now = _instant(response.headers.get("date", ""))
    return max(then - (response.received_on if now is None else now), 0.0)


def _instant(date: str) -> float | None:
    # Loaded with the first date: it costs a twentieth of importing the clients.
    from email.utils import parsedate_to_datetime  # noqa: PLC0415

    try:
        instant = parsedate_to_datetime(date)
        # HTTP dates are in UTC, those included that name no zone.
        return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
