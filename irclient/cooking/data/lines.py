"""On which line of a CSV file each of its rows stands, quoted line ends and blank lines included.

Engines number rows as they read them; people look for lines.
"""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from irclient.cooking.data.partitions import Partition

__all__ = ["RowLines"]

_CHUNK: Final = 1 << 24
_LINE_END, _QUOTE = 10, 34


class RowLines:
    """The lines of a file's rows.

    Args:
        partition: The file.

    Raises:
        OSError: It cannot be read.
    """

    def __init__(self, partition: Partition) -> None:
        starts: list[npt.NDArray[np.int64]] = [np.zeros(1, np.int64)]
        lines: list[npt.NDArray[np.int64]] = [np.ones(1, np.int64)]
        blank: list[npt.NDArray[np.bool_]] = []
        done = quotes = ends = 0
        for chunk in _chunks(partition):
            at_end = np.flatnonzero(chunk == _LINE_END)
            # A line end after an odd number of quotes is within a cell.
            before = np.searchsorted(np.flatnonzero(chunk == _QUOTE), at_end) + quotes
            closing = before % 2 == 0
            starts.append(at_end[closing] + done + 1)
            lines.append(np.flatnonzero(closing) + ends + 2)
            done += chunk.size
            quotes += int((chunk == _QUOTE).sum())
            ends += at_end.size
        self._starts = np.concatenate(starts)
        widths = np.diff(np.append(self._starts, done + 1))
        blank.append(widths <= 1)
        carriage = self._carriage_returns(partition, widths)
        self._blank = blank[0] | carriage
        self._lines = np.concatenate(lines)
        self._first = 1 if partition.has_header else 0

    def of(
        self, rows: npt.NDArray[np.int64], *, refused: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.int64]:
        """The lines of rows, counted from 0 without blank, header and refused ones; 0 if unknown.

        Args:
            rows: The rows' numbers.
            refused: Where in the file the refused rows start, in bytes.
        """
        usable = ~self._blank
        usable[: self._first] = False
        usable[self._record(refused)] = False
        lines = self._lines[usable]
        known = rows < lines.size
        return np.where(known, lines[np.minimum(rows, max(lines.size - 1, 0))], 0) if (
            lines.size
        ) else np.zeros_like(rows)  # fmt: skip

    def at(self, bytes_before: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The lines of rows that start after these numbers of bytes."""
        return self._lines[self._record(bytes_before)]

    def _record(self, bytes_before: npt.NDArray[np.int64]) -> npt.NDArray[np.intp]:
        # An engine may point at the line end before a row, and at blank lines before that.
        found = np.searchsorted(self._starts, bytes_before + 1, side="right") - 1
        filled = np.flatnonzero(~self._blank)
        if not filled.size:
            return found
        return filled[np.minimum(np.searchsorted(filled, found), filled.size - 1)]

    def _carriage_returns(
        self, partition: Partition, widths: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.bool_]:
        """Which records of two bytes are a carriage return and a line end."""
        short = np.flatnonzero(widths == 2)
        found = np.zeros(widths.size, dtype=np.bool_)
        if short.size:
            done = 0
            for chunk in _chunks(partition):
                own = self._starts[short] - done
                inside = (own >= 0) & (own < chunk.size)
                found[short[inside]] = chunk[own[inside]] == 13
                done += chunk.size
        return found


def _chunks(partition: Partition) -> Iterator[npt.NDArray[np.uint8]]:
    with (
        gzip.open(partition.path) if partition.is_compressed else partition.path.open("rb") as file
    ):
        while chunk := file.read(_CHUNK):
            yield np.frombuffer(chunk, dtype=np.uint8)
