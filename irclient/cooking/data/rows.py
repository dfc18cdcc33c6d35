"""An entity's rows as text, for what needs them as they are; cooking reads them by an engine."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

from irclient.cooking.data.partitions import open_text
from irclient.cooking.data.problems import DataContractError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from irclient.cooking.data.entities import Entity
    from irclient.cooking.data.partitions import Model, Partition

__all__ = ["Table", "read_table"]


@dataclass(frozen=True, slots=True)
class Table:
    """An entity's rows, as text, column by column.

    Attributes:
        columns: Cells by the contract's column name; a column that the files lack is absent.
        rows: How many rows there are.
    """

    columns: dict[str, Sequence[str]]
    rows: int


def read_table(model: Model, entity: Entity) -> Table:
    """Read all rows of an entity; an entity without files has none.

    Raises:
        DataContractError: A row has another number of cells than the entity has columns, or the
            file is not UTF-8 CSV.
    """
    pieces: dict[str, list[str]] = {}
    total = 0
    for partition in model.partitions.get(entity.name, ()):
        rows = list(_rows(partition, entity))
        for name, cells in zip(partition.columns, zip(*rows, strict=True), strict=False):
            if name is not None:
                kept = pieces.setdefault(name, [""] * total)
                kept.extend(cells)
        total += len(rows)
        for kept in pieces.values():
            kept.extend([""] * (total - len(kept)))
    return Table(dict(pieces), total)


def _rows(partition: Partition, entity: Entity) -> Iterator[list[str]]:
    """The rows that are not blank, without the one that names the columns."""
    line, width = 0, len(partition.columns)
    try:
        with open_text(partition.path) as file:
            reader = csv.reader(file, strict=True)
            for row in reader:
                first, line = line == 0, reader.line_num
                if not row or (first and partition.has_header):
                    continue
                if len(row) != width:
                    columns = ", ".join(name or "…" for name in partition.columns)
                    raise DataContractError(
                        f"{partition.path}, line {line}: {entity.name} has {width} columns "
                        f"({columns}), this row has {len(row)}; leave a cell empty rather than out"
                    )
                yield row
    except UnicodeDecodeError as error:
        raise DataContractError(
            f"{partition.path} is not UTF-8: {error}; save it as UTF-8"
        ) from error
    except OSError as error:
        raise DataContractError(f"{partition.path} cannot be read: {error}") from error
    except csv.Error as error:
        raise DataContractError(
            f"{partition.path}, after line {line}: {error}; double the quotes inside a quoted cell"
        ) from error
