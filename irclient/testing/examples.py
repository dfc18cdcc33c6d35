"""What tests commonly make clients of."""

from __future__ import annotations

from irclient.settings import Caching, Retries, Settings, Timeouts
from irclient.topology import Pair, ServiceEndpoint

__all__ = ["example_pair", "quick_settings"]


def example_pair(*, tps: float = 1000.0) -> Pair:
    """Return the pair ``contoso-a/web`` and ``contoso-b/web``.

    Args:
        tps: The TPS of each; more than a test needs, so that no call waits for its turn.
    """
    return Pair(
        ServiceEndpoint("contoso-a", "web", tps=tps), ServiceEndpoint("contoso-b", "web", tps=tps)
    )


def quick_settings() -> Settings:
    """Return settings for tests: nothing is remembered, no retry waits, hangs end soon."""
    return Settings(
        timeouts=Timeouts(deadline=2.0, attempt=0.2, connect=0.2),
        retries=Retries(wait=_at_once),
        caching=Caching(enabled=False),
    )


def _at_once(_state: object) -> float:
    return 0.0
