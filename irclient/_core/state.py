"""What outlives a call: the state that all calls of a client share."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from irclient._core.health import EndpointHealth, HealthStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from irclient._core.protocol import TokenSource
    from irclient.settings import Failover
    from irclient.topology import ServiceEndpoint

__all__ = ["ClientState", "EndpointStatus", "HealthSnapshot"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointStatus(HealthStatus):
    """How one service endpoint is doing.

    Attributes:
        endpoint: Its label, ``account/name``.
        account: Its IR account.
        region: Its region, as it was named in the topology.
        tps: The transactions per second that it is provisioned with.
    """

    endpoint: str
    account: str
    region: str | None
    tps: float


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
    """Health and token: each a small object with one short lock, never held over a yield.

    Attributes:
        endpoints: In the order of preference.
        tokens: Where calls get their token.
        uniform: Draws from 0 to 1; the core has no randomness of its own.
        health: By endpoint.
        has_observers: Whether anybody listens; records are only made for listeners.
        is_closed: Whether the client was closed.
    """

    endpoints: Sequence[ServiceEndpoint]
    tokens: TokenSource
    uniform: Callable[[], float]
    health: dict[ServiceEndpoint, EndpointHealth]
    has_observers: bool
    is_closed: bool = False

    @classmethod
    def of(
        cls,
        endpoints: Sequence[ServiceEndpoint],
        *,
        tokens: TokenSource,
        uniform: Callable[[], float],
        failover: Failover,
        has_observers: bool,
    ) -> ClientState:
        """Make the state of a new client."""
        health = {each: EndpointHealth(each.label, failover) for each in endpoints}
        return cls(endpoints, tokens, uniform, health, has_observers)

    def snapshot(self, now: float) -> HealthSnapshot:
        """Return how each endpoint is doing."""
        return HealthSnapshot(
            tuple(
                EndpointStatus(
                    endpoint=each.label,
                    account=each.account,
                    region=each.region,
                    tps=each.tps,
                    **asdict(self.health[each].status(now)),
                )
                for each in self.endpoints
            )
        )
