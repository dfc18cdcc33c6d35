"""Handing a record to the observers, whatever they do with it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, Protocol

from irclient.observe import LoggingObserver, TokenRenewalFailed, TpsUsedElsewhere

if TYPE_CHECKING:
    from collections.abc import Sequence

    from irclient.observe import Observer, Record

__all__ = ["TellRecords", "tell"]

_logger = logging.getLogger("irclient")
#: For a client that nobody listens to: the few records that are made for it all the same.
_logged = LoggingObserver(_logger)

_ELSEWHERE: Final = (
    "%s answered 429 though this process sent %d of the %d requests a second that it may: do other "
    "processes use this endpoint? Give each its share (IRCLIENT_SHARE=auto, "
    "Throttling(share=...)), or let them share one TPS as a fleet"
)
_ANOTHER_FLEET: Final = (
    "%s answered 429 though this fleet sent %d of the %d requests a second that it may: another "
    "fleet or program uses this endpoint. Give all the same fleet name, or each a lower tps"
)


class TellRecords(Protocol):
    """Hands records to the observers of one client."""

    def __call__(self, *records: Record) -> None:
        """Hand them over."""
        ...


def tell(observers: Sequence[Observer], *records: Record) -> None:
    """Hand records to each observer in turn, or log them where there is none.

    An observer that raises is logged and changes nothing.
    """
    for record in records:
        if type(record) is TpsUsedElsewhere:
            # Logged once, since nothing else shows it.
            counts = (record.endpoint, record.used, record.allowed)
            if record.members is None:
                _logger.warning(_ELSEWHERE, *counts)
            else:
                _logger.warning(_ANOTHER_FLEET, *counts)
        elif not (observers or _is_raised(record)):
            _logged(record)
        for observer in observers:
            try:
                observer(record)
            except Exception:
                _logger.exception("observer %r failed on %s", observer, type(record).__name__)


def _is_raised(record: Record) -> bool:
    """Whether the callers get it as an error: to log it as well would say it twice."""
    return isinstance(record, TokenRenewalFailed) and record.expires_in is None
