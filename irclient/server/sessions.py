"""Live sessions: which items a visitor looked at, most recent first (contract section 10: C).

They lie in memory that the workers of a machine share, since one visitor's requests reach any of
them. A session id is kept as a keyed digest. Places are few and bounded: a session's digest
names a row of places, and a new session takes the place there that was unused the longest.
"""

from __future__ import annotations

import hashlib
import mmap
import secrets
import struct
import time
from typing import TYPE_CHECKING, Final

from irclient.contract.choices import SESSION_VIEWS
from irclient.server.locks import ProcessLocks

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["SharedSessions"]

#: Item ids have at most 16 characters (contract section 11.3: D); longer ones fit up to this.
LONGEST_ID: Final = 63
_PLACES: Final = 8
_DIGEST: Final = 16
_HEAD: Final = struct.Struct(f"{_DIGEST}sdB7x")
_CELL: Final = 1 + LONGEST_ID
_PLACE: Final = _HEAD.size + SESSION_VIEWS * _CELL


class SharedSessions:
    """The sessions of one account, for this process and all that are forked from it.

    Args:
        most: How many sessions are remembered, about.
        live_for: Seconds after which an unused session is forgotten.
        clock: An instant in seconds, on a clock that all processes of the machine share.
    """

    def __init__(
        self, *, most: int, live_for: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rows = max(1, -(-most // _PLACES))
        self._live_for = live_for
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._memory = mmap.mmap(-1, self._rows * _PLACES * _PLACE)
        self._locks = ProcessLocks()

    def record(self, session_id: str, item_id: str) -> None:
        """Note that an item was seen in a session. Ids that no item can have are not noted."""
        encoded = item_id.encode("utf-8", "surrogatepass")
        if not 0 < len(encoded) <= LONGEST_ID:
            return
        digest, row = self._digest(session_id)
        with self._locks.holding(row):
            now = self._clock()
            place = self._place_of(digest, row, now)
            views = [] if place is None else self._read(place)
            if place is None:
                place = self._longest_unused(row)
            if encoded in views:
                views.remove(encoded)
            self._write(place, digest, now, [encoded, *views][:SESSION_VIEWS])

    def views(self, session_id: str) -> tuple[str, ...]:
        """The items that were seen in a session, most recent first."""
        digest, row = self._digest(session_id)
        with self._locks.holding(row):
            place = self._place_of(digest, row, self._clock())
            found = [] if place is None else self._read(place)
        return tuple(str(each, "utf-8", "surrogatepass") for each in found)

    def _digest(self, session_id: str) -> tuple[bytes, int]:
        text = session_id.encode("utf-8", "surrogatepass")
        digest = hashlib.blake2b(text, digest_size=_DIGEST, key=self._key).digest()
        return digest, int.from_bytes(digest[:8], "little") % self._rows

    def _place_of(self, digest: bytes, row: int, now: float) -> int | None:
        for place in self._places(row):
            found, used_at, _ = _HEAD.unpack_from(self._memory, place)
            if found == digest and now - used_at <= self._live_for:
                return place
        return None

    def _longest_unused(self, row: int) -> int:
        return min(self._places(row), key=lambda at: float(_HEAD.unpack_from(self._memory, at)[1]))

    def _places(self, row: int) -> range:
        start = row * _PLACES * _PLACE
        return range(start, start + _PLACES * _PLACE, _PLACE)

    def _read(self, place: int) -> list[bytes]:
        _, _, count = _HEAD.unpack_from(self._memory, place)
        found: list[bytes] = []
        for cell in range(place + _HEAD.size, place + _HEAD.size + count * _CELL, _CELL):
            length = self._memory[cell]
            found.append(bytes(self._memory[cell + 1 : cell + 1 + length]))
        return found

    def _write(self, place: int, digest: bytes, now: float, views: list[bytes]) -> None:
        # The views before their count: a process that dies here leaves a shorter memory behind.
        _HEAD.pack_into(self._memory, place, digest, now, 0)
        for at, view in enumerate(views):
            cell = place + _HEAD.size + at * _CELL
            self._memory[cell] = len(view)
            self._memory[cell + 1 : cell + 1 + len(view)] = view
        _HEAD.pack_into(self._memory, place, digest, now, len(views))
