"""A shop whose theme shows recommendations by an app proxy, while accounts go down.

With --serve it goes on until Ctrl-C, so that the page can be looked at in a browser.

pip install '.[cli,emulator,shopify]'  # in a clone of the repository
"""

import json
import logging
import sys
import tempfile
import time
from pathlib import Path
from urllib.request import urlopen

from app import make_proxy
from storefront import Storefront

from irclient import Caching, IRClient, Settings
from irclient.emulator import Emulator
from irclient.emulator.shop.written_shop import write_shop
from irclient.integrations.shopify import ContractCatalogue

SECRETS = {
    "SHOPIFY_CLIENT_ID": "the-app",
    "SHOPIFY_CLIENT_SECRET": "a secret of this example",
    "CUSTOMER_KEY": "a key that names customers",
}
SITUATIONS = (
    ("all is well", None),
    ("the primary is down", "contoso-a"),
    ("both are down", "contoso-b"),
)
PRODUCT = 64702


def asked(page: str) -> str:
    """The address that the element on a product's page asks."""
    shop = page.partition("/products/")[0]
    return f"{shop}/apps/recs/recommendations/products.json?product_id={PRODUCT}&limit=3"


def shown(page: str) -> str:
    """What the element on a product's page would show."""
    with urlopen(asked(page), timeout=10) as answer:
        products = json.load(answer)["products"]
    return " · ".join(product["title"] for product in products) or "nothing: the section is hidden"


# What the proxy logs: no address, signature or customer.
logging.basicConfig(stream=sys.stdout, format="log of %(name)s: %(message)s")

print("making a shop, and starting the emulator: some seconds", flush=True)
with tempfile.TemporaryDirectory() as folder:
    write_shop(Path(folder), items=500, users=1000, interactions=20_000)
    catalogue = ContractCatalogue(folder)
    with (
        Emulator(data=folder) as emulator,
        IRClient(
            emulator.home,
            credential=emulator.credential(),
            settings=Settings(caching=Caching(enabled=False)),
            transport=emulator.transport(),
        ) as client,
        Storefront(
            make_proxy(client, catalogue, SECRETS), catalogue, SECRETS["SHOPIFY_CLIENT_SECRET"]
        ) as shop,
    ):
        page = shop.page(PRODUCT)
        for words, name in () if "--serve" in sys.argv else SITUATIONS:
            if name is not None:
                emulator.account(name).fail("down")
            print(f"{words:<20} {shown(page)}")
        if "--serve" in sys.argv:
            print("open", page)
            print(f"or: curl '{asked(page)}'")
            print("then: irclient emulator fault contoso-a down --control", emulator.control_url)
            print("Ctrl-C ends it", flush=True)
            try:
                while True:
                    time.sleep(60)
            except KeyboardInterrupt:
                pass
