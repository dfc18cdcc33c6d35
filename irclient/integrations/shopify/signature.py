"""Who asks: the signature of an app proxy's request, checked by Shopify's library, and a guard.

The library (`shopifyapp`) owns the arithmetic. The guard refuses what that lets through, each
seen in version 1.0.2: parameters of Shopify's that occur twice, of which the first is believed;
a shop that is missing or of another domain; a signature that is not ASCII, which raises; and,
since nothing separates what is signed, a query that was split anew so that other parts of the same
signed text become the customer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shopify_app import ShopifyApp

__all__ = ["Refused", "Visitor"]

#: What Shopify adds to a request; a theme's own parameters have other names.
OWN_NAMES: Final = ("logged_in_customer_id", "path_prefix", "shop", "timestamp")
_SINGLE: Final = (*OWN_NAMES, "signature")
_MOST_QUERY: Final = 16 * 1024
_SHOP: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}\.myshopify\.com", re.ASCII)
_CUSTOMER: Final = re.compile(r"[0-9]{1,20}", re.ASCII)
#: What `urllib.parse` would cut a URL at, or drop from it, does not reach the library.
_QUERY: Final = re.compile(r"[!-\"$-~]*", re.ASCII)


class Refused(Exception):  # noqa: N818  (what happened, as for the errors of irclient)
    """A request that Shopify did not send, or that cannot be told from one: answer 401.

    Attributes:
        code: Why, in one word for logs; it holds nothing of the request.
        problem: The name of the error that kept the signature from being checked, or nothing.
    """

    def __init__(self, code: str, problem: str = "") -> None:
        super().__init__(f"the request was refused: {code}")
        self.code, self.problem = code, problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """For whom Shopify asks.

    Attributes:
        shop: The shop's domain, ``name.myshopify.com``.
        customer: The id of the customer who is logged in; None for all others. Personal: it is
            left out of the repr.
        path_prefix: Where the shop mounted the proxy, for example ``/apps/recs``.
    """

    shop: str
    customer: str | None = field(default=None, repr=False)
    path_prefix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A request that Shopify signed: for whom, and the parameters by name.

    Parameters that were given several times, and those with a comma in one value, are signed
    alike; both are read as one text with commas.
    """

    visitor: Visitor
    parameters: Mapping[str, str]


def verify_query(shopify: ShopifyApp, query: str) -> Verified:
    """Check the signature of a query string, and read it.

    Args:
        shopify: The app, with its secrets.
        query: As it arrived.

    Raises:
        Refused: It must not be believed.
    """
    parameters = _parameters(query)
    _check_by_library(shopify, query)
    customer = parameters.get("logged_in_customer_id", "")
    if not _SHOP.fullmatch(parameters.get("shop", "")):
        raise Refused("foreign_shop")
    if customer and not _CUSTOMER.fullmatch(customer):
        raise Refused("odd_customer")
    visitor = Visitor(
        shop=parameters["shop"],
        customer=customer or None,
        path_prefix=parameters.get("path_prefix", ""),
    )
    return Verified(visitor=visitor, parameters=parameters)


def is_shop(domain: object) -> bool:
    """Whether it is the domain of a shop."""
    return isinstance(domain, str) and _SHOP.fullmatch(domain) is not None


def _parameters(query: str) -> dict[str, str]:
    if len(query) > _MOST_QUERY or not _QUERY.fullmatch(query):
        raise Refused("odd_query")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict")
    except ValueError:
        raise Refused("odd_encoding") from None
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    if any(len(values.get(name, ())) > 1 for name in _SINGLE):
        raise Refused("doubled_parameter")
    if not values.get("signature", [""])[0].isascii():
        raise Refused("odd_signature")
    joined = {name: ",".join(each) for name, each in values.items()}
    # Whatever is split anew is the same text, and so holds a name of Shopify's once more.
    signed = "".join(f"{name}={joined[name]}" for name in sorted(joined) if name != "signature")
    if any(signed.count(f"{name}=") > 1 for name in OWN_NAMES):
        raise Refused("ambiguous")
    return joined


def _check_by_library(shopify: ShopifyApp, query: str) -> None:
    url = f"https://app-proxy.invalid/?{query}"
    try:
        result = shopify.verify_app_proxy_req(
            {"method": "GET", "headers": {}, "url": url, "body": ""}
        )
    except Exception as problem:  # noqa: BLE001  (any visitor can reach the library: never a 500)
        # Without the traceback: what the library was given may be in it.
        raise Refused("unchecked_signature", type(problem).__name__) from None
    if not result.ok:
        raise Refused(str(result.log.code))
