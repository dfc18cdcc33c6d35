"""The demo's figures, and whether it showed what it promises."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from irclient.cli.demo.calls import Calls

__all__ = ["Outage", "Percentiles", "Summary", "percentiles_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentiles:
    """How a number of durations is spread, in seconds."""

    p50: float
    p99: float
    longest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """How one outage of the primary went.

    Attributes:
        fault: What was done to the primary, for example ``down``.
        noticed_after: Seconds until the client passed the primary by; None if it never did.
        home_after: Seconds from the primary's healing until it had all of its traffic back; None
            if it never had.
    """

    fault: str
    noticed_after: float | None
    home_after: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary(Calls):
    """What the demo measured.

    Attributes:
        latency: Of the answered calls.
        failed_over: Calls that one account failed and the other answered.
        failover: From the failure at one account to the other's answer; None without any.
        outages: In the order in which they happened.
        errors: What failed calls said, a few of them.
        elapsed: Seconds of traffic.
    """

    latency: Percentiles | None
    failed_over: int
    failover: Percentiles | None
    outages: tuple[Outage, ...]
    errors: tuple[str, ...]
    elapsed: float

    @property
    def went_home(self) -> bool:
        """Whether every outage was noticed and traffic returned to the primary after each."""
        return all(
            each.noticed_after is not None and each.home_after is not None for each in self.outages
        )

    @property
    def kept_its_promise(self) -> bool:
        """Whether no call failed through outages that were seen, and traffic went home."""
        return self.failed == 0 and self.answered > 0 and self.went_home


def percentiles_of(durations: Sequence[float]) -> Percentiles | None:
    """Return how the durations are spread; None when there are none."""
    if not durations:
        return None
    ordered = sorted(durations)

    def at(share: float) -> float:
        return ordered[max(math.ceil(share * len(ordered)) - 1, 0)]

    return Percentiles(p50=at(0.5), p99=at(0.99), longest=ordered[-1])
