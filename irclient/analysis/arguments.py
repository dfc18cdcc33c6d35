"""What figures are asked for, checked: a wrong one is named with what to give."""

from __future__ import annotations

from operator import index
from typing import SupportsFloat, SupportsIndex, cast

__all__ = ["as_number", "at_least_one"]


def at_least_one(name: str, value: SupportsIndex) -> int:
    """Return a whole number, also one of NumPy's, as an int.

    Raises:
        ValueError: It is none, or below 1.
    """
    try:
        number = 0 if isinstance(value, bool) else index(value)
    except TypeError:
        number = 0
    if number < 1:
        raise ValueError(f"{name} must be an int of at least 1, got {value!r}")
    return number


def as_number(what: str, value: object) -> float:
    """Return a number of any library as a float.

    Raises:
        TypeError: It is none.
    """
    try:
        # A text may be read as a number, but is none.
        return float("no" if isinstance(value, str) else cast("SupportsFloat", value))
    except (TypeError, ValueError):
        raise TypeError(f"{what} must be a number, got {value!r:.80}") from None
