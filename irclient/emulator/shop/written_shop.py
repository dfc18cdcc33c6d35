"""The made-up shop, written as a data-contract folder: what the emulator serves without other data.

The same arguments give the same files, byte for byte.
"""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import numpy as np

from irclient.cooking.data.entities import model_json
from irclient.cooking.data.instants import milliseconds
from irclient.emulator.shop.catalogue import FAMOUS_ITEM, NEWEST_ITEMS, make_catalogue
from irclient.emulator.shop.sales import make_sales
from irclient.emulator.shop.vocabulary import STYLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from irclient.cooking.data.instants import Milliseconds
    from irclient.emulator.shop.catalogue import Catalogue
    from irclient.emulator.shop.sales import Sales

__all__ = ["ENDS_AT", "FAMOUS_ITEM", "NEWEST_ITEMS", "OUTLET_CATALOG", "OUTLET_CHANNEL",
           "user_id", "write_shop"]  # fmt: skip

#: The shop's last instant. Fixed, so that a seed gives the same files on every day.
ENDS_AT: Final = datetime(2026, 10, 31, tzinfo=UTC)
#: The second channel, which sells a part of the catalogue, and a catalog of it.
OUTLET_CHANNEL: Final = "1"
OUTLET_CATALOG: Final = "10"

_FIRST_USER: Final = 1000
_ENDED: Final = "2025-12-31T00:00:00.000Z"
_FAR_FUTURE: Final = "2099-01-01T00:00:00.000Z"
_PRICE_BANDS: Final = ((20, "Under 20"), (50, "20 to 50"), (100, "50 to 100"))
_DEAREST_BAND: Final = "Over 100"
#: One user in this many has opted out; one row in this many is anonymous, or was sent back.
_OPT_OUT_EVERY: Final = 100
_ANONYMOUS_SHARE: Final = 0.05
_RETURNED_SHARE: Final = 0.01
_CONFIG: Final = (
    ("TrendingListMaxAgeDays", "18250"),
    ("TrendingListTransactionsIntervalDays", "60"),
    ("BestSellingListTransactionsIntervalDays", "365"),
    ("PersonalizationEnabled", "True"),
    ("ItemIdAsGuid", "False"),
)


def user_id(number: int) -> str:
    """The id of the shop's user of that number, counted from 0."""
    return str(_FIRST_USER + number)


def write_shop(
    folder: Path,
    *,
    seed: int = 7,
    items: int = 2000,
    users: int = 5000,
    interactions: int = 100_000,
) -> None:
    """Write a realistic shop into `folder` as IR's data contract asks.

    Args:
        folder: Made if it does not exist; files of the same names are replaced.
        seed: Another number, another shop.
        items: How many items; at least the seven that examples name.
        users: How many users; at least one.
        interactions: How many rows of `Reco_Interactions`; at least one.

    Raises:
        ValueError: A number is too small.
    """
    least = 1 + len(NEWEST_ITEMS)
    if items < least or users < 1 or interactions < 1:
        raise ValueError(
            f"a shop needs at least {least} items, 1 user and 1 interaction; "
            f"got {items=}, {users=}, {interactions=}"
        )
    random = np.random.default_rng(seed)
    ends_at = milliseconds(ENDS_AT)
    catalogue = make_catalogue(random, items=items, ends_at=ends_at)
    sales = make_sales(random, catalogue, users=users, interactions=interactions, ends_at=ends_at)
    folder.mkdir(parents=True, exist_ok=True)
    model = json.dumps(model_json("A made-up shop"), indent=1)
    (folder / "model.json").write_text(model + "\n", encoding="utf-8")
    _write_catalogue(folder, catalogue)
    _write_availabilities(folder, catalogue, random)
    _write_interactions(folder, catalogue, sales, random)
    _write(folder, "Reco_Config", _CONFIG)
    ends = _instants(np.array([ends_at]))[0]
    _write(
        folder,
        "Reco_OptOutUsers",
        ((user_id(user), ends) for user in range(_OPT_OUT_EVERY - 1, users, _OPT_OUT_EVERY)),
    )
    _write_enrichment(folder, catalogue)


def _write_catalogue(folder: Path, catalogue: Catalogue) -> None:
    ids, released = catalogue.ids, _instants(catalogue.released_at)
    _write(
        folder,
        "Reco_ItemsAndVariants",
        (
            (item_id, "", catalogue.title(item), catalogue.description(item), released[item])
            for item, item_id in enumerate(ids)
        ),
    )
    _write(
        folder,
        "Reco_ItemCategories",
        ((item_id, catalogue.kind(item).category) for item, item_id in enumerate(ids)),
    )
    _write(folder, "Reco_ItemAndVariantFilters", _filter_rows(catalogue))
    _write(
        folder,
        "Reco_ItemAndVariantImages",
        ((item_id, "", _image(catalogue, item), "True") for item, item_id in enumerate(ids)),
    )
    # One composite picture for every style, showing a few of its items.
    shown: list[list[int]] = [
        np.flatnonzero(catalogue.styles == style)[:4].tolist() for style in range(len(STYLES))
    ]
    _write(
        folder,
        "Reco_ImagesInventory",
        (
            (f"look-{style}", f"https://images.shop.example/looks/{style}.jpg", "Composite")
            for style in range(len(STYLES))
        ),
    )
    _write(
        folder,
        "Reco_ImageToItemMappings",
        ((f"look-{style}", ids[item], "") for style, few in enumerate(shown) for item in few),
    )


def _filter_rows(catalogue: Catalogue) -> Iterable[Sequence[str]]:
    for item, item_id in enumerate(catalogue.ids):
        kind, price = catalogue.kind(item), float(catalogue.prices[item])
        band = next((name for below, name in _PRICE_BANDS if price < below), _DEAREST_BAND)
        values = [
            ("Category", kind.category),
            ("Weight" if kind.category == "Pantry" else "Color", catalogue.look(item)),
            ("Brand", catalogue.brand(item)),
            ("Material", catalogue.materials[item]),
            ("PriceBand", band),
            *(("Size", size) for size in kind.sizes),
        ]
        for name, value in values:
            yield item_id, "", name, value, "Textual"


def _image(catalogue: Catalogue, item: int) -> str:
    words = (catalogue.kind(item).noun, catalogue.style(item)[0], catalogue.look(item))
    slug = "-".join("".join(c for c in word.lower() if c.isalnum()) for word in words)
    return f"https://images.shop.example/items/{slug}-{catalogue.ids[item]}.jpg"


def _write_availabilities(folder: Path, catalogue: Catalogue, random: np.random.Generator) -> None:
    """Most items are simply on sale; some were, some will be, some are in the outlet too."""
    chance = random.random(len(catalogue.ids))
    outlet = random.random(len(catalogue.ids))
    named = {FAMOUS_ITEM, *NEWEST_ITEMS}
    rows: list[Sequence[str]] = []
    for item, item_id in enumerate(catalogue.ids):
        start, end = "", ""
        if item_id == NEWEST_ITEMS[1] or (item_id not in named and chance[item] < 0.03):
            end = _ENDED
        elif item_id not in named and chance[item] < 0.05:
            start = _FAR_FUTURE
        price = f"{catalogue.prices[item]:.2f}"
        rows.append((item_id, "", start, end, price, "", ""))
        if outlet[item] < 0.3:
            catalog = OUTLET_CATALOG if outlet[item] < 0.1 else ""
            cheaper = f"{catalogue.prices[item] * 0.7:.2f}"
            rows.append((item_id, "", start, end, cheaper, OUTLET_CHANNEL, catalog))
    _write(folder, "Reco_ItemAndVariantAvailabilities", rows)


def _write_interactions(
    folder: Path, catalogue: Catalogue, sales: Sales, random: np.random.Generator
) -> None:
    rows = sales.items.size
    baskets = int(sales.baskets[-1]) + 1
    anonymous = random.random(baskets) < _ANONYMOUS_SHARE
    buyers = np.where(anonymous[sales.baskets], -1, sales.users).tolist()
    positive = np.where(random.random(rows) < _RETURNED_SHARE, "False", "True").tolist()
    prices = [f"{price:.2f}" for price in catalogue.prices]
    items, ids = sales.items.tolist(), catalogue.ids
    at, numbers = _instants(sales.at), sales.baskets.tolist()
    # No cell needs quotes, and this file is large: csv.writer would take most of the time.
    lines = [
        f"B{numbers[row]:07d},{ids[items[row]]},,{user_id(buyers[row]) if buyers[row] >= 0 else ''}"
        f",Transaction,{at[row]},,{prices[items[row]]},,,,{positive[row]}\r\n"
        for row in range(rows)
    ]
    _path(folder, "Reco_Interactions").write_text("".join(lines), encoding="utf-8", newline="")


def _write_enrichment(folder: Path, catalogue: Catalogue) -> None:
    """A shopkeeper's hand in the lists: one item pushed, one hidden, one pair made."""
    pushed, hidden, *_ = catalogue.ids[-2:]
    fitting = (
        item_id
        for item, item_id in enumerate(catalogue.ids)
        if catalogue.kind(item).noun in catalogue.kind(0).goes_with
        and catalogue.style(item) == catalogue.style(0)
    )
    partner = next(fitting, NEWEST_ITEMS[0])
    _write(
        folder,
        "Reco_RecommendationsEnrichment",
        (
            ("RecoTrending", pushed, "", "Include", "1"),
            ("RecoBestSelling", hidden, "", "Exclude", ""),
        ),
    )
    _write(
        folder,
        "Reco_SeededRecommendationsEnrichment",
        (("RecoPeopleAlsoBuy", "", FAMOUS_ITEM, "", partner, "", "Include", "1"),),
    )


def _path(folder: Path, entity: str) -> Path:
    own = folder / entity
    own.mkdir(exist_ok=True)
    return own / "part-0.csv"


def _write(folder: Path, entity: str, rows: Iterable[Sequence[str]]) -> None:
    with _path(folder, entity).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def _instants(at: Milliseconds) -> list[str]:
    texts = np.datetime_as_string(at.astype("datetime64[ms]"), unit="ms").tolist()
    return [f"{text}Z" for text in texts]
