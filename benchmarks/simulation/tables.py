"""Tables: the same columns for a terminal, with rich or without, and for the documentation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.simulation.canary import Verdicts
    from benchmarks.simulation.measures import Row

    _Column: TypeAlias = tuple[str, Callable[[Row], str]]

__all__ = ["Table", "as_markdown", "canary_table", "fleet_table", "print_table", "weather_table"]


@dataclass(frozen=True, slots=True)
class Table:
    """A title, the names of the columns, and rows of text."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def _percent(part: float) -> str:
    return f"{part:.1%}"


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:,.0f} ms"


def _after(seconds: float | None) -> str:
    return "not in this run" if seconds is None else f"{seconds:.0f} s"


_ANSWERED: Final[_Column] = ("answered", lambda row: _percent(row.success))
_MEMORY: Final[_Column] = ("from memory", lambda row: f"{row.from_memory:.0%}")
_OUTDATED: Final[_Column] = ("older lists", lambda row: _percent(row.outdated))
_P50: Final[_Column] = ("p50", lambda row: _milliseconds(row.p50))
_P98: Final[_Column] = ("p98", lambda row: _milliseconds(row.p98))
_P99: Final[_Column] = ("p99", lambda row: _milliseconds(row.p99))
_ANSWERED_P99: Final[_Column] = ("p99, answered", lambda row: _milliseconds(row.answered_p99))
_ATTEMPTS: Final[_Column] = ("requests per call", lambda row: f"{row.attempts:.2f}")
_BUSIEST: Final[_Column] = ("busiest second ÷ TPS", lambda row: f"{row.busiest:.0%}")
_REFUSED: Final[_Column] = ("refused (429)", lambda row: _percent(row.refused))
_RECOVERED: Final[_Column] = ("well again after", lambda row: _after(row.recovered_after))
_HOME: Final[_Column] = ("at home again after", lambda row: _after(row.home_after))

_USUAL: Final = (
    _ANSWERED, _MEMORY, _P50, _P99, _ATTEMPTS, _BUSIEST, _REFUSED, _RECOVERED, _HOME,
)  # fmt: skip
_OF_A_COOKING: Final = (_ANSWERED, _MEMORY, _OUTDATED, _P50, _P99, _ATTEMPTS, _BUSIEST, _REFUSED)
_OF_A_TAIL: Final = (_ANSWERED, _MEMORY, _P50, _P98, _P99, _ATTEMPTS, _BUSIEST, _REFUSED)
_OF_A_RUSH: Final = (_ANSWERED, _P50, _P99, _ATTEMPTS, _RECOVERED, _HOME)
_OF_AN_HOUR: Final = (_ANSWERED, _P50, _P99, _ATTEMPTS, _REFUSED, _RECOVERED, _HOME)
_OF_SILENCE: Final = (_ANSWERED, _MEMORY, _P50, _ANSWERED_P99, _P99, _ATTEMPTS, _RECOVERED, _HOME)
_COLUMNS: Final = {
    "calls in flight": _OF_A_RUSH,
    "uncooked primary": _OF_AN_HOUR,
    "gray primary": _OF_A_RUSH,
    "silence": _OF_SILENCE,
    "fair weather": _OF_A_TAIL,
    "cooking roll-over": _OF_A_COOKING,
    "slow tail": _OF_A_TAIL,
}


def weather_table(scenario: str, rows: Sequence[Row]) -> Table:
    """The policies of one scenario, side by side."""
    columns = _COLUMNS.get(scenario, _USUAL)
    return Table(
        scenario,
        ("policy", *(name for name, _ in columns)),
        tuple(
            (row.policy, *(show(row) for _, show in columns))
            for row in rows
            if row.scenario == scenario
        ),
    )


def fleet_table(rows: Sequence[Row]) -> Table:
    """The same traffic, spread over fleets of different sizes."""
    columns = (_ANSWERED, _MEMORY, _P99, _ATTEMPTS, _BUSIEST, _REFUSED, _RECOVERED)
    return Table(
        "fleets",
        ("weather", "policy", "clients", *(name for name, _ in columns)),
        tuple(
            (row.scenario, row.policy, f"{row.clients:,}", *(show(row) for _, show in columns))
            for row in rows
        ),
    )


def canary_table(verdicts: Sequence[Verdicts]) -> Table:
    """What the guard of a canary does."""
    return Table(
        "the guard of a canary",
        ("candidate", "should go", "sent back", "after calls (median)"),
        tuple(
            (
                each.case,
                "yes" if each.is_worse else "no",
                f"{each.sent_back} of {each.runs}",
                "" if each.after_calls is None else f"{each.after_calls:,}",
            )
            for each in verdicts
        ),
    )


def as_markdown(table: Table) -> str:
    """The table for a page."""
    lines = [table.columns, ("---", *["---:"] * (len(table.columns) - 1)), *table.rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def print_table(table: Table) -> None:
    """Print the table, in colours where rich is installed."""
    try:
        from rich.console import Console  # noqa: PLC0415  (not everybody has it)
        from rich.table import Table as RichTable  # noqa: PLC0415
    except ImportError:
        _print_plainly(table)
        return
    console = Console()
    if not console.is_terminal:
        # A file or a pipe has no width that a table could be fitted to.
        _print_plainly(table)
        return
    drawn = RichTable(title=table.title, title_justify="left")
    for number, column in enumerate(table.columns):
        drawn.add_column(column, justify="right" if number else "left")
    for row in table.rows:
        drawn.add_row(*row)
    console.print(drawn)


def _print_plainly(table: Table) -> None:
    widths = [max(map(len, cells)) for cells in zip(table.columns, *table.rows, strict=True)]
    print(f"\n{table.title}")
    for row in (table.columns, *table.rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))
