"""Recommendations in a Shopify shop: an app proxy that answers themes in the storefront's words.

Signatures are checked by Shopify's own library: ``pip install 'irclient[shopify]'``.
"""

from irclient.integrations.shopify.catalogue import Catalogue, JsonCatalogue
from irclient.integrations.shopify.consent import hashed_customer
from irclient.integrations.shopify.contract_catalogue import ContractCatalogue
from irclient.integrations.shopify.ids import Gid, parse_gid
from irclient.integrations.shopify.messages import Request, Response
from irclient.integrations.shopify.proxy import AppProxy
from irclient.integrations.shopify.signature import Refused, Visitor
from irclient.integrations.shopify.storefront import Unknown

__all__ = [
    "AppProxy",
    "Catalogue",
    "ContractCatalogue",
    "Gid",
    "JsonCatalogue",
    "Refused",
    "Request",
    "Response",
    "Unknown",
    "Visitor",
    "hashed_customer",
    "parse_gid",
]
