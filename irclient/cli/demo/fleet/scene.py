"""What the audience sees of the fleet: its processes, and the account's seconds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from irclient.cli.demo.fleet.worker import Report

__all__ = ["FleetScene"]

_WIDTH: Final = 40
_MODE_STYLE: Final[Mapping[str | None, str]] = {"shared": "green", "alone": "yellow"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetScene:
    """One instant of the traffic.

    Attributes:
        act: What happens just now, in words.
        reports: How it goes, by process.
        rates: Calls a second that each process makes.
        tps: The account's.
        last_second: Requests that the account saw in the second that ends now.
        busiest_second: The most of any second so far.
        elapsed: Seconds of traffic so far.
    """

    act: str
    reports: Sequence[Report]
    rates: Sequence[float]
    tps: float
    last_second: int
    busiest_second: int
    elapsed: float

    @property
    def failed(self) -> int:
        """Calls that ended with an error."""
        return sum(each.failed for each in self.reports)

    @property
    def answered(self) -> int:
        """Calls that ended with a list."""
        return sum(each.answered for each in self.reports)

    def line(self) -> str:
        """Return it as one line."""
        processes = ", ".join(f"{_mode(each)} {each.recent}/s" for each in self.reports)
        return (
            f"{self.elapsed:5.1f} s  answered {self.answered}, failed {self.failed}  last second "
            f"{self.last_second}, busiest {self.busiest_second} of {self.tps:g} TPS  {processes}"
        )

    def table(self) -> RenderableType:
        """Return it as a table, with what happens above."""
        counter = Text.assemble(
            f"{self.elapsed:5.1f} s   ",
            ("answered ", "dim"),
            (str(self.answered), "bold green"),
            ("   failed ", "dim"),
            (str(self.failed), "bold red" if self.failed else "bold green"),
            f"   {self.act}",
        )
        filled = min(round(self.last_second / self.tps * _WIDTH), _WIDTH)
        is_kept = self.busiest_second <= self.tps
        account = Text.assemble(
            ("the account  ", "dim"),
            ("█" * filled, "cyan"),
            ("░" * (_WIDTH - filled), "dim"),
            f" {self.last_second} in the last second, busiest ",
            (str(self.busiest_second), "bold green" if is_kept else "bold red"),
            f" of {self.tps:g} TPS",
        )
        table = Table(box=box.SIMPLE_HEAD)
        for name in ("process", "its fleet"):
            table.add_column(name)
        for name in ("calls a second", "answered", "in the last second", "messages to Redis"):
            table.add_column(name, justify="right")
        for number, (report, rate) in enumerate(zip(self.reports, self.rates, strict=True), 1):
            table.add_row(
                str(number),
                Text(_mode(report), style=_MODE_STYLE.get(report.mode, "dim")),
                f"{rate:g}",
                str(report.answered),
                Text(f"{'▪' * (report.recent // 3):<20} {report.recent:3}", style="cyan"),
                str(report.messages),
            )
        return Group(counter, account, table)


def _mode(report: Report) -> str:
    return report.mode or "begins"
