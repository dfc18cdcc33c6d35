"""Where an entity's rows come from: `model.json` and the CSV files that belong to it.

A folder in IR's data contract holds `model.json` and, for every entity, zero or more CSV files,
its partitions. `model.json` may list them; if it does not, they are found in the sub-folder that
bears the entity's name (contract section 11.3; D for the two ways, C for the sub-folder).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from enum import Enum
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from pydantic import AliasChoices, BaseModel, Field, ValidationError

from irclient.cooking.data.entities import ENTITIES
from irclient.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from irclient.cooking.data.entities import Entity

__all__ = ["DataContractError", "Model", "Partition", "Table", "read_model", "read_table"]

_MODEL_FILE: Final = "model.json"


class DataContractError(ConfigurationError):
    """The folder does not follow the data contract: says the file, the line and the fix."""


class _Header(Enum):
    PRESENT = "present"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Partition:
    """One CSV file of an entity."""

    path: Path
    header: _Header


@dataclass(frozen=True, slots=True)
class Model:
    """What `model.json` says: for every entity its columns in file order and its files."""

    folder: Path
    columns: dict[str, tuple[str, ...]]
    partitions: dict[str, tuple[Partition, ...]]

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file that the data set consists of, `model.json` first."""
        found = [p.path for name in sorted(self.partitions) for p in self.partitions[name]]
        return (self.folder / _MODEL_FILE, *found)


@dataclass(frozen=True, slots=True)
class Table:
    """An entity's rows, as text, column by column.

    Attributes:
        entity: Which entity.
        columns: Cells by the contract's column name; a column that the file lacks is absent.
        rows: How many rows there are.
        sources: The partitions with the number of rows of each, in order.
    """

    entity: Entity
    columns: dict[str, Sequence[str]]
    rows: int
    sources: tuple[tuple[Partition, int], ...]

    def place(self, row: int) -> str:
        """Where the row stands, for a message: the file and its line."""
        for partition, count in self.sources:
            if row < count:
                return f"{partition.path}, line {_line_of(partition, row)}"
            row -= count
        return self.entity.name


class _FileFormat(BaseModel):
    # The documentation (D) and the Common Data Model differ by one letter.
    columns_headers: bool = Field(
        default=False, validation_alias=AliasChoices("columnsHeaders", "columnHeaders")
    )


class _PartitionJson(BaseModel):
    location: str = Field(min_length=1)
    file_format: _FileFormat | None = Field(default=None, alias="fileFormatSettings")


class _AttributeJson(BaseModel):
    name: str


class _EntityJson(BaseModel):
    name: str
    attributes: list[_AttributeJson] | None = None
    partitions: list[_PartitionJson] | None = None


class _ModelJson(BaseModel):
    entities: list[_EntityJson]


def read_model(folder: Path) -> Model:
    """Read `model.json` and find every entity's files.

    Raises:
        DataContractError: There is no usable `model.json`, it names a file that is not there, or
            it leaves out a mandatory column.
    """
    path = folder / _MODEL_FILE
    columns: dict[str, tuple[str, ...]] = {}
    partitions: dict[str, tuple[Partition, ...]] = {}
    by_folded_name = {name.casefold(): entity for name, entity in ENTITIES.items()}
    for about in _model_json(path).entities:
        entity = by_folded_name.get(about.name.casefold())
        if entity is None:  # of a later contract, or the user's own: nothing here reads it
            continue
        columns[entity.name] = _columns(path, entity, about.attributes)
        partitions[entity.name] = _partitions(folder, entity, about.partitions)
    return Model(folder, columns, partitions)


def read_table(model: Model, entity: Entity) -> Table:
    """Read all rows of an entity; an entity without files has none.

    Raises:
        DataContractError: A row has another number of cells than the entity has columns, a header
            names an unknown column, or the file is not UTF-8 CSV.
    """
    pieces: dict[str, list[str]] = {}
    sources: list[tuple[Partition, int]] = []
    total = 0
    for partition in model.partitions.get(entity.name, ()):
        names, rows = _read(partition, entity, model.columns[entity.name])
        for name, cells in zip(names, zip(*rows, strict=True), strict=False):
            kept = pieces.setdefault(name, [""] * total)
            kept.extend(cells)
        total += len(rows)
        for kept in pieces.values():
            kept.extend([""] * (total - len(kept)))
        sources.append((partition, len(rows)))
    return Table(entity, dict(pieces), total, tuple(sources))


def _model_json(path: Path) -> _ModelJson:
    try:
        return _ModelJson.model_validate_json(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise DataContractError(
            f"{path} does not exist; a data-contract folder needs a model.json beside its "
            "entities' folders"
        ) from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the document"
        raise DataContractError(f"{path}: {where}: {first['msg']}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise DataContractError(f"{path} cannot be read: {error}") from error


def _columns(
    path: Path, entity: Entity, attributes: Sequence[_AttributeJson] | None
) -> tuple[str, ...]:
    if attributes is None:
        return tuple(column.name for column in entity.columns)
    listed = [attribute.name for attribute in attributes]
    return _known_columns(f"{path}: {entity.name}", entity, listed)


def _known_columns(place: str, entity: Entity, names: Sequence[str]) -> tuple[str, ...]:
    known = {column.name.casefold(): column.name for column in entity.columns}
    found: list[str] = []
    for name in names:
        folded = name.strip().casefold()
        if folded not in known:
            raise DataContractError(
                f"{place} has an unknown column {name!r}; {entity.name} has "
                f"{', '.join(known.values())}"
            )
        if known[folded] in found:
            raise DataContractError(f"{place} names the column {name!r} twice; keep one")
        found.append(known[folded])
    for column in entity.columns:
        if column.mandatory and column.name not in found:
            raise DataContractError(
                f"{place} lacks the mandatory column {column.name!r}; add it to the columns "
                f"({', '.join(found)})"
            )
    return tuple(found)


def _partitions(
    folder: Path, entity: Entity, listed: Sequence[_PartitionJson] | None
) -> tuple[Partition, ...]:
    if listed is None:
        own = folder / entity.name
        return tuple(Partition(path, _Header.ABSENT) for path in sorted(own.glob("*.csv")))
    return tuple(
        Partition(
            _locate(folder, entity, one.location),
            _Header.PRESENT
            if one.file_format and one.file_format.columns_headers
            else _Header.ABSENT,
        )
        for one in listed
    )


def _locate(folder: Path, entity: Entity, location: str) -> Path:
    """The local file that a partition's location means.

    A location is a full URI of the data lake (D); the file is looked for under the folder by the
    tail of the URI's path, so that a copied folder works as it is (our choice).
    """
    parts = PurePosixPath(unquote(urlsplit(location).path)).parts
    tails = [Path(*parts[start:]) for start in range(len(parts)) if parts[start] != "/"]
    root = folder.resolve()
    for tail in tails:
        path = (folder / tail).resolve()
        if path.is_relative_to(root) and path.is_file():
            return path
    raise DataContractError(
        f"{entity.name}: the partition {location!r} is not under {folder}; "
        f"copy it to {folder / entity.name / (parts[-1] if parts else 'part.csv')}"
    )


def _read(
    partition: Partition, entity: Entity, columns: tuple[str, ...]
) -> tuple[tuple[str, ...], list[list[str]]]:
    rows = [row for row, _ in _rows(partition)]
    if partition.header is _Header.PRESENT and rows:
        columns = _known_columns(f"{partition.path}, line 1:", entity, rows.pop(0))
    if any(len(row) != len(columns) for row in rows):
        wrong = next(at for at, row in enumerate(rows) if len(row) != len(columns))
        raise DataContractError(
            f"{partition.path}, line {_line_of(partition, wrong)}: {entity.name} has "
            f"{len(columns)} columns ({', '.join(columns)}), this row has {len(rows[wrong])}; "
            "leave a cell empty rather than out"
        )
    return columns, rows


def _rows(partition: Partition) -> Iterator[tuple[list[str], int]]:
    """The rows that are not blank, each with the number of its last line."""
    line = 0
    try:
        with partition.path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            for row in reader:
                line = reader.line_num
                if row:
                    yield row, line
    except UnicodeDecodeError as error:
        raise DataContractError(f"{partition.path} is not UTF-8: {error}; save it as UTF-8") from (
            error
        )
    except csv.Error as error:
        raise DataContractError(
            f"{partition.path}, after line {line}: {error}; double the quotes inside a quoted cell"
        ) from error


def _line_of(partition: Partition, row: int) -> int:
    skipped = 1 if partition.header is _Header.PRESENT else 0
    for at, (_, line) in enumerate(_rows(partition)):
        if at == row + skipped:
            return line
    return 0
