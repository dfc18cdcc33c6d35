"""The events of a call's span: what happened on its way that a trace should tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from irclient.observe import (
    FailedOver,
    FellBack,
    FlightJoined,
    Hedged,
    MemoryUsed,
    SpilledOver,
    ThrottleWaited,
    TokenRejected,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from irclient.observe import Record

__all__ = ["event_of"]

#: The name of the event, and its attributes by the fields of the record.
_EVENTS: Final[Mapping[type[Record], tuple[str, Mapping[str, str]]]] = {
    FailedOver: (
        "irclient.failover",
        {
            "irclient.origin": "origin",
            "irclient.target": "target",
            "irclient.kind": "kind",
            "irclient.reason": "reason",
        },
    ),
    SpilledOver: (
        "irclient.spillover",
        {"irclient.origin": "origin", "irclient.target": "target"},
    ),
    ThrottleWaited: (
        "irclient.throttle_wait",
        {"irclient.endpoint": "endpoint", "irclient.wait": "wait"},
    ),
    Hedged: (
        "irclient.hedge",
        {
            "irclient.origin": "origin",
            "irclient.target": "target",
            "irclient.after": "after",
            "irclient.won": "won",
        },
    ),
    FlightJoined: ("irclient.joined_flight", {"irclient.leader": "leader"}),
    MemoryUsed: ("irclient.memory", {"irclient.source": "source", "irclient.age": "age"}),
    FellBack: (
        "irclient.fallback",
        {
            "irclient.instead": "instead",
            "irclient.kind": "kind",
            "irclient.reason": "reason",
        },
    ),
    TokenRejected: ("irclient.token_rejected", {"irclient.endpoint": "endpoint"}),
}


def event_of(record: Record) -> tuple[str, dict[str, str | float | bool]] | None:
    """Return the name and the attributes of an event, or None for a record that makes none."""
    found = _EVENTS.get(type(record))
    if found is None:
        return None
    name, fields = found
    values = {attribute: getattr(record, field) for attribute, field in fields.items()}
    return name, {attribute: value for attribute, value in values.items() if value is not None}
