"""Silence: whether it says anything of an endpoint that no answer came in a time.

It does after half of the client's own time for an attempt, after four times the 95th percentile of
the endpoint, and after that percentile where the endpoint answered nobody meanwhile.

A call may have a deadline that no endpoint could keep, and its caller may go away at any time:
neither may put an endpoint aside for all other calls. Where the percentile is not known yet, that
of the other account of the pair stands in for it, else a quarter of an attempt's time. It is
learned from answers alone, none of which took longer than its caller waited: where callers are
impatient it is too low, and what others were answered meanwhile shows that the endpoint is well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from irclient._core.call_state import CallState
    from irclient.topology import ServiceEndpoint

__all__ = ["silence_tells"]

#: The part of an attempt's time after which silence tells, where nothing else is known.
_TELLS_AFTER: Final = 0.25
#: This many times what is usual is too long, even if other calls were answered.
_TOO_LONG: Final = 4.0


def silence_tells(
    call: CallState, endpoint: ServiceEndpoint, sent_at: float, elapsed: float
) -> bool:
    """Whether no answer in this time says anything about the endpoint."""
    full = call.state.attempt_within
    if elapsed >= full / 2:
        return True
    latencies, operation = call.state.latencies, call.query.operation
    usual = latencies.usual(operation, endpoint)
    if usual is None:
        return elapsed > _TELLS_AFTER * full
    if elapsed <= usual or elapsed > _TOO_LONG * usual:
        return elapsed > usual
    return not latencies.has_answered_since(sent_at, operation, endpoint)
