"""Sequences of texts that are decoded, or put in order, when they are looked at."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import overload

__all__ = ["LazyTexts"]


class LazyTexts(Sequence[str]):
    """What makes a sequence of two ways to have its texts: one of them, or some of them."""

    __slots__ = ()

    @abstractmethod
    def _text(self, place: int) -> str:
        """One text; there is one at this place."""

    @abstractmethod
    def _texts(self, places: range) -> list[str]:
        """Some texts; there is one at each of these places."""

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        """One text, or a list of them."""
        if isinstance(at, slice):
            return self._texts(range(*at.indices(len(self))))
        place = at + len(self) if at < 0 else at
        if not 0 <= place < len(self):
            raise IndexError(at)
        return self._text(place)
