"""Measure the promise under load, from outside, with real sockets.

    python -m benchmarks.promise                  every row; about four minutes
    python -m benchmarks.promise dead gray        these rows
    python -m benchmarks.promise --world threads  one world alone
    python -m benchmarks.promise --list           the names of the rows
    python -m benchmarks.promise --json           the figures for programs

Exits with 1 when a figure misses its bar.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from dataclasses import asdict
from typing import TYPE_CHECKING

from benchmarks.promise.figures import Figure, figures_table
from benchmarks.promise.rows import ROWS
from benchmarks.promise.stage import WORLDS
from benchmarks.simulation.tables import print_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.promise.rows import Row

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    given = _arguments(arguments)
    if given.list:
        for name, row in ROWS.items():
            print(f"{name:28} {', '.join(row.worlds)}")
        return 0
    logging.getLogger("irclient").addHandler(logging.NullHandler())
    logging.getLogger("irclient").propagate = False
    figures: list[Figure] = []
    for name in given.rows or ROWS:
        for world in ROWS[name].worlds:
            if given.world in {None, world}:
                figures += _run(name, ROWS[name], world)
    if given.json:
        print(json.dumps([asdict(each) for each in figures], indent=1))
    else:
        print_table(figures_table("The promise under load", "world", figures))
    return int(not all(each.is_met for each in figures))


def _run(name: str, row: Row, world: str) -> list[Figure]:
    began_at = time.monotonic()
    try:
        figures = row.run(world)
    except Exception as error:  # noqa: BLE001  (one row that cannot run must not hide the others)
        problem = f"{type(error).__name__}: {error}"
        figures = [Figure(what=name, world=world, measured=problem, bar="it runs", is_met=False)]
    missed = sum(not each.is_met for each in figures)
    verdict = f"{missed} missed" if missed else "met"
    print(f"{name} ({world}): {verdict}, {time.monotonic() - began_at:.1f} s", file=sys.stderr)
    return figures


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    as_written = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.promise", description=__doc__, formatter_class=as_written
    )
    parser.add_argument("rows", nargs="*", metavar="ROW", help="see --list; every one when none")
    parser.add_argument("--world", choices=WORLDS, help="where the client runs; all of the row's")
    parser.add_argument("--list", action="store_true", help="print the names of the rows")
    parser.add_argument("--json", action="store_true", help="print figures for programs")
    arguments = parser.parse_args(given)
    unknown = [name for name in arguments.rows if name not in ROWS]
    if unknown:
        parser.error(f"no row is called {', '.join(unknown)}; see --list")
    return arguments


if __name__ == "__main__":
    sys.exit(main())
