"""The products that Shopify said were deleted, and a catalogue without them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from irclient.integrations.shopify.catalogue import Catalogue, Product

__all__ = ["WithoutDeleted"]


@dataclass(frozen=True, slots=True)
class WithoutDeleted:
    """A catalogue of which some products were deleted since it was read.

    Shopify gives an id to one product only, whatever the shop, and never again.

    Attributes:
        catalogue: What was read.
        deleted: The ids of the deleted products.
    """

    catalogue: Catalogue
    deleted: AbstractSet[int]

    def item_of(self, product_id: int, /) -> str | None:
        """Return the item of a product, or None."""
        return None if product_id in self.deleted else self.catalogue.item_of(product_id)

    def product_of(self, item_id: str, /) -> Product | None:
        """Return the product of an item, or None."""
        product = self.catalogue.product_of(item_id)
        is_gone = product is not None and product.get("id") in self.deleted
        return None if is_gone else product

    def product_of_variant(self, variant_id: int, /) -> int | None:
        """Return the product of a variant, or None; `item_of` says whether it was deleted."""
        return self.catalogue.product_of_variant(variant_id)
