"""The scenarios: which weather comes over which accounts, and how much is asked meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from benchmarks.simulation.policies import (
    BEFORE,
    BEFORE_IN_NEED,
    FAIL_OVER,
    HEDGED,
    HEDGED_WITHOUT_MEMORY,
    IN_NEED,
    OURS,
    RETRY,
    WITHOUT_MEMORY,
)
from benchmarks.simulation.weather import Condition, Reach, Spell

if TYPE_CHECKING:
    from benchmarks.simulation.policies import Policy

__all__ = ["ACCOUNTS", "FULL", "HOME", "QUICK", "SCENARIOS", "Plan", "Scenario"]

#: The home pair and the disaster recovery account, with their TPS.
ACCOUNTS: Final = {"a": 100.0, "b": 100.0, "dr": 60.0}
HOME: Final = ("a", "b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How long a run takes, in virtual seconds, and how much is asked."""

    calls_per_second: float
    warm_up_for: float
    weather_for: float
    after_for: float
    #: The longest weather; a run in small cannot have an hour.
    most_weather_for: float = 7_200.0

    @property
    def weather_ends_at(self) -> float:
        """When the sun comes out."""
        return self.warm_up_for + self.weather_for

    @property
    def ends_at(self) -> float:
        """The end of the run."""
        return self.weather_ends_at + self.after_for


FULL: Final = Plan(calls_per_second=80.0, warm_up_for=30.0, weather_for=60.0, after_for=90.0)
QUICK: Final = Plan(calls_per_second=80.0, warm_up_for=6.0, weather_for=9.0, after_for=12.0,
    most_weather_for=9.0,
)  # fmt: skip

Weather: TypeAlias = Callable[[Plan], tuple[Spell, ...]]
POLICIES: Final = (OURS, WITHOUT_MEMORY, FAIL_OVER, RETRY)
#: Where memory would hide what is looked at.
UNREMEMBERED: Final = (WITHOUT_MEMORY, BEFORE, FAIL_OVER, RETRY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One weather.

    Attributes:
        name: For tables and files.
        weather: Its spells under a plan.
        median: Seconds that a usual answer takes.
        later_cooking: The part of the weather after which the secondary follows the primary's
            new data set; None without a cooking.
        policies: Who is compared.
        busier: The factor on the calls that are made.
        longer: The factor on how long the weather lasts.
        tps: The factor on the TPS of all accounts.
        rush: Calls that are made all at once, in the moment in which the weather begins.
        clients: The size of the fleet; None leaves it to the run.
    """

    name: str
    weather: Weather
    median: float = 0.06
    later_cooking: float | None = None
    policies: tuple[Policy, ...] = POLICIES
    busier: float = 1.0
    longer: float = 1.0
    tps: float = 1.0
    rush: int = 0
    clients: int | None = None

    def plan_within(self, plan: Plan) -> Plan:
        """The plan of this scenario."""
        return replace(
            plan,
            calls_per_second=plan.calls_per_second * self.busier,
            weather_for=min(plan.weather_for * self.longer, plan.most_weather_for),
        )


def _throughout(accounts: tuple[str, ...], condition: Condition) -> Weather:
    return lambda plan: (Spell(accounts, condition, plan.warm_up_for, plan.weather_ends_at),)


def _brownout(plan: Plan) -> tuple[Spell, ...]:
    step = plan.weather_for / 5
    rates = (0.2, 0.3, 0.4, 0.5, 0.6)
    return tuple(
        Spell(
            ("a",),
            Condition(error_rate=rate, slowed=3.0),
            plan.warm_up_for + number * step,
            plan.warm_up_for + (number + 1) * step,
        )
        for number, rate in enumerate(rates)
    )


def _storm(plan: Plan) -> tuple[Spell, ...]:
    # Down for a third of the time; then cold, with less capacity than what is asked of it.
    up_at = plan.warm_up_for + plan.weather_for / 3
    everybody = tuple(ACCOUNTS)
    return (
        Spell(everybody, Condition(reach=Reach.REFUSED), plan.warm_up_for, up_at),
        Spell(everybody, Condition(capacity_factor=0.4), up_at, plan.weather_ends_at),
    )


_BLACK_HOLE: Final = Condition(reach=Reach.SWALLOWED)
_TAIL: Final = Condition(tail_rate=0.04)
_HALF: Final = Condition(tps_factor=0.5)

SCENARIOS: Final = (
    Scenario(name="fair weather", weather=lambda _: ()),
    Scenario(name="brownout", weather=_brownout),
    Scenario(name="black hole", weather=_throughout(("a",), _BLACK_HOLE)),
    Scenario(name="regional loss", weather=_throughout(HOME, _BLACK_HOLE)),
    Scenario(name="retry storm", weather=_storm),
    Scenario(name="cooking roll-over", weather=lambda _: (), later_cooking=0.5),
    Scenario(
        name="slow tail",
        weather=_throughout(tuple(ACCOUNTS), _TAIL),
        median=0.008,
        policies=(OURS, HEDGED, WITHOUT_MEMORY, HEDGED_WITHOUT_MEMORY, FAIL_OVER, RETRY),
    ),
    Scenario(name="lying TPS", weather=_throughout(("a",), _HALF)),
    Scenario(
        name="calls in flight",
        weather=_throughout(("a",), Condition(reach=Reach.REFUSED)),
        policies=UNREMEMBERED,
        tps=10.0,
        rush=300,
        clients=1,
    ),
    Scenario(
        name="uncooked primary",
        weather=_throughout(("a",), Condition(is_cooked=False)),
        # So many calls are under way at any time that failing over must not depend on it.
        median=0.4,
        policies=UNREMEMBERED,
        busier=1.1,
        longer=60.0,
        tps=2.0,
        clients=1,
    ),
    Scenario(
        name="gray primary",
        weather=_throughout(("a",), Condition(slowed=60.0)),
        median=0.01,
        policies=(*UNREMEMBERED[:2], HEDGED_WITHOUT_MEMORY, *UNREMEMBERED[2:]),
    ),
    Scenario(
        name="silence",
        weather=_throughout(tuple(ACCOUNTS), _BLACK_HOLE),
        policies=(IN_NEED, BEFORE_IN_NEED, FAIL_OVER, RETRY),
    ),
)
