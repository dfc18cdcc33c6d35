"""The memory of a fleet in virtual time: what its server does, in Python."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from irclient._core.packed_entry import pack, unpack
from irclient._core.shared_memory import Claim, Finding, Found, Recall

if TYPE_CHECKING:
    from irclient._core.entry import Entry
    from irclient._core.memory import Memory
    from irclient._core.shared_memory import Wish
    from irclient.queries import Query
    from irclient.settings import Caching
    from tests.core.virtual_time import VirtualTime


@dataclass(slots=True)
class FakeServer:
    """What all processes of a fleet see; each has a `FakeSharedMemory`."""

    time: VirtualTime
    takes: float = 0.001
    is_away: bool = False
    entries: dict[str, tuple[float, bytes]] = field(default_factory=dict)
    claims: dict[str, tuple[float, str]] = field(default_factory=dict)
    recalls: int = 0

    def find(self, key: str, who: str, wish: Wish) -> Found:
        self.recalls += 1
        now, caching = self.time.now, wish.caching
        stored_at, data = self.entries.get(key, (-1e9, b""))
        if wish.after is not None and stored_at <= wish.after.stored_at:
            stored_at, data = -1e9, b""
        age = now - stored_at
        if age <= caching.fresh_for and not wish.even_fresh:
            finding, held = Finding.FRESH, False
        else:
            held = bool(wish.claim_for) and self.claims.get(key, (now, ""))[0] <= now
            if held:
                self.claims[key] = now + wish.claim_for, who
            if age <= caching.fresh_for + caching.stale_while_refresh_for:
                finding = Finding.REFRESH if held else Finding.USABLE
            elif held:
                finding = Finding.ASK
            else:
                finding = Finding.WAIT if wish.claim_for else Finding.NONE
        is_told = (
            age <= caching.fresh_for + caching.stale_if_error_for
            and finding is not Finding.WAIT
            and (wish.own_age is None or age + 0.05 < wish.own_age)
        )
        claim = Claim((key, key), "", who, held, "0-0")
        return Found(finding, claim, stored_at, data if is_told else b"", stored_at)


class FakeSharedMemory:
    """One process's."""

    patience = 0.1

    def __init__(self, server: FakeServer, name: str) -> None:
        self._server, self._name = server, name
        self.unreadable: set[float] = set()
        self.forgotten: list[str] = []
        self.given_up = 0

    def join(self, memory: Memory, *, is_own: bool) -> None:
        """Nothing is told."""

    def recall(self, key: str, query: Query, wish: Wish) -> Recall | None:
        server = self._server
        recall = Recall(Claim((key, key), "", self._name, is_held=False, last_forgotten="0-0"))
        if server.is_away:
            return None

        def arrive() -> None:
            found = server.find(key, self._name, wish)
            if recall.is_given_up:
                self.release(found.claim)
            else:
                recall.found = found
                recall.land()

        server.time.later(server.time.now + server.takes, arrive)
        return recall

    def read(self, found: Found, query: Query) -> Entry | None:
        if found.stored_at in self.unreadable:
            return None
        return unpack(found.data, query, stored_at=found.stored_at)

    def give_up(self, recall: Recall) -> None:
        self.given_up += 1
        recall.is_given_up = True
        if recall.found is not None:
            self.release(recall.found.claim)

    def keep(self, entry: Entry, caching: Caching, claim: Claim) -> None:
        data = pack(entry)
        assert data is not None
        self._server.entries[claim.keys[0]] = entry.stored_at, data
        self.release(claim)

    def release(self, claim: Claim) -> None:
        key = claim.keys[1]
        if claim.is_held and self._server.claims.get(key, (0.0, ""))[1] == claim.who:
            del self._server.claims[key]

    def forget_user(self, user_id: str) -> None:
        self.forgotten.append(f"user {user_id}")

    def forget_item(self, item_id: str) -> None:
        self.forgotten.append(f"item {item_id}")

    def clear(self) -> None:
        self.forgotten.append("all")
