"""Models of what the service sends, which keep unknown fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from abc import ABCMeta
    from collections.abc import ItemsView, Iterator, KeysView, ValuesView

__all__ = ["Tolerant", "TolerantRow"]


class Tolerant(BaseModel):
    """Frozen; unknown fields kept; names as on the wire or as here; numeric ids become str."""

    model_config = ConfigDict(
        frozen=True,
        extra="allow",
        validate_by_name=True,
        validate_by_alias=True,
        coerce_numbers_to_str=True,
        # Importing irclient must not pay for a validator that the first answer builds.
        defer_build=True,
    )

    @property
    def model_fields_set(self) -> set[str]:
        """The names of the fields that it came with; a copy, for many answers share one set."""
        return set(self.__pydantic_fields_set__)


class TolerantRow(Tolerant):
    """One that is a mapping of its fields as well, so that a sequence of them is a table.

    pandas takes whatever can be iterated for a row of plain values, and a model, which yields its
    fields' names beside their values, for a row of pairs; but it knows mappings.
    """

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401  (a field has its own type)
        return self._by_name[name]

    def __iter__(self) -> Iterator[str]:  # type: ignore[override]
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def keys(self) -> KeysView[str]:
        """Return the names of the fields, those that the service added among them."""
        return self._by_name.keys()

    def values(self) -> ValuesView[Any]:
        """Return the values of the fields."""
        return self._by_name.values()

    def items(self) -> ItemsView[str, Any]:
        """Return the names and values of the fields."""
        return self._by_name.items()

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401  (as `__getitem__`)
        """Return a field, or the default where there is none of that name."""
        return self._by_name.get(name, default)

    @property
    def _by_name(self) -> dict[str, Any]:
        return self.__dict__ | (self.model_extra or {})


cast("ABCMeta", Mapping).register(TolerantRow)
