"""How many processes a fleet has, beside how many it was said to have."""

from __future__ import annotations

import logging
from typing import Final

__all__ = ["Members"]

_logger = logging.getLogger("irclient")
#: Seconds: of a deployment's old processes some are still there, and of killed ones the server
#: learns by their silence.
_LASTS_FOR: Final = 10.0


class Members:
    """Warns, once in a process, when a fleet has more processes than `workers` for a while.

    Args:
        fleet: The fleet's name.
        workers: How many it was said to have.
    """

    def __init__(self, fleet: str, workers: int) -> None:
        self._fleet, self._workers = fleet, workers
        self._since: float | None = None
        self._is_told = False

    def hear(self, present: int, now: float) -> None:
        """Learn how many processes the server has heard of lately."""
        if present <= self._workers:
            self._since = None
        elif self._since is None:
            self._since = now
        elif now - self._since >= _LASTS_FOR and not self._is_told:
            self._is_told = True
            _logger.warning(
                "fleet %r has %d processes, and workers says %d: without its server they would "
                "together take more than the TPS. Raise workers, or give another application "
                "another fleet name",
                self._fleet,
                present,
                self._workers,
            )
