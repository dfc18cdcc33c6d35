"""Memory: the answers a client keeps, what was asked for them, the newest data of each account."""

from __future__ import annotations

import math
from collections import OrderedDict
from itertools import count
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

from irclient._core.entry import Entry
from irclient._core.flights import Flights
from irclient._core.freshness import EARLIEST, Freshness, freshness
from irclient._core.identity import KnownQueries, user_ids_of
from irclient._runtime.forks import fork_safe_lock
from irclient.queries import Cart
from irclient.results import RecommendationList

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from irclient.queries import Query
    from irclient.results import Answer
    from irclient.settings import Caching
    from irclient.topology import ServiceEndpoint

__all__ = ["Memory", "Store", "items_of", "seeds_of"]

#: What is recalled of most keys.
_NOTHING: Final = (None, Freshness.EXPIRED)
#: The most data sets whose newest version is known; a query may name any modeling.
_MOST_DATA_SETS: Final = 1_000


@runtime_checkable
class Store(Protocol):
    """Where answers are kept: bounded, safe to use from any thread, and never blocking.

    Keys are opaque, and differ between accounts: clients of different accounts may share a store.
    What is kept is an `Entry`, whose `stored_at` a store sees in seconds since the epoch; a store
    may drop any entry at any time. One that keeps them outside of this process finds their form
    in `Entry.to_bytes`.

    A store is asked on the calling thread, or in the event loop, so it may not wait for a network.
    For a server that processes share there is `irclient.fleet.RedisFleet`.
    """

    def get(self, key: str, /) -> Entry | None:
        """Return an entry, or None."""
        ...

    def set(self, key: str, entry: Entry, /) -> None:
        """Keep an entry, dropping others if there is no room."""
        ...

    def discard(self, which: Callable[[Entry], bool], /) -> int:
        """Drop every entry for which the function says True, and return how many."""
        ...

    def __len__(self) -> int:
        """Return how many entries are kept."""
        ...


class Memory:
    """Recalls and keeps answers.

    Args:
        store: Where they are kept.
        max_entries: How many answers that will be, about; as many queries are known.
        flights: The calls under way: one that begins after a forgetting joins none from before.
    """

    def __init__(
        self,
        store: Store,
        *,
        max_entries: int,
        flights: Flights | None = None,
    ) -> None:
        self._store = store
        # Versions are timestamps of one fixed form, so their order is that of their text.
        self._newest: OrderedDict[tuple[str, str | None], tuple[str, float]] = OrderedDict()
        self._newest_seen_at = -math.inf
        self._lock = fork_safe_lock()
        self._flights = Flights() if flights is None else flights
        self._generations = count(1)
        #: Changes whenever something is forgotten; see `keep`.
        self.generation = 0
        self.known_queries = KnownQueries(max_entries)
        #: How often the store failed: its answers are missed, its errors reach no caller.
        self.failures = 0

    def __len__(self) -> int:
        return len(self._store)

    @property
    def size_in_bytes(self) -> int | None:
        """Bytes that the answers take, or None where the store does not tell."""
        return getattr(self._store, "size_in_bytes", None)

    def forget(self, which: Callable[[Entry], bool]) -> int:
        """Forget every entry for which the function says True, and return how many.

        What was asked lately is forgotten as a whole, and calls that are under way are not kept.
        """
        # First, so that no call which is to keep what it asked for before goes unnoticed.
        self.part()
        return self._store.discard(which)

    def part(self) -> None:
        """Keep nothing of the calls that are under way, and let no call join them."""
        self.generation = next(self._generations)
        self._flights.part()
        self.known_queries.forget()

    def ids(self) -> tuple[set[str], set[str]]:
        """Return the users whom entries were ranked for, and the items that they concern."""
        users, items = set[str](), set[str]()

        def note(entry: Entry) -> bool:
            users.update(entry.user_ids)
            items.update(items_of(entry))
            return False

        self._store.discard(note)
        return users, items

    def recall(self, key: str, caching: Caching, now: float) -> tuple[Entry | None, Freshness]:
        """Return the entry of a key, and how far it may be used."""
        try:
            entry = self._store.get(key)
        except Exception:  # noqa: BLE001  (a user's store may fail in any way)
            # A memory that cannot be read is an empty one: the service still answers.
            self.failures += 1
            entry = None
        if entry is None:
            return _NOTHING
        return entry, self.judge(entry, caching, now)

    def judge(self, entry: Entry, caching: Caching, now: float) -> Freshness:
        """Say how far an entry may be used."""
        newest, seen_at = self._newest.get(entry.data_set, ("", 0.0))
        # What an account answered after it had shown a newer data set is what it has to offer:
        # a list that is cooked less often than others, or a data set that was taken back.
        is_older = entry.stored_at < seen_at
        return freshness(entry, caching, now, newest=newest if is_older else None)

    def recall_fresh(self, key: str, caching: Caching, now: float) -> Entry | None:
        """Return the entry of a key if it is fresh."""
        try:
            entry = self._store.get(key)
        except Exception:  # noqa: BLE001  (a user's store may fail in any way)
            return None  # It is asked again, and the failure counted, by the call that follows.
        if entry is None or not EARLIEST <= now - entry.stored_at <= caching.fresh_for:
            return None
        if entry.stored_at >= self._newest_seen_at:
            return entry  # No account has shown a newer data set since.
        return entry if self.judge(entry, caching, now) is Freshness.FRESH else None

    def keep(
        self,
        key: str,
        query: Query,
        answer: Answer,
        endpoint: ServiceEndpoint,
        now: float,
        *,
        since: int | None = None,
    ) -> Entry | None:
        """Keep an answer of the service, and return its entry; None if it was not to be kept.

        Args:
            key: What it is recalled by.
            query: What it answers.
            answer: As the service gave it.
            endpoint: Where it came from.
            now: The time.
            since: The `generation` when the call began: an answer is not kept if anything was
                forgotten since, for it may be about that.
        """
        data_set = (endpoint.account, query.modeling or endpoint.modeling)
        version = answer.interactions_version if isinstance(answer, RecommendationList) else None
        if version is not None and version > self._newest.get(data_set, ("", 0.0))[0]:
            self.learn(data_set, version, now)
        if since is not None and since != self.generation:
            return None
        entry = Entry(answer, now, data_set, version, user_ids_of(query), seeds_of(query))
        self._set(key, entry, since)
        return entry

    def adopt(self, key: str, entry: Entry, *, since: int) -> None:
        """Keep an entry of another process, unless this one has a younger one.

        Args:
            key: What it is recalled by.
            entry: As the other process has it, its instant on this one's clock.
            since: As for `keep`.
        """
        if since != self.generation:
            return
        try:
            own = self._store.get(key)
        except Exception:  # noqa: BLE001  (a user's store may fail in any way)
            self.failures += 1
            return
        if own is None or own.stored_at < entry.stored_at:
            self._set(key, entry, since)

    def _set(self, key: str, entry: Entry, since: int | None) -> None:
        try:
            self._store.set(key, entry)
            if since is not None and since != self.generation:
                # Forgotten while it was being kept: what is known of it tells it from most others.
                self._store.discard(lambda kept: kept[2:] == entry[2:])
        except Exception:  # noqa: BLE001  (a user's store may fail in any way)
            self.failures += 1

    def learn(self, data_set: tuple[str, str | None], version: str, now: float) -> None:
        """Learn that a data set was seen in a version, perhaps its newest."""
        with self._lock:
            if version > self._newest.get(data_set, ("", 0.0))[0]:
                self._newest[data_set] = version, now
                self._newest.move_to_end(data_set)
            if len(self._newest) > _MOST_DATA_SETS:
                self._newest.popitem(last=False)
            # Threads come here in another order than they were told the time.
            self._newest_seen_at = max(self._newest_seen_at, now)


def items_of(entry: Entry) -> Iterator[str]:
    """The items that an entry was asked for or holds."""
    yield from entry.seeds
    if isinstance(entry.answer, RecommendationList):
        yield from entry.answer.ids


def seeds_of(query: Query) -> tuple[str, ...]:
    """The items that a query names."""
    if isinstance(query, Cart):
        return tuple(query.item_ids)
    item_id: str | None = getattr(query, "item_id", None)
    return () if item_id is None else (item_id,)
