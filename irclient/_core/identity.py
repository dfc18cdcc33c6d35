"""Identity: when two calls ask the same, so that one answer may serve both.

The request's target says everything that changes the answer. Asking with a side effect, and a
live session, have no identity: each such call is one of its own.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from irclient._forks import fork_safe_lock
from irclient._wire import request_for
from irclient.queries import Query, hashable, query_of

if TYPE_CHECKING:
    from irclient.queries import Asked

__all__ = ["Identities", "identity"]

#: The queries kept, which weigh more than their identities.
_QUERIES: Final = 128


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


class Identities:
    """The identities of what was asked lately: asking it again needs neither check nor query.

    Args:
        most: How many are known; the one that was learned first is forgotten first.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: dict[Asked, str] = {}
        self._lock = fork_safe_lock()
        # When an answer expires that everybody asks for, they all need its query at once.
        self._query_of = lru_cache(_QUERIES)(query_of)

    def get(self, asked: Asked) -> str | None:
        """Return the identity of what is asked, if it is known."""
        try:
            return self._known.get(asked)
        except TypeError:
            # A list or a mapping among the values, which cannot be looked up.
            return _get(self._known, hashable(asked))

    def learn(self, asked: Asked) -> Any:  # noqa: ANN401  (a query of the kind that is asked)
        """Build the query that is asked, and know its identity from now on.

        Raises:
            QueryError: It cannot be asked.
        """
        query = self.query_of(asked)
        key = identity(query)
        if key is not None:
            with self._lock:
                if len(self._known) >= self._most:
                    del self._known[next(iter(self._known))]
                self._known[hashable(asked)] = key
        return query

    def query_of(self, asked: Asked) -> Any:  # noqa: ANN401  (a query of the kind that is asked)
        """Return the query that is asked.

        Raises:
            QueryError: It cannot be asked.
        """
        try:
            return self._query_of(asked)
        except TypeError:
            return query_of(asked)

    def forget(self) -> None:
        """Know nothing of what was asked, and so of whoever it was about."""
        with self._lock:
            self._known.clear()
        self._query_of.cache_clear()

    def __len__(self) -> int:
        return len(self._known)


def _get(known: dict[Asked, str], asked: Asked) -> str | None:
    try:
        return known.get(asked)
    except TypeError:
        return None  # Nor is it the value of any query: the query says so when it is built.
