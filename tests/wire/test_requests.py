"""The wire: queries become requests as the contract says; its errors and advice are read."""

from __future__ import annotations

import enum
import json
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from urllib.parse import parse_qsl, unquote, urlsplit

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from irclient._wire.malformed import excerpt
from irclient._wire.requests import build_request
from irclient._wire.responses import Response, error_message, retry_after
from irclient.errors import QueryError
from irclient.queries import (
    AlgoType,
    BoughtTogether,
    Cart,
    ItemSelectors,
    New,
    Personalize,
    Picks,
    Popular,
    Similar,
    Trending,
)

AWKWARD = "a/../b?c#d é"
ENCODED = "a%2F..%2Fb%3Fc%23d%20%C3%A9"
EVERYTHING = {
    "modeling": "m 1",
    "channel_id": "ch&1",
    "catalog_id": "ca=1",
    "count": 5,
    "skip": 10,
    "user_id": "ü",
    "filters": {"Category": "Clothing", "Size": ["M", "L+XL"]},
    "refinements": ["RemoveUserHistory", "Other"],
    "params": [("x", "1"), ("x", "2")],
}
ON_THE_WIRE = [
    ("modeling", "m 1"),
    ("channelId", "ch&1"),
    ("catalogId", "ca=1"),
    ("count", "5"),
    ("skipItems", "10"),
    ("userId", "ü"),
    ("Refinements", "RemoveUserHistory,Other"),
    ("Category", "Clothing"),
    ("Size", "M"),
    ("Size", "L+XL"),
    ("x", "1"),
    ("x", "2"),
]


def target(query, modeling=None) -> str:
    return build_request(query, modeling=modeling).target


def pairs(query, modeling=None) -> list[tuple[str, str]]:
    query_part = urlsplit(target(query, modeling)).query
    return parse_qsl(query_part, keep_blank_values=True, strict_parsing=bool(query_part))


def response(body: bytes = b"", received_on: float = 0.0, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(429, named, body, received_on)


# Requests.


@pytest.mark.parametrize(
    ("query", "path"),
    [
        (New(), "/reco/v1.0/new"),
        (Popular(), "/reco/v1.0/popular"),
        (Trending(), "/reco/v1.0/trending"),
        (Similar("64702"), "/reco/v1.0/similar/64702"),
        (Cart(["16"]), "/reco/v1.0/cart/items"),
        (BoughtTogether("16"), "/reco/v1.0/cart/16"),
        (Picks("u"), "/reco/v1.0/picks"),
        (Personalize("u", ["1"]), "/reco/v1.0/personalization"),
        (ItemSelectors("64702"), "/reco/v1.0/discovery/similar/selectors/64702"),
    ],
)
def test_each_operation_has_the_path_and_method_of_the_reference(query, path) -> None:
    request = build_request(query, modeling=None)
    assert urlsplit(request.target).path == path
    assert request.method == ("POST" if isinstance(query, Personalize) else "GET")
    assert (request.body is not None) == isinstance(query, Personalize)


@pytest.mark.parametrize("kind", [Similar, BoughtTogether, ItemSelectors])
@pytest.mark.parametrize(
    ("item_id", "segment"),
    [
        (AWKWARD, ENCODED),
        (".", "%2E"),
        ("..", "%2E%2E"),
        ("...", "..."),
        ("%2F", "%252F"),
        ("a b", "a%20b"),
        ("a+b", "a%2Bb"),
        ("a\nb", "a%0Ab"),
        ("~-_.", "~-_."),
        ("😀", "%F0%9F%98%80"),
    ],
)
def test_an_id_stays_one_segment_of_the_path(kind, item_id, segment) -> None:
    path = target(kind(item_id))
    assert path.rpartition("/")[2] == segment
    assert unquote(segment) == item_id


@given(st.text(st.characters(codec="utf-8"), min_size=1).filter(lambda text: text.strip()))
@example(AWKWARD)
@example(".")
@example("..")
def test_http_libraries_leave_every_id_as_it_is(item_id) -> None:
    built = target(Similar(item_id))
    url = httpx.URL("https://ir.example").join("https://ir.example" + built)
    assert url.raw_path.decode() == built
    assert len(built.split("/")) == 5
    assert built.isascii()


@pytest.mark.parametrize("kind", [New, Popular, Trending])
def test_a_lists_parameters_have_the_names_of_the_contract(kind) -> None:
    assert pairs(kind(**EVERYTHING)) == ON_THE_WIRE


def test_the_other_lists_add_their_own() -> None:
    assert pairs(Similar("1", algo_type=AlgoType.VISUAL, session_id="s", count=2)) == [
        ("algoType", "Visual"), ("count", "2"), ("SessionId", "s"),
    ]  # fmt: skip
    assert pairs(Picks(algo_type="RecentViews", session_id="s")) == [
        ("algoType", "RecentViews"), ("SessionId", "s"),
    ]  # fmt: skip
    assert pairs(Picks("u")) == [("userId", "u")]
    assert pairs(ItemSelectors("1", algo_type="Visual")) == [("algoType", "Visual")]
    assert pairs(BoughtTogether("1", user_id="u", count=3)) == [("count", "3"), ("userId", "u")]


def test_values_are_percent_encoded_and_never_form_encoded() -> None:
    assert target(Popular(filters={"Größe & Co": "a b+c=d&e"})) == (
        "/reco/v1.0/popular?Gr%C3%B6%C3%9Fe%20%26%20Co=a%20b%2Bc%3Dd%26e"
    )


class Name(str, enum.Enum):  # noqa: UP042  (not the same)
    """What an application sends; unlike a member of a `StrEnum`, one prints its own name."""

    __slots__ = ()

    VISUAL = "Visual"


def test_a_member_of_an_enum_is_sent_as_the_str_that_it_equals() -> None:
    given = {"algo_type": Name.VISUAL, "filters": {"Kind": Name.VISUAL}}
    text = {"algo_type": "Visual", "filters": {"Kind": "Visual"}}
    enumerated, plain = Similar(Name.VISUAL, **given), Similar("Visual", **text)
    assert enumerated == plain
    assert build_request(enumerated, modeling=None) == build_request(plain, modeling=None)


def test_a_member_of_an_enum_of_numbers_is_sent_as_its_number() -> None:
    class Size(int, enum.Enum):
        LARGE = 24

    assert build_request(Popular(count=Size.LARGE), modeling=None).target.endswith("?count=24")


def test_cart_ids_are_separated_by_bare_commas_and_encoded_one_by_one() -> None:
    query = Cart(["16", AWKWARD, "a&b"], count=5)
    assert target(query) == f"/reco/v1.0/cart/items?seedItemIds=16,{ENCODED},a%26b&count=5"


def test_candidates_travel_in_the_body_of_the_declared_schema() -> None:
    request = build_request(Personalize("u v", ["1", AWKWARD], channel_id="0"), modeling="m")
    assert request.target == "/reco/v1.0/personalization?modeling=m&channelId=0&userId=u%20v"
    assert json.loads(request.body) == {"PersonalizationCandidates": ["1", AWKWARD]}


@pytest.mark.parametrize(
    ("asked", "endpoints", "expected"),
    [
        (None, None, []),
        (None, "theirs", [("modeling", "theirs")]),
        ("mine", "theirs", [("modeling", "mine")]),
        ("mine", None, [("modeling", "mine")]),
    ],
)
def test_the_querys_own_modeling_beats_the_endpoints(asked, endpoints, expected) -> None:
    assert pairs(Popular(modeling=asked), endpoints) == expected


def test_raw_parameters_come_last_and_as_they_are() -> None:
    query = Popular(count=5, params={"count": "7", "ClientType": "", "a b": "ü"})
    assert target(query) == "/reco/v1.0/popular?count=5&count=7&ClientType=&a%20b=%C3%BC"


VALUES = st.text(st.characters(codec="utf-8"))


@given(st.lists(st.tuples(VALUES.filter(bool), VALUES), max_size=5))
def test_any_parameters_arrive_as_they_were_given(params) -> None:
    assert pairs(Popular(params=params)) == params


@given(st.text(min_size=1), st.text())
def test_what_a_query_accepts_can_be_sent(item_id, value) -> None:
    try:
        query = Similar(item_id, filters={"f": value}, params={item_id: value})
    except QueryError:
        return
    assert target(query).isascii()


# Errors of the service.


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"error":{"code":"TooManyRequests","message":"Too many requests"}}',
         "'TooManyRequests: Too many requests'"),
        (b'\xef\xbb\xbf{"error":{"code":"NotFound"}}', "'NotFound'"),
        (b'{"error":{"message":"only words"}}', "'only words'"),
        (b'{"error":{"code":7,"message":null}}', None),
        (b'{"error":{"code":"","message":""}}', None),
        (b'{"error":"words"}', None),
        (b'{"error":null}', None),
        (b'{"Error":{}}', None),
        (b"[]", None),
        (b"7", None),
        (b'"error"', None),
        (b"<html>", None),
        (b"", None),
    ],
)  # fmt: skip
def test_the_services_own_words_are_found_where_there_are_any(body, expected) -> None:
    assert error_message(body) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", "an empty body"),
        (b"a\r\n\t b", "'a b'"),
        (b"\x00\x1b[31m\xff", "'..[31m.'"),
        (b"x" * 100, repr("x" * 80 + "…")),
        ("é".encode() * 500, repr("é" * 80 + "…")),
        (b" " * 10_000, "' …'"),
    ],
)
def test_an_excerpt_is_short_and_printable(body, expected) -> None:
    assert excerpt(body) == expected


# Advice to wait.

NOON = datetime(2026, 3, 31, 12, 0, 0, tzinfo=UTC)
LATER = format_datetime(NOON + timedelta(seconds=30), usegmt=True)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"retry_after": "7"}, 7.0),
        ({"retry_after": " 7 "}, 7.0),
        ({"retry_after": "0"}, 0.0),
        ({"retry_after": "1.5"}, 1.5),
        ({"retry_after": "-1"}, None),
        ({"retry_after": "soon"}, None),
        ({"retry_after": ""}, None),
        ({"retry_after": "NaN"}, None),
        ({"retry_after": "1e9"}, None),
        ({"retry_after": "٣"}, None),
        ({"retry_after": "999999999"}, 86_400.0),
        ({"retry_after_ms": "250"}, 0.25),
        ({"x_ms_retry_after_ms": "1500"}, 1.5),
        ({"retry_after_ms": "250", "retry_after": "7"}, 0.25),
        ({"retry_after_ms": "many", "retry_after": "7"}, 7.0),
        ({"retry_after_ms": "99999999999"}, 86_400.0),
        ({"retry_after": LATER}, 30.0),
        ({"retry_after": format_datetime(NOON.replace(tzinfo=None) + timedelta(seconds=30))}, 30.0),
        ({"retry_after": format_datetime(NOON.astimezone(timezone(timedelta(hours=2))))}, 0.0),
        ({"retry_after": format_datetime(NOON - timedelta(hours=1), usegmt=True)}, 0.0),
        ({"retry_after": LATER, "date": format_datetime(NOON + timedelta(seconds=10))}, 20.0),
        ({"retry_after": LATER, "date": "yesterday"}, 30.0),
        ({"retry_after": "Fri, 31 Dec 9999 23:59:59 GMT"}, 86_400.0),
        ({"retry_after": "Fri, 99 Dec 2026 23:59:59 GMT"}, None),
    ],
)
def test_advice_to_wait_is_read_where_it_makes_sense(headers, expected) -> None:
    assert retry_after(response(received_on=NOON.timestamp(), **headers)) == expected


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_no_advice_makes_a_call_wait_for_ever_or_fail(one, two, three) -> None:
    advice = retry_after(response(retry_after=one, date=two, retry_after_ms=three))
    assert advice is None or 0.0 <= advice <= 86_400.0
