"""Cooking: computing every list of a data set once, so that requests only look things up.

The service cooks on a cycle and answers from the result (contract section 13); so does this.
"""

from __future__ import annotations

import csv
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from irclient.cooking import cooked_cache
from irclient.cooking.cooked_cache import cache_key
from irclient.cooking.cooked_data import CookedData
from irclient.cooking.data.partitions import DataContractError, read_model
from irclient.cooking.engines.cluster import Cluster
from irclient.cooking.output import Cooked, OutputError, open_folder, open_output
from irclient.cooking.publishing import Shelf, next_version, write_folder
from irclient.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from irclient.cooking.cooked_data import UnknownUser
    from irclient.cooking.data.partitions import Model
    from irclient.cooking.engines.engine import Engine
    from irclient.cooking.output import Output
    from irclient.cooking.report import CookingReport, Dropped

__all__ = [
    "DROPPED",
    "Effort",
    "EngineName",
    "SmallerData",
    "compute_here",
    "cook_folder",
    "cook_to",
    "open_engine",
]  # fmt: skip

EngineName: TypeAlias = Literal["duckdb", "spark"]
Progress: TypeAlias = "Callable[[str, float], None]"

#: The file of an output that lists every row that was not used.
DROPPED: Final = "dropped.csv"
#: The share of the memory that the engine may use; arrays take the rest.
_ENGINE_SHARE: Final = 0.5
#: Data that shrank to less than this share are refused.
_LEAST_SHARE: Final = 0.5
GIGABYTE: Final = 2**30
_EXTRAS: Final[dict[EngineName, str]] = {"duckdb": "cook", "spark": "spark"}


class SmallerData(ConfigurationError):  # noqa: N818  (a finding about data)
    """The new data set is suspiciously smaller than the one that is served."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """What a cooking may use.

    Attributes:
        engine: What the relational part runs on.
        memory: Bytes.
        spark_master: Spark's master, or the ``sc://`` URL of Spark Connect; None is the session
            of this process, or else what Spark is configured to use.
        spark_folder: The URL under which Spark's machines find the data-contract folder; None
            where they find it under the same path.
    """

    engine: EngineName = "duckdb"
    memory: int = 2 * GIGABYTE
    spark_master: str | None = None
    spark_folder: str | None = None


def cook_to(
    out: Path,
    folder: Path,
    *,
    effort: Effort,
    keep: int,
    smaller: Literal["refuse", "accept"],
    progress: Progress,
) -> tuple[Output, CookingReport]:
    """Cook a data-contract folder into a new output, and make it the current one.

    Args:
        out: The folder of outputs.
        folder: Holds `model.json` and the CSV files.
        effort: What the cooking may use.
        keep: How many outputs stay.
        smaller: What to do with data that are suspiciously smaller than those served.
        progress: Called with a step's name and how far it is, from 0 to 1.

    Raises:
        DataContractError: The folder does not follow the data contract.
        SmallerData: The data are suspiciously smaller, and that was not accepted.
        OutputError: The output cannot be written, or another cooking writes to it.
    """
    shelf, cooked_at = Shelf(out), datetime.now(UTC)
    model = read_model(folder)
    with shelf.locked():
        previous = _previous(out)
        with shelf.unfinished() as unfinished:

            def check(counts: Mapping[str, int]) -> None:
                if smaller == "refuse" and previous is not None:
                    _refuse_smaller(previous.manifest.get("counts", {}), counts)

            data = _fingerprint(model)
            version = next_version(previous, data=data, cooked_at=cooked_at)
            report = _cook(
                model,
                unfinished,
                effort=effort,
                about={"interactions_version": version, "cooked_at": cooked_at, "data": data},
                check=check,
                progress=progress,
            )
            return shelf.publish(unfinished, keep=keep), report


def compute_here(folder: Path, into: Path) -> None:
    """Compute every list of a data-contract folder, in this process and on this thread.

    Args:
        folder: Holds `model.json` and the CSV files.
        into: An empty folder that becomes an output.

    Raises:
        DataContractError: The folder does not follow the data contract.
    """
    about = {"interactions_version": "", "cooked_at": datetime.now(UTC), "data": ""}
    _cook(read_model(folder), into, effort=Effort(), about=about)


def cook_folder(
    folder: Path,
    *,
    cooked_at: datetime,
    cache_folder: Path | None,
    unknown_user: UnknownUser = "popular",
    compute: Callable[[Path, Path], None] = compute_here,
) -> CookedData:
    """Cook a data-contract folder, or take what was cooked of the same files before.

    Args:
        folder: Holds `model.json` and the CSV files.
        cooked_at: Names the result.
        cache_folder: Where cooked data is kept between runs; None keeps none. If it cannot be
            written, the data is cooked each time.
        unknown_user: As for `CookedData`.
        compute: Computes the lists of a folder into another when they were not kept.

    Raises:
        DataContractError: The folder does not follow the data contract.
    """
    cooked = _kept_or_cooked(folder, cache_folder, compute)
    return CookedData(cooked, cooked_at=cooked_at, unknown_user=unknown_user)


def open_engine(effort: Effort, scratch: Path, *, folder: Path) -> Engine:
    """Start an engine.

    Args:
        effort: Which, and what it may use.
        scratch: An existing folder for what does not fit into memory.
        folder: The data-contract folder that it will read.

    Raises:
        ConfigurationError: There is no such engine, or what it needs is not installed.
    """
    memory = int(effort.memory * _ENGINE_SHARE)
    # Here, because only a cooking needs an engine, and a start that finds its data cooked none.
    try:
        if effort.engine == "duckdb":
            from irclient.cooking.engines.duckdb_engine import DuckDBEngine  # noqa: PLC0415

            return DuckDBEngine(scratch, memory=memory)
        if effort.engine == "spark":
            from irclient.cooking.engines.spark_engine import SparkEngine  # noqa: PLC0415

            cluster = Cluster(folder, effort.spark_master, effort.spark_folder)
            return SparkEngine(scratch, memory=memory, cluster=cluster)
    except ModuleNotFoundError as missing:
        if (missing.name or "irclient").partition(".")[0] == "irclient":
            raise
        raise ConfigurationError(
            f"cooking needs {missing.name}; install it with: pip install "
            f"'irclient[{_EXTRAS[effort.engine]}]'"
        ) from None
    raise ConfigurationError(f"there is no engine {effort.engine!r}; there are duckdb and spark")


def _kept_or_cooked(
    folder: Path, cache_folder: Path | None, compute: Callable[[Path, Path], None]
) -> Cooked:
    if cache_folder is not None:
        key = _fingerprint(read_model(folder))
        found = cooked_cache.kept(cache_folder, key)
        if found is not None:
            return found
        try:
            return cooked_cache.keep(cache_folder, key, lambda into: compute(folder, into))
        except OSError:  # it cannot be written: cook without it
            pass
    into = Path(tempfile.mkdtemp(prefix="irclient-cooked-"))
    try:
        compute(folder, into)
        return open_folder(into).cooked
    finally:
        # What is mapped stays readable; Windows keeps the files until the process ends.
        shutil.rmtree(into, ignore_errors=True)


def _cook(
    model: Model,
    into: Path,
    *,
    effort: Effort,
    about: Mapping[str, Any],
    check: Callable[[Mapping[str, int]], None] = lambda _: None,
    progress: Progress = lambda _step, _share: None,
) -> CookingReport:
    # Here, because scipy takes most of the time of a start that finds its data cooked.
    from irclient.cooking.recipes import Kitchen  # noqa: PLC0415

    with tempfile.TemporaryDirectory(dir=into.parent, prefix=".unfinished-spill-") as scratch:
        engine = open_engine(effort, Path(scratch), folder=model.folder)
        try:
            kitchen = Kitchen(engine, model, progress=progress, check=check)
            config, lists = kitchen.read(), kitchen.cook()
        finally:
            engine.close()
    report = kitchen.report
    cooked = Cooked(
        arrays=lists.arrays,
        texts=lists.texts,
        interactions_version=about["interactions_version"],
        cooked_at=about["cooked_at"],
        personalization_enabled=config.personalization_enabled,
        notes=report.sentences,
        about={
            "data": about["data"],
            "engine": effort.engine,
            "source": str(model.folder),
            "counts": report.counts,
        },
    )
    progress("writing", 0.0)
    _write_dropped(into / DROPPED, report.dropped)
    write_folder(into, cooked, report=report.as_json())
    return report


def _write_dropped(path: Path, dropped: Iterable[Dropped]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("entity", "file", "line", "reason"))
        rows.writerows((each.entity, each.file, each.line or "", each.reason) for each in dropped)


def _fingerprint(model: Model) -> str:
    try:
        return cache_key(model.files)
    except OSError as problem:
        raise DataContractError(f"{problem.filename} cannot be read: {problem}") from problem


def _previous(out: Path) -> Output | None:
    try:
        return open_output(out)
    except OutputError:  # none yet, or none that can be read: anything is better
        return None


def _refuse_smaller(before: Mapping[str, int], now: Mapping[str, int]) -> None:
    for name, count in before.items():
        if now.get(name, 0) < count * _LEAST_SHARE:
            raise SmallerData(
                f"{name} fell from {count:,} to {now.get(name, 0):,}; the previous output stays. "
                "Look whether the data are whole; if they are, cook with --accept-smaller"
            )
