"""The guard of a canary: takes its traffic back when it is worse than the control.

Two shares are watched, since the weights were shifted: calls that failed (an error, or more than
one attempt needed), and calls that took longer than `Guard.slow_after`. After every
`Guard.calls` calls of the candidate each is put to a one-sided two-proportion test:

    (candidate - control) - z x standard error  >  margin    →  the weights go back

Looking again and again would sooner or later find chance guilty, so the k-th look spends only
1 / k(k+1) of `Guard.false_alarms`: all looks together stay below it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Final, NamedTuple

from irclient._runtime.forks import fork_safe_lock

if TYPE_CHECKING:
    from irclient.settings import Guard

__all__ = ["Watch", "Worse"]

#: A share of 0 or 1 in a small sample is not certainty: half a call is added to either side.
_PRIOR: Final = 0.5


@dataclass(slots=True)
class _Arm:
    """What the calls of one variant came to."""

    calls: int = 0
    failed: int = 0
    slow: int = 0


class Worse(NamedTuple):
    """Why a candidate must give its traffic back.

    Attributes:
        kind: What it did too often: ``"failed"`` or ``"slow"``.
        reason: The same in words.
    """

    kind: str
    reason: str


class Watch:
    """Watches a candidate beside its control, for as long as one shift of weights holds.

    Args:
        guard: What to watch, and how closely.
    """

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._lock = fork_safe_lock()
        self._arms = {guard.candidate: _Arm(), guard.control: _Arm()}
        self._looks = 0

    def note(self, variant: str, *, failed: bool, elapsed: float) -> Worse | None:
        """Count a call; returns why the candidate must give its traffic back, or None."""
        with self._lock:
            arm = self._arms.get(variant)
            if arm is None:
                return None
            arm.calls += 1
            arm.failed += failed
            arm.slow += self._guard.slow_after is not None and elapsed > self._guard.slow_after
            if variant != self._guard.candidate or arm.calls % self._guard.calls:
                return None
            self._looks += 1
            return self._verdict()

    def _verdict(self) -> Worse | None:
        guard = self._guard
        candidate, control = self._arms[guard.candidate], self._arms[guard.control]
        if not control.calls:
            return None
        risk = guard.false_alarms / (self._looks * (self._looks + 1))
        looked_at = [("failed", candidate.failed, control.failed)]
        if guard.slow_after is not None:
            looked_at.append(("slow", candidate.slow, control.slow))
        for what, bad, control_bad in looked_at:
            excess = _least_excess(
                (bad, candidate.calls), (control_bad, control.calls), risk / len(looked_at)
            )
            if excess > guard.margin:
                return Worse(what, self._reason(what, bad, control_bad))
        return None

    def _reason(self, what: str, candidate: int, control: int) -> str:
        calls = {name: arm.calls for name, arm in self._arms.items()}
        guard = self._guard
        return (
            f"{candidate} of {calls[guard.candidate]} calls of {guard.candidate!r} {what}, but "
            f"{control} of {calls[guard.control]} of {guard.control!r}"
        )


def _least_excess(candidate: tuple[int, int], control: tuple[int, int], risk: float) -> float:
    """By how much the candidate's bad share exceeds the control's, but for a small risk."""
    shares = [(bad + _PRIOR) / (calls + 2 * _PRIOR) for bad, calls in (candidate, control)]
    variance = sum(
        share * (1 - share) / calls
        for share, (_, calls) in zip(shares, (candidate, control), strict=True)
    )
    return shares[0] - shares[1] - NormalDist().inv_cdf(1 - risk) * math.sqrt(variance)
