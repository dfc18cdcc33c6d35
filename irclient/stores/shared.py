"""The way into a store that was passed in: keys and instants that mean something to others too.

Two clients may share such a store, in one process or in several. So each variant's keys begin
with a namespace, which is told by the accounts that its answers can come from; and the instants of
entries are those of the wall clock in the store, and those of this process's clock in the client.
"""

from __future__ import annotations

import json
import time
from dataclasses import KW_ONLY, dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from irclient.topology import TrafficSplit, flatten

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from irclient._core.entry import Entry
    from irclient._core.memory import Store
    from irclient.topology import Endpoints, RegionOrRegions

__all__ = ["SharedStore", "namespaces_of"]


@dataclass(frozen=True, eq=False)
class SharedStore:
    """A store as one client sees it.

    Attributes:
        store: The store that was passed in.
        namespaces: What keys begin with, by variant; the empty variant is that of a client
            without a traffic split.
        wall_clock: Tells seconds since the epoch.
        clock: Tells the seconds by which the client goes.
    """

    store: Store
    namespaces: Mapping[str, str]
    _: KW_ONLY
    wall_clock: Callable[[], float] = time.time
    clock: Callable[[], float] = time.monotonic

    def get(self, key: str, /) -> Entry | None:
        """Return an entry, or None."""
        entry = self.store.get(self._key(key))
        if entry is None:
            return None
        return entry._replace(stored_at=entry.stored_at - self.wall_clock() + self.clock())

    def set(self, key: str, entry: Entry, /) -> None:
        """Keep an entry."""
        stored_at = entry.stored_at - self.clock() + self.wall_clock()
        self.store.set(self._key(key), entry._replace(stored_at=stored_at))

    def discard(self, which: Callable[[Entry], bool], /) -> int:
        """Drop every entry for which the function says True, whichever client kept it."""
        return self.store.discard(which)

    def __len__(self) -> int:
        return len(self.store)

    def _key(self, key: str) -> str:
        # What follows the variant is the target of a request, which holds no line end.
        variant, _, _ = key.rpartition("\n")
        return f"{self.namespaces[variant]}:{key}"


def namespaces_of(endpoints: Endpoints) -> dict[str, str]:
    """Return what the keys of each variant begin with.

    It is the same for the same service endpoints and modelings, in whatever order they are asked,
    and with any credential: an account has one answer for all of its callers.
    """
    if isinstance(endpoints, TrafficSplit):
        return {name: _namespace(each) for name, each in endpoints.variants.items()}
    return {"": _namespace(endpoints)}


def _namespace(endpoints: RegionOrRegions) -> str:
    sources = sorted((each.url, each.modeling or "") for each in flatten(endpoints))
    return blake2b(json.dumps(sources).encode(), digest_size=12).hexdigest()
