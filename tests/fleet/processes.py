"""What one process of a fleet has of it, several times over in one process."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from irclient import ServiceEndpoint
from irclient._core.entry import Entry
from irclient._core.identity import identity, user_ids_of
from irclient._core.memory import Memory, seeds_of
from irclient._core.shared_memory import Finding, Wish
from irclient._values.secret import Secret
from irclient._wire.reading import read_list
from irclient.fleet.connecting import connector
from irclient.fleet.link import Link
from irclient.fleet.memory_of_accounts import MemoryOfAccounts
from irclient.fleet.news import FleetNews
from irclient.fleet.shared_memory import FleetMemory
from irclient.queries import Popular
from irclient.settings import Caching
from irclient.stores import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from irclient._core.flights import Flight
    from irclient._core.shared_memory import Found, Recall
    from irclient.queries import Query
    from tests.fleet.servers import Server

BODY = b'{"items":[{"id":"1","trackingId":"t"},{"id":"2","trackingId":"t"}],"title":"New"}'
AT = ServiceEndpoint("contoso-a", "web", tps=10)
CACHING = Caching(fresh_for=5.0, stale_while_refresh_for=5.0, stale_if_error_for=100.0)


class Process:
    """What one process has of it."""

    def __init__(
        self,
        server: Server,
        *,
        name: str = "test",
        patience: float = 1.0,
        secret: str | None = None,
    ) -> None:
        connect = connector(server.url, None, patience=patience)
        self.link = Link(connect, name=name, patience=patience)
        self.fleet = FleetMemory(self.link, secret=None if secret is None else Secret(secret))
        self.news = FleetNews(self.link, self.fleet)
        self.shared = MemoryOfAccounts(self.fleet, {"": "of contoso", "blue": "of blue"})
        self.memory = Memory(MemoryStore(max_entries=100), max_entries=100)
        self.shared.join(self.memory, is_own=True)

    def recall(self, query: Query, wish: Wish | None = None) -> Found:
        key = identity(query)
        assert key is not None
        wish = replace(wish or Wish(CACHING, claim_for=5.0), within=5.0)
        recall = self.shared.recall(key, query, wish)
        assert recall is not None
        found = landed(recall)
        assert found is not None
        return found

    def ask(self, query: Query, body: bytes = BODY, *, version: str | None = None) -> Entry:
        """Claim to ask, and keep the answer."""
        found = self.recall(query)
        assert found.finding is Finding.ASK
        return self.keep(query, found, body, version=version)

    def keep(
        self,
        query: Query,
        found: Found,
        body: bytes = BODY,
        *,
        age: float = 0.0,
        version: str | None = None,
    ) -> Entry:
        entry = entry_of(query, body, age=age, version=version)
        kept = self.fleet.counts.kept
        self.shared.keep(entry, CACHING, found.claim)
        self.settle()
        assert self.fleet.counts.kept - kept <= 1
        return entry

    def settle(self) -> None:
        """Wait until the server has everything."""
        until(lambda: not self.fleet.has_to_send)
        self.recall(Popular(count=99), Wish(CACHING))

    def close(self) -> None:
        self.link.close()


def entry_of(
    query: Query, body: bytes = BODY, *, age: float = 0.0, version: str | None = None
) -> Entry:
    answer = read_list(body)
    answer.note_served(AT.label, AT.account, None, 1, 0.25, query=query)
    stored_at = time.monotonic() - age
    return Entry(
        answer, stored_at, (AT.account, None), version, user_ids_of(query), seeds_of(query)
    )


def landed(recall: Recall) -> Found | None:
    wait_for(recall)
    return recall.found


def wait_for(flight: Flight) -> None:
    event = threading.Event()
    if flight.join(event.set):
        assert event.wait(5.0)


def until(condition: Callable[[], object], *, within: float = 20.0) -> None:
    give_up_at = time.monotonic() + within
    while not condition():
        assert time.monotonic() < give_up_at, "it did not come true"
        time.sleep(0.005)
