"""One deadline for everything that is asked within a block: `irclient.deadline`.

A call has a time of its own (`Timeouts.deadline`). A web request that makes four calls has an
instant by which it must have answered, whatever each call may take: that is this deadline. It
lies in a context variable, so it holds in the tasks and copied contexts that a block starts, and
in no other request.
"""

from __future__ import annotations

import math
import time
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import TYPE_CHECKING

from irclient.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["deadline", "deadline_at"]

#: On the monotonic clock; None where no block has set one.
_ends_at: ContextVar[float | None] = ContextVar("irclient_deadline", default=None)


@contextmanager
def deadline(seconds: float | timedelta) -> Generator[None]:
    """Let every call within a block end by one instant, `seconds` from now.

    It holds for all clients, in tasks and threads that are given the block's context, and in the
    threads of `fetch_many` and `fetch_each`. The smaller of several deadlines wins, and so does
    that of a client if it is smaller. Work in the background (refreshes, probes, renewals of
    tokens) is not of the block, and has its own time.

    Args:
        seconds: How long the block may take; 0 where its time is already over, so that answers
            in memory are all that it gets.

    Raises:
        ConfigurationError: It is not a number of seconds, or below 0.
    """
    ends_at = time.monotonic() + seconds_of("deadline", seconds)
    before = _ends_at.get()
    token = _ends_at.set(ends_at if before is None else min(before, ends_at))
    try:
        yield
    finally:
        _ends_at.reset(token)


def deadline_at() -> float | None:
    """Return when the calls of this block must have ended, on the monotonic clock, or None."""
    return _ends_at.get()


def seconds_of(what: str, seconds: object) -> float:
    """Return a duration in seconds.

    Args:
        what: What it is called, for the message.
        seconds: A number, or a timedelta.

    Raises:
        ConfigurationError: It is not a number of seconds, or below 0.
    """
    given = seconds.total_seconds() if isinstance(seconds, timedelta) else seconds
    number = float(given) if isinstance(given, int | float) else None
    if number is None or isinstance(given, bool) or not math.isfinite(number) or number < 0:
        raise ConfigurationError(
            f"{what} must be a number of seconds of at least 0, got {seconds!r}"
        )
    return number
