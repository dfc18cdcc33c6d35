"""The wire contract, operation by operation: the emulator and the server answer alike."""

import json
from urllib.parse import quote

import pytest

from tests.contract.endpoints import EmulatedEndpoint, ServedEndpoint
from tests.emulator.fake_data import ITEMS, FakeCooked

LIST = "/reco/v1.0/"


@pytest.fixture(params=[EmulatedEndpoint, ServedEndpoint], ids=["emulator", "server"])
def make(request):
    return request.param


@pytest.fixture
def endpoint(make):
    return make()


@pytest.mark.parametrize(
    ("path", "operation", "title"),
    [
        ("new", "new", "New"),
        ("popular", "popular", "Popular"),
        ("BestSelling", "popular", "Popular"),
        ("trending", "trending", "Trending"),
        ("similar/item-1", "similar", "People also"),
        ("Cart/Items?seedItemIds=item-1,item-2", "cart", "Frequently bought together"),
        ("cart/item-1", "bought_together", "Frequently bought together"),
        ("picks?userId=1", "picks", "Picks for you"),
    ],
)
@pytest.mark.parametrize("base", ["/reco/v1.0/", "/Reco/V1.0/"])
def test_every_list_answers_in_any_case(endpoint, base, path, operation, title):
    status, content = endpoint.send(base + path)
    assert (status, content["title"], content["status"]) == (200, title, "Success")
    assert endpoint.request.operation == operation
    assert content["interactionsVersion"] == "20260102030405"


def test_a_seed_with_every_awkward_character_is_one_segment(endpoint):
    awkward = "a/../b?c#d é"
    endpoint.send(f"{LIST}similar/{quote(awkward, safe='')}")
    assert endpoint.request.seeds == (awkward,)


def test_paging_cuts_a_page_out_of_the_whole(endpoint):
    _, content = endpoint.send(LIST + "new?count=3&skipItems=4")
    assert [item["id"] for item in content["items"]] == ITEMS[4:7]
    assert content["pagingInfo"]["totalItems"] == 30
    assert len(endpoint.ids(LIST + "new")) == 25
    assert endpoint.ids(LIST + "new?skipItems=30") == []
    assert endpoint.ids(LIST + "new?count=0") == []


def test_everything_asked_for_reaches_the_data(endpoint):
    endpoint.send(
        LIST + "similar/item-1?AlgoType=Visual&channelId=1&catalogId=2&userId=u&Size=M&size=L"
        "&Refinements=RemoveUserHistory&ClientType=x&environmentId=y&Modeling=Shop"
    )
    asked = endpoint.request
    assert (asked.algo_type, asked.channel_id, asked.catalog_id) == ("Visual", "1", "2")
    assert (asked.user_id, asked.filters) == ("u", {"Size": ("M", "L")})
    assert asked.refinements == ("RemoveUserHistory",)
    assert asked.now.timestamp() == endpoint.clock()


def test_similar_with_a_session_records_a_view_for_its_picks(endpoint):
    for item in ("item-1", "item-2", "item-1"):
        endpoint.send(LIST + f"similar/{item}?SessionId=s")
    picks = LIST + "picks?AlgoType=RecentViews&SessionId="
    assert endpoint.ids(picks + "s") == ["item-1", "item-2"]
    assert endpoint.ids(picks + "another", token=None)[:1] == ITEMS[:1]


@pytest.mark.parametrize(
    "wrap", [lambda bare: bare, lambda bare: {"RecommendationContext": bare}], ids=["bare", "wrap"]
)
def test_both_bodies_of_personalize_are_read(endpoint, wrap):
    body = json.dumps(wrap({"PersonalizationCandidates": ["c", "a", "b"]})).encode()
    target = LIST + "Personalization?userId=u"
    assert endpoint.ids(target, method="POST", body=body) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("accepted", "body", "status"),
    [
        ("bare", {"RecommendationContext": {"PersonalizationCandidates": ["a"]}}, 400),
        ("wrapped", {"PersonalizationCandidates": ["a"]}, 400),
        ("wrapped", {"RecommendationContext": {"PersonalizationCandidates": ["a"]}}, 200),
        ("bare", {"PersonalizationCandidates": ["a"]}, 200),
        ("either", {"PersonalizationCandidates": "a"}, 400),
        ("either", [], 400),
    ],
)
def test_a_switch_chooses_the_body(make, accepted, body, status):
    endpoint = make(personalization_body=accepted)
    target = LIST + "personalization?userId=u"
    assert endpoint.send(target, method="POST", body=json.dumps(body).encode())[0] == status


def test_selectors_answer_their_own_envelope(endpoint):
    status, content = endpoint.send(LIST + "Discovery/Similar/Selectors/item-1")
    assert (status, content["value"][0]["keyName"]) == (200, "color")


@pytest.mark.parametrize(
    ("method", "target", "status", "code"),
    [
        ("GET", "/", 404, "NotFound"),
        ("GET", "/reco/v1.0/unknown", 404, "NotFound"),
        ("GET", "/reco/v1.0/similar", 404, "NotFound"),
        ("GET", "/reco/v2.0/new", 404, "NotFound"),
        ("POST", "/reco/v1.0/new", 405, "MethodNotAllowed"),
        ("GET", "/reco/v1.0/personalization?userId=u", 405, "MethodNotAllowed"),
        ("GET", "/control/v1.0/model", 405, "MethodNotAllowed"),
        ("GET", "/reco/v1.0/cart/items", 400, "BadRequest"),
        ("GET", "/reco/v1.0/picks", 400, "BadRequest"),
        ("GET", "/reco/v1.0/new?count=-1", 400, "BadRequest"),
        ("POST", "/reco/v1.0/personalization?userId=u", 400, "BadRequest"),
        ("GET", "/reco/v1.0/new?modeling=unknown", 404, "NotFound"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_the_error_body(
    endpoint, method, target, status, code
):
    answered, content = endpoint.send(target, method=method)
    assert (answered, content["error"]["code"]) == (status, code)


def test_personalize_needs_a_user(endpoint):
    body = b'{"PersonalizationCandidates": ["a"]}'
    assert endpoint.send(LIST + "personalization", method="POST", body=body)[0] == 400


def test_without_a_token_comes_an_empty_401(endpoint):
    response = endpoint.respond(LIST + "new", token=None)
    assert (response.status, response.body) == (401, b"")


def test_more_than_the_tps_is_refused_and_refusals_take_no_room(make):
    endpoint = make(tps=3.0)
    assert [endpoint.send(LIST + "new")[0] for _ in range(5)] == [200, 200, 200, 429, 429]
    assert endpoint.send(LIST + "new")[1]["error"]["code"] == "TooManyRequests"


def test_before_the_first_cooking_lists_were_unavailable_in_2022(make):
    endpoint = make(cooked=False, not_cooked="ServiceUnavailable")
    status, content = endpoint.send(LIST + "popular")
    assert (status, content["error"]["code"]) == (503, "ServiceUnavailable")


def test_the_version_can_be_left_out(make):
    endpoint = make(interactions_version="absent")
    assert "interactionsVersion" not in endpoint.send(LIST + "new")[1]


def test_an_unknown_item_is_an_empty_list_or_an_error(make):
    assert make().ids(LIST + "similar/unknown") == []
    endpoint = make(unknown_item="refuse")
    for path in ("similar/unknown", "cart/unknown", "discovery/similar/selectors/unknown"):
        assert endpoint.send(LIST + path)[0] == 404
    assert endpoint.ids(LIST + "cart/items?seedItemIds=item-1,unknown") != []


def test_without_personalization_picks_are_empty_or_refused_but_views_still_count(make):
    for switch, status in (("empty", 200), ("refuse", 400)):
        endpoint = make(data=FakeCooked(personal=False), personalization_disabled=switch)
        answered, content = endpoint.send(LIST + "picks?userId=u")
        assert answered == status
        assert not content.get("items")
        endpoint.send(LIST + "similar/item-1?SessionId=s")
        assert endpoint.ids(LIST + "picks?AlgoType=RecentViews&SessionId=s") == ["item-1"]


def test_picks_of_nobody_can_be_empty(make):
    assert make(picks_without_user="empty").ids(LIST + "picks") == []
