"""Frozen dataclasses that are made as quickly as plain ones.

The ``__init__`` of a frozen dataclass sets each field through `object.__setattr__`, by name. Of a
query with a dozen fields that costs as much as all the checks of what is in them. Here it writes
into the instance's own dict, which nothing guards while the instance is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast, dataclass_transform

if TYPE_CHECKING:
    from types import FunctionType

__all__ = ["frozen", "frozen_by_keyword"]

T = TypeVar("T")


@dataclass_transform(frozen_default=True)
def frozen(kind: type[T]) -> type[T]:
    """Make a frozen dataclass of a class without slots."""
    return _made_quickly(dataclass(frozen=True)(kind))


@dataclass_transform(frozen_default=True, kw_only_default=True)
def frozen_by_keyword(kind: type[T]) -> type[T]:
    """Make the same, whose fields are given by keyword."""
    return _made_quickly(dataclass(frozen=True, kw_only=True)(kind))


def _made_quickly(kind: type[T]) -> type[T]:
    slow = cast("FunctionType", kind.__init__)
    code = slow.__code__
    names, places = code.co_varnames, code.co_argcount
    by_place, by_keyword = names[:places], names[places : places + code.co_kwonlyargcount]
    lines = [
        f"def __init__({', '.join([*by_place, *(['*'] if by_keyword else []), *by_keyword])}):",
        " fields = self.__dict__",
        *(f" fields[{name!r}] = {name}" for name in (*by_place[1:], *by_keyword)),
        *([" self.__post_init__()"] if hasattr(kind, "__post_init__") else []),
    ]
    made: dict[str, Any] = {}
    exec("\n".join(lines), slow.__globals__, made)  # noqa: S102  (as dataclasses does)
    quick: FunctionType = made["__init__"]
    quick.__defaults__, quick.__kwdefaults__ = slow.__defaults__, slow.__kwdefaults__
    quick.__annotations__, quick.__qualname__ = slow.__annotations__, slow.__qualname__
    quick.__module__ = slow.__module__
    kind.__init__ = quick  # type: ignore[method-assign]
    return kind
