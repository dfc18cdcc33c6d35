"""Which items may be returned now, in this channel and this catalog.

Availability is applied at the call (contract section 8: D). Channel "0" and catalog "0" are the
defaults; every item belongs to the default channel, and within a channel to its default catalog,
without being told so (D). A channel or catalog that the data does not know has no items (D).

Our reading where the documentation stops: the dates that count in a default channel or catalog
are those of rows that name it; an item without such rows has the dates of its other rows; an item
without any row is always available in the default channel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from irclient.cooking.data.cells import milliseconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from irclient.cooking.algorithms import Order
    from irclient.cooking.data.cells import Flags, Milliseconds
    from irclient.cooking.data.data_contract import Availabilities

__all__ = ["Availability", "Window", "windows"]

DEFAULT: Final = "0"
_ALWAYS: Final = (int(np.iinfo(np.int64).min), int(np.iinfo(np.int64).max))

#: Channel, catalog, item, from, to.
Window = tuple[str, str, int, int, int]


def windows(given: Availabilities | None, index: Mapping[str, int]) -> list[Window]:
    """Every window of every scope that a request can name, with the defaults spelled out.

    Args:
        given: The data set's rows, if it has any.
        index: The place of each item id in the catalogue.
    """
    rows: dict[int, list[Window]] = {item: [] for item in index.values()}
    if given is not None:
        for at, item_id in enumerate(given.item_ids):
            item = index.get(item_id)
            if item is not None:
                span = (int(given.starts_at[at]), int(given.ends_at[at]))
                rows[item].append((given.channels[at], given.catalogs[at], item, *span))
    found: list[Window] = []
    for item, own in rows.items():
        found.extend(_of_item(item, own))
    return found


def _of_item(item: int, rows: Sequence[Window]) -> Iterable[Window]:
    if not rows:
        yield (DEFAULT, DEFAULT, item, *_ALWAYS)
        return
    for channel in dict.fromkeys((DEFAULT, *(row[0] for row in rows))):
        named = [row for row in rows if row[0] == channel]
        in_channel = named or rows  # only the default channel can be left unnamed
        for catalog in dict.fromkeys((DEFAULT, *(row[1] for row in named))):
            in_catalog = [row for row in in_channel if row[1] == catalog] or in_channel
            for _, _, _, start, end in in_catalog:
                yield (channel, catalog, item, start, end)


class Availability:
    """Answers, for an instant and a scope, which items may be returned."""

    def __init__(
        self,
        *,
        size: int,
        scopes: Sequence[str],
        scope: Order,
        items: Order,
        starts_at: Milliseconds,
        ends_at: Milliseconds,
    ) -> None:
        """Take windows column by column.

        Args:
            size: How many items there are.
            scopes: Channel and catalog in turn, two for each scope.
            scope: For each window the number of its scope.
            items: For each window its item.
            starts_at: For each window its first instant.
            ends_at: For each window its last instant.
        """
        self._size = size
        self._of: dict[tuple[str, str], tuple[Order, Milliseconds, Milliseconds]] = {}
        for number, pair in enumerate(zip(scopes[::2], scopes[1::2], strict=True)):
            own = scope == number
            self._of[pair] = (items[own], starts_at[own], ends_at[own])

    def mask(self, now: datetime, *, channel: str | None, catalog: str | None) -> Flags:
        """A fresh array: for each item whether it may be returned."""
        mask = np.zeros(self._size, dtype=np.bool_)
        found = self._of.get((channel or DEFAULT, catalog or DEFAULT))
        if found is not None:
            items, starts_at, ends_at = found
            at = milliseconds(now)
            mask[items[(starts_at <= at) & (at <= ends_at)]] = True
        return mask
