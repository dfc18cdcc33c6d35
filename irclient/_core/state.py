"""What outlives a call: the state that all calls of a client share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from irclient._core.health import EndpointHealth
from irclient._core.protocol import TokenSource
from irclient.settings import Failover
from irclient.topology import ServiceEndpoint

__all__ = ["ClientState"]


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
