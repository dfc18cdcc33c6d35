"""The made-up shop's catalogue: items with a kind, a style, a price, a release and an appeal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from irclient.cooking.data.instants import DAY
from irclient.emulator.shop.vocabulary import AMOUNTS, BRANDS, COLORS, KINDS, STYLES

if TYPE_CHECKING:
    from irclient.cooking.data.instants import Milliseconds, Numbers
    from irclient.emulator.shop.vocabulary import Kind

__all__ = ["FAMOUS_ITEM", "NEWEST_ITEMS", "Catalogue", "make_catalogue"]

#: The item that examples ask for; the documentation's own example URL names it.
FAMOUS_ITEM: Final = "64702"
#: The documentation's sample of New lists these without the second, which is therefore sold out.
NEWEST_ITEMS: Final = ("70000", "70001", "70002", "70003", "70004", "70005")

Indices: TypeAlias = npt.NDArray[np.int64]

_LOWEST_ID: Final = 60_000
_PRICE_SPREAD: Final = 0.25
#: Everything but the newest items has been on sale for at least this long.
_SETTLED_DAYS: Final = 20
_OLDEST_DAYS: Final = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """The items, column by column.

    Attributes:
        ids: Numeric strings.
        kinds: Index into KINDS.
        styles: Index into STYLES: the latent taste that an item answers to.
        brands: Index into BRANDS.
        colors: Index into COLORS, or into AMOUNTS for what is eaten.
        materials: The word for what it is made of.
        prices: In the shop's currency.
        released_at: When it came on sale.
        appeal: How often it is picked among its like; a power law.
        drift: How its appeal changes over the shop's time, about -1 to 1.
    """

    ids: tuple[str, ...]
    kinds: Indices
    styles: Indices
    brands: Indices
    colors: Indices
    materials: tuple[str, ...]
    prices: Numbers
    released_at: Milliseconds
    appeal: Numbers
    drift: Numbers

    def kind(self, item: int) -> Kind:
        """What the item is."""
        return KINDS[int(self.kinds[item])]

    def brand(self, item: int) -> str:
        """Who made it."""
        return BRANDS[int(self.brands[item])]

    def style(self, item: int) -> tuple[str, str]:
        """The latent taste that it answers to: a word and a sentence."""
        return STYLES[int(self.styles[item])]

    def look(self, item: int) -> str:
        """Its color; for what is eaten, how much of it."""
        words = AMOUNTS if self.kind(item).category == "Pantry" else COLORS
        return words[int(self.colors[item]) % len(words)]

    def title(self, item: int) -> str:
        """As it stands on the shelf."""
        named = f"{self.brand(item)} {self.style(item)[0]} {self.materials[item]}"
        return f"{named} {self.kind(item).noun}, {self.look(item)}"

    def description(self, item: int) -> str:
        """A line of the catalogue's text."""
        kind, (style, sentence) = self.kind(item), self.style(item)
        partner = f" Goes well with our {kind.goes_with[0].lower()}." if kind.goes_with else ""
        return (
            f"{style} {kind.noun.lower()} in {self.materials[item].lower()}, "
            f"{self.look(item).lower()}. {sentence}{partner}"
        )


def make_catalogue(random: np.random.Generator, *, items: int, ends_at: int) -> Catalogue:
    """Make up a catalogue whose newest items came on sale just before `ends_at`.

    Args:
        random: Where all chance comes from.
        items: How many, the examples' items among them.
        ends_at: The shop's last instant, in milliseconds since 1970.
    """
    named = (FAMOUS_ITEM, *NEWEST_ITEMS)
    kinds = random.integers(len(KINDS), size=items)
    kinds[0] = 0
    usual = np.array([kind.price for kind in KINDS])[kinds]
    prices = usual * random.lognormal(0.0, _PRICE_SPREAD, size=items)
    ages = random.uniform(_SETTLED_DAYS, _OLDEST_DAYS, size=items)
    ages[1 : len(named)] = np.arange(1, len(named)) * 0.5
    ranks = random.permutation(items).astype(np.float64)
    appeal: Numbers = (1.0 + ranks) ** -0.8
    appeal[0] = appeal.max()
    appeal[1 : len(named)] = np.median(appeal)
    chosen = random.integers(1 << 16, size=items)
    materials = tuple(
        _one_of(KINDS[int(kind)].materials, int(choice))
        for kind, choice in zip(kinds, chosen, strict=True)
    )
    return Catalogue(
        ids=_ids(random, named, items),
        kinds=kinds,
        styles=random.integers(len(STYLES), size=items),
        brands=random.integers(len(BRANDS), size=items),
        colors=random.integers(len(COLORS), size=items),
        materials=materials,
        prices=np.maximum(np.round(prices) - 0.05, 0.95),
        released_at=(ends_at - ages * DAY).astype(np.int64),
        appeal=appeal,
        drift=random.uniform(-1.0, 1.0, size=items),
    )


def _ids(random: np.random.Generator, named: tuple[str, ...], items: int) -> tuple[str, ...]:
    taken = {int(name) for name in named}
    width = max(9_999, 2 * items)
    drawn = random.permutation(np.arange(_LOWEST_ID, _LOWEST_ID + width)).tolist()
    others = [str(number) for number in drawn if number not in taken]
    return (*named, *others)[:items]


def _one_of(words: tuple[str, ...], choice: int) -> str:
    return words[choice % len(words)]
