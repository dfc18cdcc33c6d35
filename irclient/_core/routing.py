"""Routing: which endpoint a call goes to next, and when.

In the order of preference (`preference`), among the endpoints that this call has not tried, the
first that is

1. working, or recovering and ready for one more call of its growing share, with a slot now:
   a full endpoint spills over to the next before anyone waits;
2. else recovering, though this call is not in its share, with a slot now;
3. else any of those with the earliest slot, if the call may wait until then;
4. else failing, the one closest to its probe that has a slot: when nothing works, or what works
   is full, trying beats giving up;
5. else put aside (refusing, or not ready), the one that is asked again soonest, if nothing above
   is left: what it will answer is known.

An endpoint that is due for a probe is probed in the background while the call goes to another;
where no other works, the call itself is the probe. Of several that are due, the one that has been
for longest is asked, and the others stay due. A refresh goes to the first endpoint of the
first kind or nowhere: another account may have an older list than the one that is to be refreshed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from irclient._core.allowance_protocol import Asked
from irclient._core.health import SERVE, Admission
from irclient._core.priority import INTERACTIVE, REFRESH
from irclient._values.momentary import value

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from irclient._core.allowance_protocol import EndpointAllowance
    from irclient._core.asides import Asides
    from irclient._core.flights import Flight
    from irclient._core.health import EndpointHealth
    from irclient._core.priority import Priority
    from irclient._core.reservation import Reservation
    from irclient.topology import ServiceEndpoint

__all__ = ["Choice", "Full", "Routes", "choose", "none_works"]


@value
class Routes:
    """Where calls may go, and what is known of it.

    Attributes:
        health: By the URL of the endpoint; it may be read with two modelings.
        allowances: Likewise.
        asides: The endpoints that were put aside.
    """

    health: Mapping[str, EndpointHealth]
    allowances: Mapping[str, EndpointAllowance]
    asides: Asides

    def is_known_to_fail(self, endpoint: ServiceEndpoint, modeling: str | None) -> bool:
        """Whether a call can expect nothing of an endpoint."""
        if self.health[endpoint.url].is_known_to_fail:
            return True
        return bool(self.asides.kept) and self.asides.find(endpoint, modeling) is not None

    def was_known_to_fail(self, endpoint: ServiceEndpoint, modeling: str | None, at: float) -> bool:
        """Whether that much was known at an instant, of an endpoint that fails now."""
        health = self.health[endpoint.url]
        if health.is_known_to_fail and health.failing_since <= at:
            return True
        aside = self.asides.find(endpoint, modeling)
        return aside is not None and aside.since <= at

    def admit(
        self, endpoint: ServiceEndpoint, modeling: str | None, now: float, *, probe_for: float
    ) -> Admission:
        """Say whether a call may go to an endpoint now."""
        admission = self.health[endpoint.url].admit(now, probe_for=probe_for)
        if self.asides.kept and admission in {Admission.SERVE, Admission.HELD_BACK}:
            aside = self.asides.admit(endpoint, modeling, now)
            return admission if aside is Admission.SERVE else aside
        return admission

    def release(self, endpoint: ServiceEndpoint, modeling: str | None) -> None:
        """Leave an endpoint that was due for a probe to the next call."""
        self.health[endpoint.url].release()
        if self.asides.kept:
            self.asides.release(endpoint, modeling)

    def longer_due(
        self, one: ServiceEndpoint, other: ServiceEndpoint, modeling: str | None
    ) -> ServiceEndpoint:
        """Of two that are due for a probe, keep the one that has been for longer."""
        if self._due_at(other, modeling) < self._due_at(one, modeling):
            one, other = other, one
        self.release(other, modeling)
        return one

    def _due_at(self, endpoint: ServiceEndpoint, modeling: str | None) -> float:
        health, aside = self.health[endpoint.url], self.asides.find(endpoint, modeling)
        return health.probe_at if health.is_known_to_fail or aside is None else aside.due_at


@value
class Choice:
    """Where to go, and when.

    Attributes:
        endpoint: The endpoint for this call.
        slot: The reservation there; the call gives it back if it does not use it.
        probe: An endpoint that is due for a probe, or None: to probe in the background, unless
            the call goes there itself.
        spilled_from: The preferred endpoint, if only its full allowance sends the call on.
        is_known_to_fail: Whether the endpoint is failing or put aside.
    """

    endpoint: ServiceEndpoint
    slot: Reservation
    probe: ServiceEndpoint | None = None
    spilled_from: ServiceEndpoint | None = None
    is_known_to_fail: bool = False

    def is_remarkable(self, now: float) -> bool:
        """Whether there is anything to tell or to do first: a spill-over, a wait, a probe."""
        return self.slot.starts_at > now or self.probe is not None or self.spilled_from is not None


@value
class Awaited:
    """Where the rest of the fleet must say whether there is a slot: wait, and choose again.

    Attributes:
        endpoint: The endpoint that would be the choice.
        until: The latest instant to choose again.
        flight: Lands when the answer is there; None where a slot is known not to be free before.
    """

    endpoint: ServiceEndpoint
    until: float
    flight: Flight | None


@value
class Full:
    """Every endpoint that could be asked is full for longer than the call may wait.

    Attributes:
        slot_after: Seconds until the next slot anywhere.
    """

    slot_after: float


def none_works(routes: Routes, endpoints: Sequence[ServiceEndpoint], modeling: str | None) -> bool:
    """Whether every endpoint is known to fail, so that a call can expect no answer."""
    if not routes.asides.kept and not routes.health[endpoints[0].url].is_known_to_fail:
        return False  # Nearly always, for little.
    return all(routes.is_known_to_fail(each, modeling) for each in endpoints)


def choose(
    routes: Routes,
    endpoints: Sequence[ServiceEndpoint],
    *,
    modeling: str | None = None,
    tried: Collection[ServiceEndpoint],
    now: float,
    not_after: float,
    probe_for: float,
    priority: Priority = INTERACTIVE,
) -> Choice | Awaited | Full | None:
    """Choose the next endpoint of a call; None when it has tried them all.

    Args:
        routes: What is known of the endpoints.
        endpoints: In the order of preference.
        modeling: The modeling that the query names, or None.
        tried: Not these again.
        now: The time.
        not_after: The latest start that the call may wait for.
        probe_for: Seconds that a probe may take.
        priority: Who gets a slot first.
    """
    left = [endpoint for endpoint in endpoints if endpoint not in tried] if tried else endpoints
    full: list[ServiceEndpoint] = []
    held_back: list[ServiceEndpoint] = []
    due_for_probe: ServiceEndpoint | None = None
    for endpoint in left:
        admission = routes.admit(endpoint, modeling, now, probe_for=probe_for)
        if admission is SERVE:
            slot = routes.allowances[endpoint.url].reserve(now, not_after=now, priority=priority)
            if slot is not None:
                if isinstance(slot, Asked):
                    return _awaited(routes, modeling, endpoint, slot, due_for_probe)
                return Choice(endpoint, slot, due_for_probe, full[0] if full else None)
            full.append(endpoint)
            if priority is REFRESH:
                break
            continue
        match admission:
            case Admission.PROBE:
                due_for_probe = (
                    routes.longer_due(due_for_probe, endpoint, modeling)
                    if due_for_probe is not None
                    else endpoint
                )
            case Admission.HELD_BACK:
                held_back.append(endpoint)
            case _:
                pass  # It is failing, or put aside.
    if not left:
        return None
    look = _Look(routes, modeling, left, now, [*held_back, *full], due_for_probe, priority)
    return _second_best(look, not_after)


@value
class _Look:
    """What a call found along the endpoints it has not tried, none of which can serve it now."""

    routes: Routes
    modeling: str | None
    left: Sequence[ServiceEndpoint]
    now: float
    alive: list[ServiceEndpoint]
    due_for_probe: ServiceEndpoint | None
    priority: Priority

    def first_slot(self, endpoint: ServiceEndpoint) -> float:
        return self.routes.allowances[endpoint.url].first_slot(self.now, self.priority)

    def failing(self) -> list[ServiceEndpoint]:
        """Those that are failing, then those put aside: in turn, but first what is due.

        In turn, as the one that is well again may be the one whose probe is far. Where others are
        alive, of those put aside only the one that is due.
        """
        asides, modeling, now = self.routes.asides, self.modeling, self.now
        ranked: list[tuple[bool, bool, float, float, int]] = []
        for at, each in enumerate(self.left):
            if each in self.alive:
                continue
            health, aside = self.routes.health[each.url], asides.find(each, modeling)
            is_due, asked_at = each == self.due_for_probe, health.asked_though_failing_at
            if health.is_known_to_fail or aside is None:
                ranked.append((False, not is_due, asked_at, health.probe_in(now), at))
            elif is_due or not self.alive:
                ranked.append((True, not is_due, asked_at, aside.ask_again_at, at))
        return [self.left[at] for *_, at in sorted(ranked)]


def _awaited(
    routes: Routes,
    modeling: str | None,
    endpoint: ServiceEndpoint,
    asked: Asked,
    due_for_probe: ServiceEndpoint | None,
) -> Awaited:
    if due_for_probe is not None:
        # It is due again when the call chooses again.
        routes.release(due_for_probe, modeling)
    return Awaited(endpoint, asked.until, asked.flight)


def _second_best(look: _Look, not_after: float) -> Choice | Awaited | Full:
    # Now where one can, else where it is soonest; between equals, the preferred.
    alive = sorted(look.alive, key=look.first_slot)
    failing = look.failing() if look.priority < REFRESH else []
    for best in (*alive, *failing):
        # While others are alive a failing one is no place to queue for: only to try at once.
        is_failing = best not in look.alive
        latest = look.now if alive and is_failing else not_after
        allowance = look.routes.allowances[best.url]
        slot = allowance.reserve(look.now, not_after=latest, priority=look.priority)
        if slot is not None:
            if isinstance(slot, Asked):
                return _awaited(look.routes, look.modeling, best, slot, look.due_for_probe)
            return Choice(best, slot, look.due_for_probe, is_known_to_fail=is_failing)
    if look.due_for_probe is not None:
        look.routes.release(look.due_for_probe, look.modeling)
    return Full(min(look.first_slot(each) for each in alive or look.left) - look.now)
