"""Measure a fleet of four processes beside its bars.

    python -m benchmarks.fleet                 every row; about twelve minutes
    python -m benchmarks.fleet hot-key sigkill these rows
    python -m benchmarks.fleet --list          the names of the rows
    python -m benchmarks.fleet --write-docs    every row, and the tables of the documentation

Exits with 1 when a figure misses its bar.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING

from benchmarks.fleet.page import tables_of
from benchmarks.fleet.rows import ROWS
from benchmarks.fleet.simulate import PAGE
from benchmarks.machine import load
from benchmarks.promise.figures import figures_table
from benchmarks.simulation.page import fill
from benchmarks.simulation.tables import print_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.promise.figures import Figure

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    as_written = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.fleet", description=__doc__, formatter_class=as_written
    )
    parser.add_argument("rows", nargs="*", metavar="ROW", help="see --list; every one when none")
    parser.add_argument("--list", action="store_true", help="print the names of the rows")
    parser.add_argument("--write-docs", action="store_true", help="write the documentation's")
    given = parser.parse_args(arguments)
    unknown = [name for name in given.rows if name not in ROWS]
    if unknown:
        parser.error(f"no row is called {', '.join(unknown)}; see --list")
    if given.list:
        print("\n".join(ROWS))
        return 0
    measured: dict[str, list[Figure]] = {}
    began_with = load()
    print(f"a load of {began_with:.1f} at the beginning", file=sys.stderr)
    for name in ROWS if given.write_docs else given.rows or ROWS:
        began_at = time.monotonic()
        measured[name] = ROWS[name]()
        missed = sum(not each.is_met for each in measured[name])
        verdict = f"{missed} missed" if missed else "met"
        print(f"{name}: {verdict}, {time.monotonic() - began_at:.1f} s", file=sys.stderr)
    figures = [each for several in measured.values() for each in several]
    print_table(figures_table("A fleet of four processes", "where", figures))
    if given.write_docs:
        tables = tables_of(measured, began_with=began_with)
        PAGE.write_text(fill(PAGE.read_text("utf-8"), tables, made="measured"), "utf-8")
    return int(not all(each.is_met for each in figures))


if __name__ == "__main__":
    sys.exit(main())
