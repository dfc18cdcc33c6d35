"""The simulation of large fleets, in small."""

from __future__ import annotations

from benchmarks.fleet.simulate import Case, simulate


def test_a_simulated_fleet_keeps_to_its_tps_and_counts_what_its_server_does() -> None:
    figures = simulate(Case(8, 100), until=6.0, cost=0.001)
    assert figures.worst <= 1.0
    assert 0.5 < figures.used < 0.7
    # Eight beats each 0.4 seconds at least, each of which computes for a millisecond.
    assert figures.messages >= 15
    assert figures.computing == figures.messages / 1000


def test_a_server_that_computes_for_long_makes_its_messages_wait_for_each_other() -> None:
    quick, slow = (simulate(Case(8, 100), until=6.0, cost=cost) for cost in (0.0001, 0.01))
    assert slow.waits[1] > quick.waits[1]
