"""Small HTML tables, as notebooks show what a cell ends with."""

from __future__ import annotations

from itertools import count, islice
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


__all__ = ["table", "table_of_list", "table_of_selectors"]

_MOST_ROWS: Final = 25


class _Served(Protocol):
    """What of `irclient.Served` is shown."""

    @property
    def source(self) -> str: ...
    @property
    def endpoint(self) -> str | None: ...
    @property
    def age(self) -> float: ...
    @property
    def degraded(self) -> bool: ...


class _Row(Protocol):
    """An item of a list, with what the service said beside its fields."""

    @property
    def model_extra(self) -> dict[str, Any] | None: ...


class _List(Protocol):
    """What of an `irclient.RecommendationList` is shown."""

    @property
    def title(self) -> str | None: ...
    @property
    def items(self) -> Sequence[_Row]: ...
    @property
    def ids(self) -> list[str]: ...
    @property
    def query(self) -> object: ...
    @property
    def served(self) -> _Served: ...


class _Selector(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def values(self) -> Sequence[str]: ...


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


def table_of_list(answer: _List) -> str:
    """Return the table of a list: ranks, ids, and titles where the service gave them."""
    first = 1 + (getattr(answer.query, "skip", None) or 0)
    titles: list[object] = [(item.model_extra or {}).get("title") for item in answer.items]
    rows: list[tuple[object, ...]]
    if any(titles):
        columns = ["rank", "id", "title"]
        rows = [*zip(count(first), answer.ids, titles, strict=False)]
    else:
        columns = ["rank", "id"]
        rows = [*enumerate(answer.ids, first)]
    caption = [answer.title or "untitled", f"{len(answer.items)} items", _how_served(answer.served)]
    return table(caption, columns, rows, total=len(answer.items))


def table_of_selectors(selectors: Sequence[_Selector], served: _Served) -> str:
    """Return the table of the filters that apply to a list."""
    rows = ((each.name, ", ".join(each.values)) for each in selectors)
    caption = [f"{len(selectors)} selectors", _how_served(served)]
    return table(caption, ["name", "values"], rows, total=len(selectors))


def _row(cell: str, values: Iterable[object]) -> str:
    cells = (f"<{cell}>{escape(_shown(value))}</{cell}>" for value in values)
    return f"<tr>{''.join(cells)}</tr>"


def _shown(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _how_served(served: _Served) -> str:
    parts: list[str] = [served.source]
    if served.endpoint is not None:
        parts.append(served.endpoint)
    if served.age:
        parts.append(f"{served.age:.0f} s old")
    if served.degraded:
        parts.append("degraded")
    return " ".join(parts)
