"""A caller that goes away in the middle of its call: a cancelled task, an interrupt."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from irclient._core.protocol import GivenUp
from irclient.errors import IRError

if TYPE_CHECKING:
    from irclient._core.protocol import Call

__all__ = ["give_up"]


def give_up(call: Call[Any]) -> None:
    """Tell a call that its caller went away; one that has ended by itself hears nothing."""
    # What the call raises is dropped: its caller's own exception goes on.
    with suppress(GivenUp, StopIteration, IRError):
        call.throw(GivenUp(time.monotonic()))
