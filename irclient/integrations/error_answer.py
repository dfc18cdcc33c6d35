"""Errors that a view lets pass: answered for the browser, told in full to the log."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from irclient.web import response_for

if TYPE_CHECKING:
    from irclient.errors import IRError
    from irclient.web import ErrorResponse

__all__ = ["error_answer"]

_LOGGER: Final = logging.getLogger("irclient.web")
#: The status of errors that somebody must mend; the others pass.
_FOR_OPERATORS: Final = {500: logging.ERROR, 502: logging.ERROR, 400: logging.INFO}


def error_answer(error: IRError) -> ErrorResponse:
    """Return the answer for an error, and log what it does not say."""
    answer = response_for(error)
    level = _FOR_OPERATORS.get(answer.status, logging.WARNING)
    _LOGGER.log(level, "answered %d: %s: %s", answer.status, type(error).__name__, error)
    return answer
