"""Plain copies of pydantic models, for what is read many times.

An attribute of a model is looked up by way of pydantic's ``__getattr__``, which takes twenty times
as long as one of a plain object, and a call looks up two dozen of its client's settings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

from pydantic import BaseModel

__all__ = ["plain_copy"]

if TYPE_CHECKING:
    ModelT = TypeVar("ModelT", bound=BaseModel)


class _Plain:
    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Plain) and self.__dict__ == other.__dict__

    __hash__ = None  # type: ignore[assignment]


def plain_copy(model: ModelT) -> ModelT:
    """Return an object with the same attributes, those of the models in it as well.

    Type checkers hold it to be one of the models, and so to be frozen.
    """
    plain = _Plain()
    for name in type(model).model_fields:
        value = getattr(model, name)
        setattr(plain, name, plain_copy(value) if isinstance(value, BaseModel) else value)
    return cast("ModelT", plain)
