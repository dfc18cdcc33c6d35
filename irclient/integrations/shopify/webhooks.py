"""What Shopify tells an app: a product or a customer is gone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self, cast

from irclient.integrations.shopify.signature import Refused, Visitor, is_shop

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shopify_app import ShopifyApp

    from irclient.integrations.shopify.messages import Request

_HEADERS: Final = ("x-shopify-{}", "shopify-{}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedProduct:
    """``products/delete``: the shop has a product no longer.

    Attributes:
        shop: The shop, as the headers name it, which are not signed.
        product_id: The product.
    """

    shop: str | None
    product_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RedactedCustomer:
    """``customers/redact``: forget a customer, who is named in the signed body."""

    visitor: Visitor


class Unusable(Exception):  # noqa: N818  (what happened, as for the errors of irclient)
    """A webhook that is Shopify's, and lacks what it is about."""


def read_webhook(shopify: ShopifyApp, request: Request) -> DeletedProduct | RedactedCustomer | None:
    """Check a webhook, and read what it is about; None for topics that mean nothing here.

    Raises:
        Refused: It must not be believed.
        Unusable: It does not say which product or customer it is about.
    """
    headers = {name.lower(): value for name, value in request.headers.items()}
    _check_by_library(shopify, request, headers)
    topic = _header(headers, "topic")
    if topic not in {"products/delete", "customers/redact"}:
        return None
    try:
        given: object = json.loads(request.body)
    except (ValueError, RecursionError):
        given = None
    body = cast("dict[str, Any]", given) if isinstance(given, dict) else {}
    if topic == "products/delete":
        shop = _header(headers, "shop-domain")
        return DeletedProduct(
            shop=shop if is_shop(shop) else None, product_id=int(_id_in(body, topic))
        )
    customer = body.get("customer")
    shop = body.get("shop_domain")
    if not isinstance(customer, dict) or not is_shop(shop):
        raise Unusable(topic)
    found = _id_in(cast("dict[str, Any]", customer), topic)
    return RedactedCustomer(visitor=Visitor(shop=cast("str", shop), customer=found))


def _header(headers: Mapping[str, str], name: str) -> str | None:
    return next((headers[key] for form in _HEADERS if (key := form.format(name)) in headers), None)


def _id_in(body: Mapping[str, Any], topic: str) -> str:
    number = body.get("id")
    if not isinstance(number, int) or isinstance(number, bool) or not 0 < number < 10**19:
        raise Unusable(topic)
    return str(number)


class _Signed(str):
    """A body as the text that the library takes, and encodes into the very bytes that arrived.

    Shopify signs bytes: what is no UTF-8 would be another body once it had been decoded.
    """

    __slots__ = ("_arrived",)
    _arrived: bytes

    def __new__(cls, arrived: bytes) -> Self:
        text = super().__new__(cls, arrived, "utf-8", "replace")
        text._arrived = arrived
        return text

    def encode(self, *_: object, **__: object) -> bytes:
        return self._arrived


def _check_by_library(shopify: ShopifyApp, request: Request, headers: dict[str, str]) -> None:
    try:
        body = _Signed(request.body)
        result = shopify.verify_webhook_req(
            {"method": request.method, "headers": headers, "url": "", "body": body}
        )
    except Exception as problem:  # noqa: BLE001  (anyone can reach the library: never a 500)
        raise Refused("unchecked_signature", type(problem).__name__) from None
    if not result.ok:
        raise Refused(str(result.log.code))
