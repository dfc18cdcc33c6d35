"""What an analyst knows of items: ids, titles, popularity and attributes, in any usual form."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping
from numbers import Number
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from irclient.analysis.arguments import as_number, at_least_one
from irclient.results import RecommendationList, RecommendedItem

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "ByItem", "Ids", "attributes_by_item", "ids_of", "popularity_by_item", "shares_by_item",
    "titles_by_item", "values_by_item",
]  # fmt: skip

#: Ids of items: any iterable of them, a mapping by them, or a frame with a column ``item_id``.
Ids: TypeAlias = "Iterable[str] | Mapping[str, Any] | Any"

#: A value for each item: a mapping by id, a pandas Series whose index is the ids, or a frame with
#: a column ``item_id``.
ByItem: TypeAlias = "Mapping[str, Any] | Any"


def ids_of(what: str, catalogue: Ids) -> list[str]:
    """Return the ids of a catalogue, each once.

    Args:
        what: What the catalogue is called in an error.
        catalogue: The ids.

    Raises:
        TypeError: They are not ids.
        ValueError: There are none, or a frame has no column of them.
    """
    if isinstance(catalogue, RecommendationList):
        raise TypeError(f"{what} must be ids of items, got a list of items: give its .ids")
    if isinstance(catalogue, str | bytes) or not isinstance(catalogue, Iterable):
        raise TypeError(
            f"{what} must be ids of items: several of them, a mapping by id, or a frame with a "
            f"column 'item_id'; got the {type(catalogue).__name__} {catalogue!r:.80}"
        )
    several = cast("Iterable[object]", catalogue)
    given = _column(what, catalogue, "item_id") if _is_frame(catalogue) else several
    ids = list(dict.fromkeys(_checked_ids(what, given)))
    if not ids:
        raise ValueError(f"{what} holds no item")
    return ids


def values_by_item(what: str, given: ByItem, column: str) -> dict[str, Any]:
    """Return a value for each item; the first where an item is named twice.

    Args:
        what: What is given, for an error.
        given: The values.
        column: The column of a frame that holds them.

    Raises:
        TypeError: It is none of the forms that can be read, or an id is no str.
        ValueError: A frame has no such column.
    """
    if _is_frame(given):
        return _first_of(what, _column(what, given, "item_id"), _column(what, given, column))
    if isinstance(given, Mapping):
        of_mapping = cast("Mapping[object, Any]", given)
        return _first_of(what, of_mapping.keys(), of_mapping.values())
    if hasattr(given, "index") and hasattr(given, "items") and not callable(given.index):
        return _first_of(what, given.index, given)
    raise TypeError(
        f"{what} must be a mapping by item id, a Series whose index is the ids, or a frame with "
        f"the columns 'item_id' and {column!r}, got {type(given).__name__}"
    )


def titles_by_item(titles: ByItem) -> dict[str, str | None]:
    """Return the title of each item as text; None where it is missing.

    Args:
        titles: The titles.

    Raises:
        TypeError: The titles cannot be read.
        ValueError: A frame has no such column.
    """
    known = values_by_item("titles", titles, "title")
    return {item: None if _is_missing(title) else str(title) for item, title in known.items()}


def popularity_by_item(popularity: ByItem) -> dict[str, float]:
    """Return how popular each item is; NaN where that is missing.

    Args:
        popularity: A number for each item.

    Raises:
        TypeError: The popularity cannot be read.
        ValueError: A frame has no such column.
    """
    known = values_by_item("popularity", popularity, "popularity")
    return {
        item: math.nan if _is_missing(value) else as_number(f"popularity of {item!r}", value)
        for item, value in known.items()
    }


def shares_by_item(popularity: ByItem, users: int | None) -> dict[str, float]:
    """Return the share of users for each item.

    Args:
        popularity: The users of each item, or their share of all.
        users: How many users there are; None where shares are given.

    Raises:
        TypeError: The popularity cannot be read.
        ValueError: It is not between 0 and the number of users.
    """
    known = popularity_by_item(popularity)
    most = 1.0 if users is None else float(at_least_one("users", users))
    for item, value in known.items():
        if not 0 <= value <= most:
            fix = "; give users= with counts" if users is None else ""
            raise ValueError(
                f"popularity of {item!r} must be from 0 to {most:g}, got {value:g}{fix}"
            )
    return {item: value / most for item, value in known.items()}


def attributes_by_item(
    attributes: ByItem, by: str | Sequence[str] | None
) -> dict[str, tuple[Any, ...]]:
    """Return the attributes of each item.

    Args:
        attributes: A value for each item, or a frame with a column for each attribute.
        by: The columns of the frame that count; all but ``item_id`` when None.

    Raises:
        TypeError: The attributes cannot be read.
        ValueError: A column is missing, or is named where there are none.
    """
    if not _is_frame(attributes):
        if by is not None:
            raise ValueError(f"by={by!r} names columns, but attributes is no frame")
        known = values_by_item("attributes", attributes, "value")
        return {item: (_told(item, value),) for item, value in known.items()}
    frame: Any = attributes
    ids = _column("attributes", frame, "item_id")
    others: list[str] = [name for name in frame.columns if name != "item_id"]
    names = others if by is None else _names(by)
    if not names:
        raise ValueError("attributes has no column beside 'item_id'")
    across = [_column("attributes", frame, name) for name in names]
    rows = _first_of("attributes", ids, zip(*across, strict=True))
    return {item: tuple(_told(item, value) for value in row) for item, row in rows.items()}


def _names(by: object) -> list[str]:
    several = cast("Iterable[str]", by) if isinstance(by, Iterable) else ()
    names = [by] if isinstance(by, str) else list(several)
    if not names:
        raise ValueError(f"by must be the name of a column, or several of them, got {by!r:.80}")
    return names


def _told(item: str, value: object) -> object:
    if not isinstance(value, Hashable):
        raise TypeError(
            f"attributes of {item!r} must be one value, such as a str, got {value!r:.80}; "
            "give a frame with a column for each attribute"
        )
    # What is missing in two items is the same in both: a NaN would differ from itself.
    return None if _is_missing(value) else value


def _is_missing(value: object) -> bool:
    try:
        return value is None or bool(value != value)  # noqa: PLR0124  (a NaN)
    except TypeError:
        # pandas' NA does not even say whether it differs from itself.
        return True


def _is_frame(given: Any) -> bool:  # noqa: ANN401  (of any library)
    return hasattr(given, "columns")


def _column(what: str, frame: Any, name: str) -> Iterable[Any]:  # noqa: ANN401  (of any library)
    if name not in frame.columns:
        others = ", ".join(map(repr, frame.columns)) or "none"
        raise ValueError(f"{what}: the frame has no column {name!r}, only {others:.200}: rename it")
    return cast("Iterable[Any]", frame[name])


def _first_of(what: str, ids: Iterable[object], values: Iterable[Any]) -> dict[str, Any]:
    first: dict[str, Any] = {}
    for item, value in zip(_checked_ids(what, ids), values, strict=True):
        first.setdefault(item, value)
    return first


def _checked_ids(what: str, ids: Iterable[object]) -> list[str]:
    checked: list[str] = []
    for item in ids:
        if not isinstance(item, str):
            raise TypeError(f"{what}: each item id must be a str, got {item!r:.80}{_fix_of(item)}")
        checked.append(item)
    return checked


def _fix_of(item: object) -> str:
    if isinstance(item, Number):
        return "; read files with dtype={'item_id': str}"
    return "; give its .id" if isinstance(item, RecommendedItem) else ""
