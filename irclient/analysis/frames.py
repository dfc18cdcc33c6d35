"""Typed columns, and the frames and streams that are made of them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import numpy as np
import pandas as pd

from irclient.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from types import ModuleType

__all__ = ["Backend", "Kinds", "arrow_stream", "frame_of"]

Backend: TypeAlias = Literal["pandas", "polars"]

#: What each column holds, by its name, in their order: str, int, float or bool. Of these only a
#: str and a float can be missing.
Kinds: TypeAlias = "Mapping[str, type]"

_PANDAS: Final[dict[type, Any]] = {
    # The one that pandas itself reads text as, from version 3.
    str: pd.StringDtype(na_value=np.nan),
    int: np.dtype("int64"),
    float: np.dtype("float64"),
    bool: np.dtype("bool"),
}


def frame_of(rows: Iterable[Sequence[Any]], kinds: Kinds, *, backend: str = "pandas") -> Any:  # noqa: ANN401  (as the backend says)
    """Return the rows as a frame whose columns have their types, also where there are no rows.

    Args:
        rows: One value for each column.
        kinds: The columns.
        backend: The library whose frame it is.

    Raises:
        ConfigurationError: The backend is not installed.
        ValueError: There is no backend of that name.
    """
    columns = _columns(rows, kinds)
    if backend == "pandas":
        series = {
            name: pd.Series(columns[name], dtype=_PANDAS[kind], name=name)
            for name, kind in kinds.items()
        }
        return pd.DataFrame(series, columns=list(kinds))
    if backend == "polars":
        return _polars_frame(_loaded_polars(), columns, kinds)
    raise ValueError(f"backend must be 'pandas' or 'polars', got {backend!r}")


def arrow_stream(
    rows: Iterable[Sequence[Any]], kinds: Kinds, requested_schema: object = None
) -> object:
    """Return the rows as the capsule of an Arrow stream.

    Args:
        rows: One value for each column.
        kinds: The columns.
        requested_schema: A capsule of the schema that is wanted, or None.

    Raises:
        ConfigurationError: Neither pyarrow nor polars is installed.
    """
    columns = _columns(rows, kinds)
    try:
        # It has no types.
        pa: Any = import_module("pyarrow")
    except ImportError:
        try:
            polars = _loaded_polars()
        except ConfigurationError:
            raise ConfigurationError(
                "an Arrow stream needs pyarrow or polars: pip install pyarrow"
            ) from None
        return _polars_frame(polars, columns, kinds).__arrow_c_stream__(requested_schema)
    of_kind = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
    arrays = [pa.array(columns[name], of_kind[kind]) for name, kind in kinds.items()]
    return pa.table(arrays, names=list(kinds)).__arrow_c_stream__(requested_schema)


def _columns(rows: Iterable[Sequence[Any]], kinds: Kinds) -> dict[str, list[Any]]:
    across = list(zip(*rows, strict=True)) or [()] * len(kinds)
    return {name: list(values) for name, values in zip(kinds, across, strict=True)}


def _loaded_polars() -> ModuleType:
    try:
        import polars  # noqa: PLC0415, ICN001  (optional)
    except ImportError:
        raise ConfigurationError("backend='polars' needs polars: pip install polars") from None
    return polars


def _polars_frame(polars: Any, columns: dict[str, list[Any]], kinds: Kinds) -> Any:  # noqa: ANN401  (optional)
    of_kind = {
        str: polars.String, int: polars.Int64, float: polars.Float64, bool: polars.Boolean
    }  # fmt: skip
    return polars.DataFrame(columns, schema={name: of_kind[kind] for name, kind in kinds.items()})
