"""The states of an endpoint's health, and what leads from one to the next.

It is a circuit breaker, in other words; working, failing and recovering are also known as closed,
open and half-open.

```
state        what happens                   next state
working      too many failures              failing      for eject_for, doubled each time
failing      its time is over               recovering   one probe at a time
recovering   the probe fails                failing
recovering   the probe succeeds             recovering   its share of the traffic grows
recovering   too many failures              failing
recovering   its share has grown to all     working
```
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from irclient._values.enum_members import found_quickly

__all__ = ["TRANSITIONS", "Happening", "State"]


class State(Enum):
    """The situation of an endpoint."""

    WORKING = "working"
    FAILING = "failing"
    RECOVERING = "recovering"


class Happening(Enum):
    """What moves an endpoint from one state to the next."""

    TOO_MANY_FAILURES = "too many failures"
    EJECTION_OVER = "its time is over"
    PROBE_FAILED = "the probe fails"
    PROBE_SUCCEEDED = "the probe succeeds"
    FULLY_BACK = "its share has grown to all"


TRANSITIONS: Final = {
    (State.WORKING, Happening.TOO_MANY_FAILURES): State.FAILING,
    (State.FAILING, Happening.EJECTION_OVER): State.RECOVERING,
    (State.RECOVERING, Happening.PROBE_FAILED): State.FAILING,
    (State.RECOVERING, Happening.PROBE_SUCCEEDED): State.RECOVERING,
    (State.RECOVERING, Happening.TOO_MANY_FAILURES): State.FAILING,
    (State.RECOVERING, Happening.FULLY_BACK): State.WORKING,
}

found_quickly(State)
