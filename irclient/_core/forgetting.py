"""What users may do to a client's memory: make it forget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from irclient._core.memory import items_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from irclient._core.entry import Entry
    from irclient._core.shared_memory import SharedMemory

__all__ = ["Cache"]


class Cache:
    """What a user may do to a client's memory: make it forget.

    An answer to a call that is under way is forgotten as well: its caller gets it, and it is not
    kept. Clients that share a store forget in it for all of them. What they are being asked, each
    knows for itself: tell each of them to forget a user. With a fleet, its other processes forget
    the same within a second; what is counted is what this client had.

    Args:
        forget: Forgets the entries for which a function says True, and returns how many.
        shared_memory: The fleet's, or None.
    """

    def __init__(
        self,
        forget: Callable[[Callable[[Entry], bool]], int],
        shared_memory: SharedMemory | None = None,
    ) -> None:
        self._forget = forget
        self._shared = shared_memory

    def clear(self) -> int:
        """Forget every answer, in a shared store also what others kept; returns how many."""
        if self._shared is not None:
            self._shared.clear()
        return self._forget(lambda _: True)

    def forget_user(self, user_id: str) -> int:
        """Forget every answer that was ranked for a user; returns how many.

        Including answers whose user was named by ``userId`` in raw `params`, in any case.
        """
        if self._shared is not None:
            self._shared.forget_user(user_id)
        return self._forget(lambda entry: user_id in entry.user_ids)

    def forget_item(self, item_id: str) -> int:
        """Forget every answer that was asked for an item or holds it; returns how many."""
        if self._shared is not None:
            self._shared.forget_item(item_id)
        return self._forget(lambda entry: any(item_id == each for each in items_of(entry)))
