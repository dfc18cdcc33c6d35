"""The memory of a fleet as one client sees it: what its accounts may be asked for."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING

from irclient._core.identity import user_ids_of
from irclient._core.packed_entry import unpack
from irclient._core.shared_memory import Claim, Recall

if TYPE_CHECKING:
    from collections.abc import Mapping

    from irclient._core.entry import Entry
    from irclient._core.memory import Memory
    from irclient._core.shared_memory import Found, Wish
    from irclient.fleet.shared_memory import FleetMemory
    from irclient.queries import Query
    from irclient.settings import Caching

__all__ = ["MemoryOfAccounts"]


class MemoryOfAccounts:
    """The fleet's memory as one client sees it: of the accounts that it asks.

    Args:
        fleet: What all clients of the process have in common.
        namespaces: What keys begin with, by variant; the empty variant is that of a client
            without a traffic split.
    """

    def __init__(self, fleet: FleetMemory, namespaces: Mapping[str, str]) -> None:
        self._fleet = fleet
        self._namespaces = namespaces

    @property
    def patience(self) -> float:
        """Seconds that a call waits for a recall."""
        return self._fleet.link.patience

    def join(self, memory: Memory, *, is_own: bool) -> None:
        """Have a first level told what others forget and which data is the newest."""
        self._fleet.join(memory, is_own=is_own)

    def recall(self, key: str, query: Query, wish: Wish) -> Recall | None:
        """Ask for an entry; None where the fleet has none for such a query, or is away."""
        users = user_ids_of(query)
        if len(users) > 1:
            return None  # It could be deleted for one of them only.
        variant, _, _ = key.rpartition("\n")
        fleet = self._fleet
        digest = fleet.digest("entry", f"{self._namespaces[variant]}:{key}")
        if users:
            entry, field = fleet.link.key("u", fleet.digest("user", users[0])), digest
        else:
            entry, field = fleet.link.key("a", digest), ""
        claim_key = fleet.link.key("c", digest)
        claim = Claim(
            keys=(entry, claim_key),
            field=field,
            who=secrets.token_hex(8),
            is_held=False,
            last_forgotten=fleet.last_forgotten,
        )
        recall = Recall(claim)
        return recall if fleet.recall(recall, wish, time.monotonic()) else None

    def read(self, found: Found, query: Query) -> Entry | None:
        """Read what was found; None if it cannot be read, or is of what was forgotten."""
        entry = unpack(found.data, query, stored_at=found.stored_at)
        if entry is None or self._fleet.covers(found, entry):
            return None
        return entry

    def give_up(self, recall: Recall) -> None:
        """Say that nobody waits for a recall; what it claims, or has claimed, is released."""
        self._fleet.give_up(recall)

    def keep(self, entry: Entry, caching: Caching, claim: Claim) -> None:
        """Keep an answer of the service for all, and release the claim."""
        self._fleet.keep(entry, caching, claim)

    def release(self, claim: Claim) -> None:
        """Let another ask."""
        self._fleet.release(claim)

    def forget_user(self, user_id: str) -> None:
        """Have all processes forget a user."""
        self._fleet.forget("user", user_id)

    def forget_item(self, item_id: str) -> None:
        """Have all processes forget an item."""
        self._fleet.forget("item", item_id)

    def clear(self) -> None:
        """Have all processes forget everything."""
        self._fleet.forget("all", "")
