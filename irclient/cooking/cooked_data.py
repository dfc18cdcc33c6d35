"""Cooked data answering requests: from a request to a ranked list of item ids.

Order of things (contract section 5: I, and section 11.3: D): rank, put included items on top and
drop excluded ones, then keep what is available, matches the filters and, when asked for, is not
in the user's history.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import numpy as np

from irclient.cooking.availability import Availability

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from irclient.cooking.algorithms import Order
    from irclient.cooking.cooked_cache import Cooked
    from irclient.cooking.data.cells import Flags, Numbers

__all__ = ["CookedData", "ListRequest", "Operation", "UnknownUser"]

Operation: TypeAlias = Literal[
    "new", "popular", "trending", "similar", "cart", "bought_together", "picks", "personalize"
]
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
#: The RecoListName of each list, in lower case (contract section 11.3: D, from Dynamics 365).
_LIST_NAMES: Final[Mapping[str, str]] = {
    "new": "reconew",
    "popular": "recobestselling",
    "trending": "recotrending",
    "cart": "recocart",
    "bought_together": "recocart",
    "picks": "recopicks",
    "people_also": "recopeoplealsobuy",
    "mf": "recopeoplealsobuy",
    "styles": "recopeoplealsobuy",
    "visual": "recosimilarvisual",
    "textual": "recosimilartextual",
}
_REMOVE_USER_HISTORY: Final = "removeuserhistory"
#: How many of the latest purchases or views a recent pick looks at, and how fast they fade.
_RECENT: Final = 10
_FADE: Final = 0.85
#: How many visually similar items the selectors are gathered from.
_SELECTED_FROM: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRequest:
    """What a list is asked for, free of HTTP.

    Attributes:
        operation: Which list.
        seeds: The items that similar, cart and bought_together start from; for a visual similar
            it may be an image id.
        candidates: What personalize ranks.
        algo_type: As the caller wrote it, any case; an unknown one means the operation's default
            (our choice).
        user_id: Whose picks; whose history is removed. It does not re-rank the other lists: the
            flags that would ask for that were never named.
        session_views: The items seen in the session, most recent first.
        channel_id: None is the default channel.
        catalog_id: None is the default catalog.
        filters: Values by filter name. Names in any case, values exactly; all names must match,
            one of a name's values is enough (I, and our choice for several values).
        refinements: RemoveUserHistory, in any case; others do nothing.
        now: The instant at which items must be available.
    """

    operation: Operation
    seeds: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    algo_type: str | None = None
    user_id: str | None = None
    session_views: tuple[str, ...] = ()
    channel_id: str | None = None
    catalog_id: str | None = None
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    refinements: tuple[str, ...] = ()
    now: datetime


class CookedData:
    """What one cooking made of a data set. Does not change; may be shared by threads.

    Attributes:
        interactions_version: When it was cooked, as the service names it: yyyyMMddHHmmss.
        cooked_at: The same as an instant; without a zone it is UTC.
        personalization_enabled: What Reco_Config says; without it picks are empty and histories
            are not removed (contract section 11.2: D).
        unknown_user: What picks answers for a user without a usable history.
        notes: What people should know about the data, such as dropped rows.
    """

    def __init__(
        self, cooked: Cooked, *, cooked_at: datetime, unknown_user: UnknownUser = "popular"
    ) -> None:
        """Take what was cooked.

        Raises:
            KeyError: A part is missing.
        """
        arrays, texts = cooked.arrays, cooked.texts
        utc = cooked_at.astimezone(UTC) if cooked_at.tzinfo else cooked_at
        self.interactions_version = utc.strftime("%Y%m%d%H%M%S")
        self.cooked_at = cooked_at
        self.personalization_enabled = bool(arrays["personalization_enabled"][0])
        self.unknown_user: UnknownUser = unknown_user
        self.notes = tuple(texts["notes"])
        self._arrays = arrays
        self._ids = texts["ids"]
        self._id_objects = np.array([*self._ids, ""], dtype=np.object_)[:-1]
        self._titles = texts["titles"]
        self._index = {item_id: at for at, item_id in enumerate(self._ids)}
        self._users = {user: at for at, user in enumerate(texts["users"])}
        self._availability = Availability(
            size=len(self._ids),
            scopes=texts["scopes"],
            scope=arrays["window_scope"],
            items=arrays["window_items"],
            starts_at=arrays["window_starts_at"],
            ends_at=arrays["window_ends_at"],
        )
        self._filters = _filters(texts["filter_names"], texts["filter_values"], arrays)
        self._images: dict[str, list[int]] = {}
        for image, item in zip(texts["image_ids"], arrays["image_items"].tolist(), strict=True):
            self._images.setdefault(image, []).append(item)
        self._enrichments = _enrichments(texts["enriched_lists"], arrays)

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
        return item_id in self._index

    def title(self, item_id: str) -> str | None:
        """The item's title; None for an unknown item or one without a title."""
        at = self._index.get(item_id)
        return (self._titles[at] or None) if at is not None else None

    def ranking(self, request: ListRequest) -> list[str]:
        """The complete list, best first: whatever paging leaves out is for the caller to cut."""
        mask = self._mask(request)
        if request.operation == "personalize":
            return self._personalized(request, mask)
        name = self._list_name(request)
        order = self._enriched(request, name, self._order(request, name))
        ids: list[str] = self._id_objects[order[mask[order]]].tolist()
        return ids

    def selectors(
        self,
        item_id: str,
        *,
        now: datetime | None = None,
        channel_id: str | None = None,
        catalog_id: str | None = None,
        algo_type: str | None = None,
    ) -> dict[str, list[str]]:
        """The filter names and values of the items most similar to this one, commonest first.

        Args:
            item_id: An item or an image; an unknown one has no selectors.
            now: When the similar items must be available; None is when the data was cooked.
            channel_id: None is the default channel.
            catalog_id: None is the default catalog.
            algo_type: Which similarity; None is the visual one, which the operation is about (D).
        """
        request = ListRequest(
            operation="similar",
            seeds=(item_id,),
            algo_type=algo_type or "Visual",
            channel_id=channel_id,
            catalog_id=catalog_id,
            now=now or self.cooked_at,
        )
        near = {self._index[found] for found in self.ranking(request)[:_SELECTED_FROM]}
        found: dict[str, list[str]] = {}
        for name, values in self._filters.values():
            counts = Counter(
                {value: len(near.intersection(items.tolist())) for value, items in values.items()}
            )
            common = [value for value, count in counts.most_common() if count]
            if common:
                found[name] = common
        return found

    def _list_name(self, request: ListRequest) -> str:
        if request.operation != "similar":
            return request.operation
        return _SIMILAR.get((request.algo_type or "").casefold(), _DEFAULT_SIMILAR)

    def _order(self, request: ListRequest, name: str) -> Order:
        if name in {"new", "popular", "trending"}:
            return self._arrays[name]
        if name == "picks":
            return self._picks(request)
        if name in {"cart", "bought_together"}:
            seeds = self._known(request.seeds)
            return self._near("cart", seeds, [1.0] * len(seeds))
        return self._similar(request.seeds, name)

    def _similar(self, seeds: Sequence[str], name: str) -> Order:
        known = self._known(seeds)
        shown = [item for seed in seeds for item in self._images.get(seed, ())]
        if name != "visual" or known or not shown:
            return self._near(name, known, [1.0] * len(known))
        near = self._near(name, shown, [1.0] * len(shown))
        return np.concatenate([np.array(list(dict.fromkeys(shown)), dtype=np.int32), near])

    def _near(self, name: str, seeds: Sequence[int], weights: Sequence[float]) -> Order:
        """The seeds' neighbours by their summed scores, the seeds themselves left out."""
        items, scores = self._arrays[f"{name}_items"], self._arrays[f"{name}_scores"]
        if len(seeds) == 1:
            own: Order = items[seeds[0]]
            return own[own >= 0]
        summed = np.zeros(len(self._ids))
        for seed, weight in zip(seeds, weights, strict=True):
            own, kept = items[seed], items[seed] >= 0
            # Each seed has one voice, however loud its own scores are.
            loudest = float(scores[seed, 0]) or 1.0
            summed[own[kept]] += weight / loudest * scores[seed][kept]
        summed[list(seeds)] = 0.0
        return _descending(summed)

    def _picks(self, request: ListRequest) -> Order:
        if (request.algo_type or "").casefold() == "recentviews" and not request.user_id:
            return self._recent(self._known(request.session_views))
        if not self.personalization_enabled:
            return np.zeros(0, dtype=np.int32)
        if (request.algo_type or "").casefold() == "recentviews":
            return self._recent(self._known(request.session_views))
        history, weights = self._history(request.user_id)
        if (request.algo_type or "").casefold() == "recentpurchases":
            return self._recent(history.tolist())
        return self._unknown() if not history.size else _descending(self._liking(history, weights))

    def _recent(self, items: Sequence[int]) -> Order:
        latest = list(dict.fromkeys(items))[:_RECENT]
        if not latest:
            return self._unknown()
        return self._near(_DEFAULT_SIMILAR, latest, [_FADE**at for at in range(len(latest))])

    def _unknown(self) -> Order:
        if self.unknown_user == "popular":
            return self._arrays["popular"]
        return np.zeros(0, dtype=np.int32)

    def _history(self, user_id: str | None) -> tuple[Order, Numbers]:
        """The user's items, latest first, and how much each counts."""
        at = self._users.get(user_id or "")
        if at is None:
            return np.zeros(0, dtype=np.int32), np.zeros(0)
        starts = self._arrays["history_starts"]
        own = slice(int(starts[at]), int(starts[at + 1]))
        return self._arrays["history_items"][own], self._arrays["history_weights"][own]

    def _liking(self, history: Order, weights: Numbers) -> Numbers:
        factors = self._arrays["factors"]
        liking: Numbers = factors @ (weights @ factors[history])
        return liking

    def _personalized(self, request: ListRequest, mask: Flags) -> list[str]:
        """The candidates, likeliest first; unknown ones last in the order given (our choice).

        Without a usable history the order given stays.
        """
        given = list(dict.fromkeys(request.candidates))
        known = [item_id for item_id in given if item_id in self._index]
        history, weights = self._history(request.user_id)
        if history.size and self.personalization_enabled:
            liking = self._liking(history, weights)
            known.sort(key=lambda item_id: -float(liking[self._index[item_id]]))
        unknown = [item_id for item_id in given if item_id not in self._index]
        return [item_id for item_id in known if mask[self._index[item_id]]] + unknown

    def _enriched(self, request: ListRequest, name: str, order: Order) -> Order:
        """Put included items on top by rank and drop excluded ones (D)."""
        list_name = _LIST_NAMES[name]
        algo_type = (request.algo_type or "").casefold()
        seeds = (-1, *self._known(request.seeds))
        rows = [
            row
            for algo in {"", algo_type}
            for seed in seeds
            for row in self._enrichments.get((list_name, algo, seed), ())
        ]
        if not rows:
            return order
        excluded = {item for item, rank in rows if np.isnan(rank)}
        included = sorted(
            (rank, item) for item, rank in rows if not np.isnan(rank) and item not in excluded
        )
        top = np.array(list(dict.fromkeys(item for _, item in included)), dtype=np.int32)
        moved = np.array([*excluded, *top.tolist()], dtype=np.int32)
        return np.concatenate([top, order[~np.isin(order, moved)]])

    def _mask(self, request: ListRequest) -> Flags:
        mask = self._availability.mask(
            request.now, channel=request.channel_id, catalog=request.catalog_id
        )
        for name, wanted in request.filters.items():
            _, values = self._filters.get(name.casefold(), ("", {}))
            matching = np.zeros_like(mask)
            for value in wanted:
                if value in values:
                    matching[values[value]] = True
            mask &= matching
        asked = {refinement.casefold() for refinement in request.refinements}
        if _REMOVE_USER_HISTORY in asked and self.personalization_enabled:
            mask[self._history(request.user_id)[0]] = False
        return mask

    def _known(self, item_ids: Iterable[str]) -> list[int]:
        found = (self._index.get(item_id) for item_id in dict.fromkeys(item_ids))
        return [at for at in found if at is not None]


def _descending(scores: Numbers) -> Order:
    positive = np.flatnonzero(scores > 0.0)
    return positive[np.argsort(-scores[positive], kind="stable")].astype(np.int32)


def _filters(
    names: Sequence[str], values: Sequence[str], arrays: Mapping[str, Order]
) -> dict[str, tuple[str, dict[str, Order]]]:
    """By folded filter name: the name as first spelled, and the items of each value."""
    found: dict[str, tuple[str, dict[str, Order]]] = {}
    starts, items = arrays["filter_starts"].tolist(), arrays["filter_items"]
    for at, (name, value) in enumerate(zip(names, values, strict=True)):
        _, own = found.setdefault(name.casefold(), (name, {}))
        own[value] = items[starts[at] : starts[at + 1]]
    return found


def _enrichments(
    lists: Sequence[str], arrays: Mapping[str, Order]
) -> dict[tuple[str, str, int], list[tuple[int, float]]]:
    """By list, algorithm and seed (-1 for all): items with their rank, NaN to exclude."""
    found: dict[tuple[str, str, int], list[tuple[int, float]]] = {}
    columns = (arrays[f"enriched_{name}"].tolist() for name in ("seeds", "items", "ranks"))
    for key, seed, item, rank in zip(lists, *columns, strict=True):
        list_name, _, algo_type = key.partition("\n")
        found.setdefault((list_name, algo_type, seed), []).append((item, rank))
    return found
