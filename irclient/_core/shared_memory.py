"""The memory that a fleet shares, as a call sees it: a second level, which never blocks.

| the fleet's memory has           | and the call        | finding  | the call                     |
|----------------------------------|---------------------|----------|------------------------------|
| a fresh answer                   |                     | fresh    | answers with it              |
| one that is usable, though stale | may ask for all     | refresh  | answers with it, and has it  |
|                                  |                     |          | asked for anew               |
| the same                         | is not the first    | usable   | answers with it              |
| none, or a last resort           | may ask for all     | ask      | asks, and keeps what it gets |
| the same                         | is not the first    | wait     | looks again a little later   |
| the same                         | did not mean to ask | none     | does without                 |

Only the holder of a claim asks; a claim expires. A memory that cannot be reached has nothing.
"""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from irclient._core.flights import Flight
from irclient._values.momentary import value

if TYPE_CHECKING:
    from irclient._core.entry import Entry
    from irclient._core.memory import Memory
    from irclient.queries import Query
    from irclient.settings import Caching

__all__ = ["Claim", "Finding", "Found", "Recall", "SharedMemory", "Wish"]


class Finding(Enum):
    """What the fleet's memory says; see the table above."""

    FRESH = "fresh"
    REFRESH = "refresh"
    USABLE = "usable"
    ASK = "ask"
    WAIT = "wait"
    NONE = "none"


@value
class Wish:
    """How old an answer may be, and whether the call means to ask the service.

    Attributes:
        caching: The settings of the call.
        within: Seconds that the call waits to be told.
        claim_for: Seconds for which others are to wait while the call asks; 0 if it will not.
        own_age: The age of the answer that this process has itself, or None.
        even_fresh: Whether even a fresh answer is outdated: a newer data set was seen.
        after: Nothing that is as old as what was found before: it could not be used.
    """

    caching: Caching
    within: float = 0.1
    claim_for: float = 0.0
    own_age: float | None = None
    even_fresh: bool = False
    after: Found | None = None


@value
class Claim:
    """What a call says when it keeps an answer, or releases what it claimed.

    Attributes:
        keys: Of the entry and of the claim, for the fleet.
        field: Where the entry is a part of all that concerns a user, which.
        who: Who claimed.
        is_held: Whether the claim is the call's: it is to ask, and others wait for it.
        last_forgotten: The last that had been forgotten when the call began.
    """

    keys: tuple[str, str]
    field: str
    who: str
    is_held: bool
    last_forgotten: str


@value
class Found:
    """What a recall brought.

    Attributes:
        finding: The row of the table.
        claim: To keep an answer with, or to release.
        stored_at: When the entry was stored, on the process's clock.
        data: The entry as it was kept; empty where there is none that the call does not have.
        server_stored_at: When the entry was stored, on the server's clock.
    """

    finding: Finding
    claim: Claim
    stored_at: float = 0.0
    data: bytes = b""
    server_stored_at: float = 0.0


class Recall(Flight):
    """A question to the fleet's memory; it lands when the answer is there, or is given up.

    Args:
        claim: What an answer is kept with that nobody has claimed to ask for.

    Attributes:
        found: The answer; None if there was none.
    """

    __slots__ = ("claim", "found", "is_given_up")

    def __init__(self, claim: Claim) -> None:
        super().__init__()
        self.claim = claim
        self.found: Found | None = None
        self.is_given_up = False

    @property
    def likely_claim(self) -> Claim:
        """The claim of a call that was told nothing in time, and asks."""
        return replace(self.claim, is_held=not self.has_landed)


class SharedMemory(Protocol):
    """The memory of a fleet; nothing here waits, and nothing raises."""

    @property
    def patience(self) -> float:
        """Seconds that a call waits for a recall."""
        ...

    def join(self, memory: Memory, *, is_own: bool) -> None:
        """Have a first level told what others forget and which data is the newest.

        Args:
            memory: The first level.
            is_own: Whether nothing else than the client uses its store.
        """
        ...

    def recall(self, key: str, query: Query, wish: Wish) -> Recall | None:
        """Ask for an entry; None where the fleet has none for such a query, or is away."""
        ...

    def read(self, found: Found, query: Query) -> Entry | None:
        """Read what was found; None if it cannot be read, or is of what was forgotten."""
        ...

    def give_up(self, recall: Recall) -> None:
        """Say that nobody waits for a recall; what it claims, or has claimed, is released."""
        ...

    def keep(self, entry: Entry, caching: Caching, claim: Claim) -> None:
        """Keep an answer of the service for all, and release the claim."""
        ...

    def release(self, claim: Claim) -> None:
        """Let another ask."""
        ...

    def forget_user(self, user_id: str) -> None:
        """Have all processes forget a user."""
        ...

    def forget_item(self, item_id: str) -> None:
        """Have all processes forget an item."""
        ...

    def clear(self) -> None:
        """Have all processes forget everything."""
        ...
