"""The health of one endpoint: when it is ejected, probed, and given its traffic back.

"Too many failures" is `Failover.consecutive_failures` in a row, or a success rate below
`min_success_rate` over the last `window`, so that it is noticed at one request a second and at a
thousand. In a fleet, what others find counts as well; see `shared_health`. The states and what
leads from one to the next stand in `health_transitions`.
"""

from __future__ import annotations

import math
from enum import Enum
from typing import TYPE_CHECKING, Final

from irclient._core.health_transitions import TRANSITIONS, Happening, State
from irclient._core.success_rate import SuccessRate
from irclient._runtime.forks import fork_safe_lock
from irclient._values.enum_members import found_quickly
from irclient.health import HealthStatus
from irclient.observe import Ejected, Probed, Returned

if TYPE_CHECKING:
    from collections.abc import Callable

    from irclient.observe import Record
    from irclient.settings import Failover

__all__ = ["SERVE", "Admission", "EndpointHealth"]


#: A recovering endpoint's part of the traffic just after its probe.
_FIRST_SHARE: Final = 0.1
#: The time of an ejection is spread by this part of it, to either side.
_JITTER: Final = 0.2
#: The kind of what others of a fleet found out.
_ELSEWHERE: Final = "found elsewhere"


class Admission(Enum):
    """Whether a call may go to an endpoint now."""

    SERVE = "serve"
    PROBE = "probe"
    """One attempt is wanted to learn whether the endpoint has recovered."""
    HELD_BACK = "held back"
    """It is recovering, and this call is not in its share."""
    PASS_BY = "pass by"  # noqa: S105  (no secret: the call passes by)
    """It is failing."""


found_quickly(Admission)

#: What nearly every call finds.
SERVE: Final = Admission.SERVE
_WORKING: Final = State.WORKING


class EndpointHealth:
    """Keeps the health of one endpoint; every method is told the time and returns at once."""

    def __init__(
        self, label: str, settings: Failover, *, uniform: Callable[[], float] | None = None
    ) -> None:
        self._label = label
        self._uniform = uniform
        self._settings = settings
        self._lock = fork_safe_lock()
        self._state = State.WORKING
        self._rate = SuccessRate(settings.window)
        self._in_a_row = 0
        self._ejections = 0
        self._reason: str | None = None
        self._ejected_at = 0.0
        #: Whether the next attempt can be expected to fail: it is failing, or waits for a probe.
        self.is_known_to_fail = False
        #: When it began to fail; of one that does not, when it last did.
        self.failing_since = 0.0
        #: When a call last went there although it was known to fail, as no other could serve it.
        self.asked_though_failing_at = -math.inf
        self._probe_at = 0.0
        self._probing_until: float | None = None
        self._ramp_began_at: float | None = None
        self._credit = 0.0
        #: While others of its fleet find it failing, one failure is too many.
        self._doubted_until = -math.inf

    def admit(self, now: float, *, probe_for: float) -> Admission:
        """Say whether a call may come; a PROBE must be ended by `record` or `release`.

        Args:
            now: The time.
            probe_for: Seconds after which a probe that was never ended no longer counts.
        """
        if self._state is _WORKING:  # A read without the lock: the state is one reference.
            return SERVE
        with self._lock:
            return self._admit(now, probe_for)

    def record(
        self, now: float, *, sent_at: float, ok: bool, reason: str, kind: str = "failed"
    ) -> tuple[Record, ...]:
        """Count how an attempt ended, `kind` and `reason`, and return what changed by it."""
        with self._lock:
            if sent_at < self._ejected_at:
                # An attempt from before the ejection tells nothing about the time after it.
                return ()
            slot = self._rate.slot(now)
            if ok:
                slot.successes += 1
                self._in_a_row = 0
                return self._after_success(now)
            slot.failures += 1
            self._in_a_row += 1
            return self._after_failure(now, kind, reason)

    def release(self) -> None:
        """Give back a probe that told nothing, because it was cancelled or was our own trouble."""
        with self._lock:
            self._probing_until = None

    def doubt(self, *, until: float) -> None:
        """Until an instant, eject it at its next failure: others of the fleet have."""
        self._doubted_until = until

    def hear_ejected(self, now: float, reason: str) -> tuple[Record, ...]:
        """Learn that enough of the fleet find it failing, and return what changed by it."""
        with self._lock:
            return self._eject_if_asked(now, reason)

    def hear_probe_failed(self, now: float, reason: str) -> tuple[Record, ...]:
        """Learn that another's probe, which was for all, has failed."""
        with self._lock:
            if ejected := self._eject_if_asked(now, reason):
                return ejected
            if self._state is State.FAILING:
                self._move(Happening.EJECTION_OVER)
            return self._eject(now, Happening.PROBE_FAILED, _ELSEWHERE, reason)

    def hear_recovered(self, now: float) -> tuple[Record, ...]:
        """Learn that another's probe, which was for all, has succeeded."""
        with self._lock:
            self._in_a_row, self._doubted_until = 0, -math.inf
            if self._state is _WORKING or self._ramp_began_at is not None:
                return ()
            return self._after_success(now)

    @property
    def probe_at(self) -> float:
        """The instant from which on it is due for a probe, if it is failing."""
        return self._probe_at

    def probe_in(self, now: float) -> float:
        """Seconds until this endpoint may be probed: 0 unless it is failing."""
        return max(self._probe_at - now, 0.0) if self._state is State.FAILING else 0.0

    def status(self, now: float) -> HealthStatus:
        """Return how the endpoint is doing."""
        with self._lock:
            successes, calls = self._rate.counts(now)
            share = self._share(now)
            # It may have all of its traffic back, and no call that comes to it.
            state = self._state if share < 1.0 else _WORKING
            return HealthStatus(
                state=state.value,
                share=share,
                success_rate=successes / calls if calls else None,
                calls=calls,
                consecutive_failures=self._in_a_row,
                next_probe_after=self.probe_in(now) if self._state is State.FAILING else None,
                reason=None if state is _WORKING else self._reason,
            )

    @property
    def has_failed_last(self) -> bool:
        """Whether its last attempt failed."""
        return self._in_a_row > 0

    def __repr__(self) -> str:
        return (
            f"<EndpointHealth {self._label} {self._state.value}, {self._in_a_row} failed in a row>"
        )

    def _admit(self, now: float, probe_for: float) -> Admission:
        if self._state is _WORKING:
            return SERVE
        if self._state is State.FAILING:
            if now < self._probe_at:
                return Admission.PASS_BY
            self._move(Happening.EJECTION_OVER)
        if self._ramp_began_at is not None:
            return self._take_share(self._share(now))
        if self._probing_until is not None and now < self._probing_until:
            return Admission.PASS_BY
        self._probing_until = now + probe_for
        return Admission.PROBE

    def _after_success(self, now: float) -> tuple[Record, ...]:
        if self._state is _WORKING:
            return ()
        if self._state is State.FAILING:
            # Asked although it was failing, because all were: as good as a probe.
            self._move(Happening.EJECTION_OVER)
        if self._ramp_began_at is None and self._move(Happening.PROBE_SUCCEEDED):
            self._probing_until, self._ramp_began_at, self._credit = None, now, 1.0
            self.is_known_to_fail = False
            self._rate.begin_with_a_success(now)
            probed = Probed(at=now, endpoint=self._label, recovered=True)
            return (probed, *self._return_if_full(now))
        return self._return_if_full(now)

    def _return_if_full(self, now: float) -> tuple[Record, ...]:
        if self._share(now) < 1.0 or not self._move(Happening.FULLY_BACK):
            return ()
        self._ramp_began_at, self._reason, self._ejections = None, None, 0
        return (Returned(at=now, endpoint=self._label),)

    def _after_failure(self, now: float, kind: str, reason: str) -> tuple[Record, ...]:
        if self._state is State.FAILING:
            return ()
        if self._state is State.RECOVERING and self._ramp_began_at is None:
            probed = Probed(at=now, endpoint=self._label, recovered=False)
            return (probed, *self._eject(now, Happening.PROBE_FAILED, kind, reason))
        if not self._trips(now):
            return ()
        return self._eject(now, Happening.TOO_MANY_FAILURES, kind, reason)

    def _eject_if_asked(self, now: float, reason: str) -> tuple[Record, ...]:
        if self._state is _WORKING or self._ramp_began_at is not None:
            return self._eject(now, Happening.TOO_MANY_FAILURES, _ELSEWHERE, reason)
        return ()

    def _trips(self, now: float) -> bool:
        enough = 1 if now < self._doubted_until else self._settings.consecutive_failures
        if self._in_a_row >= enough:
            return True
        successes, calls = self._rate.counts(now)
        return (
            calls >= self._settings.min_calls
            and successes / calls < self._settings.min_success_rate
        )

    def _eject(
        self, now: float, happening: Happening, kind: str, reason: str
    ) -> tuple[Ejected, ...]:
        if not self._move(happening):
            return ()
        settings = self._settings
        eject_for = min(settings.eject_for * 2.0**self._ejections, settings.max_eject_for)
        if self._uniform is not None:
            # A fleet that ejected an endpoint together must not come back to it together.
            eject_for *= 1.0 + _JITTER * (2.0 * self._uniform() - 1.0)
        # Bounded, so that the doubling cannot overflow after days of an outage.
        self._ejections = min(self._ejections + 1, 60)
        self._ejected_at, self._probe_at = now, now + eject_for
        if happening is not Happening.PROBE_FAILED:
            self.failing_since = now
        self._probing_until = self._ramp_began_at = None
        self.is_known_to_fail, self._reason = True, reason
        return (
            Ejected(at=now, endpoint=self._label, kind=kind, reason=reason, eject_for=eject_for),
        )

    def _move(self, happening: Happening) -> bool:
        """Take a transition; False where there is none, and nothing has changed.

        The lock lets a signal handler in that interrupts its own thread, so a call of the handler
        may have moved the endpoint since its state was looked at.
        """
        following = TRANSITIONS.get((self._state, happening))
        if following is None:
            return False
        self._state = following
        return True

    def _share(self, now: float) -> float:
        if self._state is _WORKING:
            return 1.0
        if self._state is State.FAILING or self._ramp_began_at is None:
            return 0.0
        ramp_for = self._settings.ramp_for
        grown = (now - self._ramp_began_at) / ramp_for if ramp_for else 1.0
        return min(max(grown, _FIRST_SHARE), 1.0)

    def _take_share(self, share: float) -> Admission:
        # Every 1/share-th call, evenly: chance would send some bursts to a weak endpoint.
        self._credit += share
        if self._credit < 1.0:
            return Admission.HELD_BACK
        self._credit -= 1.0
        return SERVE
