"""`irclient cook`: computes every list of a data-contract folder, for `irclient serve`."""

import re
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeVar

import typer
from rich.table import Table

from irclient._values.without_login import without_login
from irclient.cli.cooking_effort import Engine, Memory, SparkFolder, SparkMaster, effort_of
from irclient.cli.cooking_progress import cooking_progress
from irclient.cli.options import AsJSON
from irclient.cli.output import data_console, duration, message_console, print_json, safe
from irclient.errors import ConfigurationError

if TYPE_CHECKING:
    from irclient.cooking.evaluation import ListQuality
    from irclient.cooking.output import Output
    from irclient.cooking.pipeline import Effort
    from irclient.cooking.report import CookingReport

__all__ = ["cook"]

_Given = TypeVar("_Given")

#: As a path reads it, with one slash; a drive of Windows has one letter.
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")
#: How many sentences about the data are shown; all are in the output.
_SHOWN: Final = 20


def cook(
    folder: Annotated[
        str | None,
        typer.Argument(
            metavar="FOLDER",
            help="A folder in the data contract, or a URL such as abfs://container/root.",
            show_default=False,
        ),
    ] = None,
    *,
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="OUT", help="The folder of outputs.", show_default=False),
    ] = None,
    keep: Annotated[
        int, typer.Option("--keep", min=1, help="How many outputs stay, the new one included.")
    ] = 3,
    memory: Memory = "2GB",
    engine: Engine = "duckdb",
    spark_master: SparkMaster = None,
    spark_folder: SparkFolder = None,
    accept_smaller: Annotated[
        bool,
        typer.Option("--accept-smaller", help="Replace a data set by one half its size or less."),
    ] = False,
    evaluate: Annotated[
        bool,
        typer.Option("--evaluate", help="Only say how well each list foretells what comes later."),
    ] = False,
    roll_back: Annotated[
        bool, typer.Option("--roll-back", help="Serve the output before the current one again.")
    ] = False,
    as_json: AsJSON = False,
) -> None:
    """Compute every list of a data-contract folder, for irclient serve.

    The previous output is served until the new one is whole, however the
    cooking ends. Rows that cannot be used are told with file, line and reason:
    here in short, in full in the output's dropped.csv.

    \b
    Examples:
    $ irclient cook ./my-shop --to ./out
    $ irclient cook ./my-shop --evaluate
    $ irclient cook --to ./out --roll-back
    """
    effort = effort_of(
        memory=memory, engine=engine, spark_master=spark_master, spark_folder=spark_folder
    )
    if to is not None and _URL.match(to.as_posix()):
        raise ConfigurationError(
            f"--to is {without_login(str(to))!r}; an output is written to a folder of this "
            "machine, so name one, and copy it from there"
        )
    if roll_back:
        _roll_back(_given(to, "--to OUT, the folder of outputs"), keep, as_json=as_json)
    elif evaluate:
        _evaluate(_given(folder, "FOLDER"), effort, as_json=as_json)
    else:
        source, out = _given(folder, "FOLDER"), _given(to, "--to OUT, where the lists go")
        smaller: Literal["accept", "refuse"] = "accept" if accept_smaller else "refuse"
        _cook(source, out, keep=keep, effort=effort, smaller=smaller, as_json=as_json)


def _cook(
    source: str,
    out: Path,
    *,
    keep: int,
    effort: "Effort",
    smaller: Literal["accept", "refuse"],
    as_json: bool,
) -> None:
    # Imported here: an extra, of which `effort_of` made sure.
    from irclient.cooking.data.fetching import local_folder  # noqa: PLC0415
    from irclient.cooking.pipeline import cook_to  # noqa: PLC0415

    with cooking_progress() as told, tempfile.TemporaryDirectory() as scratch:
        told("fetching" if "://" in source else "reading", 0.0)
        with local_folder(source, Path(scratch)) as folder:
            output, report = cook_to(
                out,
                folder,
                effort=effort,
                keep=keep,
                smaller=smaller,
                progress=told,
            )
    if as_json:
        print_json({"output": _about(output), **report.as_json()})
    else:
        _show(output, report)


def _evaluate(source: str, effort: "Effort", *, as_json: bool) -> None:
    from irclient.cooking.data.fetching import local_folder  # noqa: PLC0415  (an extra, as above)
    from irclient.cooking.evaluation import evaluate_folder  # noqa: PLC0415

    with cooking_progress() as told, tempfile.TemporaryDirectory() as scratch:
        told("reading", 0.0)
        with local_folder(source, Path(scratch)) as folder:
            found = evaluate_folder(folder, Path(scratch), effort=effort, progress=told)
    if as_json:
        print_json({"lists": [asdict(each) for each in found]})
    else:
        _show_qualities(found)


def _roll_back(out: Path, keep: int, *, as_json: bool) -> None:
    from irclient.cooking.output import open_output  # noqa: PLC0415  (an extra, as above)
    from irclient.cooking.publishing import Shelf  # noqa: PLC0415  (as above)

    # Looked at first: a lock would make the folder that is not there.
    open_output(out)
    shelf = Shelf(out)
    with shelf.locked():
        output = shelf.roll_back(None, keep=keep)
    if as_json:
        print_json({"output": _about(output)})
        return
    served = output.manifest["rolled_back_to"]
    data_console().print(f"Output {output.name} serves what {served} did.", markup=False)


def _given(value: _Given | None, what: str) -> _Given:
    if value is None or value == "":
        raise ConfigurationError(f"irclient cook needs {what}")
    return value


def _about(output: "Output") -> dict[str, Any]:
    return {
        "name": output.name,
        "folder": str(output.folder),
        "interactions_version": output.cooked.interactions_version,
    }


def _show(output: "Output", report: "CookingReport") -> None:
    for sentence in report.sentences[:_SHOWN]:
        message_console().print(safe(sentence), style="yellow", markup=False)
    more = len(report.sentences) - _SHOWN
    if more > 0:
        message_console().print(f"and {more} more; see report.json", style="yellow", markup=False)
    counts = ", ".join(f"{count:,} {name}" for name, count in report.counts.items())
    took = duration(sum(report.seconds.values()))
    console = data_console()
    console.print(f"Cooked {counts} in {took}.", markup=False)
    if report.dropped:
        console.print(
            f"{len(report.dropped):,} rows dropped: {output.folder / 'dropped.csv'}", markup=False
        )
    console.print(
        f"Output {output.name}, version {output.cooked.interactions_version}: {output.folder}",
        markup=False,
        soft_wrap=True,
    )


def _show_qualities(found: "tuple[ListQuality, ...]") -> None:
    table = Table("list", "asked", "hit rate @10", "NDCG @10", "coverage", title_justify="left")
    for each in found:
        table.add_row(
            each.name,
            f"{each.asked:,}",
            f"{each.hit_rate:.3f}",
            f"{each.ndcg:.3f}",
            f"{each.coverage:.1%}",
        )
    data_console().print(table)
