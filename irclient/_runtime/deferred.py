"""Modules that are imported when something of them is first asked for.

What a client is made of takes several times as long to import as the client's own class, and
programs import the class where they may never make a client, or make it much later.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["Deferred", "hold_imported", "load"]


class Deferred:
    """Stands in for a module, to which type checkers hold it.

    Args:
        name: The module's full name.
    """

    all: ClassVar[list[Deferred]] = []

    def __init__(self, name: str) -> None:
        self._name = name
        self._module: ModuleType | None = None
        self.all.append(self)

    def __getattr__(self, attribute: str) -> Any:  # noqa: ANN401  (whatever stands there)
        # Kept, so that it is found without this the next time. Importing takes its own lock.
        value = getattr(self._module or import_module(self._name), attribute)
        setattr(self, attribute, value)
        return value

    def load(self) -> None:
        """Import the module, and hold on to it and to all that is in it."""
        self._module = module = import_module(self._name)
        if "__getattr__" not in vars(module):
            vars(self).update(vars(module))
            self.__class__ = _Loaded  # type: ignore[assignment]

    def hold(self) -> None:
        """Hold on to the module if it was imported."""
        if self._module is None and self._name in sys.modules:
            self.load()

    def __repr__(self) -> str:
        return f"<Deferred {self._name}>"


class _Loaded:
    """What a deferred module becomes when all of its names are there: where a class has a
    `__getattr__`, Python takes three times as long to find an attribute."""


def load(*modules: object) -> None:
    """Import modules now that may be deferred: a call should not find itself importing."""
    for each in modules:
        if isinstance(each, Deferred):
            each.load()


def hold_imported() -> None:
    """Hold on to all modules that were imported by now.

    While the interpreter ends, unreferenced modules are gone and nothing can be imported, yet
    a client may still be called, by what is called at exit or by a finalizer.
    """
    for each in Deferred.all:
        if isinstance(each, Deferred):
            each.hold()
