"""The text cells of an entity's rows, read as instants, numbers and flags.

A cell that cannot be read drops its whole row, as the service is documented to do ("Drop entry";
D); unlike the service, this says which row and why.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from irclient.cooking.data.partitions import DataContractError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from irclient.cooking.data.partitions import Table

__all__ = ["Cells", "Flags", "Milliseconds", "Numbers", "milliseconds"]

#: Instants as whole milliseconds since 1970-01-01 UTC.
Milliseconds: TypeAlias = npt.NDArray[np.int64]
Numbers: TypeAlias = npt.NDArray[np.float64]
Flags: TypeAlias = npt.NDArray[np.bool_]
_T = TypeVar("_T")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_FLAG_WORDS: Final = {"true": True, "1": True, "false": False, "0": False}


def milliseconds(instant: datetime) -> int:
    """The instant in whole milliseconds since 1970-01-01 UTC; without a zone it is UTC."""
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    return (instant - _EPOCH) // _MILLISECOND


class Cells:
    """Reads a table's columns and remembers which rows turned out to be unusable.

    Read every column first, then pass each through `kept`.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        self._usable = np.ones(table.rows, dtype=np.bool_)
        self._first: tuple[int, str] | None = None

    @property
    def rows(self) -> int:
        """How many rows the table has, usable or not."""
        return self._table.rows

    def text(
        self, name: str, *, longest: int | None = None, too_long: Literal["drop", "trim"] = "drop"
    ) -> list[str]:
        """The column as text; `longest` in characters, what is longer drops the row or is cut."""
        column = self._table.entity.column(name)
        cells = self._table.columns.get(column.name) or [""] * self.rows
        if column.mandatory:
            self._drop((at for at, cell in enumerate(cells) if not cell), f"{name} is empty")
        default = column.default or ""
        found = [cell or default for cell in cells]
        if longest is None or max(map(len, found), default=0) <= longest:
            return found
        if too_long == "trim":
            return [cell[:longest] for cell in found]
        self._drop(
            (at for at, cell in enumerate(found) if len(cell) > longest),
            f"{name} is longer than {longest} characters",
        )
        return found

    def instants(self, name: str) -> Milliseconds:
        """The column as milliseconds since 1970-01-01 UTC."""
        read = self._parsed(name, _instant, "write it like 2024-05-31T12:00:00.000Z")
        return np.array(read, dtype=np.int64)

    def numbers(self, name: str) -> Numbers:
        """The column as numbers."""
        read = self._parsed(name, _number, "write a number with a decimal point")
        return np.array(read, dtype=np.float64)

    def flags(self, name: str) -> Flags:
        """The column as true or false."""
        read = self._parsed(name, _flag, "write True or False")
        return np.array(read, dtype=np.bool_)

    def words(self, name: str, *, known: Sequence[str]) -> list[str]:
        """The column as one of the known words, in their spelling; case does not matter."""
        spelling = {word.casefold(): word for word in known}
        cells = [cell.strip().casefold() for cell in self.text(name)]
        self._drop(
            (at for at, cell in enumerate(cells) if cell not in spelling),
            f"{name} is none of {', '.join(known)}",
        )
        return [spelling.get(cell, known[0]) for cell in cells]

    def kept(self, column: Sequence[str]) -> tuple[str, ...]:
        """The column's cells of the usable rows."""
        if self._usable.all():
            return tuple(column)
        return tuple(cell for cell, ok in zip(column, self._usable, strict=True) if ok)

    @property
    def usable(self) -> Flags:
        """Which rows are usable: an index for arrays that `instants` and its like returned."""
        return self._usable

    def notes(self) -> tuple[str, ...]:
        """What was dropped, for people to read.

        Raises:
            DataContractError: There are rows and none of them is usable.
        """
        if self._first is None:
            return ()
        at, why = self._first
        dropped = int(self.rows - self._usable.sum())
        name = self._table.entity.name
        note = f"{name}: {dropped} of {self.rows} rows dropped, such as {self._table.place(at)}"
        if dropped == self.rows:
            raise DataContractError(f"{note}: {why}")
        return (f"{note}: {why}",)

    def _drop(self, rows: Iterable[int], why: str) -> None:
        unusable = list(rows)
        if not unusable:
            return
        self._usable[unusable] = False
        if self._first is None or unusable[0] < self._first[0]:
            self._first = (unusable[0], why)

    def _parsed(self, name: str, parse: Callable[[str], _T], fix: str) -> list[_T]:
        """Parse each distinct cell once: columns of dates and flags repeat themselves."""
        cells = self.text(name)
        known: dict[str, _T] = {}
        wrong: dict[str, str] = {}
        placeholder = parse(self._table.entity.column(name).default or _PLACEHOLDERS[parse])
        for cell in set(cells):
            try:
                known[cell] = parse(cell) if cell else placeholder
            except (ValueError, OverflowError, KeyError):
                wrong[cell] = f"{name} is {cell!r}; {fix}"
                known[cell] = placeholder
        if wrong:
            at = next(at for at, cell in enumerate(cells) if cell in wrong)
            self._drop((at for at, cell in enumerate(cells) if cell in wrong), wrong[cells[at]])
        return [known[cell] for cell in cells]


def _instant(cell: str) -> int:
    return milliseconds(datetime.fromisoformat(cell.strip()))


def _number(cell: str) -> float:
    number = float(cell)
    if not math.isfinite(number):
        raise ValueError(cell)
    return number


def _flag(cell: str) -> bool:
    return _FLAG_WORDS[cell.strip().casefold()]


#: What stands in an unusable or empty cell whose column has no default.
_PLACEHOLDERS: Final[dict[Callable[[str], object], str]] = {
    _instant: "1970-01-01",
    _number: "0",
    _flag: "False",
}
