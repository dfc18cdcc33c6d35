"""The page of the documentation: its tables and pictures are written anew, its words are kept."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from benchmarks.simulation.tables import as_markdown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.simulation.tables import Table

__all__ = ["fill"]


def fill(page: str, tables: Mapping[str, Table], *, made: str = "simulated") -> str:
    """Return the page with every table between its marks replaced.

    Args:
        page: Its text.
        tables: What stands there from now on, by the names in the marks.
        made: Whether these are the tables that were ``simulated``, or those that were ``measured``.

    Raises:
        ValueError: The page and the tables do not match.
    """
    marks = re.compile(rf"(<!-- {made}: (?P<name>[\w -]+) -->\n).*?(<!-- end -->)", re.DOTALL)
    places = {place["name"] for place in marks.finditer(page)}
    if places != set(tables):
        differing = ", ".join(sorted(places ^ set(tables)))
        raise ValueError(
            f"each table needs one place in the page and each place a table, but see: {differing}"
        )
    return marks.sub(
        lambda place: f"{place[1]}\n{as_markdown(tables[place['name']])}\n\n{place[3]}", page
    )
