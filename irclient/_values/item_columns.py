"""The items of a list as the columns that they were read into, until somebody asks for them.

Making the items takes longer than reading the whole list, and they are most of what it weighs and
of what the garbage collector looks at; of many lists only the ids are used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from irclient._values.pydantic_slots import set_extra, set_field_names, set_fields, set_private

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ItemColumns", "MadeWhenAsked"]

ItemT = TypeVar("ItemT")

_new = object.__new__


class ItemColumns:
    """Stands among a list's fields for items that nobody has asked for.

    Attributes:
        ids: Of each item, by rank.
        tracking_ids: The same.
    """

    __slots__ = ("ids", "tracking_ids")

    def __init__(self, ids: tuple[str, ...], tracking_ids: tuple[str | None, ...]) -> None:
        self.ids = ids
        self.tracking_ids = tracking_ids

    @classmethod
    def of(cls, rows: Sequence[dict[str, Any]]) -> Self:
        """Take columns from rows of two fields each.

        Raises:
            ValueError: A row is not made of an id and a tracking id.
        """
        try:
            ids = tuple([row["id"] for row in rows])
            tracking_ids = tuple([row["trackingId"] for row in rows])
        except KeyError as missing:
            raise ValueError(f"no {missing}") from None
        if not all(ids):
            raise ValueError("an item without an id")
        return cls(ids, tracking_ids)

    def made_as(self, kind: type[ItemT]) -> tuple[ItemT, ...]:
        """Make the items."""
        # One set of names serves all: pydantic's would be a quarter of what a list weighs.
        names, items = {"id", "tracking_id"}, list[ItemT]()
        for item_id, tracking_id in zip(self.ids, self.tracking_ids, strict=True):
            item = _new(kind)
            set_fields(item, {"id": item_id, "tracking_id": tracking_id})
            set_extra(item, {})
            set_field_names(item, names)
            set_private(item, None)
            items.append(item)
        return tuple(items)

    def __len__(self) -> int:
        return len(self.ids)

    def __reduce__(self) -> tuple[Any, ...]:
        return ItemColumns, (self.ids, self.tracking_ids)


class MadeWhenAsked(Generic[ItemT]):
    """The attribute of a list that makes its items when it is read first.

    Copies that share their fields share what was made. Two threads that ask at once may both make
    the items, which are equal.

    Args:
        kind: What an item is.
    """

    def __init__(self, kind: type[ItemT]) -> None:
        self._kind = kind

    def __get__(self, a_list: object | None, _: type) -> tuple[ItemT, ...]:
        fields = {} if a_list is None else a_list.__dict__
        try:
            items: tuple[ItemT, ...] | ItemColumns = fields["items"]
        except KeyError:
            # The class has none either: pydantic would take it for the field's default.
            raise AttributeError("items") from None
        if isinstance(items, ItemColumns):
            items = fields["items"] = items.made_as(self._kind)
        return items

    def __set__(self, a_list: object, items: object) -> None:
        """Say no, as the frozen list does: without this, what is in its fields would come first."""
        raise AttributeError("items")
