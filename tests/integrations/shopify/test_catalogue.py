"""Catalogues: Shopify's own list, and ids."""

from __future__ import annotations

import pytest

from irclient import ConfigurationError
from irclient.integrations.shopify import Catalogue, Gid, JsonCatalogue, hashed_customer, parse_gid
from irclient.integrations.shopify.signature import Visitor
from tests.integrations.shopify.shop import product


def test_a_list_of_products_is_a_catalogue() -> None:
    known = JsonCatalogue({"products": [product(1), product(2)]})
    assert isinstance(known, Catalogue)
    assert (known.item_of(1), known.item_of(3)) == ("1", None)
    assert (known.product_of_variant(20), known.product_of_variant(30)) == (2, None)
    assert known.product_of("1")["handle"] == "product-1"
    assert known.product_of("٣") is None
    assert repr(known) == "JsonCatalogue(2 products)"


def test_a_product_has_the_shape_of_the_storefronts_recommendations() -> None:
    two = product(1)
    two["variants"].append(
        {"id": 11, "title": "Red", "price": "5.00", "compare_at_price": "7.5", "available": False}
    )
    shown = JsonCatalogue([two]).product_of("1")
    documented = {
        "id", "title", "handle", "description", "published_at", "created_at", "vendor", "type",
        "tags", "price", "price_min", "price_max", "available", "price_varies",
        "compare_at_price", "variants", "images", "featured_image", "options", "url",
    }  # fmt: skip
    assert documented <= set(shown)
    assert (shown["price_min"], shown["price_max"], shown["price_varies"]) == (500, 1990, True)
    assert shown["compare_at_price_max"] == 750
    assert shown["available"]
    assert shown["variants"][1]["name"] == "Product 1 - Red"
    assert shown["featured_image"] == "https://cdn.example/1.jpg"


@pytest.mark.parametrize(
    ("text", "number"), [("19.90", 1990), ("20", 2000), ("0.1", 10), ("1000.00", 100_000)]
)
def test_a_price_is_an_integer_of_the_smallest_unit(text, number) -> None:
    shown = JsonCatalogue([product(1, price=text)]).product_of("1")
    assert shown["price"] == number
    assert isinstance(shown["price"], int)


@pytest.mark.parametrize(
    "price",
    ["", "x", "-1", "1.999", "NaN", "Infinity", 1990, 19.9, None, "1,299.00", "1.299,00", "1e3",
     "1_000", "$5", "١٩", "9" * 40],
)  # fmt: skip
def test_a_price_that_is_none_is_named_with_its_place(price) -> None:
    with pytest.raises(ConfigurationError, match=r"products\[0\].variants\[0\]: price must be"):
        JsonCatalogue([product(1, price=price)])


@pytest.mark.parametrize(
    ("stock", "available"),
    [
        ({"inventory_management": None}, True),
        ({"inventory_management": "shopify", "inventory_quantity": 0}, False),
        ({"inventory_management": "shopify", "inventory_quantity": 3}, True),
        ({"inventory_management": "shopify", "inventory_policy": "continue"}, True),
        ({"inventory_management": "shopify", "inventory_policy": "deny"}, False),
    ],
)
def test_the_admin_apis_stock_says_what_is_sold_out(stock, available) -> None:
    of_admin = product(1, tags="new, red", status="active")
    del of_admin["variants"][0]["available"]
    of_admin["variants"][0].update(stock)
    shown = JsonCatalogue([of_admin]).product_of("1")
    assert shown["available"] is available
    assert shown["tags"] == ["new", "red"]


def test_a_product_that_is_not_published_is_not_sold() -> None:
    known = JsonCatalogue([product(1, status="draft"), product(2, published_at=None)])
    assert (known.item_of(1), known.item_of(2), len(known)) == (None, None, 0)


@pytest.mark.parametrize(
    ("products", "count"), [([], 0), ({"products": []}, 0), ([product(1, status="draft")], 1)]
)
def test_a_catalogue_without_a_product_on_sale_is_logged(products, count, caplog) -> None:
    known = JsonCatalogue([product(1)])
    assert not caplog.records
    known.replace(products)
    assert f"none of the {count} products given is on sale" in caplog.text


@pytest.mark.parametrize(
    "products",
    [None, "text", {"product": 1}, [1], [{"id": "1"}], [{"id": 1, "handle": "a/b"}],
     [{"id": 1, "handle": "a", "variants": [1]}]],
)  # fmt: skip
def test_what_is_no_list_of_products_is_turned_down(products) -> None:
    with pytest.raises(ConfigurationError, match="JsonCatalogue"):
        JsonCatalogue(products)


@pytest.mark.parametrize(
    ("name", "value"),
    [("images", ["a.jpg"]), ("images", [None]), ("images", {"src": "a.jpg"}), ("images", 1),
     ("variants", "ab"), ("variants", {"id": 1}), ("tags", 5), ("tags", {"a": 1})],
)  # fmt: skip
def test_a_part_of_a_product_that_cannot_be_read_is_named_with_its_place(name, value) -> None:
    with pytest.raises(ConfigurationError, match=rf"products\[1\]: {name} must be"):
        JsonCatalogue([product(1), product(2, **{name: value})])


def test_an_answer_without_products_is_told_by_its_keys() -> None:
    with pytest.raises(ConfigurationError, match="no key 'products', only 'errors'; pass what"):
        JsonCatalogue({"errors": "Not Found"})


def test_products_that_cannot_be_read_leave_those_from_before() -> None:
    known = JsonCatalogue([product(1)])
    with pytest.raises(ConfigurationError):
        known.replace([product(2), {}])
    assert known.item_of(1) == "1"
    known.replace([product(2)])
    assert known.item_of(1) is None


def test_a_global_id_is_read_and_its_query_left_out() -> None:
    assert parse_gid("gid://shopify/ProductVariant/1?x") == Gid("ProductVariant", 1)


@pytest.mark.parametrize(
    "text", ["1", "gid://shopify/Product/", "gid://other/Product/1", "gid://shopify/Product/٣", ""]
)
def test_what_is_no_global_id_says_what_one_is(text) -> None:
    with pytest.raises(ValueError, match="gid://shopify/Product/1"):
        parse_gid(text)


def test_a_hashed_customer_differs_by_shop_customer_and_key() -> None:
    def users(key):
        name = hashed_customer(key)
        return {
            name(Visitor(shop=shop, customer=customer))
            for shop in ("a.myshopify.com", "b.myshopify.com")
            for customer in ("1", "2")
        }

    assert len(users("k" * 16) | users(b"l" * 16)) == 8
    assert hashed_customer("k" * 16)(Visitor(shop="a.myshopify.com")) is None
    with pytest.raises(ConfigurationError, match="16 bytes"):
        hashed_customer("short")
