"""What a list is asked for, free of HTTP."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

__all__ = ["ListRequest", "Operation"]

Operation: TypeAlias = Literal[
    "new", "popular", "trending", "similar", "cart", "bought_together", "picks", "personalize"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRequest:
    """What a list is asked for.

    Attributes:
        operation: Which list.
        seeds: The items that similar, cart and bought_together start from; for a visual similar
            it may be an image id.
        candidates: What personalize ranks.
        algo_type: As the caller wrote it, any case; an unknown one means the operation's default
            (our choice).
        user_id: Whose picks; whose history is removed. It does not re-rank the other lists: the
            flags that would ask for that were never named.
        session_views: The items seen in the session, most recent first.
        channel_id: None is the default channel.
        catalog_id: None is the default catalog.
        filters: Values by filter name. Names in any case, values exactly; all names must match,
            one of a name's values is enough (I, and our choice for several values).
        refinements: RemoveUserHistory, in any case; others do nothing.
        now: The instant at which items must be available.
    """

    operation: Operation
    seeds: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    algo_type: str | None = None
    user_id: str | None = None
    session_views: tuple[str, ...] = ()
    channel_id: str | None = None
    catalog_id: str | None = None
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    refinements: tuple[str, ...] = ()
    now: datetime
