"""Waiting for the word of a fleet: whether there is a slot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from irclient._core.allowance_protocol import Asked
from irclient._core.call_state import pause, stop_unless_open, tell
from irclient._core.priority import Priority
from irclient._core.protocol import Wait
from irclient._core.routing import Awaited
from irclient.observe import ThrottleWaited

if TYPE_CHECKING:
    from collections.abc import Callable

    from irclient._core.allowance_protocol import EndpointAllowance
    from irclient._core.call_state import CallState
    from irclient._core.protocol import Call
    from irclient._core.reservation import Reservation
    from irclient._core.routing import Choice, Full

__all__ = ["await_slot", "slot_now"]


def await_slot(
    call: CallState, awaited: Awaited, choose: Callable[[], Choice | Awaited | Full | None]
) -> Call[Choice | Full | None]:
    """Wait until a fleet has said whether there is a slot, and choose again, until it is known."""
    call.slot_wanted_at = call.now
    is_told = False
    try:
        choice: Choice | Awaited | Full | None = awaited
        while isinstance(choice, Awaited):
            if choice.flight is None and not is_told:
                # The fleet uses its TPS up; an answer of its server is no wait worth telling.
                is_told = True
                call.state.stats.count("throttle_waits")
                wait, label = choice.until - call.now, choice.endpoint.label
                yield from tell(call, ThrottleWaited(at=call.now, endpoint=label, wait=wait))
            yield from _wait(call, choice)
            choice = choose()
        return choice
    finally:
        call.slot_wanted_at = None


def _wait(call: CallState, awaited: Awaited) -> Call[None]:
    if call.priority is Priority.BATCH and not call.sent:
        # The deadline of a batch call begins with its first slot.
        call.now = (yield Wait(awaited.until, awaited.flight)).now
        call.deadline_at = call.now + call.settings.timeouts.deadline
        stop_unless_open(call)
    else:
        label = awaited.endpoint.label
        yield from pause(call, awaited.until, awaited.flight, waiting_for=f"a slot of {label}")


def slot_now(call: CallState, allowance: EndpointAllowance) -> Call[Reservation | None]:
    """Reserve a slot that is free now, or None, for what waits for nothing but a fleet's word."""
    while True:
        slot = allowance.reserve(call.now, not_after=call.now, priority=call.priority)
        if not isinstance(slot, Asked):
            return slot
        yield from pause(call, slot.until, slot.flight, waiting_for="a slot")
