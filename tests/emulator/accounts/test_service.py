"""Each operation of the contract, asked of the service without a network."""

import json
from urllib.parse import quote

import pytest

from irclient.contract.messages import read_request
from irclient.emulator.accounts.cooking_cycle import CookingCycle
from irclient.emulator.accounts.service import Service
from irclient.emulator.identity.signing import AccessToken, Signer
from irclient.emulator.switches import Switches
from tests.emulator.accounts.test_cooking_cycle import AtOnce
from tests.emulator.fake_data import ITEMS, Clock, FakeCooked

SIGNER = Signer()
LIST = "/reco/v1.0/"


class Endpoint:
    """One service, and the ways to ask it."""

    def __init__(self, *, tps=1000.0, data=None, cooked=True, struck=False, **switches):
        self.clock = Clock()
        self.data = data or FakeCooked()
        cycles = {
            name: CookingCycle(name, cook=FakeCooked, takes=10.0, executor=AtOnce())
            for name in ("shop", "other")
        }
        if cooked:
            cycles["shop"].serve(self.data)
        self.service = Service(
            account="contoso-a",
            tps=tps,
            signer=SIGNER,
            audiences=frozenset({"guid", "https://localhost:1"}),
            allowed={"app"},
            cycles=cycles,
            switches=Switches(**switches),
            is_struck=lambda: struck,
            clock=self.clock,
        )

    def token(self, app_id="app", audience="guid", lives_for=60.0):
        claims = AccessToken(app_id=app_id, audience=audience, expires_at=self.clock() + lives_for)
        return SIGNER.issue(claims, issuer="i", tenant_id="t", issued_at=self.clock())

    def send(self, target, *, method="GET", body=b"", token=None):
        headers = {"authorization": f"Bearer {token or self.token()}"}
        response = self.service.handle(read_request(method, target, headers=headers, body=body))
        return response.status, json.loads(response.body or b"null")

    def ids(self, target, **options):
        status, content = self.send(target, **options)
        assert status == 200, content
        return [item["id"] for item in content["items"]]

    @property
    def request(self):
        return self.data.requests[-1]


@pytest.fixture
def endpoint():
    return Endpoint()


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


def test_a_session_remembers_as_many_views_as_the_switch_says():
    endpoint = Endpoint(session_views=2)
    for item in ("item-1", "item-2", "item-3"):
        endpoint.send(LIST + f"similar/{item}?SessionId=s")
    assert endpoint.ids(LIST + "picks?SessionId=s") == ["item-3", "item-2"]


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
def test_a_switch_chooses_the_body(accepted, body, status):
    endpoint = Endpoint(personalization_body=accepted)
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
    request = read_request("GET", LIST + "new", headers={})
    response = endpoint.service.handle(request)
    assert (response.status, response.body) == (401, b"")


def test_a_token_counts_for_this_audience_while_it_lives(endpoint):
    for token in (
        "nonsense",
        endpoint.token(audience="https://vault.azure.net"),
        endpoint.token(lives_for=-1.0),
    ):
        assert endpoint.send(LIST + "new", token=token) == (401, None)
    own = endpoint.token(audience="https://LOCALHOST:1/")
    assert endpoint.send(LIST + "new", token=own)[0] == 200


def test_an_app_that_is_not_on_the_allow_list_is_refused_as_switched():
    for status in (403, 401):
        endpoint = Endpoint(not_on_allow_list=status)
        assert endpoint.send(LIST + "new", token=endpoint.token("stranger"))[0] == status


def test_more_than_the_tps_is_refused_and_refusals_take_no_room():
    endpoint = Endpoint(tps=3.0, retry_after=2.0)
    assert [endpoint.send(LIST + "new")[0] for _ in range(5)] == [200, 200, 200, 429, 429]
    headers = {"authorization": f"Bearer {endpoint.token()}"}
    response = endpoint.service.handle(read_request("GET", LIST + "new", headers=headers))
    assert dict(response.headers)["retry-after"] == "2"


def test_by_default_a_throttled_caller_gets_no_advice_and_strangers_use_no_tps():
    endpoint = Endpoint(tps=1.0)
    assert endpoint.send(LIST + "new", token="nonsense")[0] == 401
    assert endpoint.send(LIST + "new")[0] == 200
    headers = {"authorization": f"Bearer {endpoint.token()}"}
    response = endpoint.service.handle(read_request("GET", LIST + "new", headers=headers))
    assert response.status == 429
    assert "retry-after" not in dict(response.headers)


def test_over_tps_can_be_billed_instead():
    endpoint = Endpoint(tps=1.0, over_tps="bill")
    assert {endpoint.send(LIST + "new")[0] for _ in range(5)} == {200}


@pytest.mark.parametrize("options", [{"cooked": False}, {"struck": True}])
def test_before_the_first_cooking_lists_wait_and_selectors_are_unavailable(options):
    endpoint = Endpoint(**options)
    status, content = endpoint.send(LIST + "popular")
    assert (status, content["status"], content["items"]) == (200, "WaitingForData", [])
    assert "interactionsVersion" not in content
    assert endpoint.send(LIST + "discovery/similar/selectors/item-1")[0] == 503


def test_before_the_first_cooking_lists_were_unavailable_in_2022():
    endpoint = Endpoint(cooked=False, not_cooked="ServiceUnavailable")
    status, content = endpoint.send(LIST + "popular")
    assert (status, content["error"]["code"]) == (503, "ServiceUnavailable")


def test_each_modeling_cooks_on_its_own(endpoint):
    assert endpoint.send(LIST + "new?modeling=other")[1]["status"] == "WaitingForData"
    assert endpoint.send("/control/v1.0/model?modeling=other", method="POST")[0] == 200
    assert endpoint.send(LIST + "new?modeling=other")[1]["status"] == "WaitingForData"
    endpoint.clock.now += 10
    assert endpoint.send(LIST + "new?modeling=OTHER")[1]["status"] == "Success"


def test_a_trigger_gives_the_lists_a_new_version_when_the_cooking_is_over(endpoint):
    status, content = endpoint.send("/Control/V1.0/Model", method="POST")
    assert (status, content["status"], content["environmentId"]) == (200, "Success", "contoso-a")
    before = endpoint.send(LIST + "new")[1]["interactionsVersion"]
    status, content = endpoint.send("/Control/V1.0/Model", method="POST")
    assert (status, content["error"]["code"]) == (429, "TooManyRequests")
    endpoint.clock.now += 10
    assert endpoint.send(LIST + "new")[1]["interactionsVersion"] > before


def test_the_version_can_be_left_out():
    endpoint = Endpoint(interactions_version="absent")
    assert "interactionsVersion" not in endpoint.send(LIST + "new")[1]


def test_an_unknown_modeling_can_mean_the_default_one():
    endpoint = Endpoint(unknown_modeling="default")
    assert endpoint.send(LIST + "new?modeling=unknown")[1]["status"] == "Success"


def test_an_unknown_item_is_an_empty_list_or_an_error():
    assert Endpoint().ids(LIST + "similar/unknown") == []
    endpoint = Endpoint(unknown_item="refuse")
    for path in ("similar/unknown", "cart/unknown", "discovery/similar/selectors/unknown"):
        assert endpoint.send(LIST + path)[0] == 404
    assert endpoint.ids(LIST + "cart/items?seedItemIds=item-1,unknown") != []


def test_without_personalization_picks_are_empty_or_refused_but_views_still_count():
    for switch, status in (("empty", 200), ("refuse", 400)):
        endpoint = Endpoint(data=FakeCooked(personal=False), personalization_disabled=switch)
        answered, content = endpoint.send(LIST + "picks?userId=u")
        assert answered == status
        assert not content.get("items")
        endpoint.send(LIST + "similar/item-1?SessionId=s")
        assert endpoint.ids(LIST + "picks?AlgoType=RecentViews&SessionId=s") == ["item-1"]


def test_picks_of_nobody_can_be_empty():
    assert Endpoint(picks_without_user="empty").ids(LIST + "picks") == []
