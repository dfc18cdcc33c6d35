"""Simulate fleets of up to a thousand members, in virtual time over the real core.

    python -m benchmarks.fleet.simulate               the tables; some minutes on one core
    python -m benchmarks.fleet.simulate --quick       one small fleet, to see that it runs
    python -m benchmarks.fleet.simulate --write-docs  the tables of the documentation
    python -m benchmarks.fleet.simulate --cost        measure what a message costs a real server

The server is the rules in Python, one message after the other, each of which takes what
``--cost`` measured. The same seed gives the same figures.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from benchmarks.fleet.arrivals import arrivals_table
from benchmarks.fleet.cost import measured_cost
from benchmarks.serving import ROOT
from benchmarks.simulation.page import fill
from benchmarks.simulation.tables import Table, print_table
from tests.fleet.virtual_fleet import Fleet

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["PAGE", "Case", "Figures", "simulate"]

#: Seconds that the server computes for a message, and that it travels each way.
COST: Final = 70e-6
_LATENCY: Final = (1e-4, 5e-4)
_fleet: Final = partial(Fleet, latency=_LATENCY)
_SETTLED: Final = 3.0
#: Four whole windows later, with a little to spare.
_UNTIL: Final = 7.2
#: Where the documentation has the tables of fleets.
PAGE: Final = ROOT / "docs" / "explanation" / "fleets.md"


@dataclass(frozen=True, slots=True)
class Case:
    """A fleet: how many members, for which TPS, with how many calls, of whom."""

    members: int
    tps: int
    load: float = 0.6
    shape: str = "uniform"

    @property
    def demand(self) -> list[float]:
        """Calls a second of each member."""
        total = self.load * self.tps
        if self.shape == "uniform" or self.members == 1:
            return [total / self.members] * self.members
        others = 0.03 * total / (self.members - 1)
        return [0.97 * total, *[others] * (self.members - 1)]


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of it, once the fleet had settled.

    Attributes:
        messages: To the server, each second.
        computing: The part of the time in which the server computed.
        worst: The busiest second of the whole run, as a part of the TPS.
        used: The part of the TPS that was used.
        refused: The part of the calls that found no turn in half a second.
        waits: Seconds that calls waited for their turn: p50, p99.
    """

    messages: float
    computing: float
    worst: float
    used: float
    refused: float
    waits: tuple[float, float]


CASES: Final = (
    *(Case(members, tps) for members in (1, 4, 40, 400, 1000) for tps in (40, 1000, 10_000)),
    *(Case(members, tps, shape="one busy") for members, tps in ((4, 200), (40, 1000))),
    *(Case(members, 10_000, shape="one busy") for members in (400, 1000)),
    *(Case(members, tps, load=1.5) for members, tps in ((4, 200), (40, 1000), (400, 10_000))),
    Case(40, 1000, load=1.5, shape="one busy"),
)


def simulate(case: Case, *, seed: int = 1, cost: float = COST, until: float = _UNTIL) -> Figures:
    """Run a fleet in virtual time."""
    fleet = _fleet(case.tps, case.members, case.demand, seed=seed, cost=cost)
    fleet.run(_SETTLED)
    before = fleet.messages
    fleet.run(until)
    messages = (fleet.messages - before) / (until - _SETTLED)
    refused = sum(at >= _SETTLED for at in fleet.refused)
    calls = refused + sum(began_at >= _SETTLED for began_at, _ in fleet.waits)
    return Figures(
        messages=messages,
        computing=messages * cost,
        worst=fleet.worst() / case.tps,
        used=fleet.used(_SETTLED, until),
        refused=refused / max(calls, 1),
        waits=(fleet.waited(_SETTLED, 0.5), fleet.waited(_SETTLED, 0.99)),
    )


def table(cases: Sequence[Case], *, until: float = _UNTIL) -> Table:
    """Run the fleets one by one."""
    rows: list[tuple[str, ...]] = []
    for case in cases:
        each = simulate(case, until=until)
        p50, p99 = (f"{wait * 1e3:.1f} ms" for wait in each.waits)
        rows.append((
            f"{case.members:,}", f"{case.tps:,}", f"{case.load:.0%}", case.shape,
            f"{each.messages:,.0f}", f"{each.computing:.1%}", f"{each.worst:.2f}",
            f"{each.used:.1%}", f"{each.refused:.1%}", p50, p99,
        ))  # fmt: skip
        print(" | ".join(rows[-1]), file=sys.stderr, flush=True)
    return Table(
        "fleets of many members",
        (
            "members", "TPS", "load", "shape", "messages a second", "Redis CPU",
            "busiest second ÷ TPS", "used", "refused", "wait p50", "wait p99",
        ),
        tuple(rows),
    )  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fleet.simulate")
    parser.add_argument("--quick", action="store_true", help="one small fleet")
    parser.add_argument("--write-docs", action="store_true", help="write the documentation's")
    parser.add_argument("--cost", action="store_true", help="measure a message on a real server")
    options = parser.parse_args(arguments)
    if options.cost:
        for members in (4, 400):
            took = measured_cost(members, tps=1000)
            print(f"{members} members: {took * 1e6:.0f} µs a message")
        return 0
    result = table(CASES[1:2] if options.quick else CASES, until=5.2 if options.quick else _UNTIL)
    print_table(result)
    chance = arrivals_table(partial(_fleet, cost=COST), samples=2 if options.quick else 200)
    print_table(chance)
    if options.write_docs and not options.quick:
        tables = {"many members": result, "arrivals by chance": chance}
        PAGE.write_text(fill(PAGE.read_text("utf-8"), tables), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
