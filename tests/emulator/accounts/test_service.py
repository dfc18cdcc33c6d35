"""What is the emulator's own about its service: tokens, cookings, and switches."""

import asyncio
import json
import threading

import pytest

from irclient.contract.messages import read_request
from tests.contract.endpoints import EmulatedEndpoint
from tests.emulator.fake_data import FakeCooked

LIST = "/reco/v1.0/"


@pytest.fixture
def endpoint():
    return EmulatedEndpoint()


def test_a_session_remembers_as_many_views_as_the_switch_says():
    endpoint = EmulatedEndpoint(session_views=2)
    for item in ("item-1", "item-2", "item-3"):
        endpoint.send(LIST + f"similar/{item}?SessionId=s")
    assert endpoint.ids(LIST + "picks?SessionId=s") == ["item-3", "item-2"]


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
        endpoint = EmulatedEndpoint(not_on_allow_list=status)
        assert endpoint.send(LIST + "new", token=endpoint.token("stranger"))[0] == status


def test_by_default_a_throttled_caller_gets_no_advice_and_strangers_use_no_tps():
    endpoint = EmulatedEndpoint(tps=1.0)
    assert endpoint.send(LIST + "new", token="nonsense")[0] == 401
    assert endpoint.send(LIST + "new")[0] == 200
    headers = {"authorization": f"Bearer {endpoint.token()}"}
    response = endpoint.service.handle(read_request("GET", LIST + "new", headers=headers))
    assert response.status == 429
    assert "retry-after" not in dict(response.headers)


def test_a_switch_makes_refusals_advise_when_to_come_back():
    endpoint = EmulatedEndpoint(tps=1.0, retry_after=2.0)
    endpoint.send(LIST + "new")
    response = endpoint.respond(LIST + "new", token=endpoint.token())
    assert (response.status, dict(response.headers)["retry-after"]) == (429, "2")


def test_over_tps_can_be_billed_instead():
    endpoint = EmulatedEndpoint(tps=1.0, over_tps="bill")
    assert {endpoint.send(LIST + "new")[0] for _ in range(5)} == {200}


@pytest.mark.parametrize("options", [{"cooked": False}, {"struck": True}])
def test_before_the_first_cooking_lists_wait_and_selectors_are_unavailable(options):
    endpoint = EmulatedEndpoint(**options)
    status, content = endpoint.send(LIST + "popular")
    assert (status, content["status"], content["items"]) == (200, "WaitingForData", [])
    assert "interactionsVersion" not in content
    assert endpoint.send(LIST + "discovery/similar/selectors/item-1")[0] == 503


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


def test_an_unknown_modeling_can_mean_the_default_one():
    endpoint = EmulatedEndpoint(unknown_modeling="default")
    assert endpoint.send(LIST + "new?modeling=unknown")[1]["status"] == "Success"


def test_a_large_request_does_not_hold_up_the_others():
    others_were_answered = threading.Event()

    class Heavy(FakeCooked):
        def ranking(self, request):
            if request.candidates:
                assert others_were_answered.wait(10)
            return super().ranking(request)

    endpoint = EmulatedEndpoint(data=Heavy())
    headers = {"authorization": f"Bearer {endpoint.token()}"}
    body = json.dumps({"PersonalizationCandidates": [f"item-{at}" for at in range(1_000)]}).encode()
    target = LIST + "personalization?userId=u"

    async def ask():
        heavy = asyncio.ensure_future(
            endpoint.service.handle(read_request("POST", target, headers=headers, body=body))
        )
        await asyncio.sleep(0)
        assert endpoint.send(LIST + "new")[0] == 200
        others_were_answered.set()
        return (await heavy).status

    assert asyncio.run(ask()) == 200
