"""Identity: when two calls ask the same, so that one answer may serve both.

The request's target says everything that changes the answer. Asking with a side effect, and a
live session, have no identity: each such call is one of its own.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import fields
from functools import cache
from typing import Any, Final, TypeAlias, cast

from irclient._forks import fork_safe_lock
from irclient._wire import request_for
from irclient.errors import QueryError
from irclient.filters import Filters
from irclient.queries import Query

__all__ = ["Asked", "KnownQueries", "hashable", "identity", "query_of", "user_ids_of"]

Asked: TypeAlias = tuple[Any, ...]
"""What a query is made of, as one tuple by which it can be looked up: its kind, the types of
those values that are numbers (True equals 1, and is no count), and the values of its fields in
the order of `fields`."""

#: The fields that take several values, and the types of such values that can be looked up.
_SEVERAL: Final = frozenset({"params", "filters", "refinements", "item_ids"})
_LASTING: Final = (str, bytes, tuple, Filters)


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
        known = request_for(query, modeling=None).target
        object.__setattr__(query, "_identity", known)
    return f"{variant}\n{known}" if variant else known


def user_ids_of(query: Query) -> tuple[str, ...]:
    """Return the users that a query is about, by name or in raw parameters: mostly one or none."""
    named: str | None = getattr(query, "user_id", None)
    if not query.params:
        return () if named is None else (named,)
    raw = cast("tuple[tuple[str, str], ...]", query.params)
    ids = [named, *(value for name, value in raw if name.lower() == "userid")]
    return tuple(dict.fromkeys(each for each in ids if each is not None))


class KnownQueries:
    """The queries that were asked lately: asking them again needs neither a check nor a request.

    Args:
        most: How many are known; the one that was learned first is forgotten first.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        # Not a dict: the first key of one whose first keys were deleted is searched for each time.
        self._known: OrderedDict[Asked, Query] = OrderedDict()
        self._lock = fork_safe_lock()

    def query(self, asked: Asked) -> Any:  # noqa: ANN401  (a query of the kind that is asked)
        """Return the query that is asked: one that is known, or a new one.

        Raises:
            QueryError: It cannot be asked.
        """
        try:
            return self._known[asked]
        except (KeyError, TypeError):
            return self._learned(asked)

    def _learned(self, asked: Asked) -> Any:  # noqa: ANN401
        try:
            lasting = hashable(asked)
            known = self._known.get(lasting)
        except (TypeError, QueryError):
            return query_of(asked)  # Not what a query is made of, which it says itself.
        if known is not None:
            return known
        query: Query = query_of(asked)
        if identity(query) is not None:
            self._know(lasting, query)
        return query

    def _know(self, lasting: Asked, query: Query) -> None:
        with self._lock:
            self._known[lasting] = query
            if len(self._known) > self._most:
                # Empty if a signal handler has made it forget in between.
                with suppress(KeyError):
                    self._known.popitem(last=False)

    def forget(self) -> None:
        """Know nothing of what was asked, and so of whoever it was about."""
        with self._lock:
            self._known.clear()

    def __len__(self) -> int:
        return len(self._known)


def query_of(asked: Asked) -> Any:  # noqa: ANN401  (a query of the kind that is asked)
    """Build a query of its kind and the values of its fields.

    Raises:
        QueryError: It cannot be asked.
    """
    names = _names_of(asked[0])
    return asked[0](**dict(zip(names, asked[-len(names) :], strict=True)))


def hashable(asked: Asked) -> Asked:
    """Return what `query_of` builds the same query from, without lists and mappings.

    That can be looked up, and stays as it is when those are changed afterwards.

    Raises:
        QueryError: The filters cannot be used.
    """
    values: list[Any] = list(asked)
    for at, name in _places_of(asked[0]):
        value = values[at]
        if value is None or isinstance(value, _LASTING):
            continue
        if isinstance(value, Mapping):
            given = cast("Mapping[str, Any]", value)
            if name == "filters":
                values[at] = Filters(given)
            elif name == "params":
                values[at] = tuple(given.items())
        elif isinstance(value, Sequence):
            values[at] = tuple(cast("Sequence[object]", value))
    return tuple(values)


@cache
def _names_of(kind: type[Query]) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind))


@cache
def _places_of(kind: type[Query]) -> tuple[tuple[int, str], ...]:
    """Where in what is asked a list or a mapping may stand."""
    names = [each.name for each in fields(kind)]
    return tuple((at - len(names), name) for at, name in enumerate(names) if name in _SEVERAL)
