"""What both clients are made of."""

from __future__ import annotations

import pickle

import httpx
import pytest

from irclient import IRClient, ServiceEndpoint, StaticToken, errors
from irclient._clients.assembly import assemble, begin_call, check_picklable, check_transport
from irclient.queries import Popular
from irclient.results import RecommendationList
from irclient.settings import Settings, Throttling
from irclient.stores import MemoryStore
from irclient.transports import default_transport

A = ServiceEndpoint("a", "web", tps=100)


def made(**given):
    parts = {"settings": Settings(), "store": None, "observers": (), **given}
    return assemble(A, StaticToken("t"), parts["settings"], parts["store"], parts["observers"])


def test_an_empty_store_of_the_users_is_used() -> None:
    class Empty(MemoryStore):
        def __len__(self) -> int:
            return 0

    store = Empty(max_entries=3)
    state = made(store=store)
    state.memory.keep("/k", Popular(), RecommendationList(items=()), A, 1.0)
    assert store.discard(lambda _: True) == 1


@pytest.mark.parametrize(
    ("given", "words"),
    [({"settings": 3}, "settings must be a Settings"), ({"observers": [3]}, "must be callable")],
)
def test_what_cannot_be_used_is_named(given, words) -> None:
    with pytest.raises(errors.ConfigurationError, match=words):
        made(**given)


def test_only_a_transport_of_the_own_world_is_taken() -> None:
    check_transport(None, "BaseTransport")
    # httpx's mock is of both worlds.
    check_transport(httpx.MockTransport(lambda request: httpx.Response(200)), "BaseTransport")
    for wrong in (httpx.AsyncHTTPTransport(), httpx.Client, "http"):
        with pytest.raises(errors.ConfigurationError, match=r"httpx\.BaseTransport"):
            check_transport(wrong, "BaseTransport")
    with pytest.raises(errors.ConfigurationError, match=r"AsyncIRClient .*\.async_transport\(\)"):
        check_transport(default_transport(), "AsyncBaseTransport")


def test_what_is_no_query_is_refused_at_once() -> None:
    with pytest.raises(errors.QueryError, match=r"expected a query .* got 'popular'"):
        begin_call("popular", made(), Settings())  # type: ignore[arg-type]


def test_a_part_that_cannot_be_pickled_is_named() -> None:
    client = IRClient(A, credential=StaticToken("t"))
    check_picklable(client, {"settings": Settings(), "endpoints": A})
    with pytest.raises(TypeError, match=r"IRClient because of its store \(function\)"):
        check_picklable(client, {"store": lambda: None})
    assert pickle.loads(pickle.dumps(Settings())) == Settings()


@pytest.mark.parametrize(("tps", "share"), [(3, 0.25), (100, 0.005), (1, 0.5), (0.5, 0.5)])
def test_less_than_one_request_a_second_is_warned_of_by_name(tps, share) -> None:
    dr = ServiceEndpoint("dr", "web", tps=tps)
    settings = Settings(throttling=Throttling(share=share))
    with pytest.warns(UserWarning, match=rf"dr/web: tps {tps:g} × share {share:.3g} is") as told:
        IRClient([ServiceEndpoint("a", "web", tps=1_000), dr], credential=StaticToken("t"),
                 settings=settings)  # fmt: skip
    assert len(told) == 1
    assert told[0].filename == __file__


@pytest.mark.parametrize(("tps", "share"), [(4, 0.25), (3, 1 / 3), (10, 0.1), (0.5, 1.0)])
def test_a_share_that_can_be_kept_to_is_not_warned_of(tps, share) -> None:
    made(settings=Settings(throttling=Throttling(share=share)))
    endpoint = ServiceEndpoint("a", "web", tps=tps)
    with IRClient(endpoint, credential=StaticToken("t"),
                  settings=Settings(throttling=Throttling(share=share))) as ir:  # fmt: skip
        assert ir.health()["a"].allowance.full_limit == 1
