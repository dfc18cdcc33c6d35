"""Values that live for a moment: commands, choices, verdicts, readings.

Type checkers hold them to be frozen. At run time they are plain: a frozen dataclass sets each of
its fields through a search by name, which costs more than what is decided with it, and a call
makes a dozen of them. What users hold on to (answers, records, settings) is frozen for good.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar, dataclass_transform

__all__ = ["value"]

T = TypeVar("T")


@dataclass_transform(frozen_default=True)
def value(kind: type[T]) -> type[T]:
    """Make a dataclass of a class, with slots, whose instances are not changed."""
    return dataclass(slots=True)(kind)
