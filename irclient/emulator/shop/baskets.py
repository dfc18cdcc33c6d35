"""What stands together in a basket: a theme, its complements, and more of its category."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from irclient.emulator.shop.vocabulary import CATEGORY_OF_KIND, KINDS

if TYPE_CHECKING:
    from irclient.cooking.data.instants import Flags
    from irclient.emulator.shop.catalogue import Indices

__all__ = ["basket_kinds", "basket_of_each_row"]

_LARGEST_BASKET: Final = 10
#: What the items of a basket after its first one are: complements, the same category, or else.
_COMPLEMENT_SHARE: Final = 0.55
_SAME_CATEGORY_SHARE: Final = 0.25


def basket_of_each_row(random: np.random.Generator, interactions: int) -> Indices:
    """The number of each row's basket, from 0."""
    sizes = np.minimum(random.geometric(0.38, size=interactions), _LARGEST_BASKET)
    return np.repeat(np.arange(interactions), sizes)[:interactions]


def basket_kinds(random: np.random.Generator, wished: Indices, first: Flags) -> Indices:
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


def _partners_of(kind: int) -> tuple[int, ...]:
    nouns = [one.noun for one in KINDS]
    return tuple(nouns.index(noun) for noun in KINDS[kind].goes_with) or (kind,)


_PARTNERS: Final = tuple(_partners_of(kind) for kind in range(len(KINDS)))
_SAME_CATEGORY: Final = tuple(
    tuple(other for other in range(len(KINDS)) if CATEGORY_OF_KIND[other] == CATEGORY_OF_KIND[kind])
    for kind in range(len(KINDS))
)
