"""Running: one scenario under one policy with one fleet, and everything that was seen of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.simulation.accounts import Account
from benchmarks.simulation.demand import Demand
from benchmarks.simulation.scenarios import ACCOUNTS
from benchmarks.simulation.virtual_time import VirtualTime
from irclient.results import RecommendationList
from irclient.topology import Pair, ServiceEndpoint

if TYPE_CHECKING:
    from benchmarks.simulation.policies import Client, Policy
    from benchmarks.simulation.scenarios import Plan, Scenario
    from irclient.queries import Query

__all__ = ["Ended", "Run", "run"]

_OLD, _NEW = "20260101000000", "20260102120000"


class Ended(NamedTuple):
    """A call that came to its end.

    Attributes:
        began_at: When it was made.
        elapsed: Seconds that it took.
        source: Where the answer came from; None when there was none.
        is_outdated: Whether the primary had a newer data set by then.
    """

    began_at: float
    elapsed: float
    source: str | None
    is_outdated: bool


@dataclass(frozen=True, slots=True)
class Run:
    """What was seen of one run."""

    scenario: Scenario
    policy: Policy
    plan: Plan
    clients: int
    accounts: dict[str, Account]
    calls: list[Ended] = field(default_factory=list[Ended])
    told: dict[str, int] = field(default_factory=dict[str, int])


def run(scenario: Scenario, policy: Policy, plan: Plan, *, clients: int, seed: int) -> Run:
    """Run a fleet through a scenario; the same seed gives the same run."""
    plan = scenario.plan_within(plan)
    clients = scenario.clients or clients
    accounts = _accounts(scenario, plan, seed)
    world = VirtualTime({each.endpoint: each for each in accounts.values()})
    a, b, dr = (each.endpoint for each in accounts.values())
    uniform = Random(f"{seed} clients")
    fleet = [
        policy.make_client((Pair(a, b), dr), clients=clients, random=uniform)
        for _ in range(clients)
    ]
    seen = Run(scenario, policy, plan, clients, accounts)
    demand, rush = (
        Demand(Random(f"{seed} {name}"), plan.calls_per_second, clients)
        for name in ("demand", "rush")
    )
    calls = _Calls(world, fleet, demand, rush, seen)
    calls.schedule()
    for _ in range(scenario.rush):
        world.at(plan.warm_up_for, calls.make_another)
    # Calls of the last seconds come to their end as well.
    world.run_until(plan.ends_at + 10.0)
    seen.told.update(world.told)
    return seen


def _accounts(scenario: Scenario, plan: Plan, seed: int) -> dict[str, Account]:
    spells = scenario.weather(plan)
    return {
        name: Account(
            ServiceEndpoint(name, "web", tps=tps * scenario.tps),
            Random(f"{seed} {name}"),
            spells,
            scenario.median,
            _cookings(name, scenario, plan),
        )
        for name, tps in ACCOUNTS.items()
    }


def _cookings(name: str, scenario: Scenario, plan: Plan) -> tuple[tuple[float, str], ...]:
    if scenario.later_cooking is None:
        return ((0.0, _OLD),)
    later = 0.0 if name == "a" else scenario.later_cooking * plan.weather_for
    return ((0.0, _OLD), (plan.warm_up_for + later, _NEW))


@dataclass(slots=True)
class _Calls:
    """Makes the next call of the demand when its time has come, and writes down how each ends."""

    world: VirtualTime
    fleet: list[Client]
    demand: Demand
    rush: Demand
    seen: Run

    def schedule(self) -> None:
        at, client, query = self.demand.next()
        if at < self.seen.plan.ends_at:
            self.world.at(at, partial(self.make, client, query))

    def make(self, client: int, query: Query) -> None:
        self._begin(client, query)
        self.schedule()

    def make_another(self) -> None:
        """Make a call beside those that come by chance."""
        _, client, query = self.rush.next()
        self._begin(client, query)

    def _begin(self, client: int, query: Query) -> None:
        now = self.world.now
        self.world.begin(self.fleet[client](query, now), ended=partial(self.end, now))

    def end(self, began_at: float, came_of_it: Any) -> None:
        now, source, is_outdated = self.world.now, None, False
        if isinstance(came_of_it, RecommendationList):
            source = came_of_it.served.source
            newest = self.seen.accounts["a"].version_at(now)
            is_outdated = (came_of_it.interactions_version or newest) < newest
        self.seen.calls.append(Ended(began_at, now - began_at, source, is_outdated))
