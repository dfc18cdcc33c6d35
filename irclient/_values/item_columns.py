"""The items of a list as the columns that they were read into, until somebody asks for them.

Making the items takes longer than reading the whole list, and they are most of what it weighs and
of what the garbage collector looks at; of many lists only the ids are used.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, Generic, Self, TypeVar

from irclient._values.pydantic_slots import set_extra, set_field_names, set_fields, set_private

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ItemColumns", "MadeWhenAsked"]

ItemT = TypeVar("ItemT")

_new = object.__new__
_id_of: Final = itemgetter("id")
_tracking_id_of: Final = itemgetter("trackingId")


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
    def of(cls, rows: Sequence[Any]) -> Self:
        """Take the columns of rows of JSON that have two fields each.

        Raises:
            ValueError: A row is not made of an id and a tracking id, a text or a whole number each.
        """
        try:
            ids, tracking_ids = tuple(map(_id_of, rows)), tuple(map(_tracking_id_of, rows))
        except (KeyError, TypeError) as problem:
            raise ValueError(f"an item without {problem}") from None
        try:
            # Nothing but texts can be joined: quicker than a look at each.
            _ = "".join(ids) + "".join(tracking_ids)
        except TypeError:
            ids = tuple([_text(each) for each in ids])
            tracking_ids = tuple([each if each is None else _text(each) for each in tracking_ids])
        if not all(ids) or sum(map(len, rows)) != 2 * len(ids):
            raise ValueError("an item without an id, or with more fields than two")
        columns = _new(cls)
        columns.ids, columns.tracking_ids = ids, tracking_ids
        return columns

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

    def __repr__(self) -> str:
        # A debugger shows it, and whoever looks at a list's `vars`.
        return f"<{len(self.ids)} items, made when `items` of the list is read>"

    def __reduce__(self) -> tuple[Any, ...]:
        return ItemColumns, (self.ids, self.tracking_ids)


def _text(given: object) -> str:
    if type(given) is int:
        return str(given)
    if not isinstance(given, str):
        raise ValueError("neither a text nor a whole number")  # noqa: TRY004  (pydantic's)
    return given


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
        """Refuse, as the frozen list does; without this, a list's fields would be read first."""
        raise AttributeError("items")
