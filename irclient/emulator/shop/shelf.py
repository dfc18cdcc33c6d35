"""What is on sale at a time, so that a random item of a kind and style is found quickly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from irclient.emulator.shop.vocabulary import KINDS, STYLES

if TYPE_CHECKING:
    from irclient.cooking.data.instants import Numbers
    from irclient.emulator.shop.catalogue import Catalogue, Indices

__all__ = ["Shelf"]


class Shelf:
    """Items sorted by kind and style, so that a draw is one search in the summed weights."""

    def __init__(self, catalogue: Catalogue, weights: Numbers) -> None:
        group = catalogue.kinds * len(STYLES) + catalogue.styles
        self._order = np.argsort(group, kind="stable")
        self._reached = np.concatenate([[0.0], np.cumsum(weights[self._order])])
        bounds = np.arange(len(KINDS) * len(STYLES) + 1)
        self._starts = np.searchsorted(group[self._order], bounds)

    def pick(self, random: np.random.Generator, kinds: Indices, styles: Indices) -> Indices:
        """One item for each pair of kind and style; else of the kind; else any."""
        group = kinds * len(STYLES) + styles
        low, high = self._span(group, group + 1)
        kind_low, kind_high = self._span(kinds * len(STYLES), (kinds + 1) * len(STYLES))
        low, high = _unless_empty(low, high, kind_low, kind_high)
        nothing = np.zeros(kinds.size)
        low, high = _unless_empty(low, high, nothing, nothing + self._reached[-1])
        aim = low + random.random(kinds.size) * (high - low)
        at = np.searchsorted(self._reached, aim, side="right") - 1
        return self._order[np.clip(at, 0, self._order.size - 1)]

    def _span(self, start: Indices, end: Indices) -> tuple[Numbers, Numbers]:
        return self._reached[self._starts[start]], self._reached[self._starts[end]]


def _unless_empty(
    low: Numbers, high: Numbers, other_low: Numbers, other_high: Numbers
) -> tuple[Numbers, Numbers]:
    empty = high <= low
    return np.where(empty, other_low, low), np.where(empty, other_high, high)
