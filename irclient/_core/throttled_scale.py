"""How much of an allowance is left after 429 answers: it shrinks at once, and grows back evenly."""

from __future__ import annotations

import math
from typing import Final

__all__ = ["ThrottledScale"]

_SHRINK_TO: Final = 0.7
#: Refusals of one instant are one refusal.
_SHRINK_AGAIN_AFTER: Final = 0.5
#: The part of the whole that comes back in a second.
_GROWTH: Final = 0.05


class ThrottledScale:
    """The part of an allowance that the service lets through."""

    def __init__(self) -> None:
        #: What it was when it last shrank; 1 for the whole.
        self.shrunk = 1.0
        self._shrunk_at = -math.inf

    def shrink(self, now: float, *, least: float) -> None:
        """Shrink after a refusal, to no less than `least`."""
        if now - self._shrunk_at >= _SHRINK_AGAIN_AFTER:
            self.shrunk = max(self.at(now) * _SHRINK_TO, least)
            self._shrunk_at = now

    def at(self, now: float) -> float:
        """The part that is let through now, from 0 to 1."""
        if self.shrunk >= 1.0:
            return 1.0
        return min(self.shrunk + _GROWTH * (now - self._shrunk_at), 1.0)

    def reset(self) -> None:
        """Let the whole through."""
        self.shrunk = 1.0
