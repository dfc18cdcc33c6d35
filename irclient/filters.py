"""Filters: what a recommendation list is narrowed to.

On the wire a filter is an ordinary query parameter, its name the filter's name and its value
the value to match (contract section 8, seen in code). Operators, ranges and negation were
never recovered from the documentation, so none are offered here: `params` of a query sends
whatever else an application knows its service to understand.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from irclient.errors import QueryError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["RESERVED_NAMES", "FilterValues", "Filters", "check_encodable"]

FilterValues = str | Sequence[str]

#: Names that the API itself gives a meaning to, in lower case (contract section 5, documented or
#: seen in code). Parameter names match in any case, so a filter may not take one in any case.
RESERVED_NAMES = frozenset(
    {
        "algotype",
        "catalogid",
        "channelid",
        "clienttype",
        "count",
        "environmentid",
        "modeling",
        "refinements",
        "seeditemids",
        "sessionid",
        "skipitems",
        "userid",
    }
)


class Filters(Mapping[str, tuple[str, ...]]):
    """Filter names and the values to match: immutable, hashable, checked when built.

    Several values for one name are sent as the same parameter several times, in the order
    given. How the service combines them is not documented (the emulator answers items that
    carry any of them).
    """

    __slots__ = ("_pairs", "_values")

    def __init__(self, filters: Mapping[str, FilterValues] | None = None) -> None:
        self._values = {name: _values(name, given) for name, given in (filters or {}).items()}
        self._pairs = tuple(
            (name, value) for name, all_of in self._values.items() for value in all_of
        )

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The query parameters, one for each value."""
        return self._pairs

    def __getitem__(self, name: str) -> tuple[str, ...]:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __eq__(self, other: object) -> bool:
        return self._values == (other._values if isinstance(other, Filters) else other)

    def __hash__(self) -> int:
        return hash(frozenset(self._pairs))

    def __repr__(self) -> str:
        return f"Filters({self._values!r})"


def check_encodable(what: str, text: str) -> None:
    """Refuse a text that has no UTF-8, and so cannot be sent.

    Raises:
        QueryError: It holds half of a surrogate pair.
    """
    if not text.isprintable() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise QueryError(f"{what} holds a lone surrogate, which cannot be sent: {text!r}")


def how_to_write(value: object) -> str:
    """Return the end of a sentence: how a value that should have been a str is written."""
    if not isinstance(value, int | float):
        return ""
    if isinstance(value, float) and not math.isfinite(value):
        return "; that stands for a missing value, so leave this one out"
    # A column of numbers with a missing one is a column of floats.
    whole = int(value) if isinstance(value, float) and value.is_integer() else value
    return f"; write {str(whole)!r}"


def _values(name: object, given: object) -> tuple[str, ...]:
    if not isinstance(name, str) or not name.strip():
        raise QueryError(f"a filter's name must be a str that is not blank, got {name!r}")
    if name.lower() in RESERVED_NAMES:
        raise QueryError(
            f"{name!r} cannot be a filter: the API has a parameter of that name; "
            "use the keyword of the query, or params={...} to send it as it is"
        )
    check_encodable("a filter's name", name)
    values: object = (given,) if isinstance(given, str) else given
    if not isinstance(values, Sequence) or isinstance(values, bytes):
        raise QueryError(
            f"filter {name!r} must be a str or a list of str, got {type(given).__name__}: {given!r}"
        )
    texts: list[str] = []
    for value in cast("Sequence[object]", values):
        if not isinstance(value, str):
            fix = how_to_write(value)
            raise QueryError(f"filter {name!r}: each value must be a str, got {value!r}{fix}")
        check_encodable(f"filter {name!r}: the value", value)
        texts.append(str.__str__(value))  # A member of an enum prints its name, not its value.
    if not texts:
        raise QueryError(f"filter {name!r} has no values; leave it out to match everything")
    return tuple(texts)
