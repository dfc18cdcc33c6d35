"""Where an entity's rows come from: `model.json` and the CSV files that belong to it.

A folder in IR's data contract holds `model.json` and, for every entity, zero or more CSV files,
its partitions. `model.json` may list them; if it does not, they are found in the sub-folders that
bear the entity's name (contract section 11.3; D for the two ways, C for the sub-folder). Beyond
the documentation, case does not matter, files may be compressed and lie deeper, and owners may
have added entities and columns of their own: those are left alone, and said so.
"""

from __future__ import annotations

import csv
import gzip
import io
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final, TextIO
from urllib.parse import unquote, urlsplit

from pydantic import AliasChoices, BaseModel, Field, ValidationError

from irclient.cooking.data.entities import ENTITIES
from irclient.cooking.data.problems import DataContractError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from irclient.cooking.data.entities import Entity

__all__ = ["DataContractError", "Model", "Partition", "open_text", "read_model"]

MODEL_FILE: Final = "model.json"
_CSV: Final = ".csv"
_GZIP: Final = ".gz"
#: Characters of a first row that are looked at; a row of names is shorter.
_FIRST_ROW: Final = 65_536


@dataclass(frozen=True, slots=True)
class Partition:
    """One CSV file of an entity.

    Attributes:
        path: Where it is.
        columns: The contract's name of each column in the file's order; None for one of the
            owner's own.
        has_header: Whether its first row names the columns.
    """

    path: Path
    columns: tuple[str | None, ...]
    has_header: bool

    @property
    def is_compressed(self) -> bool:
        """Whether it is a gzip file."""
        return self.path.name.casefold().endswith(_GZIP)


@dataclass(frozen=True, slots=True)
class Model:
    """What `model.json` and the folder say: for every entity its files.

    Attributes:
        folder: The folder.
        partitions: The files of each entity, in order.
        notes: What is unusual, for people to read.
    """

    folder: Path
    partitions: dict[str, tuple[Partition, ...]]
    notes: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file that the data set consists of, `model.json` first."""
        found = [p.path for name in sorted(self.partitions) for p in self.partitions[name]]
        return (self.folder / MODEL_FILE, *found)


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
    return _Finding(folder).model()


@dataclass(slots=True)
class _Finding:
    """One folder being looked through."""

    folder: Path
    notes: list[str] = field(default_factory=list[str])

    def model(self) -> Model:
        path = self.folder / MODEL_FILE
        found: dict[str, tuple[Partition, ...]] = {}
        by_folded_name = {name.casefold(): entity for name, entity in ENTITIES.items()}
        entities = _model_json(path).entities
        known = {name.casefold() for name in (*ENTITIES, *(about.name for about in entities))}
        for about in entities:
            entity = by_folded_name.get(about.name.casefold())
            if entity is None:
                self.notes.append(f"{path}: {about.name} is no entity of the contract: not read")
                continue
            found[entity.name] = self._partitions(entity, about)
        for entity in ENTITIES.values():
            if entity.name not in found:
                own = self._unlisted(entity, tuple(column.name for column in entity.columns))
                if own:
                    self.notes.append(f"{path} leaves out {entity.name}: read all the same")
                    found[entity.name] = own
        self._tell_other_folders(known, [one.path for own in found.values() for one in own])
        return Model(self.folder, found, tuple(self.notes))

    def _tell_other_folders(self, known: set[str], files: list[Path]) -> None:
        """Note the folders that belong to no entity: one may be an entity's, misspelt."""
        # Files that the model names are found by their whole paths. Each takes a while to work out.
        whole = [file.resolve() for file in files]
        for own in sorted(self.folder.iterdir()) if self.folder.is_dir() else ():
            is_hidden = own.name.startswith((".", "_"))
            if is_hidden or own.name.casefold() in known or not own.is_dir():
                continue
            inside = own.resolve()
            if not any(file.is_relative_to(inside) for file in whole):
                self.notes.append(f"{_printable(own)} is the folder of no entity: not read")

    def _partitions(self, entity: Entity, about: _EntityJson) -> tuple[Partition, ...]:
        path = self.folder / MODEL_FILE
        columns: tuple[str | None, ...] = tuple(column.name for column in entity.columns)
        if about.attributes is not None:
            listed = [attribute.name for attribute in about.attributes]
            columns = self._known(f"{path}: {entity.name}", entity, listed)
        if about.partitions is None:
            return self._unlisted(entity, columns)
        return tuple(
            self._partition(
                _locate(self.folder, entity, one.location),
                entity,
                columns,
                has_header=bool(one.file_format and one.file_format.columns_headers),
            )
            for one in about.partitions
        )

    def _unlisted(self, entity: Entity, columns: tuple[str | None, ...]) -> tuple[Partition, ...]:
        root, found = self.folder.resolve(), list[Path]()
        for path in self._files_of(entity):
            name = path.name.casefold()
            if not name.endswith((_CSV, _CSV + _GZIP)):
                self.notes.append(f"{path} is neither .csv nor .csv.gz: not read")
            elif not path.resolve().is_relative_to(root):
                self.notes.append(f"{path} leads out of {self.folder}: not read")
            else:
                found.append(path)
        return tuple(self._partition(path, entity, columns, has_header=False) for path in found)

    def _files_of(self, entity: Entity) -> Iterator[Path]:
        if not self.folder.is_dir():
            return
        for own in sorted(self.folder.iterdir()):
            if own.name.casefold() != entity.name.casefold():
                continue
            if not own.is_dir():
                self.notes.append(f"{own} is no folder: not read; put its file into one")
            for path in sorted(own.rglob("*") if own.is_dir() else ()):
                problem = _unfit(path)
                if problem is not None:
                    self.notes.append(f"{_printable(path)} {problem}: not read")
                elif path.is_file() and not path.name.startswith((".", "_")):
                    yield path

    def _partition(
        self, path: Path, entity: Entity, columns: tuple[str | None, ...], *, has_header: bool
    ) -> Partition:
        first = _first_row(path)
        if has_header and first:
            columns = self._known(f"{path}, line 1:", entity, first)
        elif first and _names_columns(first, entity):
            self.notes.append(f"{path}: its first row names columns, though model.json does not "
                              "say so: taken as names")  # fmt: skip
            columns, has_header = self._known(f"{path}, line 1:", entity, first), True
        return Partition(path, columns, has_header)

    def _known(self, place: str, entity: Entity, names: Sequence[str]) -> tuple[str | None, ...]:
        known = {column.name.casefold(): column.name for column in entity.columns}
        found = [known.get(name.strip().casefold()) for name in names]
        own = [name for name, column in zip(names, found, strict=True) if column is None]
        missing = [c.name for c in entity.columns if c.mandatory and c.name not in found]
        for name in missing:
            others = f"; {', '.join(map(repr, own))} is no column of it" if own else ""
            raise DataContractError(
                f"{place} lacks the mandatory column {name!r}; {entity.name} has "
                f"{', '.join(known.values())}{others}"
            )
        for name in filter(None, found):
            if found.count(name) > 1:
                raise DataContractError(f"{place} names the column {name!r} twice; keep one")
        if own:
            self.notes.append(
                f"{place} {', '.join(map(repr, own))}: no column of the contract's {entity.name}: "
                "not read"
            )
        return tuple(found)


def open_text(path: Path) -> TextIO:
    """Open a CSV file for reading, compressed or not.

    Raises:
        OSError: It cannot be opened.
    """
    if path.name.casefold().endswith(_GZIP):
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


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
    except (OSError, ValueError) as error:
        raise DataContractError(f"{path} cannot be read: {error}") from error


def _locate(folder: Path, entity: Entity, location: str) -> Path:
    """The local file that a partition's location means.

    A location is a full URI of the data lake (D); the file is looked for under the folder by the
    tail of the URI's path, so that a copied folder works as it is (our choice).
    """
    try:
        parts = PurePosixPath(unquote(urlsplit(location).path)).parts
        tails = [Path(*parts[start:]) for start in range(len(parts)) if parts[start] != "/"]
        root = folder.resolve()
        for tail in tails:
            path = (folder / tail).resolve()
            if path.is_relative_to(root) and path.is_file():
                return path
    except (OSError, ValueError) as problem:
        raise DataContractError(
            f"{entity.name}: the partition {location[:200]!r} is no address: {problem}"
        ) from problem
    raise DataContractError(
        f"{entity.name}: the partition {location!r} is not under {folder}; "
        f"copy it to {folder / entity.name}"
    )


def _first_row(path: Path) -> list[str]:
    """The cells of the first row; none where there is no row that can be read."""
    try:
        with open_text(path) as file:
            first: list[str] = next(csv.reader(io.StringIO(file.read(_FIRST_ROW))), list[str]())
            return first
    except (OSError, ValueError, EOFError, csv.Error):  # reading the whole will tell
        return []


def _unfit(path: Path) -> str | None:
    """Why something in an entity's folder is neither a file to read nor a folder to look into."""
    if _printable(path) != str(path):
        return "has a name that is not UTF-8"
    if path.is_dir():
        named_like_a_file = path.name.casefold().endswith((_CSV, _CSV + _GZIP))
        return "is an empty folder" if named_like_a_file and not any(path.iterdir()) else None
    return None if path.is_file() else "is no file, or a link that leads nowhere"


def _printable(path: Path) -> str:
    return str(path).encode("utf-8", "replace").decode()


def _names_columns(first: Sequence[str], entity: Entity) -> bool:
    known = {column.name.casefold() for column in entity.columns}
    mandatory = {column.name.casefold() for column in entity.columns if column.mandatory}
    folded = {cell.strip().casefold() for cell in first}
    return bool(folded & known) and mandatory <= folded
