"""The shopkeeper's hand in the lists: what is put on top, and what is taken out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from irclient.cooking.output import Cooked
    from irclient.cooking.ranking import Order

__all__ = ["ManualChanges"]

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
_EVERY_SEED: Final = -1


class ManualChanges:
    """Enrichments by list, algorithm and seed."""

    def __init__(self, cooked: Cooked) -> None:
        self._rows: dict[tuple[str, str, int], list[tuple[int, float]]] = {}
        columns = (cooked.arrays[f"enriched_{name}"].tolist() for name in _COLUMNS)
        for key, seed, item, rank in zip(cooked.texts["enriched_lists"], *columns, strict=True):
            list_name, _, algo_type = key.partition("\n")
            self._rows.setdefault((list_name, algo_type, seed), []).append((item, rank))

    def of(self, name: str, *, algo_type: str, seeds: Iterable[int]) -> tuple[Order, Order]:
        """What to put on top of a list, by rank, and what to take out of the rest of it (D).

        Args:
            name: The list.
            algo_type: What the caller asked for, in lower case.
            seeds: The items that the list starts from.
        """
        if not self._rows:
            return _NONE, _NONE
        list_name = _LIST_NAMES[name]
        rows = [
            row
            for algo in {"", algo_type}
            for seed in (_EVERY_SEED, *seeds)
            for row in self._rows.get((list_name, algo, seed), ())
        ]
        excluded = {item for item, rank in rows if math.isnan(rank)}
        included = sorted(
            (rank, item) for item, rank in rows if not math.isnan(rank) and item not in excluded
        )
        top = list(dict.fromkeys(item for _, item in included))
        return np.array(top, dtype=np.int32), np.array([*excluded, *top], dtype=np.int32)


_COLUMNS: Final = ("seeds", "items", "ranks")
_NONE: Final = np.zeros(0, dtype=np.int32)
