"""What an engine must do, so that cooking is written once and runs on each.

Statements are written in DuckDB's SQL; an engine of another dialect translates them. What no
translation does, which is to read files and instants, are methods here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from irclient.cooking.data.partitions import Partition

__all__ = ["Columns", "Engine", "Refused", "Unreadable"]

Columns = dict[str, "npt.NDArray[Any]"]


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that is no row of its file.

    Attributes:
        partition: The file's number among its entity's.
        starts_after: How many bytes stand before it.
        reason: What is wrong with it.
    """

    partition: int
    starts_after: int
    reason: str


class Unreadable(Exception):  # noqa: N818  (of files, for `tables.reading` to tell)
    """An engine cannot read a file at all; the message says why."""


class Engine(Protocol):
    """Runs statements and holds tables; used by one thread.

    Attributes:
        name: What people call it.
        scratch: A folder for files that are needed for a while.
    """

    name: str
    scratch: Path

    def read(self, table: str, partitions: Sequence[Partition], columns: Sequence[str]) -> None:
        """Let `table` stand for the rows of CSV files, as text.

        Its columns are `file` (a number from 0), and those asked for, in lower case after ``c_``;
        null where a cell is empty or the file lacks the column.
        """
        ...

    def checked(self, table: str, sql: str) -> tuple[Refused, ...]:
        """Keep a statement's rows as a table, and number them by an added column `row_`.

        Within a file the numbers grow, in the file's order. The statement reads one table that
        `read` made.

        Returns:
            Rows that were refused while reading, and have no number. An engine that numbers such a
            row keeps it instead, with the reason as its `problem`.

        Raises:
            Unreadable: A file is so broken that it has no rows. Nothing was kept.
        """
        ...

    def keep(self, table: str, sql: str) -> None:
        """Keep a statement's rows as a table."""
        ...

    def drop(self, table: str) -> None:
        """Forget a table."""
        ...

    def columns(self, sql: str) -> Columns:
        """A statement's rows, column by column; nulls are not allowed."""
        ...

    def instant(self, text: str) -> str:
        """An expression: milliseconds since 1970 UTC of a text, null if it is no instant."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...
