"""What was measured, as tables: for a terminal and for the page of the documentation."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from benchmarks.rivals import OURS
from benchmarks.simulation.tables import Table, as_markdown
from benchmarks.suites.answers import BY_HAND

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from benchmarks.bars import Judged
    from benchmarks.measuring import Result, Spread

__all__ = ["fill", "tables"]

#: How a measure is called, its unit, and how many of these a second (or a call) is.
_COLUMNS: Final = {
    "cpu": ("CPU", "µs", 1e6),
    "wall": ("wall", "µs", 1e6),
    "rate": ("calls a second", "", 1.0),
    "p50": ("p50", "ms", 1e3),
    "p99": ("p99", "ms", 1e3),
    "bytes": ("bytes", "", 1.0),
    "modules": ("modules", "", 1.0),
    "requests": ("requests", "", 1.0),
    "used": ("TPS used", "%", 100.0),
    "busiest second": ("busiest second ÷ TPS", "%", 100.0),
    "fairness": ("fairness (Jain)", "", 1.0),
}
#: Whom the others are compared with, where there is somebody.
_YARDSTICKS: Final = (
    "httpx",
    BY_HAND,
    "json.loads",
    "msal",
    "httpx, joined by hand",
    "aiohttp",
    "urllib3",
)
_PLACE: Final = re.compile(r"(<!-- measured: (?P<name>[\w -]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def tables(
    results: Sequence[Result], judged: Sequence[Judged], about: Mapping[str, str]
) -> dict[str, Table]:
    """One table for the bars, one for the machine, and one for each suite."""
    suites = dict.fromkeys(result.suite for result in results)
    named = {suite: _suite(suite, [r for r in results if r.suite == suite]) for suite in suites}
    machine = Table("machine", ("what", "value"), tuple(about.items()))
    return {"bars": _bars(judged), "machine": machine, **named}


def fill(page: str, named: Mapping[str, Table]) -> str:
    """Return the page with every table between its marks replaced; its words are kept.

    Raises:
        ValueError: The page and the tables do not match.
    """
    places = {place["name"] for place in _PLACE.finditer(page)}
    if places != set(named):
        differing = ", ".join(sorted(places ^ set(named)))
        raise ValueError(
            f"each table needs one place in the page and each place a table, but see: {differing}"
        )
    return _PLACE.sub(
        lambda place: f"{place[1]}\n{as_markdown(named[place['name']])}\n\n{place[3]}", page
    )


def _bars(judged: Sequence[Judged]) -> Table:
    return Table(
        "bars",
        ("figure", "bar", "measured", "quartiles", "met"),
        tuple(
            (
                each.bar.figure,
                each.bar.words,
                f"{_short(each.figure.median)} {each.bar.unit}" if each.figure else "not measured",
                _quartiles(each.figure) if each.figure else "",
                {True: "yes", False: "**no**", None: ""}[each.is_met],
            )
            for each in judged
        ),
    )


def _suite(suite: str, results: Sequence[Result]) -> Table:
    measures = list(dict.fromkeys(m for result in results for m in result.measures))
    heads: list[str] = []
    for measure in measures:
        name, unit, _ = _COLUMNS[measure]
        heads += [f"{name}, {unit}" if unit else name, "quartiles"]
    yardstick = next((y for y in _YARDSTICKS if any(r.who == y for r in results)), None)
    if yardstick:
        heads.append(f"{_COLUMNS[measures[0]][0]} ÷ {yardstick}")
    rows = [_row(result, measures, _other(result, results, yardstick)) for result in results]
    if not yardstick:
        rows = [row[:-1] for row in rows]
    return Table(suite, ("case", "who", *heads), tuple(rows))


def _row(result: Result, measures: Iterable[str], other: Result | None) -> tuple[str, ...]:
    who = f"**{result.who}**" if result.who.startswith(OURS) else result.who
    cells = [result.case, who]
    for measure in measures:
        if measure not in result.measures:
            cells += [result.reason or "", ""]
            continue
        spread = result.spread(measure).times(_COLUMNS[measure][2])
        cells += [_short(spread.median), _quartiles(spread)]
    first = result.measures[0] if result.measures else None
    if other is not None and first is not None and first in other.measures:
        cells.append(_short(result.ratio(other, first).median))
    else:
        cells.append("")
    return tuple(cells)


def _other(result: Result, results: Sequence[Result], yardstick: str | None) -> Result | None:
    same_case = (each for each in results if each.case == result.case and each.who == yardstick)
    return next(same_case, None)


def _quartiles(spread: Spread) -> str:
    return f"{_short(spread.low)} … {_short(spread.high)}"


def _short(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
