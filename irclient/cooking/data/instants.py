"""Instants as cooked data holds them, and the kinds of columns that it has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["DAY", "Flags", "Milliseconds", "Numbers", "milliseconds"]

#: Instants as whole milliseconds since 1970-01-01 UTC.
Milliseconds: TypeAlias = npt.NDArray[np.int64]
Numbers: TypeAlias = npt.NDArray[np.float64]
Flags: TypeAlias = npt.NDArray[np.bool_]

#: A day in milliseconds.
DAY: Final = 86_400_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def milliseconds(instant: datetime) -> int:
    """The instant in whole milliseconds since 1970-01-01 UTC; without a zone it is UTC."""
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    return (instant - _EPOCH) // _MILLISECOND
