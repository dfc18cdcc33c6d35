"""The demo's plot: how long its acts last, what happens in them, and the client's settings."""

from collections.abc import Mapping
from dataclasses import dataclass

from irclient.settings import Caching, Failover, Settings, Timeouts

__all__ = ["Plot"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """How long the acts last and what happens in them, in seconds.

    Attributes:
        calm_for: Of undisturbed traffic, before and after the outages.
        outage_for: Of each outage, once the client has noticed it.
        patience: The longest to wait for the client to notice, and to go home.
        outages: What is done to the primary, one after the other: a fault and its words.
        threads: How many callers.
        rate: Calls a second, all together.
        settings: The client's, quicker to come back than the defaults so that a few seconds
            show it, and without a cache so that every call goes to an account.
    """

    calm_for: float = 1.0
    outage_for: float = 1.0
    patience: float = 10.0
    outages: Mapping[str, str]
    threads: int = 4
    rate: float = 80.0
    settings: Settings

    @classmethod
    def usual(cls) -> "Plot":
        """The plot of the command."""
        return cls(
            outages={
                "down": "refuses every connection",
                "black-hole": "takes requests and never answers",
            },
            settings=Settings(
                timeouts=Timeouts(attempt=0.4),
                caching=Caching(enabled=False),
                failover=Failover(
                    consecutive_failures=3,
                    eject_for=0.5,
                    max_eject_for=1.0,
                    ramp_for=1.5,
                    # Within a second, what threads cost each other looks like a slow account.
                    slow_factor=None,
                ),
            ),
        )
