"""The guard of a canary: how often it is wrong, and how soon it is right."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from statistics import median
from typing import Final

from irclient._core.canary_guard import Watch
from irclient.settings import Guard

__all__ = ["CASES", "Case", "Verdicts", "try_guard"]

#: The candidate's part of the traffic, and how many of its calls are watched.
_WEIGHT: Final = 0.2
_WATCHED: Final = 4_000


@dataclass(frozen=True, slots=True)
class Case:
    """Two variants, and how well they really do.

    Attributes:
        name: For tables.
        candidate: The part of the candidate's calls that fails.
        control: The same of the control.
        candidate_slow: The part of the candidate's calls that is slow.
        control_slow: The same of the control.
        margin: What the guard lets pass.
        is_worse: Whether the candidate is worse by more than the margin, so that it should go.
    """

    name: str
    candidate: float
    control: float
    candidate_slow: float = 0.0
    control_slow: float = 0.0
    margin: float = Guard(candidate="new", control="old").margin
    is_worse: bool = False


CASES: Final = (
    Case("equal, 2 % fail", 0.02, 0.02),
    Case("equal, 2 % fail, no margin", 0.02, 0.02, margin=0.0),
    Case("equal, 0.2 % fail, no margin", 0.002, 0.002, margin=0.0),
    Case("equal, 2 % fail, 5 % slow, no margin", 0.02, 0.02, 0.05, 0.05, margin=0.0),
    Case("worse by the margin: 4 % fail, not 2 %", 0.04, 0.02),
    Case("worse: 5 % fail, not 1 %", 0.05, 0.01, is_worse=True),
    Case("worse: 10 % fail, not 1 %", 0.10, 0.01, is_worse=True),
    Case("worse: 50 % fail, not 1 %", 0.50, 0.01, is_worse=True),
    Case("worse: 15 % slow, not 5 %", 0.01, 0.01, 0.15, 0.05, is_worse=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """What the guard did in many runs of one case.

    Attributes:
        case: Its name.
        is_worse: Whether sending the candidate back is right.
        runs: How many there were.
        sent_back: In how many of them the candidate was sent back.
        after_calls: The median of the candidate's calls until then; None if it never was.
    """

    case: str
    is_worse: bool
    runs: int
    sent_back: int
    after_calls: int | None


def try_guard(case: Case, *, runs: int, seed: int) -> Verdicts:
    """Watch many candidates of one kind, each for some thousand calls."""
    random = Random(f"{seed} {case.name}")
    ends = [_sent_back_after(case, random) for _ in range(runs)]
    sent_back = [end for end in ends if end is not None]
    return Verdicts(
        case=case.name,
        is_worse=case.is_worse,
        runs=runs,
        sent_back=len(sent_back),
        after_calls=int(median(sent_back)) if sent_back else None,
    )


def _sent_back_after(case: Case, random: Random) -> int | None:
    slow_after = 1.0 if case.candidate_slow else None
    guard = Guard(candidate="new", control="old", margin=case.margin, slow_after=slow_after)
    watch, calls = Watch(guard), 0
    while calls < _WATCHED:
        is_new = random.random() < _WEIGHT
        calls += is_new
        failing = case.candidate if is_new else case.control
        slow = case.candidate_slow if is_new else case.control_slow
        found = watch.note(
            "new" if is_new else "old",
            failed=random.random() < failing,
            elapsed=2.0 if random.random() < slow else 0.1,
        )
        if found is not None:
            return calls
    return None
