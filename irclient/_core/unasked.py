"""The endpoints that a call has not asked, and why: what its error says of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from irclient._core.call_errors import Unasked

if TYPE_CHECKING:
    from irclient._core.call_state import CallState
    from irclient.topology import ServiceEndpoint

__all__ = ["passed_by", "unasked"]


def unasked(call: CallState) -> list[Unasked]:
    """The endpoints that the call has not asked, and why."""
    left = [each for each in call.endpoints if each not in call.verdicts]
    spent = "the call had sent all that it may (max_attempts)"
    return [_known_to_fail(call, each) or Unasked(each.label, spent) for each in left]


def passed_by(call: CallState) -> list[Unasked]:
    """The endpoints that the call has not asked because they are known to fail."""
    found = (_known_to_fail(call, each) for each in call.endpoints if each not in call.verdicts)
    return [each for each in found if each is not None]


def _known_to_fail(call: CallState, endpoint: ServiceEndpoint) -> Unasked | None:
    aside = call.state.routes.asides.find(endpoint, call.modeling)
    if aside is not None:
        return Unasked(endpoint.label, f"it is {aside.state} ({aside.reason})", aside.meaning)
    health = call.state.routes.health[endpoint.url]
    if not health.is_known_to_fail:
        return None
    status = health.status(call.now)
    return Unasked(endpoint.label, f"it is {status.state} ({status.reason})")
