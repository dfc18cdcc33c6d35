"""What outlives a call: the state that all calls of a client share."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING

from irclient._core.allowance import Allowance
from irclient._core.asides import Asides
from irclient._core.budget import RetryBudget
from irclient._core.flights import Flights
from irclient._core.forgetting import Cache
from irclient._core.health import EndpointHealth
from irclient._core.hedging import HedgeBudget
from irclient._core.latency import Latencies
from irclient._core.memory import Memory
from irclient._core.preference import Preference
from irclient._core.refreshing import Refreshes
from irclient._core.routing import Routes
from irclient._core.splitting import Split
from irclient._core.stats import Counters
from irclient._core.watch import Watch
from irclient.health import EndpointStatus, HealthSnapshot
from irclient.topology import TrafficSplit, flatten, pairs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from irclient._core.allowance_protocol import EndpointAllowance, Fleet
    from irclient._core.memory import Store
    from irclient._core.preference import Load
    from irclient._core.protocol import TokenSource
    from irclient._core.shared_health import SharedHealth
    from irclient._core.shared_memory import SharedMemory
    from irclient.observe import Record
    from irclient.queries import Query
    from irclient.settings import Settings, Throttling
    from irclient.stats import Stats
    from irclient.topology import Endpoints, RegionOrRegions, ServiceEndpoint

#: Records of calls whose callers went away that wait for the next call.
_MOST_UNTOLD = 1000

__all__ = ["ClientState"]


@dataclass(slots=True)
class ClientState:
    """What all calls share: small objects, each with one short lock never held over a yield.

    Attributes:
        variants: The endpoints of each variant, in the order in which they were given; without a
            traffic split there is one variant, named None.
        preferences: The order in which a call looks along them, by variant.
        loads: Of the accounts of active-active pairs.
        tokens: Where calls get their token.
        uniform: Draws from 0 to 1; the core has no randomness of its own.
        endpoints: Every endpoint once, as they were given, variant by variant.
        routes: The health and the allowance of each endpoint, and those that were put aside.
        attempt_within: Seconds that an attempt may take by the client's own settings, whatever
            the settings of a copy say.
        budget: What may be spent on asking again.
        hedge_budget: What may be spent on hedges.
        latencies: How long answers take.
        refreshes: The answers that are asked for anew in the background.
        memory: The answers that are kept.
        flights: The calls that are under way.
        stats: What has happened, counted.
        split: Who belongs to which variant, or None without a traffic split.
        has_observers: Whether anybody listens; records are only made for listeners.
        watch: What is known of the client's readiness.
        cache: The handle by which users make the memory forget; always the same.
        untold: Records of calls whose callers went away; the next call tells them.
        is_closed: Whether the client was closed.
        has_seen_others: Whether a 429 has shown that others use the TPS as well.
        shared_memory: The memory of the fleet, or None without one.
        shared_health: What the fleet knows of its endpoints, or None without one.
    """

    variants: Mapping[str | None, tuple[ServiceEndpoint, ...]]
    preferences: Mapping[str | None, Preference]
    loads: Mapping[ServiceEndpoint, Load]
    tokens: TokenSource
    uniform: Callable[[], float]
    endpoints: tuple[ServiceEndpoint, ...]
    routes: Routes
    attempt_within: float
    budget: RetryBudget
    hedge_budget: HedgeBudget
    latencies: Latencies
    refreshes: Refreshes
    memory: Memory
    flights: Flights
    stats: Counters
    split: Split | None
    has_observers: bool
    is_closed: bool = False
    has_seen_others: bool = False
    shared_memory: SharedMemory | None = None
    shared_health: SharedHealth | None = None
    watch: Watch = field(default_factory=Watch)
    untold: list[Record] = field(default_factory=list["Record"])
    cache: Cache = field(init=False)

    def __post_init__(self) -> None:
        self.cache = Cache(self.memory.forget, self.shared_memory)

    @classmethod
    def of(
        cls,
        endpoints: Endpoints,
        *,
        settings: Settings,
        tokens: TokenSource,
        store: Store,
        uniform: Callable[[], float],
        has_observers: bool,
        fleet: Fleet | None = None,
        shared_memory: SharedMemory | None = None,
        shared_health: SharedHealth | None = None,
    ) -> ClientState:
        """Make the state of a new client."""
        split: Split | None = None
        regions: dict[str | None, RegionOrRegions] = {}
        if isinstance(endpoints, TrafficSplit):
            split = Split(endpoints.weights, salt=endpoints.salt)
            regions |= dict(endpoints.variants.items())
        else:
            regions[None] = endpoints
        variants = {name: flatten(each) for name, each in regions.items()}
        every = list(dict.fromkeys(each for flat in variants.values() for each in flat))
        # One service endpoint may be read with two modelings: it has one health, and one TPS.
        health: dict[str, EndpointHealth] = {}
        allowances: dict[str, EndpointAllowance] = {}
        for each in every:
            health.setdefault(
                each.url, EndpointHealth(each.label, settings.failover, uniform=uniform)
            )
            if each.url not in allowances:
                allowances[each.url] = _allowance(each, settings.throttling, fleet)
        partners: dict[str, ServiceEndpoint] = {}
        for pair in (pair for each in regions.values() for pair in pairs(each)):
            partners |= {pair.primary.url: pair.secondary, pair.secondary.url: pair.primary}
        latencies = Latencies(settings.failover, partners=partners)
        preferences = {
            name: Preference(each, settings=settings.failover, latencies=latencies)
            for name, each in regions.items()
        }
        timeouts, retries = settings.timeouts, settings.retries
        # Of a fleet of small shares, the floors of all would be more than there is.
        share = settings.throttling.share if fleet is None else 1.0 / fleet.workers
        provisioned = share * sum({each.url: each.tps for each in every}.values())
        flights = Flights()
        # Where no answers are kept, there is no use in knowing what was asked either.
        memory = Memory(
            store,
            max_entries=settings.caching.max_entries if settings.caching.enabled else 0,
            flights=flights,
        )
        untold: list[Record] = []
        if fleet is not None:
            fleet.join(untold)
        if shared_health is not None:
            for url, known in health.items():
                shared_health.join(url, known, untold)
        return cls(
            variants=variants,
            preferences=preferences,
            loads={at: load for each in preferences.values() for at, load in each.loads.items()},
            tokens=tokens,
            uniform=uniform,
            endpoints=tuple(every),
            routes=Routes(health, allowances, Asides(uniform=uniform)),
            attempt_within=min(timeouts.attempt, timeouts.deadline),
            budget=RetryBudget(retries.budget, floor=min(retries.budget_floor, provisioned / 10)),
            hedge_budget=HedgeBudget(),
            latencies=latencies,
            refreshes=Refreshes(),
            memory=memory,
            flights=flights,
            stats=Counters(),
            split=split,
            has_observers=has_observers,
            shared_memory=shared_memory,
            shared_health=shared_health,
            untold=untold,
        )

    def new_call_id(self) -> str:
        """Draw what tells a call from all others: 52 bits, in the digits of a trace's id."""
        return "%013x" % int(self.uniform() * 4_503_599_627_370_496.0)  # noqa: UP031  (half as long)

    def variant_of(self, query: Query) -> str | None:
        """The variant that a query belongs to; None without a traffic split."""
        return self.split.variant_of(query, uniform=self.uniform) if self.split else None

    def variant_at(self, endpoint: ServiceEndpoint) -> str | None:
        """The first variant that an endpoint belongs to."""
        return next(name for name, flat in self.variants.items() if endpoint in flat)

    def endpoints_for(self, query: Query) -> tuple[ServiceEndpoint, ...]:
        """The endpoints of the variant that a query belongs to."""
        return self.variants[self.variant_of(query)]

    def give_up(self, records: list[Record]) -> None:
        """Count a call whose caller went away, and keep what it could not tell."""
        self.stats.count("cancelled")
        if len(self.untold) < _MOST_UNTOLD:
            self.untold += records

    def count_up(self, now: float) -> Stats:
        """Return the counts as they are now."""
        return self.stats.snapshot(
            retry_budget=self.budget.left(now),
            cached=len(self.memory),
            cached_bytes=self.memory.size_in_bytes,
            store_failures=self.memory.failures,
        )

    def snapshot(self, now: float) -> HealthSnapshot:
        """Return how each endpoint is doing."""
        return HealthSnapshot(tuple(self._status(each, now) for each in self.endpoints))

    def _status(self, endpoint: ServiceEndpoint, now: float) -> EndpointStatus:
        status = self.routes.health[endpoint.url].status(now)
        if status.state == "working":
            aside, slow = self.routes.asides.any_of(endpoint), self.latencies.slow_reason(endpoint)
            if aside is not None:
                status = replace(status, state=aside.state, reason=aside.reason)
            elif slow is not None:
                status = replace(status, state="slow", reason=slow)
        return EndpointStatus(
            endpoint=endpoint.label,
            account=endpoint.account,
            region=endpoint.region,
            tps=endpoint.tps,
            allowance=self.routes.allowances[endpoint.url].status(now),
            **asdict(status),
        )


def _allowance(
    endpoint: ServiceEndpoint, throttling: Throttling, fleet: Fleet | None
) -> EndpointAllowance:
    if fleet is not None:
        return fleet.allowance(endpoint, adaptive=throttling.adaptive)
    return Allowance(endpoint.tps * throttling.share, adaptive=throttling.adaptive)
