"""What `stats()` returns: what a client, or a process of a fleet, has done, counted."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, is_dataclass
from typing import Any, cast

from irclient._display.html import table

__all__ = ["FleetStats", "Stats"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """What a client has done since it was made.

    Attributes:
        calls: Calls that have ended.
        by_source: Answers by `served.source`.
        errors: Errors by their kind's name.
        attempts: Requests by endpoint and outcome, ``{"contoso-a/web": {"served": 12}}``.
        throttle_waits: Calls that waited for a slot.
        hedges: Requests that were sent to race a slow one.
        joined: Calls that waited for an equal one instead of asking.
        cancelled: Calls that their callers gave up; these are not counted as calls.
        retry_budget: How many repeated requests could be sent now.
        cached: Answers in memory.
        cached_bytes: Bytes that they take, counted as for `Caching.max_bytes`; None if the store
            does not say.
        store_failures: How often the store could not be read or written.
        fleet: What the process has asked of its fleet's server, for all of its clients; None
            without a fleet.
    """

    calls: int
    by_source: dict[str, int]
    errors: dict[str, int]
    attempts: dict[str, dict[str, int]]
    throttle_waits: int
    hedges: int
    joined: int
    cancelled: int
    retry_budget: int
    cached: int
    store_failures: int = 0
    cached_bytes: int | None = None
    fleet: FleetStats | None = None

    def _repr_html_(self) -> str:
        rows = [
            (field.name.replace("_", " "), _told(getattr(self, field.name)))
            for field in fields(self)
            if field.name != "fleet" or self.fleet is not None
        ]
        return table([f"{self.calls} calls"], ["what", "count"], rows, total=len(rows))


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetStats:
    """Counts of one process since it began.

    Attributes:
        messages: Messages to the server, those included that could not be sent.
        lent: How many requests a second the process may start at this moment without asking, at
            all endpoints together.
        slots: Slots that the server gave in addition, one by one.
        given_back: How many of these slots were not used.
        lost: Messages without an answer, also because no connection could be made.
        late: Messages that reached the server when the process no longer waited for them.
        alone_for: Seconds in which the server could not be reached.
        memory_hits: Look-ups that found an answer of another process.
        memory_misses: Look-ups that found none, so that this process asked the service.
        memory_waits: Look-ups that found that another process was asking.
        memory_kept: Answers that this process stored for all.
        to_forget: Calls of `forget_user`, `forget_item` and `clear` that have not reached the
            server; after `close()`, those that never will.
    """

    messages: int
    lent: int
    slots: int
    given_back: int
    lost: int
    late: int
    alone_for: float
    memory_hits: int = 0
    memory_misses: int = 0
    memory_waits: int = 0
    memory_kept: int = 0
    to_forget: int = 0


def _told(count: Any) -> str:  # noqa: ANN401  (a number, or numbers by name)
    if is_dataclass(count) and not isinstance(count, type):
        count = asdict(count)
    if isinstance(count, float):
        return f"{count:.1f}"
    if not isinstance(count, dict):
        return str(count)
    named = cast("dict[str, Any]", count)
    parts = (
        f"{name} ({_told(each)})" if isinstance(each, dict) else f"{name}: {_told(each)}"
        for name, each in named.items()
    )
    return ", ".join(parts)
