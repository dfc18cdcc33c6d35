"""Times a block, and tells what the code took from what the whole process stood still."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

__all__ = ["Stopwatch"]

#: Seconds between two looks, and what a look may be late by on a machine that works.
_TICK = 0.005
_LATE = 0.02


class Stopwatch:
    """Measures a block.

    A machine that is shared can stop a whole process for a third of a second, and so can the
    garbage collector at the end of a long run. A thread that does nothing but look at the clock
    notices: what it was late by is no time that the code under test took. Code that waits for
    too long does not hold it up, nor does busy Python, as threads take turns; one long call into
    C does, so that such a call is not what to measure with this.

    Attributes:
        elapsed: Seconds from the beginning to now, or to the end of the block.
        stood: Of these, the seconds in which that thread could not run.
        took: The seconds that are left, to be held to a bar.
    """

    def __init__(self) -> None:
        self._began_at = self._ended_at = 0.0
        #: The last look, and the seconds lost before it; one value, as two threads use it.
        self._seen = (0.0, 0.0)
        self._over = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._began_at = time.monotonic()
        self._seen = (self._began_at, 0.0)
        self._watcher.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended_at = time.monotonic()
        self._over.set()
        self._watcher.join()

    def _watch(self) -> None:
        while not self._over.wait(_TICK):
            now = time.monotonic()
            self._seen = (now, self._lost_by(now))

    def _lost_by(self, now: float) -> float:
        looked_at, lost = self._seen
        late = now - looked_at - _TICK
        return lost + late if late > _LATE else lost

    @property
    def elapsed(self) -> float:
        return (self._ended_at or time.monotonic()) - self._began_at

    @property
    def stood(self) -> float:
        return self._lost_by(self._ended_at or time.monotonic())

    @property
    def took(self) -> float:
        return self.elapsed - self.stood
