"""The wire: a query into the parts of an HTTP request, the parts of an answer into a result.

Nothing here knows an HTTP library. Facts about the protocol come from the contract (`docs/
reference/contract.md`): its section numbers stand beside them.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, fields
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Generic, TypeGuard, TypeVar, cast
from urllib.parse import quote

from pydantic import ValidationError
from pydantic_core import from_json

from irclient._values import value
from irclient.queries import (
    BoughtTogether,
    Cart,
    ItemSelectors,
    ListQuery,
    Personalize,
    Similar,
)
from irclient.results import (
    Answer,
    RecommendationList,
    RecommendedItem,
    Selector,
    Selectors,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

    from irclient.filters import Filters
    from irclient.queries import (
        Query,
    )

__all__ = [
    "Malformed",
    "Request",
    "Response",
    "build_request",
    "error_message",
    "excerpt",
    "read_answer",
    "read_list",
    "request_for",
    "retry_after",
]

#: Paths match in any case; the reference's own spelling is lower case (contract section 2).
_CONSUME: Final = "/reco/v1.0/"
_BOM: Final = b"\xef\xbb\xbf"
#: A body up to this long holds too few values to be worth counting them.
_SMALL_BODY: Final = 64 * 1024
#: Commas and opening brackets: a list of a hundred thousand items has three for each of them.
#: Beyond, a body takes seconds and gigabytes to read, and is no list.
_MOST_MARKS: Final = 400_000
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


class Malformed(Exception):  # noqa: N818  (a finding about a body, not an error that users meet)
    """The body is not what the contract says; the message says why, with a short excerpt."""


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


def read_answer(query: Query, body: bytes) -> Answer:
    """Read the body of a successful answer to a query.

    Raises:
        Malformed: It is not the envelope that the contract names for this operation.
    """
    return read_selectors(body) if isinstance(query, ItemSelectors) else read_list(body)


def read_list(body: bytes) -> RecommendationList:
    """Read a list envelope (contract section 4), tolerating everything but a missing list.

    Missing and null fields, numeric ids, unknown fields and any status are accepted; an item
    without a usable id is left out, since no caller can do anything with it.

    Raises:
        Malformed: Not JSON, not an object, or without a list of items.
    """
    return _read(_LIST, body)


def read_selectors(body: bytes) -> Selectors:
    """Read the answer of the selectors operation (contract 6.9).

    Raises:
        Malformed: Not JSON, not an object, or without a list of selectors.
    """
    return _read(_SELECTORS, body)


_AnswerT = TypeVar("_AnswerT", bound=Answer)


@dataclass(frozen=True, slots=True)
class _Envelope(Generic[_AnswerT]):
    """Where an answer keeps its rows, and what makes a row worth having."""

    kind: type[_AnswerT]
    rows: str
    row_kind: type[BaseModel]
    row_key: str


_LIST: Final = _Envelope(RecommendationList, "items", RecommendedItem, "id")
_SELECTORS: Final = _Envelope(Selectors, "value", Selector, "keyName")


def _read(envelope: _Envelope[_AnswerT], body: bytes) -> _AnswerT:
    body = body.removeprefix(_BOM)
    if len(body) > _SMALL_BODY and sum(map(body.count, (b",", b"{", b"["))) > _MOST_MARKS:
        raise Malformed(f"more values than any list has: {excerpt(body)}")
    try:
        # What `model_validate_json` does, without its seven arguments.
        answer: _AnswerT = envelope.kind.__pydantic_validator__.validate_json(body)
    except ValidationError:
        answer = _read_leniently(envelope, body)
    return answer.read_from(body)


def _read_leniently(envelope: _Envelope[_AnswerT], body: bytes) -> _AnswerT:
    try:
        parsed = from_json(body)
    except ValueError:
        raise Malformed(f"not JSON: {excerpt(body)}") from None
    if not isinstance(parsed, dict) or envelope.rows not in parsed:
        raise Malformed(f"no {envelope.rows!r} in it: {excerpt(body)}")
    fields = cast("dict[str, Any]", parsed)
    given: object = [] if fields[envelope.rows] is None else fields[envelope.rows]
    if not isinstance(given, list):
        raise Malformed(f"{envelope.rows!r} is not a list: {excerpt(body)}")
    rows = cast("list[object]", given)
    usable = [row for row in rows if _has_name(row, envelope.row_key)]
    if given and not usable:
        raise Malformed(
            f"{envelope.rows!r} holds nothing with an {envelope.row_key!r}: {excerpt(body)}"
        )
    fields[envelope.rows] = [_readable(envelope.row_kind, row) for row in usable]
    try:
        return envelope.kind.model_validate(_readable(envelope.kind, fields))
    except ValidationError:
        raise Malformed(f"not the envelope of the contract: {excerpt(body)}") from None


def _has_name(row: object, key: str) -> TypeGuard[dict[str, Any]]:
    if not isinstance(row, dict):
        return False
    name = cast("dict[str, object]", row).get(key)
    return isinstance(name, str | int | float) and not isinstance(name, bool) and name != ""


def _readable(kind: type[BaseModel], fields: dict[str, Any]) -> dict[str, Any]:
    """Leave out the fields whose type nobody can read, so that the others are not lost."""
    try:
        kind.model_validate(fields)
    except ValidationError as problem:
        unreadable = {detail["loc"][0] for detail in problem.errors(include_url=False)}
        return {name: value for name, value in fields.items() if name not in unreadable}
    return fields


def error_message(body: bytes) -> str | None:
    """The service's own words in an error body (contract section 14), or None."""
    if len(body) > _SMALL_BODY:
        return None
    try:
        error = from_json(body.removeprefix(_BOM))["error"]
        code, message = error.get("code"), error.get("message")
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    words = ": ".join(part for part in (code, message) if isinstance(part, str) and part)
    return excerpt(words.encode()) if words else None


def excerpt(body: bytes, *, length: int = 80) -> str:
    """A short, printable piece of a body, for a message."""
    if not body:
        return "an empty body"
    text = body[: length * 4].decode("utf-8", "replace")
    text = re.sub(r"\s+", " ", "".join(c if c.isprintable() or c.isspace() else "." for c in text))
    return repr(text[:length] + ("…" if len(text) > length or len(body) > length * 4 else ""))


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
    try:
        instant = parsedate_to_datetime(date)
        # HTTP dates are in UTC, those included that name no zone.
        return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
