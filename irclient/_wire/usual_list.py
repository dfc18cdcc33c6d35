"""Reading without pydantic what nearly every answer is: a list with nothing unusual in it.

pydantic checks one value after another; of a usual list whole columns can be checked at once. What
is unusual in any way is left to pydantic. A list that is made here equals what pydantic would make.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from pydantic_core import from_json

from irclient._values.item_columns import ItemColumns
from irclient._values.momentary import value
from irclient._values.pydantic_slots import set_extra, set_field_names, set_fields
from irclient.results import RecommendationList

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["usual_list"]

_new = object.__new__


def usual_list(body: bytes) -> RecommendationList | None:
    """Read a list whose fields and items are of the contract's kinds; None where one is not."""
    try:
        given: dict[str, Any] = from_json(body)
        keys = tuple(given)
        shape = _known_shapes.get(keys) or _shape_of(keys)
        fields, extra = _UNSAID.copy(), _NO_EXTRA.copy()
        for key, name in shape.texts:
            text = fields[name] = given[key]
            if type(text) is not str and text is not None:
                return None
        for key, name, read in shape.others:
            fields[name] = read(given[key])
        for key in shape.extras:
            extra[key] = given[key]
    except (ValueError, KeyError, TypeError):
        return None
    a_list = _new(RecommendationList)
    set_fields(a_list, fields)
    set_extra(a_list, extra)
    set_field_names(a_list, shape.names)
    return a_list


def _columns(given: object) -> ItemColumns:
    if type(given) is not list:
        raise TypeError("not a list")
    # Needed by one type checker, and redundant to the other.
    return ItemColumns.of(cast("list[Any]", given))  # type: ignore[redundant-cast]


def _whole(given: object) -> object:
    if given is not None and type(given) is not int:
        raise TypeError("not a whole number")
    return given


def _total(given: Any) -> object:  # noqa: ANN401  (what is no mapping has no such key)
    return _whole(given["totalItems"])


_TEXTS: Final = {
    "title": "title",
    "longTitle": "long_title",
    "interactionsVersion": "interactions_version",
    "status": "status",
    "details": "details",
}
_OTHERS: Final[dict[str, tuple[str, Callable[[Any], object]]]] = {
    "items": ("items", _columns),
    "titleId": ("title_id", _whole),
    "pagingInfo": ("total_items", _total),
}
_UNSAID: Final[dict[str, Any]] = dict.fromkeys(RecommendationList.model_fields)
_NO_EXTRA: Final[dict[str, Any]] = {}
#: Names that pydantic would take for the same as the service's.
_OTHER_NAMES: Final = _UNSAID.keys() - _TEXTS.keys() - _OTHERS.keys()


@value
class _Shape:
    """What the names in a list's JSON mean.

    Attributes:
        texts: The fields that hold text: their names in the JSON and in the model.
        others: The other fields: the same, and what reads their values.
        extras: The names that are no field's.
        names: All names as the model knows them. Lists share this set: pydantic's, one for each,
            is a quarter of what a list weighs.
    """

    texts: tuple[tuple[str, str], ...]
    others: tuple[tuple[str, str, Callable[[Any], object]], ...]
    extras: tuple[str, ...]
    names: set[str]


_known_shapes: Final[dict[tuple[str, ...], _Shape]] = {}
#: How many shapes are kept, and of those how many names, and how long: a server chooses them.
_MOST_KNOWN: Final = 64
_MOST_NAMES: Final = 32
_LONGEST_NAME: Final = 64


def _shape_of(keys: tuple[str, ...]) -> _Shape:
    if "items" not in keys or not _OTHER_NAMES.isdisjoint(keys):
        raise KeyError("items")
    texts = tuple([(key, _TEXTS[key]) for key in keys if key in _TEXTS])
    others = tuple([(key, *_OTHERS[key]) for key in keys if key in _OTHERS])
    extras = tuple([key for key in keys if key not in _TEXTS and key not in _OTHERS])
    names = {*extras, *(name for _, name in texts), *(name for _, name, _ in others)}
    shape = _Shape(texts, others, extras, names)
    if len(keys) <= _MOST_NAMES and max(map(len, keys)) <= _LONGEST_NAME:
        if len(_known_shapes) >= _MOST_KNOWN:
            _known_shapes.clear()
        _known_shapes[keys] = shape
    return shape
