"""Modules that are imported when something of them is first asked for.

What a client is made of takes several times as long to import as the client's own class, and
programs import the class where they may never make a client, or make it much later.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["Deferred", "load"]


class Deferred:
    """Stands in for a module, to which type checkers hold it.

    Args:
        name: The module's full name.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:  # noqa: ANN401  (whatever stands there)
        # Kept, so that it is found without this the next time. Importing takes its own lock.
        value = getattr(import_module(self._name), attribute)
        setattr(self, attribute, value)
        return value

    def load(self) -> None:
        """Import the module."""
        import_module(self._name)

    def __repr__(self) -> str:
        return f"<Deferred {self._name}>"


def load(*modules: object) -> None:
    """Import modules now that may be deferred: a call should not find itself importing."""
    for each in modules:
        if isinstance(each, Deferred):
            each.load()
