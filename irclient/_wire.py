"""The wire: a query into the parts of an HTTP request, and what the parts of an answer say.

Nothing here knows an HTTP library. Facts about the protocol come from the contract (`docs/
reference/contract.md`): its section numbers stand beside them.
"""

from __future__ import annotations

import json
import re
from dataclasses import fields
from datetime import UTC
from functools import cache
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import quote

from pydantic_core import from_json

from irclient._reading import BOM, SMALL_BODY, excerpt
from irclient._values import value
from irclient.queries import (
    BoughtTogether,
    Cart,
    ItemSelectors,
    ListQuery,
    Personalize,
    Similar,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from irclient.filters import Filters
    from irclient.queries import (
        Query,
    )

__all__ = [
    "Request",
    "Response",
    "build_request",
    "error_message",
    "request_for",
    "retry_after",
]

#: Paths match in any case; the reference's own spelling is lower case (contract section 2).
_CONSUME: Final = "/reco/v1.0/"
#: Longer waits than a day are not advice that anyone can follow.
_LONGEST_RETRY_AFTER: Final = 86_400.0


@value
class Request:
    """The parts of a request that depend on the query.

    Attributes:
        method: The HTTP method.
        target: The path and query, percent-encoded, to append to an endpoint's URL.
        body: A JSON body, or None.
    """

    method: str
    target: str
    body: bytes | None = None


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
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    received_on: float
    opened_connection: bool = False

    def __repr__(self) -> str:
        # What is echoed may be the token.
        return f"Response({self.status}, {len(self.body)} B)"


def build_request(query: Query, *, modeling: str | None) -> Request:
    """Build the request of a query.

    Args:
        query: What to ask.
        modeling: The endpoint's own modeling component, for a query that names none.
    """
    encoded: list[str] = []
    for name, wire_name in _wire_names_of(cast("Any", type(query))):
        value = getattr(query, name)
        if value is None and name == "modeling":
            value = modeling
        if value is not None:
            text = value if isinstance(value, str) else str(value)
            encoded.append(f"{wire_name}={_encode(text)}")
    pairs: list[tuple[str, str]] = []
    if isinstance(query, ListQuery):
        if query.refinements:
            # Comma-separated is inferred (contract section 9).
            pairs.append(("Refinements", ",".join(query.refinements)))
        pairs += cast("Filters", query.filters).pairs
    pairs += cast("tuple[tuple[str, str], ...]", query.params)
    if pairs:
        encoded += [f"{_encode(name)}={_encode(value)}" for name, value in pairs]
    if isinstance(query, Cart):
        # A bare comma, as every caller that was seen sent it (contract 6.5).
        encoded.insert(0, "seedItemIds=" + ",".join(map(_encode, query.item_ids)))
    target = _path(query) + ("?" + "&".join(encoded) if encoded else "")
    if isinstance(query, Personalize):
        # Of two contradictory readings this is the one the schema declares (contract 6.8).
        body = {"PersonalizationCandidates": list(query.candidates)}
        return Request("POST", target, json.dumps(body).encode())
    return Request("GET", target)


def request_for(query: Query, *, modeling: str | None) -> Request:
    """Return the request of a query; the one that was built last is kept with the query."""
    modeling = query.modeling or modeling
    kept: tuple[str | None, Request] | None = getattr(query, "_request", None)
    if kept is not None and kept[0] == modeling:
        return kept[1]
    request = build_request(query, modeling=modeling)
    object.__setattr__(query, "_request", (modeling, request))
    return request


_WIRE_NAMES: Final[Mapping[str, str]] = {
    "modeling": "modeling",
    "channel_id": "channelId",
    "catalog_id": "catalogId",
    "algo_type": "algoType",
    "count": "count",
    "skip": "skipItems",
    "user_id": "userId",
    # Seen in code with this capital only (contract section 10).
    "session_id": "SessionId",
}


@cache
def _wire_names_of(kind: type[Query]) -> tuple[tuple[str, str], ...]:
    named = {each.name for each in fields(kind)}
    return tuple(pair for pair in _WIRE_NAMES.items() if pair[0] in named)


def _path(query: Query) -> str:
    match query:
        case Similar():
            return f"{_CONSUME}similar/{_segment(query.item_id)}"
        case Cart():
            return f"{_CONSUME}cart/items"
        case BoughtTogether():
            return f"{_CONSUME}cart/{_segment(query.item_id)}"
        case Personalize():
            return f"{_CONSUME}personalization"
        case ItemSelectors():
            return f"{_CONSUME}discovery/similar/selectors/{_segment(query.item_id)}"
        case _:
            return _CONSUME + query.operation


def _segment(text: str) -> str:
    # A segment of dots alone would be resolved away by URL libraries and servers.
    return "%2E" * len(text) if text in {".", ".."} else _encode(text)


def _encode(text: str) -> str:
    # Nearly all ids and numbers are sent as they are, and `quote` takes its time to find out.
    # A member of an enum of str prints its name: what it equals is sent, as for that str.
    return str.__str__(text) if text.isascii() and text.isalnum() else quote(text, safe="")


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
