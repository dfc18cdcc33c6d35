"""What a fleet has forgotten, as a stream of marks: an entry must be younger than each of them."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from irclient._values.momentary import value

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Forgotten", "Mark"]

#: Items whose forgetting is known; the server tells that what is older counts no more.
_MOST: Final = 4096


@value
class Mark:
    """Something that was forgotten.

    Attributes:
        at: When, on the server's clock.
        kind: ``user``, ``item``, or ``all``.
        what: A digest of the id; empty where it is everything.
        who: The process that was told to.
    """

    at: float
    kind: str
    what: str
    who: str


class Forgotten:
    """Keeps until when each item, or everything, is forgotten. Users' entries are deleted."""

    def __init__(self) -> None:
        #: The last mark that was heard of, by its name on the server.
        self.last = "0-0"
        self._all_until = float("-inf")
        self._latest_item_until = float("-inf")
        self._items: OrderedDict[str, float] = OrderedDict()

    def hear(self, marks: Iterable[Mark]) -> None:
        """Learn what was forgotten."""
        for mark in marks:
            if mark.kind == "all":
                self._all_until = max(self._all_until, mark.at)
            elif mark.kind == "item":
                self._latest_item_until = max(self._latest_item_until, mark.at)
                self._items[mark.what] = max(mark.at, self._items.get(mark.what, mark.at))
                self._items.move_to_end(mark.what)
                if len(self._items) > _MOST:
                    self._items.popitem(last=False)

    def may_concern(self, stored_at: float) -> bool:
        """Whether any item at all was forgotten since an entry was stored."""
        return stored_at <= self._latest_item_until

    def covers(self, stored_at: float, items: Iterable[str] = ()) -> bool:
        """Whether an entry is forgotten.

        Args:
            stored_at: When it was stored, on the server's clock.
            items: The digests of the items that it was asked for or holds.
        """
        if stored_at <= self._all_until:
            return True
        never = float("-inf")
        return any(stored_at <= self._items.get(each, never) for each in items)
