"""A stand-in for Shopify on loopback: product pages, a theme's asset, and the app proxy's front.

It signs what it hands on to the app as Shopify documents it. The shop's own recommendations are
empty unless some are given, so that a page shows what the app answered.
"""

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from socketserver import ThreadingMixIn
from string import Template
from threading import Thread
from typing import Any, Self
from urllib.parse import parse_qs, urlencode
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from irclient.integrations.shopify import AppProxy, Catalogue

FOLDER = Path(__file__).parent
SHOP, PREFIX = "contoso.myshopify.com", "/apps/recs"


class Storefront:
    """Serves a shop until it is left; `own` are the products that Shopify itself recommends."""

    def __init__(
        self,
        proxy: AppProxy,
        catalogue: Catalogue,
        client_secret: str,
        *,
        own: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self._proxy, self._catalogue, self._secret = proxy, catalogue, client_secret
        self._own = json.dumps({"intent": "related", "products": own}).encode()

    def __enter__(self) -> Self:
        self._server = make_server(
            "127.0.0.1", 0, self._serve, server_class=_Server, handler_class=_Quiet
        )
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def page(self, product_id: int) -> str:
        """The address of a product's page."""
        return f"http://127.0.0.1:{self._server.server_port}/products/{product_id}"

    def _serve(self, environ: dict[str, Any], start: Callable[..., object]) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path.startswith(f"{PREFIX}/"):
            handed_on = {
                **environ,
                "PATH_INFO": path.removeprefix(PREFIX),
                "QUERY_STRING": signed(environ["QUERY_STRING"], self._secret),
            }
            return self._proxy.wsgi(handed_on, start)
        if path == "/assets/ir-recommendations.js":
            return _answer(
                start, (FOLDER / "theme" / "ir-recommendations.js").read_bytes(), "text/javascript"
            )
        if path == "/recommendations/products.json":
            return _answer(start, self._own, "application/json")
        product = self._catalogue.product_of(path.removeprefix("/products/"))
        if product is None:
            return _answer(start, b"Not found", "text/plain", "404 Not Found")
        words = {name: escape(str(product[name])) for name in ("id", "title", "description")}
        page = Template((FOLDER / "product.html").read_text("utf-8"))
        body = page.substitute(words, price=f"${product['price'] / 100:.2f}")
        return _answer(start, body.encode(), "text/html; charset=utf-8")


def signed(query: str, secret: str, *, customer: str = "") -> str:
    """A theme's query as Shopify hands it on to an app: with its own parameters, and signed."""
    own = urlencode(
        {
            "shop": SHOP,
            "logged_in_customer_id": customer,
            "path_prefix": PREFIX,
            "timestamp": int(time.time()),
        }
    )
    query = f"{query}&{own}" if query else own
    values = parse_qs(query, keep_blank_values=True)
    text = "".join(sorted(f"{name}={','.join(each)}" for name, each in values.items()))
    signature = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    return f"{query}&signature={signature}"


def _answer(
    start: Callable[..., object], body: bytes, kind: str, status: str = "200 OK"
) -> list[bytes]:
    start(status, [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [body]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Log nothing: the addresses that reach an app are signed."""
