"""When a modeling component cooks: never cooked, cooking, cooked; and who may trigger it.

The limits are the documented ones (contract section 13: D): one accepted call per 30 minutes,
five per rolling 24 hours, none while a cooking is under way.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

    from irclient.cooking.cooked_data import CookedData
    from irclient.emulator.options import Cook

__all__ = ["CookingCycle", "CookingReport"]

Phase: TypeAlias = Literal["never cooked", "cooking", "cooked"]

_TRIGGER_EVERY: Final = 30 * 60.0
_DAY: Final = 24 * 60 * 60.0
_TRIGGERS_A_DAY: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class CookingReport:
    """Where a modeling component stands.

    Attributes:
        modeling: Its name.
        phase: While it cooks, what was cooked before is still served.
        interactions_version: Names the data that is served; None before the first cooking.
        ends_at: When the cooking under way ends, in seconds since the epoch.
        problem: Why the last cooking failed, or None.
    """

    modeling: str
    phase: Phase
    interactions_version: str | None
    ends_at: float | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class _UnderWay:
    ends_at: float
    result: Future[CookedData]


class CookingCycle:
    """One modeling component of one account.

    Args:
        modeling: Its name.
        cook: What computes the lists.
        takes: Seconds that a cooking lasts at least.
        executor: Where the computing happens.
        refused_triggers: Whether a refused trigger uses up one of the day's calls.
    """

    def __init__(
        self,
        modeling: str,
        *,
        cook: Cook,
        takes: float,
        executor: Executor,
        refused_triggers: Literal["free", "counted"] = "free",
    ) -> None:
        self.modeling = modeling
        self._cook = cook
        self._takes = takes
        self._executor = executor
        self._refused_triggers = refused_triggers
        self._counted: deque[float] = deque()
        self._accepted_at: float | None = None
        self._under_way: _UnderWay | None = None
        self._data: CookedData | None = None
        self._problem: str | None = None

    def serve(self, data: CookedData | None) -> None:
        """Serve this data from now on; None is the state before the first cooking."""
        self._under_way = None
        self._data = data

    def data(self, now: float) -> CookedData | None:
        """What is served now, or None before the first cooking has finished."""
        self._finish(now)
        return self._data

    def trigger(self, now: float) -> bool:
        """Start a cooking if the limits allow it; returns whether they did."""
        self._finish(now)
        while self._counted and self._counted[0] <= now - _DAY:
            self._counted.popleft()
        recent = self._accepted_at is not None and now < self._accepted_at + _TRIGGER_EVERY
        refused = bool(self._under_way) or recent or len(self._counted) >= _TRIGGERS_A_DAY
        if not refused or self._refused_triggers == "counted":
            self._counted.append(now)
        if not refused:
            self._accepted_at = now
            self.start(now)
        return not refused

    def start(self, now: float) -> None:
        """Start a cooking whatever the limits say, unless one is under way."""
        self._finish(now)
        if self._under_way is None:
            ends_at = now + self._takes
            result = self._executor.submit(self._cook, datetime.fromtimestamp(ends_at, UTC))
            self._under_way = _UnderWay(ends_at, result)

    def report(self, now: float) -> CookingReport:
        """Where it stands."""
        self._finish(now)
        phase: Phase = "cooked" if self._data else "never cooked"
        return CookingReport(
            modeling=self.modeling,
            phase="cooking" if self._under_way else phase,
            interactions_version=self._data.interactions_version if self._data else None,
            ends_at=self._under_way.ends_at if self._under_way else None,
            problem=self._problem,
        )

    def _finish(self, now: float) -> None:
        cooking = self._under_way
        if cooking is None or now < cooking.ends_at or not cooking.result.done():
            return
        self._under_way = None
        problem = cooking.result.exception()
        self._problem = str(problem) if problem else None
        if problem is None:
            self._data = cooking.result.result()
