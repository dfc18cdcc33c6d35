"""Gates before a server: one that takes its time, and one that writes down what passes."""

from __future__ import annotations

import random
import threading
import time
from typing import TYPE_CHECKING

from irclient.cli.demo.fleet.gate import Gate

if TYPE_CHECKING:
    import socket


class SlowGate(Gate):
    """Holds each piece back for half of the round trip.

    Attributes:
        least: Seconds that a round trip takes longer, at least.
        most: At most.
    """

    least = most = 0.0

    def passed(self, data: bytes, *, to_server: bool) -> None:
        time.sleep(random.uniform(self.least, self.most) / 2)

    def delay(self, least: float, most: float | None = None) -> None:
        self.least, self.most = least, least if most is None else most

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"


class RecordingGate(Gate):
    """Keeps all that passes, in both directions."""

    def __init__(self, host: str, port: int) -> None:
        self._recorded = bytearray()
        self._recording = threading.Lock()
        #: How many connections were passed on.
        self.connections = 0
        super().__init__(host, port)

    def passed(self, data: bytes, *, to_server: bool) -> None:
        with self._recording:
            self._recorded += data

    def _connect(self, client: socket.socket) -> None:
        self.connections += 1
        super()._connect(client)

    @property
    def recorded(self) -> bytes:
        with self._recording:
            return bytes(self._recorded)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"
