"""A shop to test with: its products, its signature, and a proxy on a scripted service."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from shopify_app import ShopifyApp

from irclient import Caching, IRClient, Pair, ServiceEndpoint, Settings, StaticToken
from irclient.integrations.shopify import JsonCatalogue, Request
from irclient.testing import ScriptedService

if TYPE_CHECKING:
    import httpx

    from irclient.integrations.shopify import AppProxy

CASES = json.loads((Path(__file__).parents[2] / "data" / "shopify-cases.json").read_text("utf-8"))

SHOP, SECRET = "contoso.myshopify.com", "hush-a-secret-of-the-app"
HOME = Pair(
    ServiceEndpoint("contoso-a", "web", tps=10_000), ServiceEndpoint("contoso-b", "web", tps=10_000)
)


def product(number: int, *, available: bool = True, price: str = "19.90", **more) -> dict:
    return {
        "id": number,
        "title": f"Product {number}",
        "handle": f"product-{number}",
        "body_html": "<p>Good</p>",
        "published_at": "2026-01-01T00:00:00Z",
        "created_at": "2026-01-01T00:00:00Z",
        "vendor": "Contoso",
        "product_type": "Shoes",
        "tags": ["new"],
        "variants": [
            {
                "id": number * 10,
                "title": "Default Title",
                "price": price,
                "compare_at_price": None,
                "available": available,
            }
        ],
        "images": [{"src": f"https://cdn.example/{number}.jpg"}],
        "options": [{"name": "Title", "position": 1, "values": ["Default Title"]}],
        **more,
    }


def catalogue(count: int = 30, *, sold_out=()) -> JsonCatalogue:
    return JsonCatalogue(
        [product(number, available=number not in sold_out) for number in range(1, count + 1)]
    )


def sign(query: str, secret: str = SECRET) -> str:
    """The signature of a query, by the documented algorithm, not by the library."""
    values: dict[str, list[str]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        values.setdefault(name, []).append(value)
    text = "".join(sorted(f"{name}={','.join(each)}" for name, each in values.items()))
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def signed(parameters: dict[str, str] | str = "", *, customer: str = "", shop: str = SHOP) -> str:
    """A theme's query as Shopify would hand it on."""
    own = parameters if isinstance(parameters, str) else urlencode(parameters)
    added = urlencode(
        {
            "shop": shop,
            "logged_in_customer_id": customer,
            "path_prefix": "/apps/recs",
            "timestamp": int(time.time()),
        }
    )
    query = f"{own}&{added}" if own else added
    return f"{query}&signature={sign(query)}"


def get(query: str, *, name: str = "products", method: str = "GET") -> Request:
    return Request(method=method, path=f"/apps/recs/recommendations/{name}.json", query=query)


def ask(proxy: AppProxy, parameters="", *, name: str = "products", **who):
    return proxy.answer(get(signed(parameters, **who), name=name))


def webhook(topic: str, body: object, *, secret: str = SECRET, **headers: str) -> Request:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    digest = hmac.new(secret.encode(), raw, hashlib.sha256).digest()
    every = {
        "X-Shopify-Topic": topic,
        "X-Shopify-Hmac-Sha256": base64.b64encode(digest).decode(),
        "X-Shopify-Shop-Domain": SHOP,
        **headers,
    }
    return Request(method="POST", path="/webhooks", headers=every, body=raw)


def client(service: httpx.BaseTransport, **settings) -> IRClient:
    return IRClient(
        HOME, credential=StaticToken("t"), transport=service, settings=Settings(**settings)
    )


def uncached(service: httpx.BaseTransport) -> IRClient:
    return client(service, caching=Caching(enabled=False))


def app(secret: str = SECRET, old: str | None = None) -> ShopifyApp:
    return ShopifyApp("client-id", secret, old)


def scripted(ids=tuple(str(number) for number in range(1, 31))) -> ScriptedService:
    service = ScriptedService(HOME)
    service.on().answer(ids=ids)
    return service
