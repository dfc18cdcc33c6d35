"""Cooked data answering requests: from a request to a ranked list of item ids.

Order of things (contract section 5: I, and section 11.3: D): rank, put included items on top and
drop excluded ones, then keep what is available, matches the filters and, when asked for, is not
in the user's history.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import numpy as np

from irclient.cooking.availability import Availability
from irclient.cooking.filter_values import FilterValues
from irclient.cooking.list_request import ListRequest, Operation
from irclient.cooking.manual_changes import ManualChanges
from irclient.cooking.ranking import Ranking, summed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from irclient.cooking.data.instants import Flags, Numbers
    from irclient.cooking.output import Cooked
    from irclient.cooking.ranking import Order, Scored

__all__ = ["CookedData", "ListRequest", "Operation", "UnknownUser"]

#: What picks answers for a user without a usable history; the contract does not say.
UnknownUser: TypeAlias = Literal["empty", "popular"]

#: Which neighbours each algoType of Similar reads; in lower case, since case does not matter (I).
_SIMILAR: Final = {
    "visual": "visual",
    "textual": "textual",
    "mf": "mf",
    "completesimilarstyles": "styles",
}
_DEFAULT_SIMILAR: Final = "people_also"
_REMOVE_USER_HISTORY: Final = "removeuserhistory"
#: How many of the latest purchases or views a recent pick looks at, and how fast they fade.
_RECENT: Final = 10
_FADE: Final = 0.85
#: How many of a user's latest items picks look at: older ones say little, and cost time.
_LOOKED_AT: Final = 100
#: How many visually similar items the selectors are gathered from.
_SELECTED_FROM: Final = 50
_NONE: Final = np.zeros(0, dtype=np.int32)


class CookedData:
    """What one cooking made of a data set. Does not change; may be shared by threads.

    Attributes:
        interactions_version: Names the data, as the service does: yyyyMMddHHmmss.
        cooked_at: When it was cooked; without a zone it is UTC.
        personalization_enabled: What Reco_Config says; without it picks are empty and histories
            are not removed (contract section 11.2: D).
        unknown_user: What picks answers for a user without a usable history.
        notes: What people should know about the data, such as dropped rows.
    """

    def __init__(
        self,
        cooked: Cooked,
        *,
        cooked_at: datetime | None = None,
        unknown_user: UnknownUser = "popular",
    ) -> None:
        """Take what was cooked.

        Args:
            cooked: The lists.
            cooked_at: Names the result instead of the data's own version.
            unknown_user: What picks answers for a user without a usable history. The contract
                does not know; popular items are what a shop would rather show.

        Raises:
            KeyError: A part is missing.
        """
        self.cooked_at = cooked_at or cooked.cooked_at
        utc = self.cooked_at.astimezone(UTC) if self.cooked_at.tzinfo else self.cooked_at
        named = utc.strftime("%Y%m%d%H%M%S")
        self.interactions_version = named if cooked_at else cooked.interactions_version
        self.personalization_enabled = cooked.personalization_enabled
        self.unknown_user: UnknownUser = unknown_user
        self.notes = cooked.notes
        self._arrays = cooked.arrays
        texts = cooked.texts
        self._ids, self._titles, self._users = texts["ids"], texts["titles"], texts["users"]
        self._images = texts["image_ids"]
        self._availability = Availability(cooked)
        self._filters = FilterValues(cooked)
        self._changes = ManualChanges(cooked)
        #: For each plain list and scope, the items that were available at some instant.
        self._shown: dict[tuple[str, str | None, str | None], tuple[Flags, Order]] = {}

    @property
    def item_ids(self) -> tuple[str, ...]:
        """Every item of the catalogue, in the data's order, available or not."""
        return tuple(self._ids)

    @property
    def user_ids(self) -> tuple[str, ...]:
        """Every user with a history who has not opted out."""
        return tuple(self._users)

    def knows_item(self, item_id: str) -> bool:
        """Whether the catalogue has the item."""
        return self._ids.find(item_id) is not None

    def title(self, item_id: str) -> str | None:
        """The item's title; None for an unknown item or one without a title."""
        at = self._ids.find(item_id)
        return (self._titles[at] or None) if at is not None else None

    def ranking(self, request: ListRequest) -> Sequence[str]:
        """The complete list, best first: whatever paging leaves out is for the caller to cut.

        Slices of it are cheap; only what is looked at is put in order.
        """
        if request.operation == "personalize":
            return self._personalized(request, self._mask(request))
        return self._ranking(request)

    def selectors(self, request: ListRequest) -> dict[str, list[str]]:
        """The filter names and values of the first items of a list, commonest first."""
        return self._filters.common(self._ranking(request).places(_SELECTED_FROM))

    def _ranking(self, request: ListRequest) -> Ranking:
        name, mask = self._list_name(request), self._mask(request)
        algo_type = (request.algo_type or "").casefold()
        top, moved = self._changes.of(name, algo_type=algo_type, seeds=self._known(request.seeds))
        items, scores = self._items(request, name, mask)
        allowed = mask
        if moved.size:
            allowed = mask.copy()
            allowed[moved] = False
        kept = allowed[items]
        if not kept.all():
            items, scores = items[kept], None if scores is None else scores[kept]
        return Ranking(self._ids, top[mask[top]], (items, scores))

    def _list_name(self, request: ListRequest) -> str:
        if request.operation != "similar":
            return request.operation
        return _SIMILAR.get((request.algo_type or "").casefold(), _DEFAULT_SIMILAR)

    def _items(self, request: ListRequest, name: str, mask: Flags) -> Scored:
        if name in {"new", "popular", "trending"}:
            return self._plain(name, request, mask), None
        if name == "picks":
            return self._picks(request)
        if name in {"cart", "bought_together"}:
            return self._near("cart", self._known(request.seeds))
        return self._similar(request.seeds, name)

    def _plain(self, name: str, request: ListRequest, mask: Flags) -> Order:
        """A list of the whole catalogue, without what the mask leaves out if that was known."""
        key = (name, request.channel_id, request.catalog_id)
        known = self._shown.get(key)
        if known is not None and known[0] is mask:
            return known[1]
        order: Order = self._arrays[name]
        if not mask.flags.writeable and mask.any():  # the scope's own mask, and a known scope
            order = order[mask[order]]
            self._shown[key] = (mask, order)
        return order

    def _similar(self, seeds: Sequence[str], name: str) -> Scored:
        known = self._known(seeds)
        shown = list(dict.fromkeys(item for seed in seeds for item in self._in_image(seed)))
        if name != "visual" or known or not shown:
            return self._near(name, known)
        items, scores = self._near(name, shown)
        if scores is not None:
            items = items[np.argsort(-scores, kind="stable")]
        return np.concatenate([np.array(shown, dtype=np.int32), items]), None

    def _in_image(self, image_id: str) -> list[int]:
        at = self._images.find(image_id)
        if at is None:
            return []
        starts = self._arrays["image_starts"]
        items: list[int] = self._arrays["image_items"][starts[at] : starts[at + 1]].tolist()
        return items

    def _near(self, name: str, seeds: Sequence[int], *, fade: float = 1.0) -> Scored:
        """The seeds' neighbours by their summed scores, the seeds themselves left out.

        Each seed counts `fade` times as much as the one before it.
        """
        near = self._arrays[f"{name}_items"]
        if len(seeds) == 1:
            own: Order = near[seeds[0]]
            return own[own >= 0], None
        if not seeds:
            return _NONE, None
        chosen = np.array(seeds)
        scores = self._arrays[f"{name}_scores"][chosen].astype(np.float64)
        # Each seed has one voice, however loud its own scores are.
        loudest = np.where(scores[:, :1] > 0.0, scores[:, :1], 1.0)
        scores *= (fade ** np.arange(len(seeds)))[:, None] / loudest
        size = len(self._ids)
        return summed(near[chosen].ravel(), scores.ravel(), size=size, without=chosen)

    def _picks(self, request: ListRequest) -> Scored:
        if (request.algo_type or "").casefold() == "recentviews" and not request.user_id:
            return self._recent(self._known(request.session_views))
        if not self.personalization_enabled:
            return _NONE, None
        if (request.algo_type or "").casefold() == "recentviews":
            return self._recent(self._known(request.session_views))
        history, weights = self._history(request.user_id)
        if (request.algo_type or "").casefold() == "recentpurchases":
            return self._recent(history.tolist())
        return self._liked(history[:_LOOKED_AT], weights[:_LOOKED_AT])

    def _recent(self, items: Sequence[int]) -> Scored:
        latest = list(dict.fromkeys(items))[:_RECENT]
        return self._near(_DEFAULT_SIMILAR, latest, fade=_FADE) if latest else self._unknown()

    def _liked(self, history: Order, weights: Numbers) -> Scored:
        if not history.size:
            return self._unknown()
        near, scores = self._arrays["picks_items"], self._arrays["picks_scores"]
        weighed = scores[history] * weights[:, None]
        items, sums = summed(near[history].ravel(), weighed.ravel(), size=len(self._ids))
        return (items, sums) if items.size else self._unknown()

    def _unknown(self) -> Scored:
        return (self._arrays["popular"] if self.unknown_user == "popular" else _NONE), None

    def _history(self, user_id: str | None) -> tuple[Order, Numbers]:
        """The user's items, latest first, and how much each counts."""
        at = self._users.find(user_id) if user_id else None
        if at is None:
            return _NONE, np.zeros(0)
        starts = self._arrays["history_starts"]
        own = slice(int(starts[at]), int(starts[at + 1]))
        return self._arrays["history_items"][own], self._arrays["history_weights"][own]

    def _personalized(self, request: ListRequest, mask: Flags) -> list[str]:
        """The candidates, likeliest first; unknown ones last in the order given (our choice).

        Without a usable history the order given stays.
        """
        given = {item_id: self._ids.find(item_id) for item_id in dict.fromkeys(request.candidates)}
        known = [at for at in given.values() if at is not None]
        history, weights = self._history(request.user_id)
        if history.size and known and self.personalization_enabled:
            factors = self._arrays["factors"]
            liking = factors[known] @ (weights @ factors[history])
            known = np.array(known)[np.argsort(-liking, kind="stable")].tolist()
        unknown = [item_id for item_id, at in given.items() if at is None]
        return [self._ids[at] for at in known if mask[at]] + unknown

    def _mask(self, request: ListRequest) -> Flags:
        """Which items may be in the list; not to be changed."""
        mask = self._availability.mask(
            request.now, channel=request.channel_id, catalog=request.catalog_id
        )
        asked = {refinement.casefold() for refinement in request.refinements}
        removes = _REMOVE_USER_HISTORY in asked and self.personalization_enabled
        if not removes and not request.filters:
            return mask
        mask = mask.copy()
        self._filters.narrow(mask, request.filters)
        if removes:
            mask[self._history(request.user_id)[0]] = False
        return mask

    def _known(self, item_ids: Iterable[str]) -> list[int]:
        found = (self._ids.find(item_id) for item_id in dict.fromkeys(item_ids))
        return [at for at in found if at is not None]
