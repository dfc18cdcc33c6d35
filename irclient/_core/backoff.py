"""Backoff: how long a call waits before it asks an endpoint that it has asked already.

| after     | wait                                                                       |
|-----------|----------------------------------------------------------------------------|
| transient | full jitter: uniform between 0 and 0.05 s × 2ⁿ, at most 1 s                |
| throttle  | equal jitter: between half of 0.5 s × 2ⁿ and all of it, at most 4 s; never |
|           | below the service's own Retry-After                                        |

Full jitter spreads retries best, but may come close to no wait at all; after a throttle that
would only be refused again, so half of the wait is fixed. n counts the waits of this call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from irclient._core.verdict import Meaning

if TYPE_CHECKING:
    from collections.abc import Callable

    from irclient._core.verdict import Verdict
    from irclient.settings import TenacityWait

__all__ = ["backoff"]

_TRANSIENT: Final = (0.05, 1.0)
_THROTTLE: Final = (0.5, 4.0)


def backoff(
    verdict: Verdict,
    waits: int,
    *,
    uniform: Callable[[], float],
    wait: TenacityWait | None = None,
    elapsed: float = 0.0,
) -> float:
    """Return the seconds to wait.

    Args:
        verdict: What the last attempt came to.
        waits: How many waits this call has made already.
        uniform: Draws from 0 to 1.
        wait: The user's own tenacity wait, if any.
        elapsed: Seconds since the call started, for a tenacity wait that looks at it.
    """
    floor = verdict.retry_after or 0.0
    if wait is not None:
        return max(floor, _ask_tenacity(wait, waits, elapsed, verdict))
    if verdict.meaning is Meaning.THROTTLED:
        first, most = _THROTTLE
        half = _doubled(first, waits, most=most) / 2
        return max(floor, half + half * uniform())
    first, most = _TRANSIENT
    return max(floor, _doubled(first, waits, most=most) * uniform())


def _doubled(first: float, times: int, *, most: float) -> float:
    # The exponent is bounded: a call that may try a thousand times must not overflow.
    return min(first * 2.0 ** min(times, 32), most)


def _ask_tenacity(wait: TenacityWait, waits: int, elapsed: float, verdict: Verdict) -> float:
    # Loaded here: only users who bring a wait of their own need tenacity in this path.
    from tenacity import Future, RetryCallState  # noqa: PLC0415

    state = RetryCallState(retry_object=None, fn=None, args=(), kwargs={})  # type: ignore[arg-type]
    state.attempt_number = waits + 1
    state.start_time = 0.0
    state.outcome_timestamp = elapsed
    state.outcome = Future(waits + 1)
    state.outcome.set_exception(RuntimeError(verdict.reason))
    return float(wait(state))
