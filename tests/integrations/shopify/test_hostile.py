"""Whatever is sent, the proxy answers it, and tells nobody what was signed or who asked."""

from __future__ import annotations

import logging
import pickle
import random
import string
import time
from types import SimpleNamespace
from urllib.parse import quote, urlencode

import pytest

from irclient.integrations.shopify import AppProxy, Refused, Request, hashed_customer
from irclient.integrations.shopify.refusals import Refusals
from irclient.integrations.shopify.signature import OWN_NAMES
from irclient.integrations.shopify.storefront import PARAMETERS
from tests.integrations.shopify.shop import (
    SECRET,
    SHOP,
    app,
    ask,
    catalogue,
    client,
    get,
    scripted,
    sign,
    signed,
    uncached,
    webhook,
)

ALLOWED = {200, 401, 404, 422}
NAMES = [*PARAMETERS, *OWN_NAMES, "signature", "item[]", "", "é", "q"]
PIECES = [
    "1", "2", "99", "-1", "abc", "٣", "١", "1e9", "9" * 30, "9" * 5000, "gid://shopify/Product/1",
    "gid://shopify/ProductVariant/10?x", "gid://shopify/Order/1", "1,2,,3", ",", " ", "", "é",
    "%", "%ff", "\x00", "\n", "related", "complementary", "bogus", SHOP, "shop=", "<script>",
    "logged_in_customer_id=1", "\ud7ff", "💥", ";", "&", "#", "a" * 300,
]  # fmt: skip


def random_query(chance: random.Random) -> str:
    pairs = [
        (chance.choice(NAMES), chance.choice(PIECES) + chance.choice(["", chance.choice(PIECES)]))
        for _ in range(chance.randrange(6))
    ]
    query = urlencode(pairs)
    kind = chance.randrange(4)
    if kind == 0:
        return query
    if kind == 1:
        return "".join(chance.choice(string.printable + "é\x80ÿ") for _ in range(60))
    if kind == 2:
        return signed(query)
    # As a theme would ask, so that what comes after the signature is reached as well.
    asked = [pair for pair in pairs if pair[0] in PARAMETERS]
    return signed(urlencode(asked), customer=chance.choice(["", "7"]))


def test_ten_thousand_random_queries_are_answered_as_documented() -> None:
    chance, seen = random.Random(14), {}
    proxy = AppProxy(
        client(scripted()), catalogue(), shopify=app(), personal=hashed_customer("k" * 16)
    )
    for _ in range(10_000):
        query = random_query(chance)
        name = chance.choice(["products", "cart", "other"])
        status = proxy.answer(get(query, name=name)).status
        seen[status] = seen.get(status, 0) + 1
        assert status in ALLOWED, query
    # Each kind of answer was really reached.
    assert min(seen[status] for status in ALLOWED) > 100


@pytest.mark.parametrize(
    "query",
    [
        "product_id=%ff", "product_id=%ed%a0%80", "product_id=1#", "product_id=1\t", "é=1",
        "a=" + "b" * 20_000,
    ],
)  # fmt: skip
def test_what_cannot_be_read_in_one_way_only_is_refused(query) -> None:
    proxy = AppProxy(uncached(scripted()), catalogue(), shopify=app())
    assert proxy.answer(get(signed(query))).status == 401


@pytest.mark.parametrize(
    ("sent", "anew"),
    [
        ("relatedlogged_in_customer_id=999m=", "m=logged_in_customer_id%3D"),
        ("relatedlogged_in_customer_id=999m", "mlogged_in_customer_id="),
        ("relatedlogged_in_customer_id=999m=", "m=l&ogged_in_customer_id="),
    ],
)
def test_no_way_to_split_a_signed_text_anew_makes_another_customer(sent, anew) -> None:
    added = {"path_prefix": "/apps/recs", "shop": SHOP, "timestamp": str(int(time.time()))}
    rest = urlencode(added)
    # What a visitor has signed with nobody logged in, and the same text with a customer in it.
    signature = sign(f"intent={quote(sent)}&logged_in_customer_id=&{rest}")
    query = f"intent=related&logged_in_customer_id=999&{anew}&{rest}&signature={signature}"
    believed = app().verify_app_proxy_req(
        {"method": "GET", "headers": {}, "body": "", "url": f"https://app.example/?{query}"}
    )
    assert believed.logged_in_customer_id == "999"
    proxy = AppProxy(uncached(scripted()), catalogue(), shopify=app())
    with pytest.raises(Refused, match="ambiguous"):
        proxy.verify(get(query))


def test_no_parameter_begins_another_since_libraries_sort_those_in_different_ways() -> None:
    every = [*PARAMETERS, *OWN_NAMES, "signature"]
    assert not [(a, b) for a in every for b in every if a != b and b.startswith(a)]


def test_a_library_that_raises_is_a_refusal(caplog) -> None:
    def broken(request):
        raise TypeError(request["url"])

    proxy = AppProxy(
        uncached(scripted()),
        catalogue(),
        shopify=SimpleNamespace(verify_app_proxy_req=broken, verify_webhook_req=broken),
    )
    assert ask(proxy, {"product_id": "1"}, customer="4711").status == 401
    assert proxy.webhook(webhook("products/delete", {"id": 1})).status == 401
    assert "TypeError" in caplog.text
    assert "4711" not in caplog.text


def test_no_log_line_and_no_repr_tells_a_secret_a_signature_or_a_customer(caplog) -> None:
    caplog.set_level(logging.DEBUG)
    service = scripted()
    proxy = AppProxy(
        uncached(service), catalogue(), shopify=app(), personal=hashed_customer("k" * 16)
    )
    query = signed({"product_id": "1", "consent": "1"}, customer="471147114711")
    proxy.answer(get(query))
    proxy.answer(get(query.replace("product_id=1", "product_id=2")))
    service.on().fail(503)
    proxy.answer(get(query))
    proxy.webhook(webhook("customers/redact", {"customer": {"id": 471147114711}}))
    visitor = proxy.verify(get(query))
    with pytest.raises(Refused) as caught:
        proxy.verify(get(query + "0"))
    told = caplog.text + repr((proxy, visitor, get(query), caught.value))
    told += str(pickle.loads(pickle.dumps(caught.value)))
    assert "refused: invalid_signature" in caplog.text
    for secret in ("471147114711", query.split("signature=")[1], SECRET, "timestamp="):
        assert secret not in told


def test_a_refused_request_is_a_warning_and_a_thousand_are_no_more_lines(caplog) -> None:
    proxy = AppProxy(uncached(scripted()), catalogue(), shopify=app())
    for _ in range(1000):
        proxy.answer(get("product_id=1"))
        proxy.webhook(webhook("products/delete", {"id": 1}, secret="a guess at the secret"))
    assert [(each.levelname, each.getMessage()) for each in caplog.records] == [
        ("WARNING", "refused: missing_timestamp"),
        ("WARNING", "refused: invalid_hmac"),
    ]


def test_each_reason_is_told_once_a_minute_with_the_number_since() -> None:
    refusals = Refusals()
    assert [refusals.to_tell("a", now) for now in (0.0, 0.0, 59.9, 60.0, 61.0)] == [1, 0, 0, 3, 0]
    assert refusals.to_tell("b", 61.0) == 1
    assert [refusals.to_tell("a", now) for now in (120.0, 500.0)] == [2, 1]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_a_signed_request_that_is_no_get_is_told_so(method) -> None:
    proxy = AppProxy(uncached(scripted()), catalogue(), shopify=app())
    response = proxy.answer(get(signed({"product_id": "1"}), method=method))
    assert (response.status, response.headers["Allow"]) == (405, "GET, HEAD")
    assert proxy.answer(get("product_id=1", method=method)).status == 401


@pytest.mark.parametrize("path", ["", "/", "/products.json", "/x/recommendations/", "//", "/é"])
def test_another_path_is_not_found_once_it_is_signed(path) -> None:
    proxy = AppProxy(uncached(scripted()), catalogue(), shopify=app())
    assert proxy.answer(Request(method="GET", path=path, query=signed())).status == 404
    assert proxy.answer(Request(method="GET", path=path)).status == 401
