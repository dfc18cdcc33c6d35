"""What a TPS means exactly, fractions included."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

__all__ = ["Rate", "rules_of"]

_MOST_DENOMINATOR: Final = 1_000


@dataclass(frozen=True, slots=True)
class Rate:
    """At most so many requests within so many seconds."""

    most: int
    within: float


def rules_of(tps: float, *, second: float) -> tuple[Rate, ...]:
    """The windows that a TPS comes to.

    2.5 is at most five within two seconds, and at most three within one.

    Args:
        tps: Requests a second.
        second: How long a second counts, in seconds.
    """
    exact = Fraction(tps).limit_denominator(_MOST_DENOMINATOR)
    if exact <= 0:
        return (Rate(1, second / tps),)
    whole = Rate(exact.numerator, exact.denominator * second)
    return (whole,) if exact.denominator == 1 else (Rate(math.ceil(exact), second), whole)
