"""What outlives a call: the state that all calls of a client share."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from irclient._core.allowance import Allowance
from irclient._core.budget import RetryBudget
from irclient._core.flights import Flights
from irclient._core.health import EndpointHealth, HealthStatus
from irclient._core.hedging import HedgeBudget, Latencies
from irclient._core.memory import Memory
from irclient._core.splitting import Split
from irclient._core.stats import Counters
from irclient.topology import TrafficSplit, flatten

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from irclient._core.allowance import AllowanceStatus
    from irclient._core.memory import Cache, Store
    from irclient._core.protocol import TokenSource
    from irclient._core.stats import Stats
    from irclient.queries import Query
    from irclient.settings import Settings
    from irclient.topology import Endpoints, ServiceEndpoint

__all__ = ["ClientState", "EndpointStatus", "HealthSnapshot"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointStatus(HealthStatus):
    """How one service endpoint is doing.

    Attributes:
        endpoint: Its label, ``account/name``.
        account: Its IR account.
        region: Its region, as it was named in the topology.
        tps: The transactions per second that it is provisioned with.
        allowance: How many requests may start there.
    """

    endpoint: str
    account: str
    region: str | None
    tps: float
    allowance: AllowanceStatus


@dataclass(frozen=True, slots=True)
class HealthSnapshot:
    """How a client's endpoints were doing at one instant, in their order of preference.

    Iterate over it, or take one by its label or its account: ``health["contoso-a"].state``.
    """

    endpoints: tuple[EndpointStatus, ...]

    def __iter__(self) -> Iterator[EndpointStatus]:
        return iter(self.endpoints)

    def __len__(self) -> int:
        return len(self.endpoints)

    def __getitem__(self, name: str) -> EndpointStatus:
        for status in self.endpoints:
            if name in {status.endpoint, status.account}:
                return status
        raise KeyError(name)

    def __str__(self) -> str:
        return ", ".join(f"{each.endpoint} {each.state}" for each in self.endpoints)


@dataclass(slots=True)
class ClientState:
    """What all calls share: small objects, each with one short lock never held over a yield.

    Attributes:
        variants: The endpoints of each variant, in the order of preference; without a traffic
            split there is one variant, named None.
        tokens: Where calls get their token.
        uniform: Draws from 0 to 1; the core has no randomness of its own.
        health: By endpoint.
        allowances: By endpoint.
        budget: What may be spent on asking again.
        hedge_budget: What may be spent on hedges.
        latencies: How long answers take, where hedging learns it.
        memory: The answers that are kept.
        flights: The calls that are under way.
        stats: What has happened, counted.
        split: Who belongs to which variant, or None without a traffic split.
        has_observers: Whether anybody listens; records are only made for listeners.
        is_closed: Whether the client was closed.
    """

    variants: Mapping[str | None, tuple[ServiceEndpoint, ...]]
    tokens: TokenSource
    uniform: Callable[[], float]
    health: dict[ServiceEndpoint, EndpointHealth]
    allowances: dict[ServiceEndpoint, Allowance]
    budget: RetryBudget
    hedge_budget: HedgeBudget
    latencies: Latencies
    memory: Memory
    flights: Flights
    stats: Counters
    split: Split | None
    has_observers: bool
    is_closed: bool = False

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
    ) -> ClientState:
        """Make the state of a new client."""
        split: Split | None = None
        variants: dict[str | None, tuple[ServiceEndpoint, ...]] = {}
        if isinstance(endpoints, TrafficSplit):
            split = Split(endpoints.weights, salt=endpoints.salt)
            variants |= {name: flatten(each) for name, each in endpoints.variants.items()}
        else:
            variants[None] = flatten(endpoints)
        every = list(dict.fromkeys(each for flat in variants.values() for each in flat))
        # One service endpoint may be read with two modelings: it has one health, and one TPS.
        health: dict[str, EndpointHealth] = {}
        allowances: dict[str, Allowance] = {}
        for each in every:
            health.setdefault(
                each.url, EndpointHealth(each.label, settings.failover, uniform=uniform)
            )
            allowance = Allowance(
                each.tps * settings.throttling.share, adaptive=settings.throttling.adaptive
            )
            allowances.setdefault(each.url, allowance)
        return cls(
            variants=variants,
            tokens=tokens,
            uniform=uniform,
            health={each: health[each.url] for each in every},
            allowances={each: allowances[each.url] for each in every},
            budget=RetryBudget(settings.retries.budget),
            hedge_budget=HedgeBudget(),
            latencies=Latencies(),
            # Who keeps no answers has no use for knowing what was asked either.
            memory=Memory(
                store,
                max_entries=settings.caching.max_entries if settings.caching.enabled else 0,
                flights=(flights := Flights()),
            ),
            flights=flights,
            stats=Counters(),
            split=split,
            has_observers=has_observers,
        )

    @property
    def endpoints(self) -> tuple[ServiceEndpoint, ...]:
        """Every endpoint once, in the order of preference, variant by variant."""
        return tuple(self.health)

    def variant_of(self, query: Query) -> str | None:
        """The variant that a query belongs to; None without a traffic split."""
        return self.split.variant_of(query, uniform=self.uniform) if self.split else None

    def variant_at(self, endpoint: ServiceEndpoint) -> str | None:
        """The first variant that an endpoint belongs to."""
        return next(name for name, flat in self.variants.items() if endpoint in flat)

    def endpoints_for(self, query: Query) -> tuple[ServiceEndpoint, ...]:
        """The endpoints of the variant that a query belongs to."""
        return self.variants[self.variant_of(query)]

    @property
    def cache(self) -> Cache:
        """The handle by which users make the memory forget."""
        return self.memory.cache

    def count_up(self) -> Stats:
        """Return the counts as they are now."""
        return self.stats.snapshot(
            retry_budget=self.budget.tokens,
            cached=len(self.memory),
            store_failures=self.memory.failures,
        )

    def snapshot(self, now: float) -> HealthSnapshot:
        """Return how each endpoint is doing."""
        return HealthSnapshot(
            tuple(
                EndpointStatus(
                    endpoint=each.label,
                    account=each.account,
                    region=each.region,
                    tps=each.tps,
                    allowance=self.allowances[each].status(now),
                    **asdict(self.health[each].status(now)),
                )
                for each in self.endpoints
            )
        )
