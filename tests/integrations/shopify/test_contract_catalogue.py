"""A catalogue from the data contract: what was cooked is what is shown."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from irclient import ConfigurationError
from irclient.cooking.data.entities import model_json
from irclient.integrations.shopify import Catalogue, ContractCatalogue

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 6, 1, tzinfo=UTC).timestamp()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "model.json").write_text(json.dumps(model_json("test")), "utf-8")
    write(
        tmp_path,
        "Reco_ItemsAndVariants",
        "1,,Red Shoes & Socks,Good,2026-01-01T00:00:00.000Z",
        "1,11,Size 41,,",
        "1,12,Size 42,,",
        "2,,,,",
        "3,,Winter Coat,,",
        "SKU-4,,No number of Shopify's,,",
    )
    write(tmp_path, "Reco_ItemCategories", "1,Clothing", "1,Shoes")
    write(
        tmp_path,
        "Reco_ItemAndVariantImages",
        "1,,https://cdn.example/side.jpg,False",
        "1,,https://cdn.example/front.jpg,True",
    )
    write(
        tmp_path,
        "Reco_ItemAndVariantAvailabilities",
        "1,,,,19.9,,",
        "1,12,,,24.95,,",
        "1,,,,17,9,",
        "3,,2026-10-01T00:00:00.000Z,2027-03-01T00:00:00.000Z,100,,",
    )
    return tmp_path


def write(folder: Path, entity: str, *lines: str) -> None:
    (folder / entity).mkdir()
    (folder / entity / "part.csv").write_text("\n".join(lines) + "\n", "utf-8")


def test_an_item_is_a_product_with_its_variants_prices_and_images(folder) -> None:
    known = ContractCatalogue(folder, clock=lambda: NOW)
    assert isinstance(known, Catalogue)
    shown = known.product_of("1")
    assert (shown["title"], shown["url"]) == ("Red Shoes & Socks", "/products/red-shoes-socks")
    assert (shown["price_min"], shown["price_max"]) == (1990, 2495)
    assert shown["featured_image"] == "https://cdn.example/front.jpg"
    assert (shown["type"], shown["tags"]) == ("Clothing", ["Clothing", "Shoes"])
    assert [variant["id"] for variant in shown["variants"]] == [11, 12]
    assert (known.product_of_variant(12), known.product_of_variant(1)) == (1, None)


def test_an_item_without_variants_words_or_prices_is_a_product_all_the_same(folder) -> None:
    shown = ContractCatalogue(folder).product_of("2")
    assert (shown["handle"], shown["price"], shown["available"]) == ("product-2", 0, True)
    assert [variant["id"] for variant in shown["variants"]] == [2]


def test_what_is_not_available_yet_is_sold_out_until_it_is(folder) -> None:
    now = NOW
    known = ContractCatalogue(folder, clock=lambda: now)
    assert not known.product_of("3")["available"]
    now = datetime(2026, 12, 1, tzinfo=UTC).timestamp()
    assert known.product_of("3")["available"]
    now = datetime(2027, 3, 1, tzinfo=UTC).timestamp()
    assert not known.product_of("3")["available"]


def test_an_item_that_is_no_product_of_shopify_is_left_out(folder) -> None:
    known = ContractCatalogue(folder)
    assert len(known) == 3
    assert known.product_of("SKU-4") is None
    assert (known.item_of(3), known.item_of(4)) == ("3", None)


def test_handles_may_be_given(folder) -> None:
    known = ContractCatalogue(folder, handles={1: "sale-shoes"})
    assert known.product_of("1")["url"] == "/products/sale-shoes"
    assert known.product_of("3")["url"] == "/products/winter-coat"


def test_a_folder_without_numbers_of_shopify_says_what_to_write(folder) -> None:
    (folder / "Reco_ItemsAndVariants" / "part.csv").write_text("SKU-4,,A,,\n", "utf-8")
    with pytest.raises(ConfigurationError, match="Catalogue of your own"):
        ContractCatalogue(folder)
    with pytest.raises(ConfigurationError):
        ContractCatalogue(folder / "nowhere")
