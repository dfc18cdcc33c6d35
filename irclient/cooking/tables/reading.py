"""Every entity of a folder as a checked table, and what was dropped on the way.

What the reader needs of the 16 entities (contract section 11.3). Item variants count as their
item, since every list is a list of items. Documents and prices are accepted and not used: no
public operation of the service shows them.

Tables, each with `file`, `row_` and `problem` (null where a row is usable): `config`, `catalogue`,
`categories`, `tags`, `images`, `inventory`, `image_items`, `availabilities`, `interactions`,
`synthetic`, `opt_outs`, `seeded_changes`, `changes`, `external_lists`, `external_items`.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from irclient.cooking.data.entities import ENTITIES
from irclient.cooking.data.line_ends import check_compressed, with_even_line_ends
from irclient.cooking.data.lines import RowLines
from irclient.cooking.data.partitions import DataContractError, open_text
from irclient.cooking.engines.engine import Refused, Unreadable
from irclient.cooking.report import Dropped, EntityReport
from irclient.cooking.tables.checks import Checks
from irclient.cooking.tables.columns import COLUMNS, GUID_LENGTH, ID_LENGTH, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from irclient.cooking.data.partitions import Model, Partition
    from irclient.cooking.engines.engine import Engine
    from irclient.cooking.tables.columns import Step

__all__ = ["Config", "read_config", "read_entities"]

#: Bytes of a line that engines are sure to read.
_LONGEST_LINE: Final = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What `Reco_Config` sets; the defaults are the documented ones (contract section 11.2: D)."""

    trending_list_max_age_days: int = 18250
    trending_list_transactions_interval_days: int = 18250
    best_selling_list_transactions_interval_days: int = 36500
    personalization_enabled: bool = False
    item_id_as_guid: bool = False


def read_config(engine: Engine, model: Model) -> tuple[Config, EntityReport]:
    """Read `Reco_Config`.

    Keys are case-insensitive, unknown ones are ignored (contract section 11.2: D). Of several rows
    with one key one is used (D); the last one (our choice).

    Raises:
        DataContractError: A value is none that its key can have.
    """
    steps = (text("Key", "name"), text("Value", "setting"))
    report = _read(engine, model, "Reco_Config", "config", steps)
    rows = engine.columns(
        "select trim(name) as name, trim(setting) as setting from config where problem is null "
        "order by file, row_"
    )
    given = {
        str(name).casefold(): str(setting)
        for name, setting in zip(rows["name"], rows["setting"], strict=True)
    }
    where = model.partitions.get("Reco_Config", ())
    place = str(where[-1].path) if where else ""

    def days(key: str, default: int) -> int:
        value = given.get(key.casefold(), str(default))
        if not value.isdecimal():
            raise DataContractError(f"{place}: {key} is {value!r}; write a whole number of days")
        return int(value)

    def flag(key: str) -> bool:
        value = given.get(key.casefold(), "False")
        if value.casefold() not in {"true", "false"}:
            raise DataContractError(f"{place}: {key} is {value!r}; write True or False")
        return value.casefold() == "true"

    usual = Config()
    config = Config(
        trending_list_max_age_days=days("TrendingListMaxAgeDays", usual.trending_list_max_age_days),
        trending_list_transactions_interval_days=days(
            "TrendingListTransactionsIntervalDays", usual.trending_list_transactions_interval_days
        ),
        best_selling_list_transactions_interval_days=days(
            "BestSellingListTransactionsIntervalDays",
            usual.best_selling_list_transactions_interval_days,
        ),
        personalization_enabled=flag("PersonalizationEnabled"),
        item_id_as_guid=flag("ItemIdAsGuid"),
    )
    return config, report


def read_entities(engine: Engine, model: Model, config: Config) -> Iterator[EntityReport]:
    """Read every other entity that cooking needs, one after the other.

    Raises:
        DataContractError: An entity has rows, and none of them can be used.
    """
    longest = GUID_LENGTH if config.item_id_as_guid else ID_LENGTH
    for entity, table, steps in COLUMNS:
        yield _read(engine, model, entity, table, steps, longest=longest)


def _read(
    engine: Engine,
    model: Model,
    name: str,
    table: str,
    steps: Sequence[Step],
    *,
    longest: int = ID_LENGTH,
) -> EntityReport:
    partitions = model.partitions.get(name, ())
    for partition in partitions:
        _can_be_opened(partition)
    made = Checks(engine, ENTITIES[name])
    for step in steps:
        step(made, longest)
    with tempfile.TemporaryDirectory(dir=engine.scratch) as copies:
        mended: tuple[str, ...] = ()
        read = list(partitions)
        try:
            refused = _checked(engine, table, made, read)
        except Unreadable as problem:
            mended = tuple(_mended(read, Path(copies)))
            try:
                refused = _checked(engine, table, made, read)
            except Unreadable as again:
                raise _unreadable(partitions, problem) from again
        count = int(engine.columns(f"select count(*) as n from {table}")["n"][0])
        if not count and not refused:
            refused = tuple(_endless(read))
        dropped = tuple(
            _dropped(engine, table, name, [*zip(partitions, read, strict=True)], refused)
        )
    report = EntityReport(name, len(partitions), count + len(refused), dropped, mended)
    if dropped and len(dropped) == report.rows:
        first = dropped[0]
        raise DataContractError(
            f"{name}: {len(dropped)} of {report.rows} rows dropped, such as {first.file}, line "
            f"{first.line}: {first.reason}"
        )
    return report


def _mended(partitions: list[Partition], copies: Path) -> Iterator[str]:
    """Put copies with even line ends in the place of files; says which were uneven."""
    for at, partition in enumerate(partitions):
        partitions[at], returns = with_even_line_ends(partition, copies / f"{at}.csv")
        if returns:
            yield (
                f"{partition.path} has carriage returns, alone or before line feeds: each was "
                "taken for the end of a line"
            )


def _endless(partitions: Sequence[Partition]) -> Iterator[Refused]:
    """Files that are one line which is so long that engines pass it over in silence."""
    for at, partition in enumerate(partitions):
        if partition.path.stat().st_size > _LONGEST_LINE:
            yield Refused(at, 0, "it is longer than 2 MB")


def _checked(
    engine: Engine, table: str, made: Checks, partitions: Sequence[Partition]
) -> tuple[Refused, ...]:
    engine.read(f"{table}_cells", partitions, made.used)
    return engine.checked(table, made.statement(f"{table}_cells"))


def _unreadable(partitions: Sequence[Partition], problem: Unreadable) -> DataContractError:
    names = ", ".join(str(partition.path) for partition in partitions)
    return DataContractError(
        f"{names} cannot be read: {problem}; write CSV files as UTF-8, with one line for a row"
    )


def _can_be_opened(partition: Partition) -> None:
    if partition.is_compressed:
        check_compressed(partition)
        return
    try:
        with open_text(partition.path) as file:
            file.read(1)
    except (OSError, EOFError) as problem:
        raise DataContractError(f"{partition.path} cannot be read: {problem}") from problem
    except UnicodeDecodeError:  # told row by row
        return


def _dropped(
    engine: Engine,
    table: str,
    entity: str,
    files: Sequence[tuple[Partition, Partition]],
    refused: Sequence[Refused],
) -> Iterator[Dropped]:
    """Every row that cannot be used, file by file, line by line.

    Each file is given twice: the owner's, and what was read in its place.
    """
    rows = engine.columns(
        f"select file, row_, problem from {table} where problem is not null order by file, row_"
    )
    if not rows["file"].size and not refused:
        return
    firsts = engine.columns(f"select file, min(row_) as first_row from {table} group by file")
    first = dict(zip(firsts["file"].tolist(), firsts["first_row"].tolist(), strict=True))
    for at, (partition, read) in enumerate(files):
        own = rows["file"] == at
        broken = [each for each in refused if each.partition == at]
        if not own.any() and not broken:
            continue
        lines = _lines(read, rows["row_"][own] - first.get(at, 0), broken)
        reasons = [*(each.reason for each in broken), *rows["problem"][own].tolist()]
        for line, reason in sorted(zip(lines.tolist(), reasons, strict=True)):
            yield Dropped(entity, str(partition.path), line, reason)


def _lines(
    partition: Partition, rows: npt.NDArray[np.int64], broken: Sequence[Refused]
) -> npt.NDArray[np.int64]:
    """The lines of the refused rows, then of the others."""
    try:
        known = RowLines(partition)
    except (OSError, EOFError):
        return np.zeros(len(broken) + len(rows), dtype=np.int64)
    starts = np.array([each.starts_after for each in broken], dtype=np.int64)
    return np.concatenate([known.at(starts), known.of(rows.astype(np.int64), refused=starts)])
