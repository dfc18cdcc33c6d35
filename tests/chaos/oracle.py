"""What the service ought to answer: the same cooked data that it serves, asked directly."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from irclient.cooking.list_request import ListRequest
from irclient.cooking.pipeline import cook_folder
from irclient.emulator.shop.written_shop import write_shop
from irclient.queries import ItemSelectors, Personalize
from irclient.results import RecommendationList, Selectors

if TYPE_CHECKING:
    from pathlib import Path

    from irclient.queries import Query

__all__ = ["Oracle"]

_DEFAULT_COUNT = 25
_MOST_REMEMBERED = 1_000


class Oracle:
    """Knows the right answer to every question about a small shop.

    Args:
        folder: Where the shop and its cooked lists are written, for the service to find.
    """

    def __init__(self, folder: Path) -> None:
        write_shop(folder / "shop", items=80, users=60, interactions=3_000)
        self._data = cook_folder(
            folder / "shop", cooked_at=datetime.now(UTC), cache_folder=folder / "cooked"
        )
        self.item_ids = self._data.item_ids
        self.user_ids = self._data.user_ids
        self._rankings: dict[tuple[Query, tuple[str, ...]], list[str]] = {}

    def verdict(self, query: Query, answer: object, *, views: tuple[str, ...]) -> str | None:
        """Why an answer is wrong, or None.

        Args:
            query: The question.
            answer: What came.
            views: The items that the question's session has seen, if it has one.
        """
        if isinstance(query, ItemSelectors):
            return self._verdict_on_selectors(query, answer)
        if not isinstance(answer, RecommendationList):
            return f"a {type(answer).__name__}"
        # Views stay with the account that saw them; another account knows an empty session.
        rankings = [self._ranking(query, seen) for seen in {views, ()}]
        if isinstance(query, Personalize):
            pages = rankings
        else:
            first = getattr(query, "skip", None) or 0
            count = getattr(query, "count", None) or _DEFAULT_COUNT
            pages = [ranking[first : first + count] for ranking in rankings]
        for ranking, page in zip(rankings, pages, strict=True):
            if (answer.ids, answer.total_items) == (page, len(ranking)):
                return None
        return f"{answer.ids} of {answer.total_items}, not {pages[0]} of {len(rankings[0])}"

    def _verdict_on_selectors(self, query: ItemSelectors, answer: object) -> str | None:
        right = self._data.selectors(
            ListRequest(
                operation="similar",
                seeds=(query.item_id,),
                algo_type="Visual",
                now=datetime.now(UTC),
            )
        )
        if not isinstance(answer, Selectors):
            return f"a {type(answer).__name__}"
        given = {each.name: list(each.values) for each in answer}
        return None if given == right else f"{given}, not {right}"

    def _ranking(self, query: Query, views: tuple[str, ...]) -> list[str]:
        key = (query, views)
        ranking = self._rankings.get(key)
        if ranking is None:
            if len(self._rankings) >= _MOST_REMEMBERED:
                self._rankings.clear()
            ranking = self._rankings[key] = self._data.ranking(_request(query, views))
        return ranking


def _request(query: Query, views: tuple[str, ...]) -> ListRequest:
    filters: dict[str, tuple[str, ...]] = {}
    for name, value in getattr(query, "filters", None).pairs if hasattr(query, "filters") else ():
        filters[name] = (*filters.get(name, ()), value)
    item_id = getattr(query, "item_id", None)
    return ListRequest(
        operation=query.operation,
        seeds=tuple(getattr(query, "item_ids", ())) or ((item_id,) if item_id else ()),
        candidates=tuple(getattr(query, "candidates", ())),
        algo_type=getattr(query, "algo_type", None),
        user_id=getattr(query, "user_id", None),
        session_views=views,
        channel_id=query.channel_id,
        catalog_id=query.catalog_id,
        filters=filters,
        refinements=tuple(getattr(query, "refinements", ())),
        now=datetime.now(UTC),
    )
