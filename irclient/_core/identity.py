"""Identity: when two calls ask the same, so that one answer may serve both.

The request's target says everything that changes the answer. Asking with a side effect, and a
live session, have no identity: each such call is one of its own.
"""

from __future__ import annotations

from irclient._wire import request_for
from irclient.queries import Query

__all__ = ["identity"]


def identity(query: Query, variant: str | None = None) -> str | None:
    """Return what equal calls have in common, or None where no answer may be shared.

    Args:
        query: What is asked; its identity is kept with it, for a query never changes. Something
            that is no query has none.
        variant: The variant of a traffic split; variants share nothing.
    """
    known: str | None = getattr(query, "_identity", None)
    if known is None:
        if not isinstance(query, Query) or query.has_side_effect:
            return None
        known = query.__dict__["_identity"] = request_for(query, modeling=None).target
    return f"{variant}\n{known}" if variant else known
