"""Who buys in the made-up shop: how often, and what they like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from irclient.emulator.shop.vocabulary import CATEGORIES, CATEGORY_OF_KIND, KINDS, STYLES

if TYPE_CHECKING:
    from irclient.cooking.data.instants import Numbers
    from irclient.emulator.shop.catalogue import Indices

__all__ = ["activity_of", "styles_of", "tastes_of"]

#: The activity of a regular; one in some twenty users has as much.
_REGULAR: Final = 6.0
#: How often a user stays true to the favourite style.
_LOYALTY: Final = 0.7


def activity_of(random: np.random.Generator, users: int) -> Numbers:
    """How much each user buys, beside the others."""
    activity: Numbers = random.pareto(1.6, size=users) + 0.4
    activity[0] = max(float(activity[0]), _REGULAR)  # the user that examples ask for
    return activity


def tastes_of(random: np.random.Generator, users: int) -> Numbers:
    """How much each user likes each kind: a few categories, and some kinds in them more."""
    categories = random.dirichlet(np.full(len(CATEGORIES), 0.35), size=users) + 0.01
    kinds = random.gamma(0.8, size=(users, len(KINDS))) + 0.05
    return categories[:, np.array(CATEGORY_OF_KIND)] * kinds


def styles_of(random: np.random.Generator, favourites: Indices) -> Indices:
    """The style that is wished for in each row: mostly the favourite of the row's user."""
    loyal = random.random(favourites.size) < _LOYALTY
    return np.where(loyal, favourites, random.integers(len(STYLES), size=favourites.size))
