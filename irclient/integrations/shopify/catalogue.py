"""The shop's catalogue: which item of IR is which product, and how the storefront shows it."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Protocol, TypeAlias, cast, runtime_checkable
from urllib.parse import quote

from irclient.errors import ConfigurationError

__all__ = ["Catalogue", "JsonCatalogue"]

Product: TypeAlias = Mapping[str, Any]

_LOGGER: Final = logging.getLogger("irclient.shopify")
_HANDLE: Final = re.compile(r"\w[\w-]*")
_PRICE: Final = re.compile(r"[0-9]{1,15}(\.[0-9]{1,9})?", re.ASCII)


@runtime_checkable
class Catalogue(Protocol):
    """What the app proxy must know of the shop's products; each answers from memory, at once."""

    def item_of(self, product_id: int, /) -> str | None:
        """Return the id that IR knows a product by, or None if the shop does not sell it."""
        ...

    def product_of(self, item_id: str, /) -> Product | None:
        """Return a product as the storefront writes it, or None if the shop does not sell it.

        ``available`` false is a product that is sold out; ``handle`` is where its page is; by its
        ``id``, a number, it is left out once Shopify said that it was deleted.
        """
        ...

    def product_of_variant(self, variant_id: int, /) -> int | None:
        """Return the product of a variant, or None if there is no such variant."""
        ...


class JsonCatalogue:
    """A catalogue of what Shopify's ``/products.json`` lists; an item's id is the product's.

    Also takes the products of the Admin REST API, whose stock says what is sold out, and whose
    products that are no longer published are left out.

    Args:
        products: The list, or the whole body: ``{"products": [...]}``.

    Raises:
        ConfigurationError: They are no products; the message names what is wrong.
    """

    def __init__(self, products: Sequence[Product] | Mapping[str, Any]) -> None:
        self._known = _Known(products)

    def replace(self, products: Sequence[Product] | Mapping[str, Any]) -> None:
        """Show these products from now on; requests under way see the ones or the others.

        Args:
            products: As when it was made.

        Raises:
            ConfigurationError: They are no products; those from before stay.
        """
        self._known = _Known(products)

    def item_of(self, product_id: int, /) -> str | None:
        """Return the product's id as text."""
        item_id = str(product_id)
        return item_id if item_id in self._known.products else None

    def product_of(self, item_id: str, /) -> Product | None:
        """Return the product as ``/recommendations/products.json`` writes it."""
        return self._known.products.get(item_id)

    def product_of_variant(self, variant_id: int, /) -> int | None:
        """Return the product of a variant."""
        return self._known.of_variant.get(variant_id)

    def __len__(self) -> int:
        return len(self._known.products)

    def __repr__(self) -> str:
        return f"JsonCatalogue({len(self)} products)"


class _Known:
    """One state of a `JsonCatalogue`, replaced as a whole."""

    def __init__(self, products: Sequence[Product] | Mapping[str, Any]) -> None:
        if isinstance(products, Mapping) and "products" not in products:
            keys = ", ".join(map(repr, products)) or "none"
            raise ConfigurationError(
                f"JsonCatalogue: there is no key 'products', only {keys:.80}; "
                "pass what Shopify's /products.json answers"
            )
        given: object = products["products"] if isinstance(products, Mapping) else products
        if isinstance(given, str | bytes) or not isinstance(given, Sequence):
            raise ConfigurationError(
                "JsonCatalogue: products must be the list of Shopify's /products.json, "
                f"got {type(products).__name__}"
            )
        self.products: dict[str, Product] = {}
        self.of_variant: dict[int, int] = {}
        rows = cast("Sequence[object]", given)
        for at, each in enumerate(rows):
            product = _product(each, f"JsonCatalogue: products[{at}]")
            if product is None:
                continue
            self.products[str(product["id"])] = product
            for variant in product["variants"]:
                self.of_variant[variant["id"]] = product["id"]
        if not self.products:
            # Not refused: a shop may be new.
            _LOGGER.warning(
                "JsonCatalogue: none of the %d products given is on sale, so nothing can be "
                "recommended: check what /products.json or the Admin API answered",
                len(rows),
            )


def storefront_product(
    *, product_id: int, handle: str, title: str, variants: Sequence[Product], **more: object
) -> dict[str, Any]:
    """A product in the shape of ``/recommendations/products.json``.

    Args:
        product_id: The product's id.
        handle: Where its page is.
        title: Its title.
        variants: In the storefront's shape, prices as integers of the smallest unit.
        more: Whatever else is known, by the storefront's names.
    """
    prices = [variant["price"] for variant in variants]
    before = [variant["compare_at_price"] or 0 for variant in variants]
    return {
        "id": product_id,
        "title": title,
        "handle": handle,
        "description": "",
        "published_at": None,
        "created_at": None,
        "vendor": "",
        "type": "",
        "tags": [],
        "price": min(prices, default=0),
        "price_min": min(prices, default=0),
        "price_max": max(prices, default=0),
        "available": any(variant["available"] for variant in variants),
        "price_varies": len(set(prices)) > 1,
        "compare_at_price": min(before, default=0) or None,
        "compare_at_price_min": min(before, default=0),
        "compare_at_price_max": max(before, default=0),
        "compare_at_price_varies": len(set(before)) > 1,
        "variants": list(variants),
        "images": [],
        "featured_image": None,
        "options": [],
        "url": f"/products/{quote(handle)}",
        **more,
    }


def _product(given: object, where: str) -> dict[str, Any] | None:
    if not isinstance(given, Mapping):
        raise ConfigurationError(f"{where} must be a product, got {type(given).__name__}")
    product = cast("Product", given)
    if product.get("status", "active") != "active" or product.get("published_at", "") is None:
        return None
    number, handle = _number(product, "id", where), product.get("handle")
    if not isinstance(handle, str) or not _HANDLE.fullmatch(handle):
        raise ConfigurationError(f"{where}: handle must be the name of a page, got {handle!r}")
    title = str(product.get("title") or "")
    variants = [
        _variant(each, title, f"{where}.variants[{at}]")
        for at, each in enumerate(_those(product, "variants", where))
    ]
    images = [src for image in _those(product, "images", where) if (src := image.get("src"))]
    return storefront_product(
        product_id=number,
        handle=handle,
        title=title,
        variants=variants,
        description=product.get("body_html") or "",
        published_at=product.get("published_at"),
        created_at=product.get("created_at"),
        vendor=product.get("vendor") or "",
        type=product.get("product_type") or "",
        tags=_tags(product.get("tags") or (), where),
        images=images,
        featured_image=images[0] if images else None,
        options=list(product.get("options") or ()),
    )


def _those(product: Product, name: str, where: str) -> list[Mapping[str, Any]]:
    """The variants or images of a product."""
    given: object = product.get(name) or ()
    if isinstance(given, list | tuple):
        each = cast("Sequence[object]", given)
        if all(isinstance(one, Mapping) for one in each):
            return cast("list[Mapping[str, Any]]", list(each))
    raise ConfigurationError(f"{where}: {name} must be a list of objects, got {given!r:.80}")


def _tags(given: object, where: str) -> list[str]:
    """Tags as a list; the Admin API writes them in one text."""
    if isinstance(given, str):
        return [tag.strip() for tag in given.split(",")]
    if isinstance(given, Sequence):
        return [str(tag) for tag in cast("Sequence[object]", given)]
    raise ConfigurationError(f"{where}: tags must be text or a list of it, got {given!r:.80}")


def _variant(variant: Product, title: str, where: str) -> dict[str, Any]:
    own = str(variant.get("title") or "")
    public = None if own == "Default Title" else own
    before = variant.get("compare_at_price")
    return {
        "id": _number(variant, "id", where),
        "title": own,
        "option1": variant.get("option1"),
        "option2": variant.get("option2"),
        "option3": variant.get("option3"),
        "sku": variant.get("sku"),
        "requires_shipping": variant.get("requires_shipping", True),
        "taxable": variant.get("taxable", True),
        "featured_image": variant.get("featured_image"),
        "available": _is_available(variant),
        "name": f"{title} - {public}" if public else title,
        "public_title": public,
        "price": smallest_unit(variant.get("price"), f"{where}: price"),
        "weight": variant.get("grams", 0),
        "compare_at_price": (
            smallest_unit(before, f"{where}: compare_at_price") if before else None
        ),
        "barcode": variant.get("barcode"),
    }


def _is_available(variant: Product) -> bool:
    if "available" in variant:
        return bool(variant["available"])
    # The Admin API does not say; stock that is not counted, or may be oversold, is enough.
    if not variant.get("inventory_management") or variant.get("inventory_policy") == "continue":
        return True
    return (variant.get("inventory_quantity") or 0) > 0


def _number(given: Product, name: str, where: str) -> int:
    value = given.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ConfigurationError(f"{where}: {name} must be a number of Shopify's, got {value!r}")
    return value


def smallest_unit(price: object, what: str) -> int:
    """Turn ``"19.90"`` into 1990, as the storefront writes prices in every currency.

    Raises:
        ConfigurationError: It is no such price.
    """
    try:
        # An int may be either way of writing it; Decimal takes more than prices are written as.
        if not isinstance(price, str) or not _PRICE.fullmatch(price.strip()):
            raise InvalidOperation
        amount = Decimal(price) * 100
        if amount != amount.to_integral_value():
            raise InvalidOperation
        return int(amount)
    except (InvalidOperation, ValueError, OverflowError):
        raise ConfigurationError(
            f"{what} must be text such as '19.90', without a sign of the currency and without one "
            f"for thousands, got {price!r}"
        ) from None
