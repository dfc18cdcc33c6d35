"""The access log: one line of JSON a request, without anything personal in clear."""

from __future__ import annotations

import hashlib
import json
import os
import queue
import sys
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TextIO

__all__ = ["AccessLog", "hashed"]

#: Lines that wait for a slow reader; more are dropped and counted, so that no request waits.
_MOST_WAITING: Final = 20_000
_WRITE_EVERY: Final = 0.2


def hashed(key: bytes, text: str) -> str:
    """A user or session id as logs show it: the same for the same id under one key."""
    encoded = text.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(encoded, key=key, digest_size=8).hexdigest()


class AccessLog:
    """Writes lines on a thread of its own, in bunches.

    Args:
        key: With what ids are hashed.
        stream: Where lines go; None is standard output.
    """

    def __init__(self, *, key: bytes, stream: TextIO | None = None) -> None:
        self._key = key
        self._stream = stream or sys.stdout
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._dropped = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._write, name="access-log", daemon=True)
        self._thread.start()

    def note(
        self, fields: Mapping[str, object], *, user_id: str | None, session_id: str | None
    ) -> None:
        """Note a request."""
        if self._lines.qsize() >= _MOST_WAITING:
            self._dropped += 1
            return
        now = datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="milliseconds")
        line: dict[str, object] = {"time": now, "worker": os.getpid(), **fields}
        if user_id is not None:
            line["user"] = hashed(self._key, user_id)
        if session_id is not None:
            line["session"] = hashed(self._key, session_id)
        self._lines.put(json.dumps(line, separators=(",", ":")))

    def close(self) -> None:
        """Write what waits, within a moment."""
        self._ended.set()
        self._thread.join(timeout=2.0)

    def _write(self) -> None:
        while True:
            ended = self._ended.wait(_WRITE_EVERY)
            lines: list[str] = []
            while not self._lines.empty():
                lines.append(self._lines.get())
            if self._dropped:
                lines.append(json.dumps({"dropped": self._dropped}))
                self._dropped = 0
            try:
                if lines:
                    self._stream.write("\n".join(lines) + "\n")
                    self._stream.flush()
            except (OSError, ValueError):  # nobody reads it any more: requests go on
                return
            if ended:
                return
