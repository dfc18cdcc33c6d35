"""What the demo's audience sees: a live table on a terminal, plain lines elsewhere, or nothing."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol

from rich import box
from rich.console import Console, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from irclient.cli.answers import served_line
from irclient.cli.output import safe
from irclient.results import RecommendationList

__all__ = [
    "LiveScreen",
    "PlainScreen",
    "Scene",
    "Screen",
    "SilentScreen",
]


class Scene(Protocol):
    """One instant of the traffic."""

    @property
    def elapsed(self) -> float:
        """Seconds of traffic so far."""
        ...

    def line(self) -> str:
        """Return it as one line."""
        ...

    def table(self) -> RenderableType:
        """Return it as a table, with what happens above."""
        ...


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

    def summary(self, figures: Table, verdict: Text, errors: Sequence[str]) -> None:
        """Show the figures, what failed calls said, and what follows from it."""


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

    def summary(self, figures: Table, verdict: Text, errors: Sequence[str]) -> None:
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
            self._console.print(Text(scene.line()), soft_wrap=True)

    def summary(self, figures: Table, verdict: Text, errors: Sequence[str]) -> None:
        """Show the figures, what failed calls said, and what follows from it."""
        self._console.print(figures)
        for error in errors:
            self._console.print(Text(safe(error), style="red"), soft_wrap=True)
        self._console.print(verdict, soft_wrap=True)


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
            self._live.update(scene.table())
