"""Routing: which endpoint a call goes to next, and when.

In the order of preference (the home pair first, then DR), among the endpoints that this call
has not tried, the first that is

1. working, or recovering and ready for one more call of its growing share, with a slot now:
   a full endpoint spills over to the next before anyone waits;
2. else recovering, though this call is not in its share, with a slot now;
3. else any of those with the earliest slot, if the call may wait so long;
4. else failing, the one closest to its probe that has a slot: when nothing works, or what works
   is full, trying beats giving up.

An endpoint that is due for a probe is probed in the background while the call goes to another;
where no other works, the call itself is the probe.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from irclient._core.health import Admission
from irclient._values import value

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from irclient._core.allowance import Allowance, Reservation
    from irclient._core.health import EndpointHealth
    from irclient.topology import ServiceEndpoint

__all__ = ["Choice", "Full", "choose"]


#: The usual one; before Python 3.12 the members of enums are found slowly.
_SERVE: Final = Admission.SERVE


@value
class Choice:
    """Where to go, and when.

    Attributes:
        endpoint: The endpoint for this call.
        slot: The reservation there; whoever gets it gives it back if it is not used.
        probe: An endpoint to probe in the background, or None.
        spilled_from: The preferred endpoint, if only its full allowance sends the call on.
        is_probe: Whether the call is that endpoint's probe.
    """

    endpoint: ServiceEndpoint
    slot: Reservation
    probe: ServiceEndpoint | None = None
    spilled_from: ServiceEndpoint | None = None
    is_probe: bool = False

    def is_remarkable(self, now: float) -> bool:
        """Whether there is anything to do before the attempt starts: a wait, or a probe."""
        return self.slot.starts_at > now or self.probe is not None


@value
class Full:
    """Every endpoint that could be asked is full for longer than the call may wait.

    Attributes:
        slot_after: Seconds until the next slot anywhere.
    """

    slot_after: float


def choose(
    endpoints: Sequence[ServiceEndpoint],
    health: Mapping[ServiceEndpoint, EndpointHealth],
    allowances: Mapping[ServiceEndpoint, Allowance],
    *,
    tried: Collection[ServiceEndpoint],
    now: float,
    not_after: float,
    probe_for: float,
) -> Choice | Full | None:
    """Choose the next endpoint of a call; None when it has tried them all.

    Args:
        endpoints: In the order of preference.
        health: By endpoint.
        allowances: By endpoint.
        tried: Not these again.
        now: The time.
        not_after: The latest start that the call may wait for.
        probe_for: Seconds that a probe may take.
    """
    left = [endpoint for endpoint in endpoints if endpoint not in tried] if tried else endpoints
    full: list[ServiceEndpoint] = []
    held_back: list[ServiceEndpoint] = []
    due_for_probe: ServiceEndpoint | None = None
    for endpoint in left:
        admission = health[endpoint].admit(now, probe_for=probe_for)
        if admission is _SERVE:
            slot = allowances[endpoint].reserve(now, not_after=now)
            if slot is not None:
                return Choice(endpoint, slot, due_for_probe, full[0] if full else None)
            full.append(endpoint)
            continue
        match admission:
            case Admission.PROBE if due_for_probe is None:
                due_for_probe = endpoint
            case Admission.PROBE:
                health[endpoint].release()
            case Admission.HELD_BACK:
                held_back.append(endpoint)
            case _:
                pass  # It is failing.
    if not left:
        return None
    look = _Look(left, health, allowances, now, [*held_back, *full], due_for_probe)
    return _second_best(look, not_after)


@value
class _Look:
    """What was found along the endpoints that a call has not tried, where none is to be had now."""

    left: Sequence[ServiceEndpoint]
    health: Mapping[ServiceEndpoint, EndpointHealth]
    allowances: Mapping[ServiceEndpoint, Allowance]
    now: float
    alive: list[ServiceEndpoint]
    due_for_probe: ServiceEndpoint | None


def _second_best(look: _Look, not_after: float) -> Choice | Full:
    # Now where one can, else where it is soonest; between equals, the preferred.
    alive = sorted(look.alive, key=lambda each: look.allowances[each].first_slot(look.now))
    failing = [each for each in look.left if each not in alive]
    failing.sort(
        key=lambda each: (each != look.due_for_probe, look.health[each].probe_in(look.now))
    )
    for best in (*alive[:1], *failing):
        # While others are alive a failing one is no place to queue for: only to try at once.
        latest = look.now if alive and best in failing else not_after
        slot = look.allowances[best].reserve(look.now, not_after=latest)
        if slot is not None:
            is_probe = best == look.due_for_probe
            return Choice(best, slot, None if is_probe else look.due_for_probe, is_probe=is_probe)
    if look.due_for_probe is not None:
        look.health[look.due_for_probe].release()
    return Full(min(look.allowances[each].first_slot(look.now) for each in look.left) - look.now)
