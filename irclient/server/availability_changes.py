"""When the set of available items changes next, which is how long an answer stays right."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy.typing as npt

__all__ = ["next_change"]

_WINDOWS: Final = (
    ("window_starts_at", "window_ends_at"),
    ("external_starts_at", "external_ends_at"),
)


def next_change(arrays: Mapping[str, npt.NDArray[Any]]) -> Callable[[float], float]:
    """What finds the next change in the windows of an output.

    Returns:
        A function from an instant to the next instant of a change, both in seconds since the
        epoch; infinity where nothing changes any more.
    """
    windows = [(arrays[start], arrays[end]) for start, end in _WINDOWS if start in arrays]
    # Asked at every request, and the same until the change has come.
    known = (math.inf, -math.inf)

    def after(now: float) -> float:
        nonlocal known
        since, until = known
        if not since <= now < until:
            until = found(now)
            known = (now, until)
        return until

    def found(now: float) -> float:
        at = math.floor(now * 1_000)
        earliest = math.inf
        for starts, ends in windows:
            # The last instant of a window still counts, so the change is a millisecond later.
            for instants, more in ((starts, 0), (ends, 1)):
                later = instants[instants >= at + 1 - more]
                if later.size:
                    earliest = min(earliest, float(np.min(later)) + more)
        return earliest / 1_000

    return after
