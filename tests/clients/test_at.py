"""`client.at(label)`: a copy that asks one endpoint alone, whatever happens to it."""

from __future__ import annotations

import pickle

import pytest

from irclient import (
    AsyncIRClient,
    ConfigurationError,
    Fallback,
    Hedging,
    IRClient,
    KeyVaultCredential,
    Settings,
    StaticToken,
    TrafficSplit,
    Unavailable,
)
from irclient.queries import Popular, Similar
from irclient.testing import ScriptedService, example_pair


def client(service: ScriptedService, kind=IRClient, **more):
    return kind(example_pair(), credential=StaticToken("t"), transport=service, **more)


def test_each_account_of_a_pair_is_asked_by_itself_and_never_from_memory() -> None:
    service = ScriptedService()
    ir = client(service)
    ir.similar("1")
    for label in ("contoso-a/web", "contoso-b/web"):
        pinned = ir.at(label)
        for _ in range(2):
            served = pinned.similar("1").served
            assert (served.endpoint, served.source) == (label, "service")
        assert [status.endpoint for status in pinned.health()] == [label]
    assert len(service.requests) == 5
    assert ir.similar("1").served.source == "cache"


def test_an_account_with_one_endpoint_is_a_name_of_it() -> None:
    assert client(ScriptedService()).at("contoso-b").popular().served.endpoint == "contoso-b/web"


def test_it_never_fails_over_and_has_no_fallback_and_no_hedge() -> None:
    service = ScriptedService()
    service.on("contoso-b").fail(503)
    settings = Settings(hedging=Hedging(enabled=True, after=0.001, budget=1.0))
    ir = client(service, settings=settings, fallback=Fallback(items=["1"]))
    with pytest.raises(Unavailable, match="contoso-b/web"):
        ir.at("contoso-b/web").popular()
    assert {request.account for request in service.requests} == {"contoso-b"}


@pytest.mark.parametrize("many", ["fetch_many", "fetch_each", "pages"])
def test_many_calls_and_pages_ask_it_as_well(many) -> None:
    service = ScriptedService()
    pinned = client(service).at("contoso-b/web")
    match many:
        case "fetch_many":
            answers = pinned.fetch_many([Similar("1"), Popular()])
        case "fetch_each":
            answers = [answer for _, answer in pinned.fetch_each([Similar("1"), Popular()])]
        case _:
            answers = list(pinned.pages(Popular(count=4), page_size=2))
    assert {answer.served.account for answer in answers} == {"contoso-b"}


@pytest.mark.anyio
async def test_it_is_the_same_on_tasks() -> None:
    service = ScriptedService()
    service.on("contoso-a").fail(503)
    async with client(service, AsyncIRClient) as ir:
        assert (await ir.at("contoso-b/web").popular()).served.account == "contoso-b"
        with pytest.raises(Unavailable):
            await ir.at("contoso-a/web").popular()


def test_options_and_pickles_keep_it() -> None:
    ir = client(ScriptedService()).at("contoso-b/web").with_options(deadline=2.0)
    assert ir.popular().served.account == "contoso-b"
    credential = KeyVaultCredential(
        vault_url="https://v.example", secret_name="s", tenant_id="t", client_id="c"
    )
    with IRClient(example_pair(), credential=credential) as made, made.at("contoso-b/web") as kept:
        again = pickle.loads(pickle.dumps(kept))
        assert again._only == kept._only
        again.close()


def test_the_endpoints_of_all_variants_can_be_named() -> None:
    pair = example_pair()
    split = TrafficSplit(
        {"blue": pair.primary, "green": pair.secondary}, weights={"blue": 1, "green": 0}, salt="s"
    )
    ir = IRClient(split, credential=StaticToken("t"), transport=ScriptedService())
    assert ir.at("contoso-b/web").popular().served.variant == "green"


def test_an_unknown_endpoint_is_named_with_those_that_there_are() -> None:
    with pytest.raises(ConfigurationError, match="'x/web'; known are contoso-a/web, contoso-b/web"):
        client(ScriptedService()).at("x/web")
