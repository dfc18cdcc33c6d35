"""A store that was passed in: nobody is given another account's lists, whatever the clocks say."""

from __future__ import annotations

import pytest

from irclient import Caching, IRClient, Pair, ServiceEndpoint, Settings, StaticToken, TrafficSplit
from irclient._core.entry import Entry
from irclient.results import RecommendationList
from irclient.stores import MemoryStore
from irclient.stores.shared import SharedStore, namespaces_of
from irclient.testing import ScriptedService

A = ServiceEndpoint("a", "web", tps=100)
B = ServiceEndpoint("b", "web", tps=100)
HOME = Pair(A, B)


def entry(stored_at: float) -> Entry:
    return Entry(RecommendationList(items=()), stored_at, ("a", None), None, (), ())


def seen_by(store, endpoints=HOME, *, wall=0.0, clock=0.0) -> SharedStore:
    return SharedStore(
        store, namespaces_of(endpoints), wall_clock=lambda: wall, clock=lambda: clock
    )


def test_what_one_process_keeps_is_as_old_in_another() -> None:
    store = MemoryStore(max_entries=10)
    seen_by(store, wall=1_000_000.0, clock=50.0).set("/k", entry(stored_at=48.0))
    assert seen_by(store, wall=1_000_005.0, clock=9.0).get("/k").stored_at == pytest.approx(2.0)
    assert seen_by(store, wall=1_000_005.0, clock=9e6).get("/k").stored_at == pytest.approx(9e6 - 7)


def test_a_store_sees_the_wall_clock() -> None:
    store = MemoryStore(max_entries=10)
    seen_by(store, wall=1_000_000.0, clock=50.0).set("/k", entry(stored_at=48.0))
    stored_at: list[float] = []
    store.discard(lambda each: stored_at.append(each.stored_at))
    assert stored_at == [pytest.approx(999_998.0)]


WITH_MODELING = ServiceEndpoint("a", "web", tps=100, modeling="adw")
BY_ITS_ADDRESS = ServiceEndpoint("a", "web", tps=100, url="https://ir.contoso.example")


@pytest.mark.parametrize(
    "other",
    [
        A,
        B,
        (HOME, ServiceEndpoint("c", "web", tps=1)),
        Pair(WITH_MODELING, B),
        Pair(BY_ITS_ADDRESS, B),
    ],
)
def test_other_accounts_and_modelings_have_other_keys(other) -> None:
    store = MemoryStore(max_entries=10)
    seen_by(store).set("/k", entry(1.0))
    assert seen_by(store, other).get("/k") is None


@pytest.mark.parametrize(
    "same", [HOME, Pair(B, A), [A, B], Pair(ServiceEndpoint("a", "web", tps=9, region="eu"), B)]
)
def test_the_same_accounts_have_the_same_keys(same) -> None:
    store = MemoryStore(max_entries=10)
    seen_by(store).set("/k", entry(1.0))
    assert seen_by(store, same).get("/k") is not None


def test_a_variant_has_the_keys_of_its_accounts_and_its_name() -> None:
    store = MemoryStore(max_entries=10)
    split = TrafficSplit({"blue": HOME, "green": A}, weights={"blue": 1, "green": 1})
    seen_by(store, split).set("blue\n/k", entry(1.0))
    moved = TrafficSplit({"blue": HOME, "green": B}, weights={"blue": 9, "green": 1})
    assert seen_by(store, moved).get("blue\n/k") is not None
    assert seen_by(store, moved).get("green\n/k") is None
    swapped = TrafficSplit({"blue": A, "green": HOME}, weights={"blue": 1, "green": 1})
    assert seen_by(store, swapped).get("blue\n/k") is None


def client(account: str, store, **options) -> IRClient:
    service = ScriptedService()
    service.on().answer([f"{account}-1"])
    return IRClient(
        ServiceEndpoint(account, "web", tps=100),
        credential=StaticToken("t"), store=store, transport=service, **options,
    )  # fmt: skip


def test_clients_of_two_accounts_may_share_a_store() -> None:
    store = MemoryStore(max_entries=10)
    fabrikam, contoso = client("fabrikam", store), client("contoso", store)
    assert fabrikam.popular().ids == ["fabrikam-1"]
    assert contoso.popular().ids == ["contoso-1"]
    assert [each.popular().served.source for each in (fabrikam, contoso)] == ["cache", "cache"]
    assert contoso.popular().ids == ["contoso-1"]
    assert len(store) == 2


def test_clients_of_one_account_share_what_a_store_keeps() -> None:
    store = MemoryStore(max_entries=10)
    client("contoso", store).popular()
    served = client("contoso", store).popular().served
    assert (served.source, 0 <= served.age < 60) == ("cache", True)


def test_a_user_is_forgotten_by_every_client_of_a_store() -> None:
    store = MemoryStore(max_entries=10)
    one, other = client("fabrikam", store), client("contoso", store)
    one.picks("ann"), other.picks("ann"), other.picks("bob")
    assert other.cache.forget_user("ann") == 2
    assert [each.picks("ann").served.source for each in (one, other)] == ["service", "service"]


def test_an_entry_of_a_clock_that_is_ahead_is_used_and_asked_for_anew() -> None:
    store = MemoryStore(max_entries=10)
    ir = client("contoso", store, settings=Settings(caching=Caching(fresh_for=60)))
    ir.popular()
    (key,) = store._places
    store.set(key, store.get(key)._replace(stored_at=store.get(key).stored_at + 400.0))
    answer = ir.popular()
    assert (answer.served.source, answer.served.age) == ("stale", 0.0)
