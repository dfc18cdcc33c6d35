"""The app proxy: carts, ids, memory, shops, outages, and the frameworks that carry it."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from pathlib import Path

import anyio
import httpx
import pytest
from shopify_app import ShopifyApp
from starlette.applications import Starlette
from starlette.routing import Mount

from irclient import (
    AsyncIRClient,
    Caching,
    ConfigurationError,
    Fallback,
    IRClient,
    QueryError,
    Settings,
    StaticToken,
)
from irclient.integrations.shopify import AppProxy, JsonCatalogue, Request, hashed_customer
from tests.integrations.shopify.shop import (
    HOME,
    SHOP,
    app,
    ask,
    catalogue,
    client,
    get,
    scripted,
    signed,
    uncached,
)


@pytest.fixture
def service():
    return scripted()


@pytest.fixture
def proxy(service):
    return AppProxy(client(service), catalogue(), shopify=app())


def shown(response) -> list[int]:
    return [product["id"] for product in json.loads(response.body)["products"]]


# ── what is asked ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "product_id",
    ["5", " 5 ", "gid://shopify/Product/5", "50", "gid://shopify/ProductVariant/50?shop=1"],
)
def test_a_product_may_be_named_by_its_variant_and_by_global_ids(
    product_id, proxy, service
) -> None:
    proxy._catalogue.replace([p for p in raw_products() if p["id"] != 50])
    if "shop=" in product_id:  # A name of Shopify's within a value is refused.
        assert ask(proxy, {"product_id": product_id}).status == 401
        return
    assert ask(proxy, {"product_id": product_id}).status == 200
    assert service.requests[-1].item_ids == ("5",)


def raw_products() -> list[dict]:
    from tests.integrations.shopify.shop import product  # noqa: PLC0415

    return [product(number) for number in range(1, 31)]


def test_a_cart_is_one_question_whatever_its_order_and_spelling(proxy, service) -> None:
    spellings = [
        "item=2&item=7",
        "item=7,2",
        "item=70&item=gid%3A%2F%2Fshopify%2FProduct%2F2&item=2",
        "item=7&item=2&item=&item=,7&limit=3",
    ]
    for spelling in spellings:
        response = ask(proxy, spelling, name="cart")
        assert response.status == 200
        assert not {2, 7} & set(shown(response))
    assert [sent.operation for sent in service.requests] == ["cart"]
    assert service.requests[0].item_ids == ("2", "7")


def test_of_a_cart_that_is_too_long_to_name_nothing_comes_back_and_its_order_is_the_same() -> None:
    in_cart = range(1, 71)
    service = scripted([str(number) for number in range(41, 81)])
    proxy = AppProxy(client(service), catalogue(100), shopify=app())
    for cart in (in_cart, reversed(in_cart)):
        response = ask(proxy, "&".join(f"item={number}" for number in cart), name="cart")
        assert shown(response) == list(range(71, 81))
    (sent,) = service.requests
    assert len(sent.item_ids) == 50


def test_a_cart_of_products_that_are_not_sold_is_an_empty_list(proxy, service) -> None:
    response = ask(proxy, "item=999&item=gid://shopify/ProductVariant/1&item=x", name="cart")
    assert (response.status, shown(response)) == (200, [])
    assert response.headers["Cache-Control"] == "no-store"
    assert proxy.unknown == 2
    assert not service.requests


def test_a_cart_without_items_says_what_is_missing(proxy) -> None:
    response = ask(proxy, "item=,", name="cart")
    assert json.loads(response.body) == {
        "status": 422,
        "message": "Invalid parameter error",
        "description": "An item value is missing",
    }


def test_two_products_are_not_one(proxy) -> None:
    for query in ("product_id=1&product_id=2", "product_id=1,2", "product_id=x"):
        assert ask(proxy, query).status == 422


def test_every_limit_is_answered_by_one_answer_in_memory(proxy, service) -> None:
    lengths = [len(shown(ask(proxy, {"product_id": "1", "limit": str(n)}))) for n in range(1, 11)]
    assert lengths == list(range(1, 11))
    assert len(service.requests) == 1


# ── what is answered ─────────────────────────────────────────────────────────────────────────


def test_a_product_links_to_its_page_and_says_which_list_it_is_from(proxy) -> None:
    first, second = json.loads(ask(proxy, {"product_id": "1", "limit": "2"}).body)["products"]
    assert first["url"] == "/products/product-2?ir_list=similar&ir_rank=1"
    assert second["url"] == "/products/product-3?ir_list=similar&ir_rank=2"
    assert "pr_" not in first["url"]


def test_an_answer_may_be_kept_for_what_is_left_of_it(service) -> None:
    ir = IRClient(
        HOME,
        credential=StaticToken("t"),
        transport=service,
        settings=Settings(caching=Caching(fresh_for=300.0)),
    )
    proxy = AppProxy(ir, catalogue(), shopify=app(), stale_while_revalidate_for=900.0)
    response = ask(proxy, {"product_id": "1"})
    assert response.headers["Cache-Control"] == "public, max-age=300, stale-while-revalidate=900"


def test_no_second_is_told_of_which_only_a_part_is_left(service) -> None:
    class Aged(IRClient):
        def fetch(self, query):
            found = super().fetch(query)
            return found.as_served(replace(found.served, fresh_for=2.8))

    proxy = AppProxy(
        Aged(HOME, credential=StaticToken("t"), transport=service), catalogue(), shopify=app()
    )
    assert "max-age=2," in ask(proxy, {"product_id": "1"}).headers["Cache-Control"]


def test_an_answer_that_is_not_kept_is_left_zero_seconds(service) -> None:
    ir = IRClient(
        HOME,
        credential=StaticToken("t"),
        transport=service,
        settings=Settings(caching=Caching(enabled=False)),
    )
    proxy = AppProxy(ir, catalogue(), shopify=app())
    assert "max-age=0," in ask(proxy, {"product_id": "1"}).headers["Cache-Control"]


def test_a_fallback_is_filtered_and_not_kept(service) -> None:
    service.on().fail(503)
    ir = IRClient(
        HOME,
        credential=StaticToken("t"),
        transport=service,
        settings=Settings(caching=Caching(enabled=False)),
        fallback=Fallback(queries=(), items=("1", "8", "404", "9")),
    )
    proxy = AppProxy(ir, catalogue(sold_out={9}), shopify=app())
    response = ask(proxy, {"product_id": "1"})
    assert shown(response) == [8]
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("trouble", ["503", "429", "401", "403", "garbage", "refused"])
def test_no_weather_of_ir_reaches_a_theme(trouble, service) -> None:
    script = service.on()
    if trouble == "garbage":
        script.respond(200, text="<html>")
    elif trouble == "refused":
        script.fail(503)
    else:
        script.respond(int(trouble), json={})
    response = ask(AppProxy(uncached(service), catalogue(), shopify=app()), {"product_id": "1"})
    assert (response.status, shown(response)) == (200, [])
    assert response.headers["Cache-Control"] == "no-store"


def test_a_question_that_ir_refuses_is_a_mistake_of_the_app_and_is_shown(service) -> None:
    service.on().respond(400, json={"error": "modeling"})
    proxy = AppProxy(uncached(service), catalogue(), shopify=app())
    with pytest.raises(QueryError):
        ask(proxy, {"product_id": "1"})


def test_an_item_that_ir_does_not_know_yet_has_an_empty_list_which_nothing_keeps(service) -> None:
    service.on().respond(404, json={"error": {"code": "NotFound", "message": "item"}})
    proxy = AppProxy(uncached(service), catalogue(), shopify=app())
    answer = proxy.answer(get(signed({"product_id": "1"})))
    assert (answer.status, shown(answer)) == (200, [])
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("of", [str, int])
def test_a_customers_own_id_never_leaves_the_shop(of, service) -> None:
    proxy = AppProxy(
        uncached(service),
        catalogue(),
        shopify=app(),
        personal=lambda visitor: of(visitor.customer),
    )
    with pytest.raises(ConfigurationError, match="hashed_customer") as told:
        ask(proxy, {"product_id": "1", "consent": "1"}, customer="4711")
    assert "4711" not in str(told.value)
    assert not service.requests


def test_an_observer_of_unknown_ids_that_fails_changes_nothing(service, caplog) -> None:
    proxy = AppProxy(
        uncached(service), catalogue(2), shopify=app(), on_unknown=lambda unknown: 1 / 0
    )
    assert shown(ask(proxy, {"product_id": "1"})) == [2]
    assert proxy.unknown == 28
    assert "ZeroDivisionError" in caplog.text


class OwnNames:
    """A catalogue whose items are not numbered as its products, and whose products have no id."""

    def item_of(self, product_id: int) -> str | None:
        return f"SKU-{product_id}" if product_id < 5 else None

    def product_of(self, item_id: str) -> dict | None:
        return {"title": item_id, "url": None}

    def product_of_variant(self, variant_id: int) -> int | None:
        return None


def test_a_catalogue_of_ones_own_may_name_items_otherwise(service) -> None:
    service.on().answer(ids=["SKU-1", "SKU-2", "SKU-3", "SKU-2"])
    proxy = AppProxy(uncached(service), OwnNames(), shopify=app())
    products = json.loads(ask(proxy, {"product_id": "1"}).body)["products"]
    assert service.requests[-1].item_ids == ("SKU-1",)
    assert [product["title"] for product in products] == ["SKU-2", "SKU-3"]


# ── many shops ───────────────────────────────────────────────────────────────────────────────


def test_each_shop_is_answered_by_its_own_client_and_catalogue() -> None:
    services = {name: scripted(ids=ids) for name, ids in [("one", ["2"]), ("two", ["3"])]}
    clients = {f"{name}.myshopify.com": client(each) for name, each in services.items()}
    catalogues = dict.fromkeys(clients, catalogue())
    proxy = AppProxy(clients.get, catalogues.get, shopify=app())
    for name, expected in [("one", [2]), ("two", [3]), ("one", [2])]:
        assert shown(ask(proxy, {"product_id": "1"}, shop=f"{name}.myshopify.com")) == expected
    assert [len(each.requests) for each in services.values()] == [1, 1]
    assert ask(proxy, {"product_id": "1"}, shop=SHOP).status == 401


# ── arguments ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("client", None), ("catalogue", [1]), ("shopify", "hush"), ("shopify", ShopifyApp),
        ("client", IRClient), ("catalogue", JsonCatalogue), ("personal", hashed_customer),
        ("ask", 9), ("ask", "50"), ("personal", "hush"), ("on_unknown", 1),
        ("stale_while_revalidate_for", -1), ("stale_while_revalidate_for", "60"),
        ("stale_while_revalidate_for", float("inf")),
    ],
)  # fmt: skip
def test_an_argument_that_cannot_be_used_is_named_with_the_fix(name, value, service) -> None:
    arguments = {"client": client(service), "catalogue": catalogue(), "shopify": app()}
    arguments[name] = value
    ir, known = arguments.pop("client"), arguments.pop("catalogue")
    with pytest.raises(ConfigurationError, match=rf"AppProxy: {name} cannot be .*; pass ") as told:
        AppProxy(ir, known, **arguments)
    assert "hush" not in str(told.value)


@pytest.mark.parametrize("key", [None, 16, "too short"])
def test_what_is_no_key_of_customers_is_told_and_not_shown(key) -> None:
    with pytest.raises(ConfigurationError, match=r"hashed_customer: .* 16 bytes, got") as told:
        hashed_customer(key)
    assert "too short" not in str(told.value)


# ── frameworks ───────────────────────────────────────────────────────────────────────────────


def asynchronous(service) -> AsyncIRClient:
    return AsyncIRClient(HOME, credential=StaticToken("t"), transport=service)


async def web(application, *requests: tuple[str, str]) -> list[httpx.Response]:
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url="http://app.example") as http:
        return [await http.request(method, url) for method, url in requests]


@pytest.mark.anyio
@pytest.mark.parametrize("kind", [client, asynchronous])
async def test_it_is_an_asgi_application_for_both_clients(kind, service) -> None:
    proxy = AppProxy(kind(service), catalogue(), shopify=app())
    mounted = Starlette(routes=[Mount("/proxy", proxy)])
    url = f"/proxy/en/recommendations/products.json?{signed({'product_id': '1', 'limit': '2'})}"
    found, head, unsigned, put = await web(
        mounted,
        ("GET", url),
        ("HEAD", url),
        ("GET", "/proxy/recommendations/products.json?product_id=1"),
        ("PUT", url),
    )
    assert [each["id"] for each in found.json()["products"]] == [2, 3]
    assert found.headers["content-type"] == "application/json; charset=utf-8"
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == found.headers["content-length"]
    assert [unsigned.status_code, put.status_code] == [401, 405]


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request):
    return request.param


@pytest.mark.anyio
async def test_it_answers_without_a_framework_for_both_clients(service) -> None:
    for ir in (client(service), asynchronous(service)):
        proxy = AppProxy(ir, catalogue(), shopify=app())
        assert shown(await proxy.aanswer(get(signed({"product_id": "1", "limit": "1"})))) == [2]


@pytest.mark.anyio
async def test_an_outage_and_a_mistake_are_the_same_for_an_async_client(service) -> None:
    ir = AsyncIRClient(
        HOME,
        credential=StaticToken("t"),
        transport=service,
        settings=Settings(caching=Caching(enabled=False)),
    )
    proxy = AppProxy(ir, catalogue(), shopify=app())
    service.on().fail(503)
    assert shown(await proxy.aanswer(get(signed({"product_id": "1"})))) == []
    service.on().respond(400, json={})
    with pytest.raises(QueryError):
        await proxy.aanswer(get(signed({"product_id": "2"})))


@pytest.mark.anyio
async def test_a_body_without_an_end_is_not_read_to_its_end(service) -> None:
    proxy = AppProxy(client(service), catalogue(), shopify=app())
    sent = []

    async def receive():
        await anyio.lowlevel.checkpoint()
        return {"type": "http.request", "body": b"x" * 1_000_000, "more_body": True}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/webhooks", "raw_path": b"/webhooks",
        "query_string": b"", "headers": [], "root_path": "", "scheme": "http",
        "server": ("app.example", 80), "client": None, "http_version": "1.1",
        "asgi": {"version": "3.0"},
    }  # fmt: skip
    await proxy(scope, receive, send)
    assert sent[0]["status"] == 413


def test_an_async_client_cannot_be_waited_for_by_a_thread(service) -> None:
    proxy = AppProxy(asynchronous(service), catalogue(), shopify=app())
    with pytest.raises(ConfigurationError, match="aanswer"):
        ask(proxy, {"product_id": "1"})


def wsgi(proxy, **environ) -> tuple[str, dict[str, str], bytes]:
    began = []
    given = {"REQUEST_METHOD": "GET", "PATH_INFO": "", "wsgi.input": io.BytesIO(), **environ}
    body = b"".join(proxy.wsgi(given, lambda status, headers: began.append((status, headers))))
    return began[0][0], dict(began[0][1]), body


def test_it_is_a_wsgi_application(proxy) -> None:
    query = signed({"product_id": "1", "limit": "1"})
    path = "/recommendations/products.json"
    status, headers, body = wsgi(proxy, PATH_INFO=path, QUERY_STRING=query)
    assert status == "200 OK"
    assert int(headers["Content-Length"]) == len(body) > 100
    assert wsgi(proxy, PATH_INFO=path, QUERY_STRING=query, REQUEST_METHOD="HEAD")[2] == b""
    assert wsgi(proxy, PATH_INFO=path)[0] == "401 Unauthorized"


def test_a_wsgi_request_is_read_with_its_headers_and_its_body() -> None:
    environ = {
        "REQUEST_METHOD": "POST", "PATH_INFO": "/webhooks", "HTTP_X_SHOPIFY_TOPIC": "a/b",
        "CONTENT_LENGTH": "3", "wsgi.input": io.BytesIO(b"abcdef"),
    }  # fmt: skip
    request = Request.from_environ(environ)
    assert (request.headers["X-SHOPIFY-TOPIC"], request.body) == ("a/b", b"abc")
    for length in ("", "x", "-1", "٣", "9" * 30):
        assert Request.from_environ({**environ, "CONTENT_LENGTH": length}).body == b""
    assert Request.from_environ(environ, body=b"{}").body == b"{}"


def test_the_whole_app_of_the_page_is_no_longer_than_thirty_lines() -> None:
    page = (Path(__file__).parents[3] / "docs" / "how-to" / "shopify.md").read_text("utf-8")
    (whole,) = [
        block for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL)
        if "AppProxy(" in block
    ]  # fmt: skip
    assert len(whole.splitlines()) <= 30
