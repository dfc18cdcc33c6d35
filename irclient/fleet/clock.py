"""The server's clock, as far as this process knows it."""

from __future__ import annotations

from typing import Final

__all__ = ["ServerClock"]

#: Seconds for which the answer that came fastest tells the server's time.
_SAMPLES_FOR: Final = 5.0
#: Seconds by which the clocks may run apart meanwhile; by more, the server's was set, or a cluster
#: has another server answer.
_STEP: Final = 0.02


class ServerClock:
    """How far the server's clock is ahead of the process's: told by the fastest answers."""

    def __init__(self) -> None:
        #: When an answer came, how long it took, and what it said, the fastest first.
        self._samples: list[tuple[float, float, float]] = []

    def hear(self, sent_at: float, now: float, server_time: float) -> None:
        """Learn the server's time from an answer."""
        took = now - sent_at
        ahead = self.ahead
        if ahead is not None and not (
            sent_at - _STEP < server_time - ahead < now + _STEP  # As it says, it lies between.
        ):
            self.forget()
        kept = [each for each in self._samples if each[0] > now - _SAMPLES_FOR and each[1] < took]
        # What is slower than a later one is never needed again.
        self._samples = [*kept, (now, took, server_time - (sent_at + now) / 2)]

    @property
    def ahead(self) -> float | None:
        """Seconds, or None before the first answer."""
        return self._samples[0][2] if self._samples else None

    def forget(self) -> None:
        """Begin anew: another server may answer from now on."""
        self._samples.clear()
