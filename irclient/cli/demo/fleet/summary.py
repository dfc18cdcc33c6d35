"""The figures of the demo's fleet, and whether it showed what it promises."""

from dataclasses import dataclass

from rich import box
from rich.table import Table
from rich.text import Text

from irclient.cli.demo.verdict import verdict
from irclient.cli.output import duration

__all__ = ["FleetSummary", "summary_table", "verdict_on"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetSummary:
    """What the demo measured.

    Attributes:
        workers: How many processes called.
        tps: The account's.
        busiest_second: The most requests that the account saw in any one second.
        throttled: Requests that the account refused because of its TPS.
        answered: Calls that ended with a list.
        failed: Calls that ended with an error.
        by_process: Answered calls, by process.
        longest: Seconds of the longest call.
        messages: What all processes sent to Redis.
        away_for: Seconds that Redis was away; None if not all processes noticed.
        shared_after: Seconds from its coming back until all processes shared again; None if they
            did not.
        errors: What failed calls said, a few of them.
        elapsed: Seconds of traffic.
    """

    workers: int
    tps: float
    busiest_second: int
    throttled: int
    answered: int
    failed: int
    by_process: tuple[int, ...]
    longest: float
    messages: int
    away_for: float | None
    shared_after: float | None
    errors: tuple[str, ...]
    elapsed: float

    @property
    def kept_its_promise(self) -> bool:
        """Whether no call failed and no second was too full, with Redis, without and again."""
        return (
            self.failed == 0
            and self.answered > 0
            and self.busiest_second <= self.tps
            and self.throttled == 0
            and self.away_for is not None
            and self.shared_after is not None
        )


def summary_table(summary: FleetSummary) -> Table:
    """Return the figures as a table."""
    table = Table(box=box.ROUNDED, title="What happened", show_header=False, title_justify="left")
    table.add_column(style="dim")
    table.add_column()
    table.add_row("calls answered", Text(str(summary.answered), style="bold green"))
    table.add_row("calls failed", _good_if(str(summary.failed), good=not summary.failed))
    kept = summary.busiest_second <= summary.tps and not summary.throttled
    words = f"{summary.busiest_second} of {summary.tps:g} TPS, {summary.throttled} refused"
    table.add_row("busiest second at the account", _good_if(words, good=kept))
    table.add_row("answered by process", ", ".join(map(str, summary.by_process)))
    table.add_row("longest call", duration(summary.longest))
    per_call = summary.messages / max(summary.answered, 1)
    table.add_row("messages to Redis", f"{summary.messages}, {per_call:.2f} a call")
    away = "not noticed by all" if summary.away_for is None else duration(summary.away_for)
    again = "never" if summary.shared_after is None else f"after {duration(summary.shared_after)}"
    table.add_row("Redis was away", away)
    table.add_row("all shared again", again)
    return table


def _good_if(words: str, *, good: bool) -> Text:
    return Text(words, style="bold green" if good else "bold red")


def verdict_on(summary: FleetSummary) -> Text:
    """Return in words whether the demo kept its promise."""
    return verdict(
        failed=summary.failed,
        kept="No call failed, and no second held more than the TPS.",
        broken=None if summary.kept_its_promise else _broken(summary),
        then="docs/how-to/fleets.md",
    )


def _broken(summary: FleetSummary) -> str:
    if summary.busiest_second > summary.tps or summary.throttled:
        words = f"A second held {summary.busiest_second} requests of {summary.tps:g}, and "
        return f"{words}{summary.throttled} were refused."
    return "Not every process noticed that Redis went and came."
