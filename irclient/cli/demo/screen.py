"""What the demo's audience sees: a live table on a terminal, plain lines elsewhere, or nothing."""

from collections.abc import Generator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Protocol

from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from irclient.cli.answers import served_line
from irclient.cli.demo.summary import Summary
from irclient.cli.demo.traffic import Count
from irclient.cli.output import duration, safe
from irclient.health import HealthSnapshot
from irclient.results import RecommendationList

__all__ = [
    "LiveScreen",
    "PlainScreen",
    "Scene",
    "Screen",
    "SilentScreen",
    "scene_table",
    "summary_table",
    "verdict_on",
]

_STATE_STYLE = {"working": "green", "recovering": "yellow", "failing": "bold red"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
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


class Screen(Protocol):
    """Where the story is told."""

    def heading(self, text: str) -> None:
        """Begin a chapter."""

    def busy(self, text: str) -> AbstractContextManager[object]:
        """Show that something takes its time, for as long as the block lasts."""
        ...

    def step(self, text: str) -> None:
        """Tell one thing that happened."""

    def recommendations(self, answer: RecommendationList, titles: Mapping[str, str]) -> None:
        """Show a list with the titles of its items."""

    def traffic(self) -> AbstractContextManager[None]:
        """Show scenes for as long as the block lasts."""
        ...

    def scene(self, scene: Scene) -> None:
        """Show how the traffic is doing."""

    def act(self, text: str) -> None:
        """Announce what is done to the accounts."""

    def summary(self, summary: Summary) -> None:
        """Show the figures."""


class SilentScreen:
    """Shows nothing; for ``--json``."""

    def heading(self, text: str) -> None:
        """Show nothing."""

    def busy(self, text: str) -> AbstractContextManager[object]:  # noqa: ARG002  (shows nothing)
        """Show nothing."""
        return nullcontext()

    def step(self, text: str) -> None:
        """Show nothing."""

    def recommendations(self, answer: RecommendationList, titles: Mapping[str, str]) -> None:
        """Show nothing."""

    def traffic(self) -> AbstractContextManager[None]:
        """Show nothing."""
        return nullcontext()

    def scene(self, scene: Scene) -> None:
        """Show nothing."""

    def act(self, text: str) -> None:
        """Show nothing."""

    def summary(self, summary: Summary) -> None:
        """Show nothing."""


class PlainScreen(SilentScreen):
    """Lines that never move; for pipes, logs and CI.

    Args:
        console: Where to print.
        every: Seconds between two lines about the traffic.
    """

    def __init__(self, console: Console, *, every: float = 0.5) -> None:
        self._console = console
        self._every = every
        self._next_at = 0.0

    def heading(self, text: str) -> None:
        """Begin a chapter."""
        self._console.print()
        self._console.print(Text(text, style="bold"))

    def step(self, text: str) -> None:
        """Tell one thing that happened."""
        self._console.print(Text.assemble(("✓ ", "green"), safe(text)), soft_wrap=True)

    def recommendations(self, answer: RecommendationList, titles: Mapping[str, str]) -> None:
        """Show a list with the titles of its items."""
        table = Table(box=box.SIMPLE_HEAD, title=Text(safe(answer.title or "List")))
        table.add_column("#", justify="right", style="dim")
        table.add_column("id", style="cyan")
        table.add_column("title")
        for rank, item in enumerate(answer, start=1):
            title = titles.get(item.id, "")
            table.add_row(str(rank), Text(safe(item.id)), Text(safe(title)))
        self._console.print(table)
        self._console.print(served_line(answer.served), soft_wrap=True)

    def act(self, text: str) -> None:
        """Announce what is done to the accounts."""
        self._console.print(Text.assemble(("▸ ", "magenta"), (text, "bold")), soft_wrap=True)

    def scene(self, scene: Scene) -> None:
        """Print a line now and then."""
        if scene.elapsed >= self._next_at:
            self._next_at = scene.elapsed + self._every
            self._console.print(Text(_line_of(scene)), soft_wrap=True)

    def summary(self, summary: Summary) -> None:
        """Show the figures."""
        self._console.print(summary_table(summary))
        for error in summary.errors:
            self._console.print(Text(safe(error), style="red"), soft_wrap=True)
        self._console.print(verdict_on(summary), soft_wrap=True)


class LiveScreen(PlainScreen):
    """A table that changes in place while the traffic lasts; for terminals."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._live: Live | None = None

    def busy(self, text: str) -> AbstractContextManager[object]:
        """Turn a spinner for as long as the block lasts."""
        return self._console.status(text)

    @contextmanager
    def traffic(self) -> Generator[None]:
        """Show scenes in place for as long as the block lasts."""
        with Live(console=self._console, refresh_per_second=10) as live:
            self._live = live
            try:
                yield
            finally:
                self._live = None

    def scene(self, scene: Scene) -> None:
        """Show how the traffic is doing, in place of the scene before."""
        if self._live is not None:
            self._live.update(scene_table(scene))


def _line_of(scene: Scene) -> str:
    count = scene.count
    parts = [f"{scene.elapsed:5.1f} s", f"answered {count.answered}, failed {count.failed}"]
    parts += [
        f"{each.account} {each.state} {each.share:.0%} ({count.recent.get(each.account, 0)}/s)"
        for each in scene.health
    ]
    return "  ".join(parts)


def scene_table(scene: Scene) -> RenderableType:
    """Return an instant of the traffic as a table."""
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
        words = f"p50 {duration(failover.p50)}, longest {duration(failover.longest)}"
        table.add_row(f"failure to pair's answer, {summary.failed_over} calls", words)
    for outage in summary.outages:
        table.add_row(
            f"outage: {outage.fault}",
            f"passed by after {_said(outage.noticed_after)}, "
            f"all traffic home {_said(outage.home_after)} after healing",
        )
    return table


def verdict_on(summary: Summary) -> Text:
    """Return in words whether the demo kept its promise."""
    if summary.kept_its_promise:
        return Text.assemble(
            ("No call failed, and all traffic went home. ", "bold green"),
            ("Next: irclient emulator, and irclient --help", "dim"),
        )
    if summary.failed:
        return Text(f"{summary.failed} calls failed: that must not happen.", style="bold red")
    return Text("Not every outage was noticed and left behind.", style="bold red")


def _said(seconds: float | None) -> str:
    return "never" if seconds is None else duration(seconds)
