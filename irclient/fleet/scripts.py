"""What a script is, and what all scripts begin with: the server's time, and whether it is late.

Scripts are sent by their hash and, to a server that does not know it, as text. Nothing above
Redis 6.0 is used. All keys of a fleet carry one hash tag, so that a cluster keeps them together.

A number may be handed to `redis.call` as it is; joined into a string, it would lose the last
digits of a time in microseconds (`%.14g`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

__all__ = ["Script"]

_PRELUDE: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
if tonumber(ARGV[1]) > 0 and now > tonumber(ARGV[1]) then return {now, 'late'} end
"""


@dataclass(frozen=True, slots=True, eq=False)
class Script:
    """A script of the server.

    `now` is the server's time in microseconds, and the first element of what the script must
    return. `ARGV[1]` is taken: it says until when somebody waits for the answer. A server that
    stood still carries out what was given up long ago, and that must change nothing.

    Args:
        body: In Lua, with `now` and `KEYS`, and the arguments of a request from `ARGV[2]` on.
    """

    body: str

    @property
    def text(self) -> str:
        """All of it."""
        return _PRELUDE + self.body

    @property
    def digest(self) -> str:
        """The hash by which the server knows it."""
        digest = _digests.get(self.body)
        if digest is None:
            # Which hash, is Redis's choice; nothing is kept secret by it.
            digest = hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()
            _digests[self.body] = digest
        return digest


_digests: dict[str, str] = {}
