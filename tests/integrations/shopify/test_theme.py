"""The example's shop in a real browser: the theme's element shows what the app proxy answers."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import pytest

from irclient import Caching, IRClient, Settings
from irclient.emulator import Emulator
from irclient.emulator.shop.written_shop import write_shop
from irclient.integrations.shopify import (
    AppProxy,
    ContractCatalogue,
    JsonCatalogue,
    Visitor,
    hashed_customer,
)
from tests.integrations.shopify.shop import SECRET, app, client, product, scripted

EXAMPLE = Path(__file__).parents[3] / "examples" / "shopify_app"
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
BROWSER = next(filter(None, map(shutil.which, BROWSERS)), None)
SECRETS = {
    "SHOPIFY_CLIENT_ID": "the-app",
    "SHOPIFY_CLIENT_SECRET": "a secret",
    "CUSTOMER_KEY": "a key that names customers",
}

pytestmark = [
    pytest.mark.emulator,
    pytest.mark.timeout(120),
    pytest.mark.skipif(
        BROWSER is None, reason="no Chromium: apt-get install chromium-headless-shell"
    ),
]


def load(name: str):
    spec = importlib.util.spec_from_file_location(f"shopify_app_{name}", EXAMPLE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    write_shop(folder, items=500, users=1000, interactions=20_000)
    return folder


def browse(page: str, tmp_path: Path, *more: str) -> str:
    """The page as a browser that remembers nothing has it once the theme's script has run."""
    done = subprocess.run(
        [
            BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
            f"--user-data-dir={tempfile.mkdtemp(dir=tmp_path)}", "--virtual-time-budget=8000",
            *more, "--dump-dom", page,
        ],
        capture_output=True, text=True, timeout=60, check=True,
        env={**os.environ, "HOME": str(tmp_path), "no_proxy": "127.0.0.1"},
    )  # fmt: skip
    return done.stdout


def titles(dom: str) -> list[str]:
    return re.findall(r'<span class="title">([^<]+)</span>', dom)


def is_hidden(dom: str) -> bool:
    return " hidden" in re.search(r"<ir-recommendations[^>]*>", dom)[0]


def test_recommendations_stay_while_an_account_is_down_and_hide_when_both_are(
    folder, tmp_path
) -> None:
    catalogue = ContractCatalogue(folder)
    with (
        Emulator(data=folder, cache_folder=tmp_path / "cache") as emulator,
        IRClient(
            emulator.home,
            credential=emulator.credential(),
            settings=Settings(caching=Caching(enabled=False)),
            transport=emulator.transport(),
        ) as ir,
        load("storefront").Storefront(
            load("app").make_proxy(ir, catalogue, SECRETS),
            catalogue,
            SECRETS["SHOPIFY_CLIENT_SECRET"],
        ) as shop,
    ):
        page = shop.page(64702)
        well = browse(page, tmp_path)
        assert len(titles(well)) == 4
        assert not is_hidden(well)
        assert re.search(r'href="/products/[^"?]+\?ir_list=similar&amp;ir_rank=1"', well)
        assert re.search(r'<span class="price">\$\d+\.\d\d</span>', well)

        emulator.account("contoso-a").fail("down")
        failed_over = browse(page, tmp_path)
        assert titles(failed_over) == titles(well)
        assert not is_hidden(failed_over)

        emulator.account("contoso-b").fail("down")
        nothing = browse(page, tmp_path)
        assert titles(nothing) == []
        assert is_hidden(nothing)


def test_a_title_is_text_whatever_is_in_it(tmp_path) -> None:
    hostile = '<img src=x onerror="document.title=1"><script>document.title=2</script>'
    catalogue = JsonCatalogue([product(1), product(2, title=hostile)])
    proxy = AppProxy(client(scripted()), catalogue, shopify=app())
    with load("storefront").Storefront(proxy, catalogue, SECRET) as shop:
        dom = browse(shop.page(1), tmp_path)
    assert "&lt;script&gt;" in dom
    assert "<title>Product 1</title>" in dom


def test_without_a_list_the_page_shows_what_the_shop_itself_recommends(tmp_path) -> None:
    catalogue = JsonCatalogue([product(number) for number in (1, 2, 3)])
    service = scripted()
    service.on().fail(503)
    proxy = AppProxy(client(service), catalogue, shopify=app())
    own = [catalogue.product_of("3")]
    with load("storefront").Storefront(proxy, catalogue, SECRET, own=own) as shop:
        dom = browse(shop.page(1), tmp_path)
    assert titles(dom) == ["Product 3"]
    assert not is_hidden(dom)


@pytest.mark.parametrize("allowed", ["true", "false", None])
def test_a_theme_asks_for_a_list_of_ones_own_only_where_the_visitor_agreed(
    allowed, tmp_path
) -> None:
    storefront = load("storefront")
    folder = shutil.copytree(EXAMPLE, tmp_path / "example")
    privacy = f"{{ customerPrivacy: {{ preferencesProcessingAllowed: () => {allowed} }} }}"
    script = "" if allowed is None else f"<script>window.Shopify = {privacy}</script>"
    page = (EXAMPLE / "product.html").read_text("utf-8")
    (folder / "product.html").write_text(page.replace("<style>", f"{script}<style>"), "utf-8")
    storefront.FOLDER = folder
    storefront.signed = partial(storefront.signed, customer="4711")
    catalogue, service = JsonCatalogue([product(1), product(2)]), scripted()
    personal = hashed_customer("a key that names customers")
    proxy = AppProxy(client(service), catalogue, shopify=app(), personal=personal)
    with storefront.Storefront(proxy, catalogue, SECRET) as shop:
        assert titles(browse(shop.page(1), tmp_path)) == ["Product 2"]
    user_id = personal(Visitor(shop=storefront.SHOP, customer="4711"))
    assert [sent.user_id for sent in service.requests] == [user_id if allowed == "true" else None]
