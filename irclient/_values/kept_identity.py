"""What is worked out of a value when it is first needed, and kept with it: it never changes."""

from __future__ import annotations

__all__ = ["KeepsIdentity", "keep_identity"]


class KeepsIdentity:
    """Has a place for its identity, in its own memory.

    In a slot, and no field: a copy, or a value in another process, works it out again.
    """

    __slots__ = ("_identity",)

    def __getstate__(self) -> dict[str, object]:
        return dict(self.__dict__)


#: Sets the identity of a value that is frozen, or None until it is known: to ask for one that was
#: never set costs an error in words. Bound to its slot, it needs no search by name.
keep_identity = KeepsIdentity.__dict__["_identity"].__set__
