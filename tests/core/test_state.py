"""The state of a client: one health for each endpoint, shared by every call."""

from __future__ import annotations

import pytest

from irclient._core.state import ClientState
from irclient.settings import Failover, Settings
from irclient.stores import MemoryStore
from irclient.topology import ServiceEndpoint, TrafficSplit
from tests.core.virtual_time import OneToken
from tests.scenarios.scenario import A, B

WEST = ServiceEndpoint("west", "shop", tps=25, region="West US")


def state(*endpoints: ServiceEndpoint) -> ClientState:
    return ClientState.of(
        endpoints,
        tokens=OneToken(),
        uniform=lambda: 0.5,
        settings=Settings(failover=Failover(consecutive_failures=1, eject_for=5.0)),
        store=MemoryStore(max_entries=10),
        has_observers=False,
    )


def test_each_endpoint_starts_out_working() -> None:
    snapshot = state(A, B).snapshot(0.0)
    assert [each.state for each in snapshot] == ["working", "working"]
    assert len(snapshot) == 2
    assert str(snapshot) == "a/web working, b/web working"


def test_a_snapshot_finds_an_endpoint_by_its_label_or_its_account() -> None:
    snapshot = state(A, WEST).snapshot(0.0)
    assert snapshot["west"] is snapshot["west/shop"]
    with pytest.raises(KeyError, match="nowhere"):
        snapshot["nowhere"]


def test_a_snapshot_says_what_an_endpoint_is_and_how_it_does() -> None:
    shared = state(A, WEST)
    shared.routes.health[WEST.url].record(1.0, sent_at=1.0, ok=False, reason="500")
    west = shared.snapshot(2.0)["west"]
    assert (west.endpoint, west.account, west.region, west.tps) == (
        "west/shop", "west", "West US", 25,
    )  # fmt: skip
    assert (west.state, west.next_probe_after, west.reason) == ("failing", 4.0, "500")
    assert shared.snapshot(2.0)["a"].state == "working"


def test_a_snapshot_does_not_change_afterwards() -> None:
    shared = state(A)
    before = shared.snapshot(0.0)
    shared.routes.health[A.url].record(1.0, sent_at=1.0, ok=False, reason="500")
    assert before["a"].state == "working"


def test_one_service_endpoint_read_with_two_modelings_has_one_tps_and_one_health() -> None:
    blue, green = (ServiceEndpoint("a", "web", tps=10, modeling=each) for each in ("m1", "m2"))
    split = TrafficSplit({"blue": blue, "green": green}, weights={"blue": 1, "green": 1})
    shared = ClientState.of(
        split,
        tokens=OneToken(),
        uniform=lambda: 0.5,
        settings=Settings(),
        store=MemoryStore(max_entries=10),
        has_observers=False,
    )
    assert shared.routes.allowances[blue.url] is shared.routes.allowances[green.url]
    assert shared.routes.health[blue.url] is shared.routes.health[green.url]
