"""Small HTML tables, as notebooks show what a cell ends with."""

from __future__ import annotations

from itertools import count, islice
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["table", "table_of_items"]

_MOST_ROWS: Final = 25


def escape(text: str) -> str:
    """Escape a text for HTML."""
    # Loaded with the first table: its list of entities would be paid for by every import.
    import html  # noqa: PLC0415

    return html.escape(text)


def table(
    caption: Iterable[str], columns: Sequence[str], rows: Iterable[Sequence[object]], *, total: int
) -> str:
    """Return a table in which every text is escaped.

    Args:
        caption: What stands above it, in parts.
        columns: The names of the columns.
        rows: The rows; more than a screen holds are counted, not shown.
        total: How many rows there are.
    """
    body = "".join(_row("td", row) for row in islice(rows, _MOST_ROWS))
    head = _row("th", columns) if total else ""
    more = f"<p>and {total - _MOST_ROWS} more</p>" if total > _MOST_ROWS else ""
    said = escape(", ".join(caption))
    return (
        f"<table><caption>{said}</caption><thead>{head}</thead><tbody>{body}</tbody></table>{more}"
    )


def table_of_items(
    caption: Iterable[str], ids: Sequence[str], titles: Sequence[object], *, first: int
) -> str:
    """Return the table of a ranked list, with titles where any item has one.

    Args:
        caption: What stands above it, in parts.
        ids: The items' ids in rank order.
        titles: Their titles, or None for each that has none.
        first: The rank of the first.
    """
    rows: list[tuple[object, ...]]
    if any(titles):
        columns = ["rank", "id", "title"]
        rows = [*zip(count(first), ids, titles, strict=False)]
    else:
        columns = ["rank", "id"]
        rows = [*enumerate(ids, first)]
    return table(caption, columns, rows, total=len(ids))


def _row(cell: str, values: Iterable[object]) -> str:
    cells = (f"<{cell}>{escape(_shown(value))}</{cell}>" for value in values)
    return f"<tr>{''.join(cells)}</tr>"


def _shown(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.3g}" if isinstance(value, float) else str(value)
