"""The storefront's way of asking for recommendations, and of answering.

Parameters, limits and error bodies are those of ``GET /{locale}/recommendations/products.json``
(documented: shopify.dev, Ajax API, product recommendations), so that a theme changes one URL.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

from irclient.integrations.shopify.ids import read_id
from irclient.integrations.shopify.messages import Response
from irclient.queries import BoughtTogether, Cart, Similar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from irclient.integrations.shopify.catalogue import Catalogue, Product
    from irclient.integrations.shopify.ids import Gid

__all__ = ["Unknown"]

Intent: TypeAlias = Literal["related", "complementary"]

#: The storefront's range and default.
MOST_SHOWN: Final = 10
#: The most items of a cart that are asked about: more say little more, and a URL has an end.
_MOST_CART: Final = 50
_NUMBER: Final = re.compile(r"-?[0-9]{1,9}", re.ASCII)
#: The parameters that are read here; none begins with another (see `signature`).
PARAMETERS: Final = ("product_id", "limit", "intent", "item", "consent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """An id that the catalogue does not know.

    Attributes:
        kind: ``"product"`` and ``"variant"`` were asked for by a theme; an ``"item"`` was
            recommended, so the data that was cooked and the catalogue differ.
        id: The id as text.
    """

    kind: Literal["product", "variant", "item"]
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a theme wants.

    Attributes:
        intent: What for.
        items: The items to ask IR about, sorted; none where no product was known.
        products: All products that were asked for, which are not shown again.
        limit: How many products to show at most.
        from_cart: Whether a cart was asked for, and not a product.
    """

    intent: Intent
    items: tuple[str, ...]
    products: frozenset[int]
    limit: int
    from_cart: bool = False

    def query(self, *, count: int, user_id: str | None) -> Similar | BoughtTogether | Cart:
        """What to ask IR."""
        if self.from_cart:
            return Cart(self.items, count=count, user_id=user_id)
        kind = Similar if self.intent == "related" else BoughtTogether
        return kind(self.items[0], count=count, user_id=user_id)


def wanted_by_page(
    parameters: Mapping[str, str], catalogue: Catalogue, note: Callable[[Unknown], None]
) -> Wanted | Response:
    """Read what a product page asks for; or answer why that cannot be done."""
    intent = parameters.get("intent", "related")
    if intent not in get_args(Intent):
        return _invalid("The intent parameter must be one of related, complementary")
    asked = parameters.get("product_id", "").strip()
    if not asked:
        return _invalid("A product_id value is missing")
    gid = read_id(asked)
    if gid is None:
        return _invalid("The product_id parameter must be the id of one product")
    found = _found(gid, catalogue, note)
    if found is None:
        return _problem(
            404,
            "Product not found",
            f"No product with id {gid.number} is published in the online store",
        )
    product, item = found
    return Wanted(
        intent="related" if intent == "related" else "complementary",
        items=(item,),
        products=frozenset({product}),
        limit=_limit(parameters),
    )


def wanted_by_cart(
    parameters: Mapping[str, str], catalogue: Catalogue, note: Callable[[Unknown], None]
) -> Wanted | Response:
    """Read what a cart asks for; or answer why that cannot be done."""
    asked = [part for part in parameters.get("item", "").split(",") if part.strip()]
    if not asked:
        return _invalid("An item value is missing")
    gids = [read_id(part) for part in dict.fromkeys(asked)]
    found = [_found(gid, catalogue, note) for gid in gids if gid is not None]
    known = [each for each in found if each is not None]
    return Wanted(
        intent="complementary",
        # The order of a cart, and how often a product is in it, make no other list.
        items=tuple(sorted({item for _, item in known})[:_MOST_CART]),
        products=frozenset(product for product, _ in known),
        limit=_limit(parameters),
        from_cart=True,
    )


def chosen(
    ids: Iterable[str], wanted: Wanted, catalogue: Catalogue, note: Callable[[Unknown], None]
) -> list[Product]:
    """Choose what to show of the items that were recommended, best first.

    Sold-out and unknown products are left out, and so are those that were asked for and those
    already chosen; the list is filled up with what follows.
    """
    products: list[Product] = []
    seen = set(wanted.products)
    for item_id in ids:
        if len(products) == wanted.limit:
            break
        if item_id in wanted.items:
            continue
        product = catalogue.product_of(item_id)
        if product is None:
            note(Unknown(kind="item", id=item_id))
        elif product.get("available", True) and product.get("id", item_id) not in seen:
            seen.add(product.get("id", item_id))
            products.append(product)
    return products


def list_of_products(
    wanted: Wanted, products: Sequence[Product], *, operation: str, cache_control: str
) -> Response:
    """Answer with products, each with a link that says which list it is from, and where in it."""
    shown = [
        {**product, "url": f"{url}?ir_list={operation}&ir_rank={rank}"}
        if (url := product.get("url"))
        else product
        for rank, product in enumerate(products, start=1)
    ]
    return Response.of_json(
        {"intent": wanted.intent, "products": shown}, cache_control=cache_control
    )


def no_products(wanted: Wanted) -> Response:
    """Answer without products, so that the theme shows the shop's own."""
    return Response.of_json({"intent": wanted.intent, "products": []})


def _found(
    gid: Gid, catalogue: Catalogue, note: Callable[[Unknown], None]
) -> tuple[int, str] | None:
    """The product and the item of an id: a bare number may be that of either."""
    if gid.kind != "ProductVariant":
        item = catalogue.item_of(gid.number)
        if item is not None:
            return gid.number, item
    if gid.kind != "Product":
        product = catalogue.product_of_variant(gid.number)
        item = None if product is None else catalogue.item_of(product)
        if product is not None and item is not None:
            return product, item
    kind: Literal["product", "variant"]
    kind = "variant" if gid.kind == "ProductVariant" else "product"
    note(Unknown(kind=kind, id=str(gid.number)))
    return None


def _limit(parameters: Mapping[str, str]) -> int:
    """Documented from 1 to 10; what the storefront makes of others is not, so it is clamped."""
    given = parameters.get("limit", "")
    if not _NUMBER.fullmatch(given):
        return MOST_SHOWN
    return min(max(int(given), 1), MOST_SHOWN)


def _invalid(description: str) -> Response:
    return _problem(422, "Invalid parameter error", description)


def _problem(status: int, message: str, description: str) -> Response:
    body = {"status": status, "message": message, "description": description}
    return Response.of_json(body, status=status)
