"""Simulate fleets of clients in bad weather, beside naive policies, in virtual time.

    python -m benchmarks.simulate                the tables; two minutes on one core
    python -m benchmarks.simulate --quick        the same in small, to see that it runs
    python -m benchmarks.simulate --json         the figures for programs
    python -m benchmarks.simulate --write-docs   the tables and pictures of the documentation

Nothing is sent anywhere. The same seed gives the same figures.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.simulation import canary, tables
from benchmarks.simulation.measures import Row, measure
from benchmarks.simulation.page import fill
from benchmarks.simulation.plots import draw
from benchmarks.simulation.policies import FAIL_OVER, OURS, OURS_UNSHARED
from benchmarks.simulation.running import run
from benchmarks.simulation.scenarios import FULL, QUICK, SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.simulation.running import Run
    from benchmarks.simulation.scenarios import Plan, Scenario

__all__ = ["Extent", "Results", "main", "simulate"]

DOCS: Final = Path(__file__).parent.parent / "docs" / "explanation"
_FLEET_WEATHERS: Final = ("fair weather", "black hole", "retry storm")


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is simulated."""

    plan: Plan
    clients: int
    fleets: tuple[int, ...]
    guard_runs: int


_WHOLE: Final = Extent(FULL, clients=10, fleets=(1, 10, 100, 1_000), guard_runs=400)
_SMALL: Final = Extent(QUICK, clients=10, fleets=(1, 100), guard_runs=3)


@dataclass(slots=True)
class Results:
    """What came of a simulation."""

    rows: list[Row] = field(default_factory=list[Row])
    fleets: list[Row] = field(default_factory=list[Row])
    guard: list[canary.Verdicts] = field(default_factory=list[canary.Verdicts])

    @property
    def tables(self) -> dict[str, tables.Table]:
        """Every table, by its name."""
        named = {
            scenario: tables.weather_table(scenario, self.rows)
            for scenario in dict.fromkeys(row.scenario for row in self.rows)
        }
        if self.fleets:
            named["fleets"] = tables.fleet_table(self.fleets)
        if self.guard:
            named["guard"] = tables.canary_table(self.guard)
        return named


def simulate(
    extent: Extent,
    scenarios: Sequence[Scenario],
    *,
    seed: int,
    pictures: Path | None = None,
) -> Results:
    """Run everything.

    Args:
        extent: How much of it.
        scenarios: These weathers; fleets and guard are part of a run of all.
        seed: Everything that chance decides follows from it.
        pictures: The folder for the plots; None draws none.
    """
    results = Results()
    for scenario in scenarios:
        runs = [
            run(scenario, policy, extent.plan, clients=extent.clients, seed=seed)
            for policy in scenario.policies
        ]
        results.rows += map(measure, runs)
        if pictures is not None:
            _draw(runs, pictures)
    if len(scenarios) == len(SCENARIOS):
        results.fleets = _fleets(extent, seed)
        results.guard = [
            canary.try_guard(case, runs=extent.guard_runs, seed=seed) for case in canary.CASES
        ]
    return results


def _draw(runs: Sequence[Run], pictures: Path) -> None:
    pictures.mkdir(exist_ok=True)
    draw(runs, pictures / f"{runs[0].scenario.name.replace(' ', '-')}.svg")


def _fleets(extent: Extent, seed: int) -> list[Row]:
    runs = (
        run(scenario, policy, extent.plan, clients=clients, seed=seed)
        for scenario in SCENARIOS
        if scenario.name in _FLEET_WEATHERS
        for policy, fleets in (
            (OURS, extent.fleets),
            # One client alone has all of the TPS anyway.
            (OURS_UNSHARED, extent.fleets[1:]),
            (FAIL_OVER, extent.fleets[-1:]),
        )
        for clients in fleets
    )
    # One by one: a run holds every call that was made.
    return [measure(each) for each in runs]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    options = _parser().parse_args(arguments)
    scenarios = [each for each in SCENARIOS if not options.only or each.name in options.only]
    if options.write_docs and (options.quick or options.only):
        print("--write-docs writes the whole run: leave out --quick and --only", file=sys.stderr)
        return 2
    results = simulate(
        _SMALL if options.quick else _WHOLE,
        scenarios,
        seed=options.seed,
        pictures=DOCS / "simulation" if options.write_docs else None,
    )
    if options.json:
        print(json.dumps(asdict(results), indent=2))
    else:
        for table in results.tables.values():
            tables.print_table(table)
    if options.write_docs:
        page = DOCS / "simulation.md"
        page.write_text(fill(page.read_text("utf-8"), results.tables), "utf-8")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulate")
    parser.add_argument("--quick", action="store_true", help="a small run, to see that it works")
    parser.add_argument("--json", action="store_true", help="print figures instead of tables")
    parser.add_argument("--write-docs", action="store_true", help="write the documentation's")
    parser.add_argument("--seed", type=int, default=1, help="everything by chance follows from it")
    parser.add_argument(
        "--only", action="append", choices=[each.name for each in SCENARIOS], metavar="WEATHER",
        help="this weather alone; may be repeated",
    )  # fmt: skip
    return parser


if __name__ == "__main__":
    sys.exit(main())
