"""The figures that the README and the landing page quote, out of the tables of the last run.

A figure is typed nowhere: a run that fills the tables of the documentation writes it where it is
quoted, and a test fails where it is not what the tables say.

    python -m benchmarks.quoted      write them again, out of tables that were filled
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from benchmarks.rivals import OURS
from benchmarks.serving import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["QUOTES", "Quote", "cell", "fill", "main", "rows"]


@dataclass(frozen=True, slots=True)
class Quote:
    """One figure, and how it is quoted.

    Attributes:
        words: What follows the figure; white space and line ends are alike.
        table: The table that it stands in, as the mark in the page names it.
        case: Its row, which is one of ours.
        column: Its column.
        digits: After the point.
    """

    words: str
    table: str
    case: str
    column: str
    digits: int

    @property
    def place(self) -> re.Pattern[str]:
        """Where it is quoted."""
        after = r"\s+".join(map(re.escape, self.words.split()))
        return re.compile(rf"\b\d[\d.,]*(?=\s+{after})")


QUOTES: Final = (
    Quote("times the CPU of a bare `httpx` call", "threads", "1 thread", "CPU ÷ httpx", 1),
    Quote("times with 64 tasks", "tasks", "64 callers", "CPU ÷ httpx", 1),
    Quote("µs from memory", "memory", "cached, sync", "CPU, µs", 0),
)


def fill(text: str, page: str) -> str:
    """Return a text with every quoted figure as the page of the tables has it now."""
    for quote in QUOTES:
        figure = float(cell(page, quote.table, quote.case, quote.column))
        text = quote.place.sub(f"{figure:.{quote.digits}f}", text)
    return text


def cell(page: str, table: str, case: str, column: str) -> str:
    """Return what a table says of us in one case.

    Raises:
        LookupError: There is no such row or column.
    """
    for row in rows(page, table):
        if row["case"] == case and row["who"] == f"**{OURS}**":
            return row[column].replace(",", "")
    raise LookupError(f"no row of ours for {case!r} in the table {table!r}")


def rows(page: str, table: str) -> Iterator[dict[str, str]]:
    """Iterate over the rows of a table, by the names of its columns."""
    body = page.partition(f"<!-- measured: {table} -->")[2].partition("<!-- end -->")[0]
    lines = [line for line in body.splitlines() if line.startswith("|")]
    heads, _, *others = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    return (dict(zip(heads, each, strict=True)) for each in others)


def main() -> None:
    """Write every quoted figure."""
    page = (ROOT / "docs" / "explanation" / "performance.md").read_text("utf-8")
    for quoting in (ROOT / "README.md", ROOT / "docs" / "index.md"):
        quoting.write_text(fill(quoting.read_text("utf-8"), page), "utf-8")


if __name__ == "__main__":
    main()
