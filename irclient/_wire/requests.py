"""Requests: a query into the parts of an HTTP request.

Nothing here knows an HTTP library. Facts about the protocol come from the contract (`docs/
reference/contract.md`): its section numbers stand beside them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import quote

from irclient._values.momentary import value
from irclient.queries import (
    BoughtTogether,
    Cart,
    ItemSelectors,
    ListQuery,
    Personalize,
    Similar,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from irclient.queries import (
        Query,
    )

__all__ = [
    "Request",
    "build_request",
    "request_for",
    "target_of",
    "with_headers",
]

#: Paths match in any case; the reference's own spelling is lower case (contract section 2).
_CONSUME: Final = "/reco/v1.0/"


@value
class Request:
    """The parts of a request that depend on the query.

    Attributes:
        method: The HTTP method.
        target: The path and query, percent-encoded, to append to an endpoint's URL.
        body: A JSON body, or None.
        headers: Headers beside those that all requests have; they have been checked.
    """

    method: str
    target: str
    body: bytes | None = None
    headers: tuple[tuple[str, str], ...] = ()


def build_request(query: Query, *, modeling: str | None) -> Request:
    """Build the request of a query.

    Args:
        query: What to ask.
        modeling: The endpoint's own modeling component, for a query that names none.
    """
    target = target_of(query, modeling=modeling)
    if isinstance(query, Personalize):
        # Of two contradictory readings this is the one the schema declares (contract 6.8).
        body = {"PersonalizationCandidates": list(query.candidates)}
        return Request("POST", target, json.dumps(body).encode())
    return Request("GET", target)


def target_of(query: Query, *, modeling: str | None) -> str:
    """Return the path and the parameters of a query; see `build_request`."""
    modeling = query.modeling or modeling
    encoded = [] if modeling is None else [f"modeling={_encode(modeling)}"]
    given = query.__dict__.get
    for name, wire_name in _WIRE_NAMES:
        value = given(name)
        if value is not None:
            text = _encode(value) if isinstance(value, str) else f"{int(value)}"
            encoded.append(f"{wire_name}={text}")
    if isinstance(query, ListQuery):
        if query.refinements:
            # Comma-separated is inferred (contract section 9).
            encoded.append(f"Refinements={_encode(','.join(query.refinements))}")
        filters: Any = query.filters  # Made `Filters` when the query was built.
        if filters.pairs:
            encoded += [f"{_encode(name)}={_encode(value)}" for name, value in filters.pairs]
    if query.params:
        params = cast("tuple[tuple[str, str], ...]", query.params)
        encoded += [f"{_encode(name)}={_encode(value)}" for name, value in params]
    if isinstance(query, Cart):
        # A bare comma, as every caller that was seen sent it (contract 6.5).
        encoded.insert(0, "seedItemIds=" + ",".join(map(_encode, query.item_ids)))
    return _path(query) + ("?" + "&".join(encoded) if encoded else "")


def request_for(query: Query, *, modeling: str | None) -> Request:
    """Return the same; of a query whose identity is known, which is its target, for little."""
    target: str | None = getattr(query, "_identity", None)
    if target is None or (modeling is not None and query.modeling is None):
        return build_request(query, modeling=modeling)
    # Only what has no side effect, and so no body, has an identity.
    return Request("GET", target)


def with_headers(request: Request, headers: Sequence[tuple[str, str]]) -> Request:
    """Return a request that has more headers; the one that is kept with its query has not."""
    return Request(request.method, request.target, request.body, (*request.headers, *headers))


_WIRE_NAMES: Final = (
    ("channel_id", "channelId"),
    ("catalog_id", "catalogId"),
    ("algo_type", "algoType"),
    ("count", "count"),
    ("skip", "skipItems"),
    ("user_id", "userId"),
    # Seen in code with this capital only (contract section 10).
    ("session_id", "SessionId"),
)


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
    if not (text.isascii() and text.isalnum()):
        return quote(text, safe="")
    return text if type(text) is str else str.__str__(text)
