"""An entry packed for a memory that others share: smaller, and without what it was asked for.

One byte says how the rest is packed, and the rest is the entry as bytes. The users and items of
the query are left out: its reader has the query.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

from irclient._core.entry import Entry
from irclient._core.identity import user_ids_of
from irclient._core.memory import seeds_of
from irclient.queries import ItemSelectors
from irclient.results import Selectors

if TYPE_CHECKING:
    from irclient.queries import Query

__all__ = ["pack", "unpack"]

_PLAIN: Final = b"\x01"
_DEFLATED: Final = b"\x02"
_DEFLATE_FROM: Final = 1024
#: What is larger, packed or not, is kept by each process for itself.
_MOST: Final = 1 << 20


def pack(entry: Entry) -> bytes | None:
    """Return an entry as bytes for others, or None if it is too large."""
    data = entry._replace(stored_at=0.0, user_ids=(), seeds=()).to_bytes()
    if len(data) > _MOST:
        return None
    if len(data) < _DEFLATE_FROM:
        return _PLAIN + data
    return _DEFLATED + zlib.compress(data, 1)


def unpack(data: bytes, query: Query, *, stored_at: float) -> Entry | None:
    """Read an entry that another process packed; None if it cannot be read.

    Args:
        data: What `pack` returned.
        query: What it answers.
        stored_at: When it was stored, on the process's clock.
    """
    try:
        if data[:1] == _DEFLATED:
            inflating = zlib.decompressobj()
            plain = inflating.decompress(data[1:], _MOST)
            if not inflating.eof:
                return None
        elif data[:1] == _PLAIN:
            plain = data[1:]
        else:
            return None
        entry = Entry.from_bytes(plain)
    except (zlib.error, ValueError):
        return None
    if isinstance(entry.answer, Selectors) is not isinstance(query, ItemSelectors):
        return None
    return entry._replace(stored_at=stored_at, user_ids=user_ids_of(query), seeds=seeds_of(query))
