"""Queries as plain data, which JSON can hold: ``{"operation": "similar", "item_id": "64702"}``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final, cast

from irclient.errors import QueryError
from irclient.queries import (
    BoughtTogether,
    Cart,
    New,
    Picks,
    Popular,
    Similar,
    Trending,
)

if TYPE_CHECKING:
    from irclient.queries import ListQuery, Query

__all__ = ["list_query_of", "plain"]

_LISTS: Final[dict[str, type[ListQuery]]] = {
    kind.operation: kind for kind in (New, Popular, Trending, Similar, Cart, BoughtTogether, Picks)
}


def plain(query: Query) -> dict[str, object]:
    """Return a query as plain data: its operation, and the fields that are not at their default."""
    given: dict[str, object] = {"operation": query.operation}
    for field in fields(query):
        value = getattr(query, field.name)
        if value != field.default:
            given[field.name] = _plain(value)
    return given


def _plain(value: object) -> object:
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in cast("Mapping[str, object]", value).items()}
    if isinstance(value, tuple):
        return [_plain(each) for each in cast("tuple[object, ...]", value)]
    return value


def list_query_of(given: Mapping[str, Any]) -> ListQuery:
    """Return the query of a list that `plain` made data of.

    Raises:
        QueryError: It is no such data, or the query cannot be asked.
    """
    values = dict(given)
    operation = values.pop("operation", None)
    kind = _LISTS.get(operation) if isinstance(operation, str) else None
    if kind is None:
        raise QueryError(f"operation must be one of {', '.join(_LISTS)}, got {operation!r}")
    unknown = set(values) - {field.name for field in fields(kind)}
    if unknown:
        raise QueryError(f"{operation} has no {min(map(str, unknown))!r}; check its spelling")
    try:
        return kind(**values)
    except TypeError as problem:
        # The class says it of its own arguments: what is missing.
        raise QueryError(f"{operation}: {str(problem).partition(' ')[2]}") from None
