"""Files whose lines end in several ways, and compressed files that were cut off."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from irclient.cooking.data.problems import DataContractError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from irclient.cooking.data.partitions import Partition

__all__ = ["check_compressed", "with_even_line_ends"]

_CHUNK: Final = 1 << 20
_LINE_END, _RETURN = b"\n", b"\r"


def check_compressed(partition: Partition) -> None:
    """Read a compressed file to its end, where its checksum is.

    Raises:
        DataContractError: It is cut off or damaged; says after which line.
    """
    lines = 0
    try:
        if not partition.path.stat().st_size:
            raise EOFError("it is empty, which no gzip file is")
        for chunk in _chunks(partition):
            lines += chunk.count(_LINE_END)
    except (OSError, EOFError, zlib.error) as problem:
        after = f", line {lines + 1}" if lines else ""
        raise DataContractError(
            f"{partition.path}{after} cannot be read: {problem}; copy the file again"
        ) from problem


def with_even_line_ends(partition: Partition, into: Path) -> tuple[Partition, bool]:
    """A copy of a file, not compressed, each line of which ends with a line feed.

    A carriage return within a quoted cell becomes a line feed as well.

    Args:
        partition: The file.
        into: Where to write the copy.

    Returns:
        The copy, and whether the file had carriage returns.

    Raises:
        OSError: The copy cannot be written.
    """
    with into.open("wb") as copy:
        held, returns = b"", 0
        for chunk in _chunks(partition):
            text = held + chunk
            returns += chunk.count(_RETURN)
            # Whether a return stands alone is only known with what follows it.
            held = _RETURN if text.endswith(_RETURN) else b""
            text = text.removesuffix(_RETURN)
            copy.write(text.replace(b"\r\n", _LINE_END).replace(_RETURN, _LINE_END))
        copy.write(_LINE_END if held else b"")
    return replace(partition, path=into), returns > 0


def _chunks(partition: Partition) -> Iterator[bytes]:
    path = partition.path
    with gzip.open(path) if partition.is_compressed else path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk
