"""A column of texts as two arrays, so that many processes can share it through one mapped file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from irclient.cooking.lazy_texts import LazyTexts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

__all__ = ["Strings"]

_REMEMBERED: Final = 4_096


class Strings(LazyTexts):
    """Texts that are decoded one at a time, when they are looked at.

    Args:
        data: All texts as UTF-8, one after the other, uint8.
        offsets: Where each text starts, and where the last one ends: one more than texts, int64.
        order: The places of the texts in the order of their bytes, int32; needed by `find`.
    """

    __slots__ = ("_bytes", "_data", "_ends", "_found", "_offsets", "_order")

    def __init__(
        self,
        data: npt.NDArray[np.uint8],
        offsets: npt.NDArray[np.int64],
        order: npt.NDArray[np.int32] | None = None,
    ) -> None:
        self._data = data
        self._bytes = data.data if data.size else memoryview(b"")
        self._offsets = offsets
        self._ends = offsets[1:]
        self._order = order
        #: Texts that were looked for lately: one request asks for the same text several times.
        self._found: dict[str, int | None] = {}

    @classmethod
    def of(cls, texts: Iterable[str]) -> Strings:
        """The column that holds these texts and can find them."""
        encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
        lengths = np.fromiter(map(len, encoded), dtype=np.int64, count=len(encoded))
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        data = np.frombuffer(b"".join(encoded), dtype=np.uint8)
        order = sorted(range(len(encoded)), key=encoded.__getitem__)
        return cls(data, offsets, np.array(order, dtype=np.int32))

    @property
    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """The arrays that make the column, by the name of the argument that takes each."""
        found: dict[str, npt.NDArray[np.generic]] = {"data": self._data, "offsets": self._offsets}
        if self._order is not None:
            found["order"] = self._order
        return found

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def _text(self, place: int) -> str:
        return str(self._raw(place), "utf-8", "surrogatepass")

    def _texts(self, places: range) -> list[str]:
        return self.at(places)

    def at(self, places: Sequence[int]) -> list[str]:
        """The texts of some places, each of which the column must have."""
        starts: list[int] = self._offsets[places].tolist()
        ends: list[int] = self._ends[places].tolist()
        data = self._bytes
        return [
            str(data[start:end], "utf-8", "surrogatepass")
            for start, end in zip(starts, ends, strict=True)
        ]

    def find(self, text: str) -> int | None:
        """The place of a text; None where the column does not hold it.

        Raises:
            TypeError: The column has no order to search by.
        """
        try:
            return self._found[text]
        except KeyError:
            pass
        if len(self._found) >= _REMEMBERED:
            self._found.clear()
        found = self._found[text] = self._search(text)
        return found

    def _search(self, text: str) -> int | None:
        if self._order is None:
            raise TypeError("this column cannot be searched")
        wanted = text.encode("utf-8", "surrogatepass")
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if bytes(self._raw(int(self._order[middle]))) < wanted:
                low = middle + 1
            else:
                high = middle
        if low == len(self):
            return None
        place = int(self._order[low])
        return place if self._raw(place) == wanted else None

    def __contains__(self, text: object) -> bool:
        return isinstance(text, str) and self.find(text) is not None

    def _raw(self, place: int) -> memoryview:
        return self._bytes[int(self._offsets[place]) : int(self._offsets[place + 1])]
