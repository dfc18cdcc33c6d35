"""What the audience sees of the pair: its accounts while calls go on, and the figures."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from irclient.cli.demo.summary import Summary
from irclient.cli.demo.traffic import Count
from irclient.cli.demo.verdict import verdict
from irclient.cli.output import duration
from irclient.health import HealthSnapshot

__all__ = ["PairScene", "summary_table", "verdict_on"]

_STATE_STYLE: Final[Mapping[str, str]] = {
    "working": "green",
    "recovering": "yellow",
    "failing": "bold red",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PairScene:
    """One instant of the traffic.

    Attributes:
        act: What happens just now, in words.
        count: The calls so far.
        health: How the endpoints are doing.
        elapsed: Seconds of traffic so far.
    """

    act: str
    count: Count
    health: HealthSnapshot
    elapsed: float

    def line(self) -> str:
        """Return it as one line."""
        return _line_of(self)

    def table(self) -> RenderableType:
        """Return it as a table, with what happens above."""
        return _table_of(self)


def _line_of(scene: PairScene) -> str:
    count = scene.count
    parts = [f"{scene.elapsed:5.1f} s", f"answered {count.answered}, failed {count.failed}"]
    parts += [
        f"{each.account} {each.state} {each.share:.0%} ({count.recent.get(each.account, 0)}/s)"
        for each in scene.health
    ]
    return "  ".join(parts)


def _table_of(scene: PairScene) -> RenderableType:
    table = Table(box=box.SIMPLE_HEAD)
    for name in ("account", "health", "its share"):
        table.add_column(name)
    for name in ("answered", "in the last second"):
        table.add_column(name, justify="right")
    for each in scene.health:
        recent = scene.count.recent.get(each.account, 0)
        table.add_row(
            each.account,
            Text(each.state, style=_STATE_STYLE.get(each.state, "")),
            Text(f"{'█' * round(each.share * 10):<10} {each.share:4.0%}"),
            str(scene.count.by_account.get(each.account, 0)),
            Text(f"{'▪' * (recent // 5):<20} {recent:3}", style="cyan"),
        )
    failed = scene.count.failed
    counter = Text.assemble(
        f"{scene.elapsed:5.1f} s   ",
        ("answered ", "dim"),
        (str(scene.count.answered), "bold green"),
        ("   failed ", "dim"),
        (str(failed), "bold red" if failed else "bold green"),
        f"   {scene.act}",
    )
    return Group(counter, table)


def summary_table(summary: Summary) -> Table:
    """Return the figures as a table."""
    table = Table(box=box.ROUNDED, title="What happened", show_header=False, title_justify="left")
    table.add_column(style="dim")
    table.add_column()
    style = "bold red" if summary.failed else "bold green"
    table.add_row("calls answered", Text(str(summary.answered), style="bold green"))
    table.add_row("calls failed", Text(str(summary.failed), style=style))
    for account, number in sorted(summary.by_account.items()):
        table.add_row(f"answered by {account}", str(number))
    if summary.latency is not None:
        latency = summary.latency
        words = f"p50 {duration(latency.p50)}, p99 {duration(latency.p99)}"
        table.add_row("latency of calls", words)
    if summary.failover is not None:
        failover = summary.failover
        usual, longest = duration(failover.p50), duration(failover.longest)
        words = f"answered {usual} later (p50), {longest} at most"
        table.add_row(f"{summary.failed_over} calls failed over", words)
    for outage in summary.outages:
        table.add_row(
            f"outage: {outage.fault}",
            f"noticed after {_said(outage.noticed_after)}, "
            f"home {_said(outage.home_after)} after healing",
        )
    return table


def verdict_on(summary: Summary) -> Text:
    """Return in words whether the demo kept its promise."""
    broken = "Not every outage was noticed and left behind."
    return verdict(
        failed=summary.failed,
        kept="No call failed, and all traffic went home.",
        broken=None if summary.kept_its_promise else broken,
        then="irclient emulator, and irclient --help",
    )


def _said(seconds: float | None) -> str:
    return "never" if seconds is None else duration(seconds)
