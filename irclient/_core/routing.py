"""Routing: which endpoint a call goes to next.

In the order of preference (the home pair first, then DR), the first endpoint that this call has
not tried and that is

1. working, or recovering and ready for one more call of its growing share;
2. else recovering, though this call is not in its share;
3. else failing, the one closest to its probe: when nothing works, trying beats giving up.

An endpoint that is due for a probe is probed in the background while the call goes to another;
where no other works, the call itself is the probe.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from irclient._core.health import Admission

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from irclient._core.health import EndpointHealth
    from irclient.topology import ServiceEndpoint

__all__ = ["Choice", "choose"]


@dataclass(frozen=True, slots=True)
class Choice:
    """Where to go.

    Attributes:
        endpoint: The endpoint for this call.
        is_probe: Whether the call is that endpoint's probe.
        probe: An endpoint to probe in the background, or None.
    """

    endpoint: ServiceEndpoint
    is_probe: bool = False
    probe: ServiceEndpoint | None = None


def choose(
    endpoints: Sequence[ServiceEndpoint],
    health: Mapping[ServiceEndpoint, EndpointHealth],
    *,
    tried: Collection[ServiceEndpoint],
    now: float,
    probe_for: float,
) -> Choice | None:
    """Choose the next endpoint of a call; None when it has tried them all."""
    held_back: ServiceEndpoint | None = None
    probe: ServiceEndpoint | None = None
    for endpoint in endpoints:
        if endpoint in tried:
            continue
        match health[endpoint].admit(now, probe_for=probe_for):
            case Admission.SERVE:
                return Choice(endpoint, probe=probe)
            case Admission.PROBE:
                if probe is None:
                    probe = endpoint
                else:
                    health[endpoint].release()
            case Admission.HELD_BACK:
                held_back = held_back or endpoint
            case Admission.PASS_BY:
                pass
    if held_back is not None:
        return Choice(held_back, probe=probe)
    if probe is not None:
        return Choice(probe, is_probe=True)
    return _least_hopeless(endpoints, health, tried=tried, now=now)


def _least_hopeless(
    endpoints: Sequence[ServiceEndpoint],
    health: Mapping[ServiceEndpoint, EndpointHealth],
    *,
    tried: Collection[ServiceEndpoint],
    now: float,
) -> Choice | None:
    left = [endpoint for endpoint in endpoints if endpoint not in tried]
    if not left:
        return None
    return Choice(min(left, key=lambda endpoint: health[endpoint].probe_in(now)))
