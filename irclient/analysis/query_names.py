"""What tables say of a query: its name, its seed, and whose it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields, replace
from typing import TYPE_CHECKING, Any, TypeAlias, cast
from urllib.parse import quote, urlencode

from irclient.errors import QueryError
from irclient.queries import ListQuery, Personalize

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "AnyListQuery", "checked", "each_once", "first_rank", "name_of", "seed_of", "without_modeling",
]  # fmt: skip

AnyListQuery: TypeAlias = ListQuery | Personalize


def checked(query: object) -> AnyListQuery:
    """Return a query of a list.

    Raises:
        QueryError: It is none.
    """
    if not isinstance(query, ListQuery | Personalize):
        raise QueryError(
            f"each query must be one of a list, such as Similar('64702'), got {query!r}"
        )
    return query


def each_once(queries: object) -> list[AnyListQuery]:
    """Return queries in their order, each once.

    Raises:
        QueryError: They are not several queries.
    """
    if isinstance(queries, str) or not isinstance(queries, Iterable):
        given = type(queries).__name__
        raise QueryError(
            f"queries must be a list of them, such as [Similar('64702')]; got a {given}"
        )
    return list(dict.fromkeys(checked(query) for query in cast("Iterable[object]", queries)))


def seed_of(query: AnyListQuery) -> str | None:
    """Return the item that is asked about; those of a cart separated by commas; else None."""
    items: str | tuple[str, ...] | None
    items = getattr(query, "item_id", None) or getattr(query, "item_ids", None)
    return items if items is None or isinstance(items, str) else ",".join(items)


def first_rank(query: AnyListQuery) -> int:
    """Return the rank of the first item of an answer."""
    return 1 + (getattr(query, "skip", None) or 0)


def without_modeling(query: AnyListQuery) -> AnyListQuery:
    """Return the same query, whichever modeling answers it."""
    return replace(query, modeling=None)


def name_of(query: AnyListQuery) -> str:
    """Return a text without spaces that tells queries apart, as ``similar:64702?count=10``."""
    seed = seed_of(query)
    start = query.operation if seed is None else f"{query.operation}:{quote(seed, safe=',')}"
    asked = urlencode(list(_asked(query)), safe=",")
    return f"{start}?{asked}" if asked else start


def _asked(query: AnyListQuery) -> Iterator[tuple[str, str]]:
    for field in fields(query):
        value: Any = getattr(query, field.name)
        if field.name in {"item_id", "item_ids"} or value == field.default or value is None:
            continue
        if field.default is MISSING and not isinstance(value, str):
            yield field.name, ",".join(value)
        elif isinstance(value, Mapping):
            yield from _pairs_of(cast("Mapping[str, Iterable[str]]", value))
        elif field.name in {"params", "refinements"}:
            yield from _flat(field.name, tuple(value))
        else:
            yield field.name, str(value)


def _pairs_of(filters: Mapping[str, Iterable[str]]) -> Iterator[tuple[str, str]]:
    for name in sorted(filters):
        yield from ((name, value) for value in filters[name])


def _flat(name: str, values: tuple[Any, ...]) -> Iterator[tuple[str, str]]:
    # Raw parameters are pairs, refinements are names.
    yield from (each if isinstance(each, tuple) else (name, each) for each in values)
