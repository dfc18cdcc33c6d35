"""The made-up shop's sales: who put what into one basket, when.

Users have tastes (some categories, mostly one style), baskets have a theme and its complements,
kinds have seasons, items come and go out of fashion. So each list has something to find.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from irclient.cooking.data.instants import DAY
from irclient.emulator.shop.baskets import basket_kinds, basket_of_each_row
from irclient.emulator.shop.shelf import Shelf
from irclient.emulator.shop.shoppers import activity_of, styles_of, tastes_of
from irclient.emulator.shop.vocabulary import KINDS, STYLES

if TYPE_CHECKING:
    from irclient.cooking.data.instants import Milliseconds, Numbers
    from irclient.emulator.shop.catalogue import Catalogue, Indices

__all__ = ["Sales", "make_sales"]

#: The shop's past: how many periods, and how many days each has.
_PERIODS: Final = 12
_PERIOD_DAYS: Final = 45


@dataclass(frozen=True, slots=True, kw_only=True)
class Sales:
    """The interactions, column by column, oldest basket first.

    Attributes:
        baskets: The number of the basket, from 0.
        users: The number of the user, from 0.
        items: The index of the item in the catalogue.
        at: When, in milliseconds since 1970.
    """

    baskets: Indices
    users: Indices
    items: Indices
    at: Milliseconds


def make_sales(
    random: np.random.Generator,
    catalogue: Catalogue,
    *,
    users: int,
    interactions: int,
    ends_at: int,
) -> Sales:
    """Make up exactly the given numbers of interactions and users, up to `ends_at`."""
    baskets = basket_of_each_row(random, interactions)
    count = int(baskets[-1]) + 1 if interactions else 0
    began_at = ends_at - _PERIODS * _PERIOD_DAYS * DAY
    # A little more is sold every week: the square root of a uniform number leans to the end.
    share = np.sort(random.uniform(0.15, 1.0, size=count) ** 0.7)
    at = (began_at + share * (ends_at - began_at)).astype(np.int64)
    activity = activity_of(random, users)
    shoppers = random.choice(users, size=count, p=activity / activity.sum())
    periods = np.minimum((share * _PERIODS).astype(np.int64), _PERIODS - 1)
    tastes = tastes_of(random, users)
    favourites = random.integers(len(STYLES), size=users)
    items = np.empty(interactions, dtype=np.int64)
    first = np.concatenate([[True], np.diff(baskets) > 0])[:interactions]
    for period in range(_PERIODS):
        rows = np.flatnonzero(periods[baskets] == period)
        if not rows.size:
            continue
        who = shoppers[baskets[rows]]
        month = _month(began_at + (period * _PERIOD_DAYS + _PERIOD_DAYS // 2) * DAY)
        wished = _draw_kinds(random, tastes * _season(month), who)
        kinds = basket_kinds(random, wished, first[rows])
        styles = styles_of(random, favourites[who])
        period_ends_at = began_at + (period + 1) * _PERIOD_DAYS * DAY
        shelf = Shelf(catalogue, _weights(catalogue, period, period_ends_at))
        items[rows] = shelf.pick(random, kinds, styles)
    released_at = catalogue.released_at[items]
    row_at = at[baskets]
    since = released_at + (random.random(interactions) * (ends_at - released_at)).astype(np.int64)
    return Sales(
        baskets=baskets,
        users=shoppers[baskets],
        items=items,
        at=np.where(row_at < released_at, since, row_at),
    )


def _month(at: int) -> int:
    return int(np.datetime64(at, "ms").astype("datetime64[M]").astype(np.int64)) % 12 + 1


def _season(month: int) -> Numbers:
    peaks = np.array([kind.peak_month for kind in KINDS])
    apart = np.abs(peaks - month)
    apart = np.minimum(apart, 12 - apart)
    return np.where(peaks == 0, 1.0, 0.5 + 3.0 * np.exp(-(apart**2) / 3.0))


def _draw_kinds(random: np.random.Generator, liking: Numbers, who: Indices) -> Indices:
    """One kind for each row, by the liking of the row's user."""
    reached = np.cumsum(liking, axis=1)
    aim = random.random(who.size) * reached[who, -1]
    drawn: Indices = (reached[who] < aim[:, None]).sum(axis=1)
    return np.minimum(drawn, len(KINDS) - 1)


def _weights(catalogue: Catalogue, period: int, period_ends_at: int) -> Numbers:
    """An item's appeal in a period: fashion moves it, a recent release doubles it."""
    when = 2.0 * period / (_PERIODS - 1) - 1.0
    weights = catalogue.appeal * np.exp(1.5 * catalogue.drift * when)
    age = period_ends_at - catalogue.released_at
    recent = (age > 0) & (age < 2 * _PERIOD_DAYS * DAY)
    return np.where(age > 0, np.where(recent, 2.0, 1.0) * weights, 0.0)
