"""Frozen dataclasses that are made as quickly as plain ones.

The ``__init__`` of a frozen dataclass sets each field through `object.__setattr__`, by name. Of a
query with a dozen fields that costs as much as all the checks of what is in them. Here it writes
into the instance's own dict, which nothing guards while the instance is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast, dataclass_transform

if TYPE_CHECKING:
    from types import FunctionType

__all__ = ["frozen"]

T = TypeVar("T")

#: What stands for each default in the text of a function; the true ones are given to it after.
_SOME_DEFAULT: Final = "= None"


@dataclass_transform(frozen_default=True)
def frozen(kind: type[T]) -> type[T]:
    """Make a frozen dataclass of a class without slots, which has a ``__post_init__``."""
    made = dataclass(frozen=True)(kind)
    made.__init__ = _quick(cast("FunctionType", made.__init__))  # type: ignore[method-assign]
    return made


def _quick(slow: FunctionType) -> FunctionType:
    """The same as an ``__init__`` that dataclasses wrote, with the same signature."""
    _, *fields = signature(slow).parameters.values()
    written, is_by_keyword = ["self"], False
    for each in fields:
        if each.kind is Parameter.KEYWORD_ONLY and not is_by_keyword:
            written.append("*")
            is_by_keyword = True
        written.append(each.name if each.default is Parameter.empty else each.name + _SOME_DEFAULT)
    lines = [
        f"def __init__({', '.join(written)}):",
        " fields = self.__dict__",
        *(f" fields[{each.name!r}] = {each.name}" for each in fields),
        " self.__post_init__()",
    ]
    made: dict[str, Any] = {}
    exec("\n".join(lines), slow.__globals__, made)  # noqa: S102  (the names of fields, as dataclasses does)
    quick: FunctionType = made["__init__"]
    quick.__defaults__, quick.__kwdefaults__ = slow.__defaults__, slow.__kwdefaults__
    quick.__annotations__, quick.__qualname__ = slow.__annotations__, slow.__qualname__
    quick.__module__ = slow.__module__
    return quick
