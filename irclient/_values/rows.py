"""What makes an answer a sequence of its rows."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Rows"]

RowT = TypeVar("RowT")


class Rows(Sequence[RowT]):
    """A sequence of rows; stands before a model among the bases, which iterates over its fields."""

    @property
    @abstractmethod
    def _rows(self) -> tuple[RowT, ...]:
        """The rows, in their order."""

    @overload
    def __getitem__(self, index: int) -> RowT: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[RowT, ...]: ...
    def __getitem__(self, index: int | slice) -> RowT | tuple[RowT, ...]:
        return self._rows[index]

    def __iter__(self) -> Iterator[RowT]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)
