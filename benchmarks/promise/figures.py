"""Figures: what was measured, the bar that it has to reach, and whether it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.simulation.tables import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Figure", "at_least", "at_most", "exactly", "figures_table", "less_than"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure in one world.

    Attributes:
        what: What was measured.
        world: Where the client ran.
        measured: The figure, as it is shown.
        bar: What it has to reach.
        is_met: Whether it does.
    """

    what: str
    world: str
    measured: str
    bar: str
    is_met: bool

    def __str__(self) -> str:
        return f"{self.what} ({self.world}): {self.measured}; the bar is {self.bar}"


def at_most(
    what: str, world: str, value: float, limit: float, unit: str = "", *, note: str = ""
) -> Figure:
    """A figure that may not exceed its bar."""
    return _figure(
        what, world, value, bar=f"≤ {limit:g}", unit=unit, note=note, is_met=value <= limit
    )


def at_least(
    what: str, world: str, value: float, limit: float, unit: str = "", *, note: str = ""
) -> Figure:
    """A figure that has to reach its bar."""
    return _figure(
        what, world, value, bar=f"≥ {limit:g}", unit=unit, note=note, is_met=value >= limit
    )


def less_than(
    what: str, world: str, value: float, limit: float, unit: str = "", *, note: str = ""
) -> Figure:
    """A figure that has to stay below its bar."""
    return _figure(
        what, world, value, bar=f"< {limit:g}", unit=unit, note=note, is_met=value < limit
    )


def exactly(
    what: str, world: str, value: float, wanted: float, unit: str = "", *, note: str = ""
) -> Figure:
    """A figure that has to be its bar."""
    return _figure(
        what, world, value, bar=f"{wanted:g}", unit=unit, note=note, is_met=value == wanted
    )


def _figure(
    what: str, world: str, value: float, *, bar: str, unit: str, note: str, is_met: bool
) -> Figure:
    shown = f"{value:,.0f}" if value == int(value) or abs(value) >= 100 else f"{value:.3g}"
    measured = f"{shown} {unit}".strip() + (f" ({note})" if note else "")
    return Figure(
        what=what, world=world, measured=measured, bar=f"{bar} {unit}".strip(), is_met=is_met
    )


def figures_table(title: str, where: str, figures: Sequence[Figure]) -> Table:
    """Figures beside their bars, in a table whose second column has this name."""
    return Table(
        title,
        ("figure", where, "measured", "bar", "met"),
        tuple(
            (each.what, each.world, each.measured, each.bar, "yes" if each.is_met else "NO")
            for each in figures
        ),
    )
