"""The app: all that the developer of a shop writes. Mount it where the proxy URL points."""

from collections.abc import Mapping

from shopify_app import ShopifyApp

from irclient import AsyncIRClient, IRClient
from irclient.integrations.shopify import AppProxy, Catalogue, hashed_customer


def make_proxy(
    client: IRClient | AsyncIRClient, catalogue: Catalogue, secrets: Mapping[str, str]
) -> AppProxy:
    """The app proxy of one shop."""
    return AppProxy(
        client,
        catalogue,
        shopify=ShopifyApp(secrets["SHOPIFY_CLIENT_ID"], secrets["SHOPIFY_CLIENT_SECRET"]),
        personal=hashed_customer(secrets["CUSTOMER_KEY"]),
        on_unknown=lambda unknown: print("not in the catalogue:", unknown.kind, unknown.id),
    )
