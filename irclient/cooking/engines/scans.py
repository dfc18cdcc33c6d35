"""Which files one scan can read, and what their columns are called in statements."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from irclient.cooking.data.partitions import Partition

__all__ = ["alike", "cell", "cells", "selected"]


def alike(partitions: Sequence[Partition]) -> Iterator[tuple[int, list[Partition]]]:
    """Files in a row that can be read by one scan, with the number of the first."""
    first, found = 0, [partitions[0]]
    for at, partition in enumerate(partitions[1:], 1):
        if _form(partition) != _form(found[0]):
            yield first, found
            first, found = at, []
        found.append(partition)
    yield first, found


def cell(column: str) -> str:
    """What a column of the contract is called."""
    return f"c_{column.casefold()}"


def cells(partition: Partition) -> list[str]:
    """What a file's columns are called; those of the owner's own have a number."""
    return [
        f"own_{at}" if column is None else cell(column)
        for at, column in enumerate(partition.columns)
    ]


def selected(partition: Partition, columns: Sequence[str]) -> str:
    """A list of expressions: the columns asked for, null where the file lacks one."""
    there = set(cells(partition))
    return ", ".join(
        name if name in there else f"cast(null as string) as {name}" for name in map(cell, columns)
    )


def _form(partition: Partition) -> tuple[object, ...]:
    return partition.columns, partition.has_header, partition.is_compressed
