"""Measures: from what was seen of a run to the figures of one row."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.simulation.running import Ended, Run

__all__ = ["Row", "measure", "percentile"]

_WINDOW: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The figures of one run; all but the recoveries are of the calls made during the weather.

    Attributes:
        scenario: The weather.
        policy: Who asked.
        clients: The size of the fleet.
        calls: Calls made.
        success: The part that was answered with a list.
        from_memory: The part that was answered from memory.
        outdated: The part whose list was older than what the primary had by then.
        p50: Median seconds from the call to its end, well or not.
        p98: The 98th percentile of the same.
        p99: The 99th percentile of the same.
        answered_p99: The 99th percentile of those alone that were answered.
        attempts: Requests per call, those in the background included.
        busiest: The most requests in one second at one account, as a part of its provisioned TPS.
        refused: The part of all requests that was refused with 429.
        recovered_after: Seconds after the weather until calls go well for good; None if never.
        home_after: Seconds after the weather until the primary has its traffic back; None if
            never.
        ejections: How often a client passed by an account, in the whole run.
        hedges: Requests that raced a slow one, as a part of all.
    """

    scenario: str
    policy: str
    clients: int
    calls: int
    success: float
    from_memory: float
    outdated: float
    p50: float
    p98: float
    p99: float
    answered_p99: float
    attempts: float
    busiest: float
    refused: float
    recovered_after: float | None
    home_after: float | None
    ejections: int
    hedges: float


def measure(run: Run) -> Row:
    """Work out the figures of a run."""
    plan = run.plan
    begins, ends = plan.warm_up_for, plan.weather_ends_at
    calls = [each for each in run.calls if begins <= each.began_at < ends]
    answered = [each for each in calls if each.source is not None]
    elapsed = sorted(each.elapsed for each in calls)
    seconds = range(int(begins), int(ends))
    came = _sum(run, seconds, "came")
    return Row(
        scenario=run.scenario.name,
        policy=run.policy.name,
        clients=run.clients,
        calls=len(calls),
        success=_part(calls, answered),
        from_memory=_part(calls, [each for each in calls if each.source in {"cache", "stale"}]),
        outdated=_part(calls, [each for each in calls if each.is_outdated]),
        p50=percentile(elapsed, 0.5),
        p98=percentile(elapsed, 0.98),
        p99=percentile(elapsed, 0.99),
        answered_p99=percentile(sorted(each.elapsed for each in answered), 0.99),
        attempts=came / max(len(calls), 1),
        busiest=max(
            account.by_second[second].came / account.endpoint.tps
            for account in run.accounts.values()
            for second in seconds
            if second in account.by_second
        ),
        refused=_sum(run, seconds, "throttled") / max(came, 1),
        recovered_after=_recovered_after(run),
        home_after=_home_after(run),
        ejections=run.told.get("Ejected", 0),
        hedges=run.told.get("Hedged", 0) / max(_sum(run, range(int(plan.ends_at)), "came"), 1),
    )


def percentile(ranked: Sequence[float], part: float) -> float:
    """The value that a part of the sorted values does not exceed."""
    return ranked[math.ceil(part * len(ranked)) - 1] if ranked else 0.0


def _part(calls: Sequence[Ended], some: Sequence[Ended]) -> float:
    return len(some) / max(len(calls), 1)


def _sum(run: Run, seconds: range, what: str) -> int:
    return sum(
        getattr(account.by_second[second], what)
        for account in run.accounts.values()
        for second in seconds
        if second in account.by_second
    )


def _recovered_after(run: Run) -> float | None:
    """A window is well when 99 % are answered, nine in ten of them about as fast as before."""
    by_second: dict[int, list[Ended]] = {}
    for each in run.calls:
        by_second.setdefault(int(each.began_at), []).append(each)

    def window(second: int) -> list[Ended]:
        return [each for at in range(second, second + _WINDOW) for each in by_second.get(at, [])]

    warm_up_for = int(run.plan.warm_up_for)
    usual = [each for at in range(warm_up_for // 2, warm_up_for) for each in by_second.get(at, [])]
    fast = 2 * percentile(sorted(each.elapsed for each in usual), 0.9) + 0.1

    def is_well(second: int) -> bool:
        calls = window(second)
        answered = [each for each in calls if each.source is not None]
        quick = [each for each in answered if each.elapsed <= fast]
        return len(answered) >= 0.99 * len(calls) and len(quick) >= 0.9 * len(calls)

    return _well_from(run, is_well)


def _home_after(run: Run) -> float | None:
    """A window is at home when the primary serves nearly the part that it did before."""
    warm_up_for = int(run.plan.warm_up_for)
    usual = _primary_part(run, range(warm_up_for // 2, warm_up_for))
    return _well_from(
        run,
        lambda second: _primary_part(run, range(second, second + _WINDOW)) >= 0.9 * usual,
    )


def _primary_part(run: Run, seconds: range) -> float:
    served = {
        name: sum(
            account.by_second[second].served for second in seconds if second in account.by_second
        )
        for name, account in run.accounts.items()
    }
    total = sum(served.values())
    return served["a"] / total if total else 0.0


def _well_from(run: Run, is_well: Callable[[int], bool]) -> float | None:
    first, last = int(run.plan.weather_ends_at), int(run.plan.ends_at) - _WINDOW
    ill = [second for second in range(first, last + 1) if not is_well(second)]
    if not ill:
        return 0.0
    return None if ill[-1] == last else float(ill[-1] + 1 - first)
