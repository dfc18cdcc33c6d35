"""Every case of the recorded acceptance list, computed by independent implementations."""

from __future__ import annotations

import base64
import json
from types import SimpleNamespace

import pytest
from shopify_app.verify import app_proxy

from irclient.integrations.shopify import AppProxy, Refused, Request, hashed_customer
from tests.integrations.shopify.shop import (
    CASES,
    SHOP,
    app,
    ask,
    catalogue,
    get,
    scripted,
    uncached,
)

STOREFRONT = {case["request"]: case["expect"] for case in CASES["storefront_json"]}


def named(cases):
    return [pytest.param(case, id=case["name"]) for case in cases]


def test_the_list_is_whole() -> None:
    sizes = [len(CASES[kind]) for kind in ("app_proxy", "webhooks", "storefront_json")]
    assert sizes == [33, 6, 14]


@pytest.mark.parametrize("case", named(CASES["app_proxy"]))
def test_a_signature_is_believed_or_refused(case, monkeypatch) -> None:
    monkeypatch.setattr(app_proxy, "time", SimpleNamespace(time=lambda: case["now"]))
    proxy = AppProxy(
        uncached(scripted()), catalogue(), shopify=app(case["secret"], case["old_secret"])
    )
    request, expected = get(case["query"]), case["expect"]
    if expected["status"] == "any":
        assert proxy.answer(request).status in {200, 401, 404, 422}
    elif expected["status"] == 401:
        with pytest.raises(Refused):
            proxy.verify(request)
        assert proxy.answer(request).status == 401
    else:
        visitor = proxy.verify(request)
        assert visitor.shop == expected.get("shop", "shop-name.myshopify.com")
        assert visitor.customer == expected.get("customer")
        assert proxy.answer(request).status != 401


@pytest.mark.parametrize("case", named(CASES["webhooks"]))
def test_a_webhook_is_believed_or_refused(case) -> None:
    proxy = AppProxy(
        uncached(scripted()), catalogue(), shopify=app(case["secret"], case["old_secret"])
    )
    request = Request(
        method="POST",
        path="/webhooks",
        headers={case["header"]: case["hmac"], "X-Shopify-Topic": "products/delete"},
        body=base64.b64decode(case["body_base64"]),
    )
    assert proxy.webhook(request).status == case["expect"]["status"]


@pytest.fixture
def service():
    return scripted()


@pytest.fixture
def proxy(service):
    return AppProxy(uncached(service), catalogue(sold_out={3, 4}), shopify=app())


def shown(response) -> list[int]:
    return [product["id"] for product in json.loads(response.body)["products"]]


@pytest.mark.parametrize(
    ("case", "parameters"),
    [
        ("product_id missing", {}),
        ("intent=bogus", {"product_id": "2", "intent": "bogus"}),
        ("product_id=1 (not sold here)", {"product_id": "1"}),
    ],
)
def test_an_error_has_the_storefronts_body(case, parameters, service) -> None:
    only = catalogue(2)
    only.replace([{"id": 2, "handle": "two", "variants": []}])
    response = ask(AppProxy(uncached(service), only, shopify=app()), parameters)
    assert response.status == STOREFRONT[case]["status"]
    assert json.loads(response.body) == STOREFRONT[case]["json"]
    assert not service.requests


@pytest.mark.parametrize("limit", [None, "0", "11", "-1", "abc", "٣", "9" * 5000, "4,5"])
def test_a_limit_outside_of_the_documented_range_is_clamped(limit, proxy) -> None:
    response = ask(proxy, {"product_id": "1"} | ({} if limit is None else {"limit": limit}))
    assert response.status == 200
    assert 1 <= len(shown(response)) <= STOREFRONT["no limit"]["at_most"]


def test_a_limit_is_kept_and_the_list_filled_up_past_what_is_left_out(proxy, service) -> None:
    # 1 is the seed; 3 and 4 are sold out; the list goes on with what follows.
    response = ask(proxy, {"product_id": "1", "limit": "4"})
    assert shown(response) == [2, 5, 6, 7]
    assert len(shown(response)) == STOREFRONT["limit=4"]["exactly_when_enough"]
    assert service.requests[-1].count == 50


def test_an_intent_that_is_left_out_is_related(proxy, service) -> None:
    response = ask(proxy, {"product_id": "1"})
    assert json.loads(response.body)["intent"] == STOREFRONT["intent left out"]["json"]["intent"]
    assert service.requests[-1].operation == "similar"


def test_what_goes_well_with_a_product_is_what_was_bought_together(proxy, service) -> None:
    response = ask(proxy, {"product_id": "1", "intent": "complementary"})
    assert json.loads(response.body)["intent"] == "complementary"
    assert service.requests[-1].operation == "bought_together"


def test_an_item_that_the_catalogue_does_not_know_is_left_out_counted_and_told(service) -> None:
    service.on().answer(ids=["77", "2", "gid://x", "2", "5"])
    told = []
    proxy = AppProxy(uncached(service), catalogue(), shopify=app(), on_unknown=told.append)
    assert shown(ask(proxy, {"product_id": "1"})) == [2, 5]
    assert [(each.kind, each.id) for each in told] == [("item", "77"), ("item", "gid://x")]
    assert proxy.unknown == 2


def test_prices_are_integers_of_the_smallest_unit(proxy) -> None:
    first = json.loads(ask(proxy, {"product_id": "1"}).body)["products"][0]
    assert first["price"] == first["price_min"] == first["variants"][0]["price"] == 1990


def test_without_an_answer_the_list_is_empty_and_not_kept(proxy, service) -> None:
    service.on().fail(503)
    response = ask(proxy, {"product_id": "1"})
    expected = STOREFRONT["nothing from IR (IRError)"]
    assert (response.status, shown(response)) == (expected["status"], expected["json_products"])
    assert response.headers["Cache-Control"] == expected["cache_control"]


def test_a_personal_list_is_for_a_customer_who_agreed_and_never_by_their_id(service) -> None:
    proxy = AppProxy(
        uncached(service), catalogue(), shopify=app(), personal=hashed_customer("k" * 16)
    )
    agreed = ask(proxy, {"product_id": "1", "consent": "1"}, customer="4711")
    expected = STOREFRONT["personal list (customer and consent)"]
    assert agreed.headers["Cache-Control"] == expected["cache_control"]
    user_id = service.requests[-1].user_id
    assert len(user_id) == 64
    assert "4711" not in user_id
    for parameters, customer in [
        ({"product_id": "1"}, "4711"),
        ({"product_id": "1", "consent": "0"}, "4711"),
        ({"product_id": "1", "consent": "1"}, ""),
    ]:
        answer = ask(proxy, parameters, customer=customer)
        assert service.requests[-1].user_id is None
        assert answer.headers["Cache-Control"].startswith("public, max-age=")
    assert SHOP not in user_id
