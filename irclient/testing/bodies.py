"""Answers of the service, made for tests: bodies as they are sent, and lists as they are read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from irclient._wire.reading import read_list
from irclient.results import Served

if TYPE_CHECKING:
    from collections.abc import Sequence

    from irclient.results import RecommendationList

__all__ = ["DEFAULT_IDS", "error_body", "list_body", "recommendation_list", "title_of"]

#: What a scripted service recommends when a test does not say.
DEFAULT_IDS: Final = tuple(str(number) for number in range(64701, 64711))

#: "New" and "Popular" are the service's own titles (contract section 4); the others were not
#: recovered, and are ours.
_TITLES: Final = {
    "new": "New",
    "popular": "Popular",
    "trending": "Trending",
    "similar": "Similar",
    "cart": "Cart",
    "bought_together": "Frequently bought together",
    "picks": "Picks for you",
    "personalize": "Personalized",
}
_TITLE_IDS: Final = {"New": 3, "Popular": 5}
#: One id for every item, as in all samples.
_TRACKING_ID: Final = "00000000-0000-0000-0000-000000000003"

_SERVED: Final = Served(endpoint="contoso-a/web", account="contoso-a", attempts=1)


def title_of(operation: str) -> str:
    """The title of the list that an operation answers."""
    return _TITLES.get(operation, operation)


def list_body(
    ids: Sequence[str] = DEFAULT_IDS,
    *,
    title: str = "Popular",
    total_items: int | None = None,
    interactions_version: str | None = "20260104115104",
    status: str = "Success",
    details: str | None = None,
) -> dict[str, Any]:
    """Return the body of a list, as the service sends it.

    Args:
        ids: The items' ids, best first.
        title: The list's title, its long title as well.
        total_items: The size of the whole list; the number of `ids` when left out.
        interactions_version: The cooked data set; None leaves the field out.
        status: ``Success`` or whatever a test wants to see handled.
        details: The service's words; None leaves the field out.
    """
    body: dict[str, Any] = {
        "id": "Lists",
        "name": "Lists",
        "version": "v1.0",
        "interactionsVersion": interactions_version,
        "items": [{"id": each, "trackingId": _TRACKING_ID} for each in ids],
        "title": title,
        "longTitle": title,
        "titleId": _TITLE_IDS.get(title),
        "pagingInfo": {"totalItems": len(ids) if total_items is None else total_items},
        "status": status,
        "details": details,
    }
    return {name: value for name, value in body.items() if value is not None}


def error_body(code: str, message: str) -> dict[str, Any]:
    """Return the body of an error, as the service sends it (contract section 14)."""
    return {"error": {"code": code, "message": message}}


def recommendation_list(
    ids: Sequence[str] = DEFAULT_IDS,
    *,
    title: str = "Popular",
    total_items: int | None = None,
    interactions_version: str | None = "20260104115104",
    served: Served = _SERVED,
) -> RecommendationList:
    """Return a list as a client would, for code that takes one.

    >>> reco = recommendation_list(["64702", "64703"])
    >>> reco.ids, reco.served.source
    (['64702', '64703'], 'service')

    Args:
        ids: The items' ids, best first.
        title: The list's title.
        total_items: The size of the whole list; the number of `ids` when left out.
        interactions_version: The cooked data set, or None for an answer without one.
        served: How it came about, for example ``Served(source="fallback", degraded=True)``.
    """
    body = list_body(
        ids, title=title, total_items=total_items, interactions_version=interactions_version
    )
    return read_list(json.dumps(body).encode()).as_served(served)
