"""What all records have in common: when, and in which call."""

from __future__ import annotations

import time

from irclient._values.frozen import frozen_by_keyword

__all__ = ["Record"]


@frozen_by_keyword
class Record:
    """Something that happened.

    Attributes:
        at: When, on the driver's monotonic clock, in seconds.
        call_id: The call in which it happened: all records of a call have the same. None for what
            belongs to no call, such as the renewal of a token.
    """

    at: float
    call_id: str | None = None

    @property
    def wall_time(self) -> float:
        """When it happened, in seconds since the epoch, as the clocks of this process are now."""
        return time.time() - (time.monotonic() - self.at)
