"""What a client sent: a request, read back into the words of the query that it came from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import parse_qsl, unquote

from irclient.filters import RESERVED_NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

__all__ = ["SentRequest", "read_request"]

_CONSUME: Final = "/reco/v1.0/"
_TRIGGER: Final = "/control/v1.0/model"


@dataclass(frozen=True, slots=True, kw_only=True)
class SentRequest:
    """One request that a client sent; its token is not kept.

    Attributes:
        account: The account that it was sent to, as the script named it, else the host.
        operation: The query's operation (``similar``), ``trigger``, or ``unknown``.
        item_ids: The seed, the cart or the candidates, in order.
        user_id: The user.
        session_id: The session.
        modeling: The modeling component.
        algo_type: The algorithm.
        count: How many items were asked for.
        skip: How many to leave out first.
        filters: Filter names and the values to match; other parameters that the API does not
            know as well, since nothing on the wire tells them apart.
        method: The HTTP method.
        path: The path, percent-encoded as it was sent.
        params: Every query parameter in order, decoded.
    """

    account: str
    operation: str
    item_ids: tuple[str, ...] = ()
    user_id: str | None = None
    session_id: str | None = None
    modeling: str | None = None
    algo_type: str | None = None
    count: int | None = None
    skip: int | None = None
    filters: Mapping[str, tuple[str, ...]]
    method: str
    path: str
    params: tuple[tuple[str, str], ...]


def read_request(request: httpx.Request, account: str) -> SentRequest:
    """Read a request; nothing in it is refused."""
    path = request.url.raw_path.partition(b"?")[0].decode("ascii")
    params = tuple(parse_qsl(request.url.query.decode("ascii"), keep_blank_values=True))
    # Parameter names match in any case (contract section 2).
    known = {name.lower(): value for name, value in params if name.lower() in RESERVED_NAMES}
    operation, seeds = _operation(path)
    if operation == "cart":
        seeds = tuple(each for each in known.get("seeditemids", "").split(",") if each)
    elif operation == "personalize":
        seeds = _candidates(request.content)
    filters: dict[str, tuple[str, ...]] = {}
    for name, value in params:
        if name.lower() not in RESERVED_NAMES:
            filters[name] = (*filters.get(name, ()), value)
    return SentRequest(
        account=account,
        operation=operation,
        item_ids=seeds,
        user_id=known.get("userid"),
        session_id=known.get("sessionid"),
        modeling=known.get("modeling"),
        algo_type=known.get("algotype"),
        count=_number(known.get("count")),
        skip=_number(known.get("skipitems")),
        filters=filters,
        method=request.method,
        path=path,
        params=params,
    )


#: Below the path that all lists share (contract section 6); those of the second table end in a
#: seed, so an item called "items" cannot be told from a cart, as on the service itself.
_PATHS: Final = {
    "new": "new",
    "popular": "popular",
    "bestselling": "popular",
    "trending": "trending",
    "cart/items": "cart",
    "picks": "picks",
    "personalization": "personalize",
}
_SEEDED_PATHS: Final = {
    "similar": "similar",
    "cart": "bought_together",
    "discovery/similar/selectors": "selectors",
}


def _operation(path: str) -> tuple[str, tuple[str, ...]]:
    # Paths match in any case (contract section 2), seeds do not; an endpoint's own URL may have
    # a path in front.
    lowered = path.lower()
    if lowered.endswith(_TRIGGER):
        return "trigger", ()
    rest = lowered.partition(_CONSUME)[2]
    if rest in _PATHS:
        return _PATHS[rest], ()
    before = rest.rpartition("/")[0]
    if before in _SEEDED_PATHS:
        return _SEEDED_PATHS[before], (unquote(path.rpartition("/")[2]),)
    return "unknown", ()


def _candidates(body: bytes) -> tuple[str, ...]:
    try:
        given: Any = json.loads(body)
        # Both readings of the contract (6.8).
        given = given.get("RecommendationContext", given)["PersonalizationCandidates"]
        return tuple(str(each) for each in cast("list[object]", given))
    except (ValueError, KeyError, TypeError, AttributeError):
        return ()


def _number(text: str | None) -> int | None:
    try:
        return None if text is None else int(text)
    except ValueError:
        return None
