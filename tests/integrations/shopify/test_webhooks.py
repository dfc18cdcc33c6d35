"""Webhooks: what they make the client forget, and which are refused."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from irclient.integrations.shopify import AppProxy, Request, hashed_customer
from tests.integrations.shopify.shop import (
    SHOP,
    app,
    ask,
    catalogue,
    client,
    product,
    scripted,
    webhook,
)


@pytest.fixture
def service():
    return scripted()


@pytest.fixture
def proxy(service):
    return AppProxy(client(service), catalogue(), shopify=app(), personal=hashed_customer("k" * 16))


def test_a_deleted_product_is_forgotten_with_every_list_that_holds_it(proxy, service) -> None:
    ask(proxy, {"product_id": "1"})
    assert proxy.webhook(webhook("products/delete", {"id": 5})).status == 200
    ask(proxy, {"product_id": "1"})
    assert len(service.requests) == 2


def test_a_deleted_product_is_not_shown_although_the_catalogue_holds_it(service) -> None:
    known = catalogue(4)
    proxy = AppProxy(client(service), known, shopify=app())
    proxy.webhook(webhook("products/delete", {"id": 3}))
    known.replace([product(number) for number in range(1, 6)])
    shown = json.loads(ask(proxy, {"product_id": "1"}).body)["products"]
    assert [each["id"] for each in shown] == [2, 4, 5]
    assert ask(proxy, {"product_id": "3"}).status == 404
    assert ask(proxy, {"product_id": "30"}).status == 404
    assert json.loads(ask(proxy, "item=3&item=30", name="cart").body)["products"] == []


def test_a_product_that_the_catalogue_dropped_first_is_forgotten_all_the_same(service) -> None:
    known = catalogue(4)
    proxy = AppProxy(client(service), known, shopify=app())
    ask(proxy, {"product_id": "1"})
    proxy.webhook(webhook("products/delete", {"id": 5}))
    ask(proxy, {"product_id": "1"})
    assert len(service.requests) == 2


def test_a_redacted_customer_is_forgotten_and_nobody_else(proxy, service) -> None:
    for customer in ("4711", "4712", ""):
        ask(proxy, {"product_id": "1", "consent": "1"}, customer=customer)
    body = {"shop_domain": SHOP, "customer": {"id": 4711, "email": "a@example.com"}}
    assert proxy.webhook(webhook("customers/redact", body)).status == 200
    for customer in ("4711", "4712", ""):
        ask(proxy, {"product_id": "1", "consent": "1"}, customer=customer)
    assert len(service.requests) == 4


def test_a_topic_that_means_nothing_here_is_accepted(proxy) -> None:
    assert proxy.webhook(webhook("shop/redact", {"shop_domain": SHOP})).status == 200
    assert proxy.webhook(webhook("orders/create", b"no json")).status == 200


@pytest.mark.parametrize(
    ("topic", "body"),
    [
        ("products/delete", b"no json"),
        ("products/delete", []), ("products/delete", {}), ("products/delete", {"id": True}),
        ("products/delete", {"id": -1}), ("products/delete", {"id": "1"}),
        ("customers/redact", {"customer": {"id": 1}}), ("customers/redact", {"customer": []}),
        ("customers/redact", {"shop_domain": "a.example", "customer": {"id": 1}}),
    ],
)  # fmt: skip
def test_a_webhook_that_does_not_say_what_it_is_about_is_accepted_and_logged(
    topic, body, proxy, service, caplog
) -> None:
    ask(proxy, {"product_id": "1"})
    assert proxy.webhook(webhook(topic, body)).status == 200
    assert f"a webhook of {topic} does not say what it is about" in caplog.text
    ask(proxy, {"product_id": "1"})
    assert len(service.requests) == 1


def test_an_unsigned_webhook_is_refused_and_forgets_nothing(proxy, service) -> None:
    ask(proxy, {"product_id": "1"})
    forged = webhook("products/delete", {"id": 1}, secret="a guess at the secret")
    assert proxy.webhook(forged).status == 401
    unsigned = Request(method="POST", path="/webhooks", body=b"{}")
    assert proxy.webhook(unsigned).status == 401
    odd = webhook("products/delete", {"id": 1}, **{"X-Shopify-Hmac-Sha256": "é"})
    assert proxy.webhook(odd).status == 401
    ask(proxy, {"product_id": "1"})
    assert len(service.requests) == 1


def test_a_webhook_is_posted(proxy) -> None:
    response = proxy.answer(Request(method="GET", path="/apps/webhooks"))
    assert (response.status, response.headers["Allow"]) == (405, "POST")
    large = webhook("products/delete", b"x" * (8 * 1024 * 1024 + 1))
    assert proxy.answer(large).status == 413


def test_a_shop_that_is_not_served_has_nothing_to_forget(service) -> None:
    ir = client(service)
    proxy = AppProxy({"other.myshopify.com": ir}.get, catalogue(), shopify=app())
    assert proxy.webhook(webhook("products/delete", {"id": 1})).status == 200
    body = {"shop_domain": SHOP, "customer": {"id": 1}}
    assert proxy.webhook(webhook("customers/redact", body)).status == 200


def test_a_body_that_no_parser_can_follow_is_no_error_of_the_server(proxy) -> None:
    assert proxy.webhook(webhook("products/delete", b"[" * 100_000)).status in {200, 401}


def test_a_body_that_is_no_utf_8_is_signed_by_its_bytes(proxy) -> None:
    signed = webhook("products/delete", b"\xff\xfe")
    assert proxy.webhook(signed).status == 200
    for other in (b"\xff\xff", b"\xfe\xff", "\ufffd\ufffd".encode(), b""):
        assert proxy.webhook(replace(signed, body=other)).status == 401
