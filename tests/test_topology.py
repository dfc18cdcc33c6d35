"""Service endpoints, pairs, regions and splits: what can be named, and what is refused."""

from __future__ import annotations

import pickle
from dataclasses import replace

import pytest

from irclient.errors import ConfigurationError
from irclient.topology import Pair, ServiceEndpoint, TrafficSplit, base_url, flatten, is_loopback

A, B, C, D = (ServiceEndpoint(account, "web", tps=100) for account in "abcd")


def test_the_url_is_the_documented_host_unless_given() -> None:
    assert ServiceEndpoint("contoso-a", "web", tps=100).url == (
        "https://contoso-a-web.mir.prod.reco.microsoft.com"
    )
    given = ServiceEndpoint("a", "web", tps=1, url="https://ir.example:8443/base/")
    assert given.url == "https://ir.example:8443/base"
    assert given.label == "a/web"


def test_an_endpoint_is_a_hashable_value() -> None:
    assert len({A, ServiceEndpoint("a", "web", tps=100), B}) == 2
    assert pickle.loads(pickle.dumps(A)) == A


@pytest.mark.parametrize(
    ("endpoints", "expected"),
    [
        (A, (A,)),
        (Pair(A, B), (A, B)),
        ([A], (A,)),
        ([Pair(A, B), Pair(C, D)], (A, B, C, D)),
        ((Pair(A, B), C), (A, B, C)),
    ],
)
def test_home_comes_first_and_the_primary_before_the_secondary(endpoints, expected) -> None:
    assert flatten(endpoints) == expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("shop.localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("10.0.0.1", False),
        ("localhost.example", False),
        ("127.0.0.1.example", False),
        ("", False),
    ],
)
def test_loopback_is_this_machine_and_nothing_else(host, expected) -> None:
    assert is_loopback(host) is expected


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:99", "https://ir.example"]
)
def test_https_is_for_every_host_and_http_for_loopback(url) -> None:
    assert ServiceEndpoint("a", "web", tps=1, url=url).url == url


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://ir.example", "must use https, got 'http://ir.example'; plain http is for loop"),
        ("http://127.0.0.1.example", "must use https"),
        ("ftp://ir.example", "must be like 'https://host', got 'ftp://ir.example'"),
        ("ir.example", "must be like 'https://host', got 'ir.example'"),
        ("https://", "must be like 'https://host', got 'https://'"),
        ("https://ir.example:port", "must be like 'https://host', got 'https://ir.example:port'"),
        ("https://ir.example:99999", "must be like 'https://host'"),
        ("https://[::1", "must be like 'https://host', got 'https://[::1'"),
        ("https://ir.example?a=1", "write 'https://ir.example'"),
        ("https://ir.example/#top", "write 'https://ir.example'"),
        ("https://ir.example/a b", "write 'https://ir.example/ab'"),
        ("https://ir.example\\@evil", "must"),
        (7, "must be a str, got 7"),
    ],
)
def test_a_bad_url_is_refused_with_the_endpoints_label_and_the_fix(url, message) -> None:
    with pytest.raises(ConfigurationError) as caught:
        ServiceEndpoint("a", "web", tps=1, url=url)
    assert str(caught.value).startswith("a/web: url")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://me:hunter2@ir.example",
        "https://hunter2@ir.example",
        "https://me:hunter2@ir.example:port",
        "https://me:hunter2@[::1",
        "https://me:hunter2@ir.ex\u2100mple",
        "https://me:12/hunter2@ir.example",
        "https:me:hunter2@ir.example",
        "me:hunter2@ir.example",
        "https://ir.example/?sig=hunter2",
        "https://ir.example/#hunter2",
    ],
)
def test_what_may_be_a_secret_in_a_url_is_refused_and_not_shown(url) -> None:
    with pytest.raises(ConfigurationError) as caught:
        base_url("url", url)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize("tps", [0, -1, True, "100", None, float("nan"), float("inf")])
def test_tps_must_be_a_number_above_0(tps) -> None:
    with pytest.raises(ConfigurationError, match=r"a/web: tps must be a number above 0.*got"):
        ServiceEndpoint("a", "web", tps=tps)


@pytest.mark.parametrize("name", ["", "a/b", "-a", "a-", "a b", "é", "a@b", "a?b", 7, None])
def test_names_become_part_of_a_host_and_are_checked(name) -> None:
    with pytest.raises(ConfigurationError, match=r"account must be letters"):
        ServiceEndpoint(name, "web", tps=1)
    with pytest.raises(ConfigurationError, match=r"name must be letters"):
        ServiceEndpoint("a", name, tps=1)


def test_of_a_url_in_place_of_a_name_no_password_is_shown() -> None:
    with pytest.raises(
        ConfigurationError, match=r"account must be letters.*@ir\.example"
    ) as caught:
        ServiceEndpoint("https://me:hunter2@ir.example", "web", tps=1)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("what", ["modeling", "region"])
@pytest.mark.parametrize("value", ["", " ", 7])
def test_modeling_and_region_are_names_or_left_out(what, value) -> None:
    with pytest.raises(ConfigurationError, match=f"a/web: {what} must be a str that is not blank"):
        ServiceEndpoint("a", "web", tps=1, **{what: value})


def test_a_pair_is_two_different_endpoints() -> None:
    with pytest.raises(ConfigurationError, match=r"endpoint 'a/web' is named twice"):
        Pair(A, A)
    with pytest.raises(ConfigurationError, match="secondary must be a ServiceEndpoint, got str"):
        Pair(A, "b/web")
    with pytest.raises(ConfigurationError, match=r"url 'https://one\.example' is named twice"):
        Pair(*(ServiceEndpoint(a, "web", tps=1, url="https://one.example") for a in "ab"))


@pytest.mark.parametrize("endpoints", [[], (), "a/web", None, {"a": A}, 7])
def test_endpoints_are_one_or_some(endpoints) -> None:
    with pytest.raises(ConfigurationError, match="endpoints must be a ServiceEndpoint, a Pair"):
        flatten(endpoints)


def test_each_region_is_one_or_a_pair_and_named_once() -> None:
    with pytest.raises(ConfigurationError, match=r"each region must be.*got list"):
        flatten([[A, B]])
    with pytest.raises(ConfigurationError, match="'a/web' is named twice"):
        flatten([Pair(A, B), A])


def test_a_split_keeps_what_was_checked() -> None:
    variants, weights = {"blue": Pair(A, B), "green": C}, {"blue": 95, "green": 5}
    split = TrafficSplit(variants, weights=weights)
    weights["blue"] = -1
    variants["red"] = D
    assert split.weights == {"blue": 95, "green": 5}
    assert set(split.variants) == {"blue", "green"}


@pytest.mark.parametrize(
    ("variants", "weights", "message"),
    [
        ({}, {}, "variants must map at least one name to endpoints, got {}"),
        ([A], {}, "variants must map at least one name to endpoints"),
        ({"blue": A}, {"green": 1}, "['blue'], got ['green']"),
        ({"blue": A}, [1], "weights must map each variant's name to a number, got [1]"),
        ({"blue": A}, {"blue": -1}, "weight of 'blue' must be a number of at least 0, got -1"),
        ({"blue": A}, {"blue": "1"}, "weight of 'blue' must be a number of at least 0, got '1'"),
        ({"blue": A}, {"blue": 0}, "weights add up to 0"),
        ({"blue": "a/web"}, {"blue": 1}, "endpoints must be a ServiceEndpoint, a Pair"),
    ],
)
def test_a_bad_split_is_refused_with_its_value(variants, weights, message) -> None:
    with pytest.raises(ConfigurationError) as caught:
        TrafficSplit(variants, weights=weights)
    assert message in str(caught.value)


def test_a_split_does_not_hold_another_split() -> None:
    inner = TrafficSplit({"x": A}, weights={"x": 1})
    with pytest.raises(ConfigurationError, match="variant 'blue' is itself a TrafficSplit"):
        TrafficSplit({"blue": inner}, weights={"blue": 1})


def test_a_changed_account_or_name_changes_the_url_that_was_not_given() -> None:
    blue = ServiceEndpoint("contoso-blue", "web", tps=100)
    green = replace(blue, account="contoso-green")
    assert green.url == "https://contoso-green-web.mir.prod.reco.microsoft.com"
    assert green == ServiceEndpoint("contoso-green", "web", tps=100)
    assert replace(pickle.loads(pickle.dumps(green)), name="app").url == (
        "https://contoso-green-app.mir.prod.reco.microsoft.com"
    )
    assert replace(green, tps=5).url == green.url
    assert len({blue, green, replace(green, account="contoso-blue")}) == 2


def test_a_url_that_was_given_stays() -> None:
    given = ServiceEndpoint("a", "web", tps=1, url="https://ir.example")
    assert replace(given, account="b").url == "https://ir.example"
    assert replace(A, url="https://ir.example").url == "https://ir.example"
    assert replace(given, url="").url == A.url


@pytest.mark.parametrize(
    "host",
    ["a" * 64, f"a.{'b' * 64}.example", "a..b", "a..", ".".join(["a" * 60] * 5), "ü" * 60],
)
def test_a_host_that_no_name_service_can_know_is_refused_when_it_is_made(host) -> None:
    with pytest.raises(ConfigurationError, match="1 to 63 between two dots, got '"):
        ServiceEndpoint("a", "web", tps=1, url=f"https://{host}")


@pytest.mark.parametrize("account", ["a..b", "a" * 61])
def test_an_account_that_makes_no_host_is_refused_unless_the_url_is_given(account) -> None:
    with pytest.raises(ConfigurationError, match="give the account's own names, or the url"):
        ServiceEndpoint(account, "web", tps=1)
    assert ServiceEndpoint(account, "web", tps=1, url="https://ir.example").account == account


@pytest.mark.parametrize(
    "url", ["https://a\u200bb.example", "https://a.example/\u200b", "https://\xad.example"]
)
def test_letters_that_cannot_be_seen_are_refused_and_shown(url) -> None:
    with pytest.raises(ConfigurationError, match=r"cannot be seen, got '.*(u200b|xad)"):
        ServiceEndpoint("a", "web", tps=1, url=url)


@pytest.mark.parametrize(
    "url",
    ["https://[::1]:80", "https://127.0.0.1", "https://münchen.example", "https://a_b.example",
     "https://host.", "http://localhost:3", "https://" + ".".join(["a" * 63] * 3)],
)  # fmt: skip
def test_hosts_that_may_exist_are_taken(url) -> None:
    assert ServiceEndpoint("a", "web", tps=1, url=url).url == url
