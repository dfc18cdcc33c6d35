"""The identity of a query: worked out when it is first needed, and kept with the query."""

from __future__ import annotations

__all__ = ["KeepsIdentity", "keep_identity"]


class KeepsIdentity:
    """A frozen value with a place for its identity.

    The place is a slot and no field, so a copy works it out again, also in another process.
    """

    __slots__ = ("_identity",)

    def __getstate__(self) -> dict[str, object]:
        return dict(self.__dict__)


#: Sets the identity of a frozen value; None until it is known, since reading a slot that was never
#: set makes Python put an error message together. Bound to its slot, it needs no search by name.
keep_identity = KeepsIdentity.__dict__["_identity"].__set__
