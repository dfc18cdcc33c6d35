"""The TPS that the processes of a fleet tell of an endpoint: it should be one."""

from __future__ import annotations

import logging
from typing import Final

__all__ = ["ToldTps"]

_logger = logging.getLogger("irclient")
#: Seconds: while a new TPS is deployed, some processes still tell the old one.
_LASTS_FOR: Final = 10.0


class ToldTps:
    """Warns, once in a process, when another one tells another TPS for a while.

    Args:
        fleet: The fleet's name.
        endpoint: The endpoint's, for the log.
        tps: What this process tells.
    """

    def __init__(self, fleet: str, endpoint: str, tps: int) -> None:
        self._fleet, self._endpoint, self._tps = fleet, endpoint, tps
        self._since = self._last_at = float("-inf")
        self._is_told = False

    def hear(self, tps: int, now: float) -> None:
        """Learn what the process that the server heard before this one tells."""
        if tps == self._tps:
            return  # There may be a third.
        if now - self._last_at > _LASTS_FOR:
            self._since = now
        self._last_at = now
        if now - self._since >= _LASTS_FOR and not self._is_told:
            self._is_told = True
            _logger.warning(
                "%s has a tps of %d in this process and of %d in another one of fleet %r: "
                "together they may take the higher one. Give all processes the same",
                self._endpoint,
                self._tps,
                tps,
                self._fleet,
            )
