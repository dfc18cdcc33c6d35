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
    from collections.abc import Callable

    from irclient.queries import Query
    from irclient.results import Answer
    from irclient.settings import Caching
    from irclient.topology import ServiceEndpoint

__all__ = ["Cache", "Memory", "Store"]

#: The most data sets whose newest version is known; a query may name any modeling.
_MOST_DATA_SETS: Final = 1_000


@runtime_checkable
class Store(Protocol):
    """Where answers are kept: bounded, safe to use from any thread, and never blocking.

    Keys are opaque, and differ between accounts: clients of different accounts may share a store.
    What is kept is an `Entry`, whose `stored_at` a store sees in seconds since the epoch; a store
    may drop any entry at any time. One that keeps them outside of this process finds their form
    in `Entry.to_bytes`.
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

    def __init__(self, store: Store, *, max_entries: int, flights: Flights | None = None) -> None:
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
        self.cache = Cache(self.forget)
        #: How often the store failed: its answers are missed, its errors reach no caller.
        self.failures = 0

    def __len__(self) -> int:
        return len(self._store)

    def forget(self, which: Callable[[Entry], bool]) -> int:
        """Forget every entry for which the function says True, and return how many.

        What was asked lately is forgotten as a whole, and calls that are under way are not kept.
        """
        # First, so that no call which is to keep what it asked for before goes unnoticed.
        self.generation = next(self._generations)
        self._flights.part()
        self.known_queries.forget()
        return self._store.discard(which)

    def recall(self, key: str, caching: Caching, now: float) -> tuple[Entry | None, Freshness]:
        """Return the entry of a key, and how far it may be used."""
        try:
            entry = self._store.get(key)
        except Exception:  # noqa: BLE001  (a user's store may fail in any way)
            # A memory that cannot be read is an empty one: the service still answers.
            self.failures += 1
            entry = None
        if entry is None:
            return None, Freshness.EXPIRED
        return self._judged(entry, caching, now)

    def _judged(self, entry: Entry, caching: Caching, now: float) -> tuple[Entry, Freshness]:
        newest, seen_at = self._newest.get(entry.data_set, ("", 0.0))
        # What an account answered after it had shown a newer data set is what it has to offer:
        # a list that is cooked less often than others, or a data set that was taken back.
        is_older = entry.stored_at < seen_at
        return entry, freshness(entry, caching, now, newest=newest if is_older else None)

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
        entry, situation = self._judged(entry, caching, now)
        return entry if situation is Freshness.FRESH else None

    def keep(
        self,
        key: str,
        query: Query,
        answer: Answer,
        endpoint: ServiceEndpoint,
        now: float,
        *,
        since: int | None = None,
    ) -> None:
        """Keep an answer of the service.

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
            self._learn(data_set, version, now)
        if since is not None and since != self.generation:
            return
        entry = Entry(answer, now, data_set, version, user_ids_of(query), _seeds(query))
        try:
            self._store.set(key, entry)
            if since is not None and since != self.generation:
                # Forgotten while it was being kept: what is known of it tells it from most others.
                self._store.discard(lambda kept: kept[2:] == entry[2:])
        except Exception:  # noqa: BLE001  (a user's store may fail in any way)
            self.failures += 1

    def _learn(self, data_set: tuple[str, str | None], version: str, now: float) -> None:
        with self._lock:
            if version > self._newest.get(data_set, ("", 0.0))[0]:
                self._newest[data_set] = version, now
                self._newest.move_to_end(data_set)
            if len(self._newest) > _MOST_DATA_SETS:
                self._newest.popitem(last=False)
            # Threads come here in another order than they were told the time.
            self._newest_seen_at = max(self._newest_seen_at, now)


class Cache:
    """What a user may do to a client's memory: make it forget.

    An answer to a call that is under way is forgotten as well: its caller gets it, and it is not
    kept. Clients that share a store forget in it for all of them. What they are being asked, each
    knows for itself: tell each of them to forget a user.

    Args:
        forget: Forgets the entries for which a function says True, and returns how many.
    """

    def __init__(self, forget: Callable[[Callable[[Entry], bool]], int]) -> None:
        self._forget = forget

    def clear(self) -> int:
        """Forget every answer, in a shared store also what others kept; returns how many."""
        return self._forget(lambda _: True)

    def forget_user(self, user_id: str) -> int:
        """Forget every answer that was ranked for a user; returns how many.

        Also those whose user was named by ``userId`` in raw `params`, in any case.
        """
        return self._forget(lambda entry: user_id in entry.user_ids)

    def forget_item(self, item_id: str) -> int:
        """Forget every answer that was asked for an item or holds it; returns how many."""
        return self._forget(lambda entry: _concerns(entry, item_id))


def _concerns(entry: Entry, item_id: str) -> bool:
    if item_id in entry.seeds:
        return True
    answer = entry.answer
    return isinstance(answer, RecommendationList) and any(i.id == item_id for i in answer.items)


def _seeds(query: Query) -> tuple[str, ...]:
    if isinstance(query, Cart):
        return tuple(query.item_ids)
    item_id: str | None = getattr(query, "item_id", None)
    return () if item_id is None else (item_id,)
