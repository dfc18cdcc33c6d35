"""What `health()` returns: how each service endpoint of a client was doing at one instant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from irclient._display.html import table

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["AllowanceStatus", "EndpointStatus", "HealthSnapshot", "HealthStatus"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowanceStatus:
    """How an allowance is doing, at one instant.

    Attributes:
        limit: Starts allowed in a second.
        full_limit: The same when no throttle has shrunk it.
        used: Starts in the last second, and those reserved for later.
        next_slot_after: Seconds until the next free slot.
        mode: In a fleet, ``"joining"`` (its server has not answered this process yet),
            ``"shared"`` (the numbers above are the fleet's) or ``"alone"`` (the server cannot be
            reached; they are this process's). None without a fleet.
        members: In a fleet, how many processes it has as far as this one knows; else None.
    """

    limit: int
    full_limit: int
    used: int
    next_slot_after: float
    mode: str | None = None
    members: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthStatus:
    """How an endpoint is doing, at one instant.

    Attributes:
        state: ``"working"``, ``"failing"`` or ``"recovering"``; or, where it answers and is put
            aside: ``"not ready"`` (it waits for its first cooking), ``"refusing"`` (it answers
            401 or 403) or ``"slow"`` (much slower than the other account of its pair).
        share: The part of its traffic that it gets, from 0 to 1.
        success_rate: Over the last window, or None without calls.
        calls: Attempts in the last window.
        consecutive_failures: Failures since the last success.
        next_probe_after: Seconds until it may be probed, or None when it needs no probe.
        reason: Why it is not working, or None.
    """

    state: str
    share: float
    success_rate: float | None
    calls: int
    consecutive_failures: int
    next_probe_after: float | None
    reason: str | None


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

    def _repr_html_(self) -> str:
        rows = [
            (each.endpoint, each.state, each.share, each.success_rate, each.calls,
             f"{each.allowance.used} of {each.allowance.limit}", each.reason)
            for each in self
        ]  # fmt: skip
        named = ["endpoint", "state", "share", "success rate", "calls", "requests/s", "reason"]
        return table([f"{len(self)} endpoints"], named, rows, total=len(self))

    def __str__(self) -> str:
        return ", ".join(f"{each.endpoint} {each.state}" for each in self.endpoints)
