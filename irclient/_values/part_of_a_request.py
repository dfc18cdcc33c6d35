"""Shares of a TPS that come to less than one request a second."""

from __future__ import annotations

import math

__all__ = ["part_of_a_request", "processes_that_fit"]


def part_of_a_request(tps: float, share: float) -> float | None:
    """Return this share of a TPS where it is less than one request a second, else None.

    Several processes that have such a part each may send in the same second, and exceed the TPS. A
    process that has the whole TPS keeps to it, however low it is.
    """
    each = tps * share
    return each if share < 1 and each < 1 - 1e-9 else None


def processes_that_fit(tps: float) -> int:
    """Return how many processes can have a whole request a second each."""
    return math.floor(tps) or 1
