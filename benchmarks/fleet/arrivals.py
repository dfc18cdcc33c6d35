"""What chance alone makes calls wait: arrivals at 60 % of the TPS, beside one exact window.

Calls that come at random exceed a small TPS now and then, and then wait, whoever counts them. The
same arrivals meet a fleet in virtual time, and a single window that knows every call at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from benchmarks.simulation.tables import Table
from irclient._core.allowance import MARGIN

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fleet.virtual_fleet import Fleet

__all__ = ["arrivals_table"]

#: Seconds until the fleet has settled, and until a sample ends.
_SETTLED: Final = 2.0
_UNTIL: Final = 20.0
#: Seconds that one call of a hundred may wait longer than.
_BAR: Final = 0.005
_MEMBERS: Final = 4


@dataclass(slots=True)
class _Waits:
    """How many calls waited longer than the bar, and in how many samples their p99 did."""

    calls: int = 0
    longer: int = 0
    samples: int = 0
    missed: int = 0

    def add(self, waits: list[float]) -> None:
        waits = sorted(waits)
        self.calls += len(waits)
        self.longer += sum(wait > _BAR for wait in waits)
        self.samples += 1
        self.missed += waits[int(0.99 * len(waits))] > _BAR

    @property
    def cells(self) -> tuple[str, str]:
        return f"{self.longer / self.calls:.2%}", f"{self.missed} of {self.samples}"


def arrivals_table(fleet: Callable[..., Fleet], *, samples: int = 200) -> Table:
    """Run ``samples`` of 18 seconds for each TPS.

    Args:
        fleet: Makes a fleet; takes its TPS, its members, their demand in calls a second, a seed.
        samples: How many for each TPS.
    """
    rows: list[tuple[str, ...]] = []
    for tps in (20, 40, 100, 200):
        together, shared = _Waits(), _Waits()
        for seed in range(samples):
            run = fleet(tps, _MEMBERS, [0.6 * tps / _MEMBERS] * _MEMBERS, seed=seed).run(_UNTIL)
            calls = sorted(run.waits)
            shared.add(
                [wait for began_at, wait in calls if began_at >= _SETTLED]
                + [run.max_wait for refused_at in run.refused if refused_at >= _SETTLED]
            )
            together.add(_waits_for_one_window([began_at for began_at, _ in calls], tps))
        rows.append((f"{tps}", *together.cells, *shared.cells))
    return Table(
        "arrivals by chance at 60 %",
        (
            "TPS", "one window: waited > 5 ms", "samples with such a p99",
            "fleet of four: waited > 5 ms", "samples with such a p99 ",
        ),
        tuple(rows),
    )  # fmt: skip


def _waits_for_one_window(arrivals: list[float], tps: int) -> list[float]:
    """First come, first served; a start may follow the one a TPS before it after a window."""
    starts: list[float] = []
    for arrival in arrivals:
        earliest = starts[-tps] + 1.0 + MARGIN if len(starts) >= tps else arrival
        starts.append(max(arrival, earliest))
    return [
        start - arrival
        for arrival, start in zip(arrivals, starts, strict=True)
        if arrival >= _SETTLED
    ]
