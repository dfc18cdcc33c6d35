"""Stores: where a client's memory keeps its answers."""

from irclient._core.entry import Entry
from irclient._core.memory import Store
from irclient.stores.memory import MemoryStore

__all__ = ["Entry", "MemoryStore", "Store"]
