"""Which items have which value of which filter."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from irclient.cooking.data.instants import Flags
    from irclient.cooking.output import Cooked

__all__ = ["FilterValues"]


class FilterValues:
    """The filters of a data set; see `irclient.cooking.output` for how they are kept."""

    def __init__(self, cooked: Cooked) -> None:
        arrays = cooked.arrays
        self._keys, self._names = cooked.texts["filter_keys"], cooked.texts["filter_names"]
        self._starts, self._items = arrays["filter_starts"], arrays["filter_items"]
        self._own_starts, self._own = arrays["item_filter_starts"], arrays["item_filters"]

    def narrow(self, mask: Flags, wanted: Mapping[str, Sequence[str]]) -> None:
        """Clear the mask where an item lacks a wanted filter.

        Args:
            mask: One entry an item; changed in place.
            wanted: Values by name; every name must match, one of its values is enough.
        """
        for name, values in wanted.items():
            matching = np.zeros_like(mask)
            # The same value a thousand times says no more than once.
            for value in dict.fromkeys(values):
                pair = self._keys.find(f"{name.casefold()}\n{value}")
                if pair is not None:
                    own = slice(int(self._starts[pair]), int(self._starts[pair + 1]))
                    matching[self._items[own]] = True
            mask &= matching
            if not mask.any():
                return

    def common(self, items: Iterable[int]) -> dict[str, list[str]]:
        """The filters' names and values of some items, commonest first."""
        counts: Counter[int] = Counter()
        for item in items:
            own = slice(int(self._own_starts[item]), int(self._own_starts[item + 1]))
            counts.update(self._own[own].tolist())
        found: dict[str, list[str]] = {}
        # By name first, since equal counts keep this order.
        for pair, _ in sorted(counts.items(), key=lambda each: (-each[1], each[0])):
            value = self._keys[pair].partition("\n")[2]
            found.setdefault(self._names[pair], []).append(value)
        return dict(sorted(found.items(), key=lambda each: each[0].casefold()))
