"""A catalogue from a folder in IR's data contract: what was cooked is what is shown."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from irclient.cooking.data.entities import ENTITIES
from irclient.cooking.data.partitions import read_model
from irclient.cooking.data.rows import read_table
from irclient.errors import ConfigurationError
from irclient.integrations.shopify.catalogue import storefront_product

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Mapping

    from irclient.cooking.data.partitions import Model
    from irclient.integrations.shopify.catalogue import Product

__all__ = ["ContractCatalogue"]

#: A product's or a variant's id, as Shopify numbers them.
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)
_NO_WORD: Final = re.compile(r"[^a-z0-9]+")
_DEFAULT_CHANNEL: Final = "0"

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class _Window:
    """From when to when something is sold, in seconds since the epoch."""

    starts_at: float
    ends_at: float


class ContractCatalogue:
    """The products of a data contract's folder, whose item ids are ids of Shopify's products.

    Titles, descriptions, categories, images, prices and availabilities are read from the entities
    of the same names. The contract has no word for the address of a product's page: pass
    `handles`, or it is made from the title as Shopify does for a new product (inferred).

    Args:
        folder: The folder, with its ``model.json``.
        handles: The handle of each product's page, by the product's id.
        clock: Seconds since the epoch, to know what is sold now.

    Raises:
        DataContractError: The folder does not follow the contract.
        ConfigurationError: It holds no item whose id is a number of Shopify's.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        handles: Mapping[int, str] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        reading = _Reading.of(Path(folder))
        self._clock = clock
        self._windows = reading.windows
        self._products: dict[str, Product] = {}
        self._of_variant: dict[int, int] = {}
        for item_id, rows in reading.items.items():
            handle = (handles or {}).get(int(item_id)) or handle_of(rows[0]["Title"], item_id)
            product = reading.product(item_id, rows, handle)
            self._products[item_id] = product
            for variant in product["variants"]:
                self._of_variant[variant["id"]] = int(item_id)
        if not self._products:
            raise ConfigurationError(
                f"ContractCatalogue: {folder} holds no item whose ItemId is the number of a "
                "product; write a Catalogue of your own that knows which item is which product"
            )

    def item_of(self, product_id: int, /) -> str | None:
        """Return the product's id as text."""
        item_id = str(product_id)
        return item_id if item_id in self._products else None

    def product_of(self, item_id: str, /) -> Product | None:
        """Return the product; sold out where the data says that it is not available now."""
        product = self._products.get(item_id)
        windows = self._windows.get(item_id)
        if product is None or windows is None:
            return product
        now = self._clock()
        is_sold = any(each.starts_at <= now < each.ends_at for each in windows)
        return product if is_sold else {**product, "available": False}

    def product_of_variant(self, variant_id: int, /) -> int | None:
        """Return the product of a variant."""
        return self._of_variant.get(variant_id)

    def __len__(self) -> int:
        return len(self._products)

    def __repr__(self) -> str:
        return f"ContractCatalogue({len(self)} products)"


def handle_of(title: str, item_id: str) -> str:
    """The handle that Shopify gives to a new product with this title (inferred)."""
    return _NO_WORD.sub("-", title.casefold()).strip("-") or f"product-{item_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """What the folder says, by item id."""

    items: Mapping[str, list[Row]]
    categories: Mapping[str, list[Row]]
    images: Mapping[str, list[Row]]
    prices: Mapping[tuple[str, str], int]
    windows: Mapping[str, list[_Window]]

    @classmethod
    def of(cls, folder: Path) -> Self:
        model = read_model(folder)
        items = _by_item(model, "Reco_ItemsAndVariants")
        availabilities = _by_item(model, "Reco_ItemAndVariantAvailabilities")
        images = _by_item(model, "Reco_ItemAndVariantImages")
        for rows in images.values():
            rows.sort(key=lambda row: row["IsPrimaryImage"].casefold() != "true")
        scoped = {item: _of_default_channel(rows) for item, rows in availabilities.items()}
        return cls(
            items={item: rows for item, rows in items.items() if _NUMBER.fullmatch(item)},
            categories=_by_item(model, "Reco_ItemCategories"),
            images=images,
            prices=_prices(scoped),
            windows={item: [_window(row) for row in rows] for item, rows in scoped.items()},
        )

    def product(self, item_id: str, rows: list[Row], handle: str) -> dict[str, Any]:
        """An item as a product of the storefront."""
        first = rows[0]
        images = [row["ImageFullUrl"] for row in self.images.get(item_id, ())]
        categories = [row["Category"] for row in self.categories.get(item_id, ())]
        return storefront_product(
            product_id=int(item_id),
            handle=handle,
            title=first["Title"],
            variants=[self._variant(item_id, row) for row in rows if _is_variant(row)]
            or [self._variant(item_id, first | {"ItemVariantId": item_id, "Title": ""})],
            description=first["Description"],
            published_at=first["ReleaseDate"] or None,
            type=categories[0] if categories else "",
            tags=categories,
            images=images,
            featured_image=images[0] if images else None,
        )

    def _variant(self, item_id: str, row: Row) -> dict[str, Any]:
        variant = row["ItemVariantId"]
        price = self.prices.get((item_id, variant), self.prices.get((item_id, ""), 0))
        return {
            "id": int(variant),
            "title": row["Title"] or "Default Title",
            "available": True,
            "price": price,
            "compare_at_price": None,
        }


def _by_item(model: Model, entity: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in _rows(model, entity):
        if row["ItemId"]:
            found.setdefault(row["ItemId"], []).append(row)
    return found


def _rows(model: Model, name: str) -> Iterator[Row]:
    entity = ENTITIES[name]
    table = read_table(model, entity)
    blank = ("",) * table.rows
    names = [column.name for column in entity.columns]
    columns = [table.columns.get(each) or blank for each in names]
    for cells in zip(*columns, strict=True):
        yield dict(zip(names, cells, strict=True))


def _is_variant(row: Row) -> bool:
    return _NUMBER.fullmatch(row["ItemVariantId"]) is not None


def _of_default_channel(rows: list[Row]) -> list[Row]:
    """The rows of the default channel; all of them where none names it."""
    of_default = [row for row in rows if (row["Channel"] or _DEFAULT_CHANNEL) == _DEFAULT_CHANNEL]
    return of_default or rows


def _prices(availabilities: Mapping[str, list[Row]]) -> dict[tuple[str, str], int]:
    """Prices in the smallest unit; the first row that names one counts."""
    found: dict[tuple[str, str], int] = {}
    for item, rows in availabilities.items():
        for row in rows:
            price = _cents(row["Price"])
            if price is not None:
                found.setdefault((item, row["ItemVariantId"]), price)
    return found


def _cents(price: str) -> int | None:
    try:
        return int((Decimal(price) * 100).quantize(Decimal(1), ROUND_HALF_UP))
    except (InvalidOperation, ValueError, OverflowError):
        return None


def _window(row: Row) -> _Window:
    return _Window(_instant(row["StartDate"], -1e18), _instant(row["EndDate"], 1e18))


def _instant(text: str, default: float) -> float:
    """Seconds since the epoch; the default for what is empty or no date."""
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        return default
    # The contract's first and last instants are before and after what a timestamp can say.
    return (given.replace(tzinfo=given.tzinfo or UTC) - _EPOCH).total_seconds()


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
