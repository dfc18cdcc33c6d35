"""Handing a record to the observers, whatever they do with it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from irclient.observe import Observer, Record

__all__ = ["tell"]

_logger = logging.getLogger("irclient")


def tell(observers: Sequence[Observer], record: Record) -> None:
    """Hand a record to each observer; one that raises is logged and changes nothing."""
    for observer in observers:
        try:
            observer(record)
        except Exception:
            _logger.exception("observer %r failed on %s", observer, type(record).__name__)
