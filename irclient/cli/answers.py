"""How answers look on a terminal: a ranked table, and a line about how it was served."""

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from irclient.cli.output import duration, safe
from irclient.results import RecommendationList, Selectors, Served

__all__ = ["served_line", "show_list", "show_selectors"]


def show_list(answer: RecommendationList, console: Console) -> None:
    """Print a list: rank, id, tracking id."""
    table = Table(
        title=Text(safe(answer.title or "List")), box=box.SIMPLE_HEAD, title_justify="left"
    )
    table.add_column("#", justify="right", style="dim")
    table.add_column("id", style="cyan")
    table.add_column("tracking id", style="dim")
    for rank, item in enumerate(answer, start=1):
        table.add_row(str(rank), Text(safe(item.id)), Text(safe(item.tracking_id or "")))
    if answer.items:
        console.print(table)
    else:
        console.print(f"No items ({safe(answer.status or 'no status')}).", markup=False)
    console.print(Text(_list_line(answer), style="dim"), soft_wrap=True)
    console.print(served_line(answer.served), soft_wrap=True)


def show_selectors(answer: Selectors, console: Console) -> None:
    """Print the filters that apply to an item, and their values."""
    table = Table(title="Selectors", box=box.SIMPLE_HEAD, title_justify="left")
    table.add_column("filter", style="cyan")
    table.add_column("values")
    for selector in answer:
        table.add_row(Text(safe(selector.name)), Text(safe(", ".join(selector.values))))
    console.print(table if answer.selectors else "No selectors.")
    console.print(served_line(answer.served), soft_wrap=True)


def served_line(served: Served) -> Text:
    """Say in one line who answered, from where, after how many attempts and how long."""
    attempts = "1 attempt" if served.attempts == 1 else f"{served.attempts} attempts"
    line = Text.assemble(
        ("served by ", "dim"),
        (safe(served.endpoint or "nobody"), "green"),
        (f" from {served.source}, {attempts}, {duration(served.elapsed)}", "dim"),
    )
    if served.degraded:
        line.append(" (degraded)", style="yellow")
    return line


def _list_line(answer: RecommendationList) -> str:
    parts = [f"{len(answer)} items"]
    if answer.total_items is not None:
        parts[0] += f" of {answer.total_items}"
    if answer.interactions_version is not None:
        parts.append(f"cooked {answer.interactions_version}")
    return safe(", ".join(parts))
