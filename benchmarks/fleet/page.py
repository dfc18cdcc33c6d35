"""The tables of the documentation: one line for each load, one column for each figure of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.promise.figures import figures_table
from benchmarks.simulation.tables import Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.promise.figures import Figure

__all__ = ["tables_of"]

_AT_WORK = ("saturated", "sixty", "clocks", "added")
_OTHERS = ("unreachable", "hot", "fresh")


def tables_of(measured: Mapping[str, Sequence[Figure]], *, began_with: float) -> dict[str, Table]:
    """Arrange what was measured, by the names of rows.

    Args:
        measured: The figures of each row.
        began_with: The machine's load before.
    """
    groups: dict[str, list[Figure]] = {"at work": [], "in bad weather": [], "others": []}
    for name, figures in measured.items():
        kind = name.partition("-")[0]
        group = "at work" if kind in _AT_WORK else "others" if kind in _OTHERS else "in bad weather"
        groups[group] += figures
    others = figures_table("others", "where", groups.pop("others"))
    load = ("load of the machine before", "", f"{began_with:.1f}", "", "")
    tables = {group: _by_load(group, figures) for group, figures in groups.items()}
    return {**tables, "others": Table("others", others.columns, (*others.rows, load))}


def _by_load(title: str, figures: Sequence[Figure]) -> Table:
    names = list(dict.fromkeys(each.what for each in figures))
    bars = {name: {each.bar for each in figures if each.what == name} for name in names}
    shown = {
        (each.world, each.what): _shown(each, has_own_bar=len(bars[each.what]) > 1)
        for each in figures
    }
    heads = [f"{name} ({min(bars[name])})" if len(bars[name]) == 1 else name for name in names]
    rows = (
        (where, *(shown.get((where, name), "–") for name in names))
        for where in dict.fromkeys(each.world for each in figures)
    )
    return Table(title, ("load", *heads), tuple(rows))


def _shown(figure: Figure, *, has_own_bar: bool) -> str:
    bar = f" ({figure.bar})" if has_own_bar else ""
    return f"{figure.measured.partition(' (')[0]}{bar}{'' if figure.is_met else ', missed'}"
