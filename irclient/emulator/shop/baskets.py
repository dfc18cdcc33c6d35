"""The made-up shop's sales: who put what into one basket, when.

Users have tastes (some categories, mostly one style), baskets have a theme and its complements,
kinds have seasons, items come and go out of fashion. So each list has something to find.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from irclient.emulator.shop.catalogue import DAY
from irclient.emulator.shop.vocabulary import KINDS, STYLES

if TYPE_CHECKING:
    from irclient.cooking.data.instants import Flags, Milliseconds, Numbers
    from irclient.emulator.shop.catalogue import Catalogue, Indices

__all__ = ["Sales", "make_sales"]

#: The shop's past: how many periods, and how many days each has.
_PERIODS: Final = 12
_PERIOD_DAYS: Final = 45
_LARGEST_BASKET: Final = 10
#: What the items of a basket after its first one are: complements, the same category, or else.
_COMPLEMENT_SHARE: Final = 0.55
_SAME_CATEGORY_SHARE: Final = 0.25
#: The activity of a regular; one in some twenty users has as much.
_REGULAR: Final = 6.0
#: How often a user stays true to the favourite style.
_LOYALTY: Final = 0.7

_CATEGORIES: Final = tuple(dict.fromkeys(kind.category for kind in KINDS))
_CATEGORY_OF_KIND: Final = np.array([_CATEGORIES.index(kind.category) for kind in KINDS])


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
    baskets = _basket_of_each_row(random, interactions)
    count = int(baskets[-1]) + 1 if interactions else 0
    began_at = ends_at - _PERIODS * _PERIOD_DAYS * DAY
    # A little more is sold every week: the square root of a uniform number leans to the end.
    share = np.sort(random.uniform(0.15, 1.0, size=count) ** 0.7)
    at = (began_at + share * (ends_at - began_at)).astype(np.int64)
    activity = random.pareto(1.6, size=users) + 0.4
    activity[0] = max(float(activity[0]), _REGULAR)  # the user that examples ask for
    shoppers = random.choice(users, size=count, p=activity / activity.sum())
    periods = np.minimum((share * _PERIODS).astype(np.int64), _PERIODS - 1)
    tastes = _tastes(random, users)
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
        kinds = _basket_kinds(random, wished, first[rows])
        loyal = random.random(rows.size) < _LOYALTY
        styles = np.where(loyal, favourites[who], random.integers(len(STYLES), size=rows.size))
        period_ends_at = began_at + (period + 1) * _PERIOD_DAYS * DAY
        shelf = _Shelf(catalogue, _weights(catalogue, period, period_ends_at))
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


def _basket_of_each_row(random: np.random.Generator, interactions: int) -> Indices:
    sizes = np.minimum(random.geometric(0.38, size=interactions), _LARGEST_BASKET)
    return np.repeat(np.arange(interactions), sizes)[:interactions]


def _tastes(random: np.random.Generator, users: int) -> Numbers:
    """How much each user likes each kind: a few categories, and some kinds in them more."""
    categories = random.dirichlet(np.full(len(_CATEGORIES), 0.35), size=users) + 0.01
    kinds = random.gamma(0.8, size=(users, len(KINDS))) + 0.05
    return categories[:, _CATEGORY_OF_KIND] * kinds


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


def _basket_kinds(random: np.random.Generator, wished: Indices, first: Flags) -> Indices:
    """The first row of a basket sets the theme; the others mostly follow it."""
    theme = wished[np.maximum.accumulate(np.where(first, np.arange(first.size), 0))]
    role = random.random(wished.size)
    pick = random.integers(1 << 16, size=wished.size)
    widest = max(len(partners) for partners in _PARTNERS)
    partners = np.array([[p[i % len(p)] for i in range(widest)] for p in _PARTNERS])
    complement = partners[theme, pick % widest]
    sizes = np.array([len(kinds) for kinds in _SAME_CATEGORY])
    offsets = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    like = np.concatenate([np.array(kinds) for kinds in _SAME_CATEGORY])[
        offsets[theme] + pick % sizes[theme]
    ]
    follows = np.where(
        role < _COMPLEMENT_SHARE,
        complement,
        np.where(role < _COMPLEMENT_SHARE + _SAME_CATEGORY_SHARE, like, wished),
    )
    return np.where(first, wished, follows)


def _weights(catalogue: Catalogue, period: int, period_ends_at: int) -> Numbers:
    """An item's appeal in a period: fashion moves it, a recent release doubles it."""
    when = 2.0 * period / (_PERIODS - 1) - 1.0
    weights = catalogue.appeal * np.exp(1.5 * catalogue.drift * when)
    age = period_ends_at - catalogue.released_at
    recent = (age > 0) & (age < 2 * _PERIOD_DAYS * DAY)
    return np.where(age > 0, np.where(recent, 2.0, 1.0) * weights, 0.0)


class _Shelf:
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


def _partners_of(kind: int) -> tuple[int, ...]:
    nouns = [one.noun for one in KINDS]
    return tuple(nouns.index(noun) for noun in KINDS[kind].goes_with) or (kind,)


_PARTNERS: Final = tuple(_partners_of(kind) for kind in range(len(KINDS)))
_SAME_CATEGORY: Final = tuple(
    tuple(
        other for other in range(len(KINDS)) if _CATEGORY_OF_KIND[other] == _CATEGORY_OF_KIND[kind]
    )
    for kind in range(len(KINDS))
)
