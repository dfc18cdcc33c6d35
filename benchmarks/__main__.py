"""Measure irclient beside its rivals, on loopback, in one run.

    python -m benchmarks                    every suite; about nine minutes on two cores
    python -m benchmarks --quick            the same in small, to see that it runs
    python -m benchmarks --only memory      one suite; may be given again
    python -m benchmarks --json FILE        the figures for programs
    python -m benchmarks --write-docs       the tables and figures of the documentation

Rivals that are not installed are reported as missing: `pip install --group bench` brings them.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Final

from benchmarks import quoted
from benchmarks.bars import judge
from benchmarks.machine import load, machine, versions
from benchmarks.measuring import Extent, together
from benchmarks.page import fill, tables
from benchmarks.serving import ROOT, serving
from benchmarks.simulation.tables import print_table
from benchmarks.suites import (
    answers,
    connections,
    decisions,
    pacing,
    starting,
    tasks,
    threads,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from benchmarks.bars import Judged
    from benchmarks.measuring import Result

__all__ = ["main", "measure"]

SUITES: Final[Mapping[str, Callable[[str, Extent], list[Result]]]] = {
    "tasks": tasks.calls,
    "throughput": tasks.throughput,
    "threads": threads.calls,
    "connections": connections.connections,
    "memory": answers.cached_answers,
    "flight": answers.single_flight,
    "decisions": decisions.decisions,
    "imports": starting.imports,
    "clients": starting.clients,
    "pacing": pacing.pacing,
    # Last: after it has had gigabytes, a virtual machine may find all memory slow for a while.
    "growth": answers.growth,
}
#: Rounds by suite, where the usual number would take too long.
_ROUNDS: Final = {"growth": 3, "clients": 3}
#: Suites of which each round has a process of its own.
_ROUNDS_APART: Final = frozenset({"growth"})
_WHOLE: Final = Extent(rounds=5, block_for=0.12)
_QUICK: Final = Extent(rounds=2, block_for=0.02, is_quick=True)
_DOCS: Final = ROOT / "docs" / "explanation"


def measure(
    names: Sequence[str], extent: Extent, tell: Callable[[str], None]
) -> tuple[list[Result], dict[str, str]]:
    """Run suites, each in a process of its own; returns results and how long each suite took."""
    results: list[Result] = []
    took: dict[str, str] = {}
    fresh = multiprocessing.get_context("spawn")
    with serving() as base:
        for name in names:
            began_at, busy = time.monotonic(), load()
            of_suite = Extent(
                min(_ROUNDS.get(name, extent.rounds), extent.rounds),
                extent.block_for,
                extent.is_quick,
            )
            # Where the pages of gigabytes lie is chance, and the same for all rounds of a process.
            rounds = [replace(of_suite, rounds=1)] * of_suite.rounds
            parts = rounds if name in _ROUNDS_APART else [of_suite]
            measured: list[list[Result]] = []
            for part in parts:
                with ProcessPoolExecutor(1, mp_context=fresh) as process:
                    measured.append(process.submit(SUITES[name], base, part).result(timeout=300))
            results += together(measured)
            took[name] = f"{time.monotonic() - began_at:.0f} s, load before {busy:.1f}"
            tell(f"{name}: {took[name]}")
    return results, took


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    as_written = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=as_written
    )
    parser.add_argument("--quick", action="store_true", help="few rounds, small cases")
    parser.add_argument("--only", action="append", choices=list(SUITES), metavar="SUITE",
                        help=f"one of {', '.join(SUITES)}; may be given again")  # fmt: skip
    parser.add_argument("--json", metavar="FILE", help="write the figures there; - for stdout")
    parser.add_argument("--write-docs", action="store_true", help="fill the page's tables")
    given = parser.parse_args(arguments)
    if given.write_docs and (given.only or given.quick):
        parser.error("--write-docs needs a whole run; leave out --only and --quick")
    names = [name for name in SUITES if not given.only or name in given.only]
    results, took = measure(
        names, _QUICK if given.quick else _WHOLE, lambda line: print(line, file=sys.stderr)
    )
    about = {**machine(), **{f"{name} (version)": v for name, v in versions().items()}, **took}
    judged = judge(results)
    figures = _figures(results, judged, about)
    named = tables(results, judged, about)
    if given.json == "-":
        print(json.dumps(figures, indent=1))
    else:
        for table in named.values():
            print_table(table)
    if given.json and given.json != "-":
        _write(ROOT / given.json, json.dumps(figures, indent=1) + "\n")
    if given.write_docs:
        page = _DOCS / "performance.md"
        _write(page, fill(page.read_text("utf-8"), named))
        quoted.main()
        _write(_DOCS / "benchmarks.json", json.dumps(figures, indent=1) + "\n")
    return 0


def _figures(
    results: Sequence[Result], judged: Sequence[Judged], about: Mapping[str, str]
) -> dict[str, Any]:
    return {
        "about": dict(about),
        "bars": [
            {
                "figure": each.bar.figure,
                "bar": each.bar.words,
                "measured": asdict(each.figure) if each.figure else None,
                "met": each.is_met,
            }
            for each in judged
        ],
        "results": [asdict(result) for result in results],
    }


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
