"""How far a cooking is, on standard error: a bar on a terminal, a line for each step elsewhere."""

from collections.abc import Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from irclient.cli.output import message_console

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

__all__ = ["STEPS", "cooking_progress"]

#: What each step does, by the name that it has in the report.
STEPS: Final[Mapping[str, str]] = {
    "fetching": "Fetching the folder",
    "reading": "Reading the data",
    "catalogue": "Listing what is new, popular and trending",
    "histories": "Collecting what each user took",
    "gathering": "Counting which items were taken together",
    "factors": "Learning what users and items have in common",
    "people also": "Finding what people also like",
    "baskets": "Finding what is bought together",
    "texts": "Comparing titles and descriptions",
    "pictures": "Comparing the words that describe pictures",
    "writing": "Writing the lists",
    "asking": "Asking each list about the newest interactions",
}


@contextmanager
def cooking_progress() -> "Generator[Callable[[str, float], None]]":
    """Give what a cooking tells its steps to: a step's name, and how far it is from 0 to 1."""
    console = message_console()
    if not console.is_terminal:
        yield _a_line_for_each_step()
        return
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )
    with bar:
        task = bar.add_task("", total=1.0)
        yield lambda step, share: bar.update(
            task, description=STEPS.get(step, step), completed=share
        )


def _a_line_for_each_step() -> "Callable[[str, float], None]":
    told: set[str] = set()

    def tell(step: str, _: float) -> None:
        if step not in told:
            told.add(step)
            message_console().print(STEPS.get(step, step), style="dim", markup=False)

    return tell
